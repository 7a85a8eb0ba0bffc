// What the page keeps: a run outlasts a reload, goes back to its own states, and is found again among past runs.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choose, chosen, number, pause, play, saved, status, until } from "./page.mjs";

const trained = (page, least) => until(page, `it trains past step ${least}`, ({ step }) => step > least, 60_000);

lab("a reload goes on where the run stood", {}, async ({ page }) => {
  await trained(page, 100);
  // States are kept every second and a half.
  await page.waitForTimeout(2000);
  await pause(page);
  await saved(page);
  const before = await status(page);
  await page.reload();
  await page.getByText(/The run goes on from step/).waitFor();
  const after = await until(page, "the step is back", ({ step }) => step > 0);
  assert.ok(after.step <= before.step && after.step > 20, `${after.step} of ${before.step}`);
  assert.equal(await button(page, "Play").isVisible(), true, "a paused run is paused still");
  // Nothing was kept since, and yet the state is there.
  await saved(page);
  await page.reload();
  await page.getByText(/The run goes on from step/).waitFor();
  await until(page, "it stands where it stood", ({ step }) => step === after.step);
  await button(page, "Begin anew").click();
  await until(page, "it can begin anew", ({ step }) => step === 0);
});

lab("a link that is opened begins at its beginning", {}, async ({ page, url }) => {
  await trained(page, 100);
  await page.waitForTimeout(2000);
  await saved(page);
  const other = await page.context().newPage();
  await other.goto(url);
  await other.getByText(/An earlier run stands at step/).waitFor();
  await button(other, "Go on with it").click();
  const { step } = await until(other, "it goes on", ({ step }) => step > 20);
  assert.ok(step > 20);
});

lab("the run goes back to one of its states, and on from there", {}, async ({ page }) => {
  const slider = page.getByRole("slider", { name: "Go back to" });
  await slider.waitFor({ timeout: 30_000 });
  await trained(page, 100);
  await pause(page);
  const { step: last } = await status(page);
  await slider.focus();
  await slider.press("Home");
  const back = await until(page, "it stands at its first state", ({ step }) => step > 0 && step < last);
  await play(page);
  await until(page, "it goes on from there", ({ step }) => step > back.step + 20);
});

lab("past runs are found again, compared, opened and forgotten", { timeout: 180_000 }, async ({ page }) => {
  await trained(page, 60);
  await page.waitForTimeout(2000);
  await choose(page, "Learning rule", /^Direct feedback/);
  await trained(page, 60);
  await page.waitForTimeout(2000);
  await pause(page);
  await saved(page);
  await page.getByRole("link", { name: "Runs" }).click();
  const rows = page.getByRole("region", { name: "Past runs" }).getByRole("row");
  await rows.nth(2).waitFor();
  assert.equal(await rows.count(), 3, "two runs under a head");
  for (const box of await page.getByRole("checkbox", { name: /^Compare/ }).all()) await box.check();
  const differs = page.getByRole("region", { name: "What differs between the runs" });
  assert.match(await differs.innerText(), /direct-feedback-alignment/);
  assert.match(await rows.nth(2).innerText(), /rule backprop/);
  await rows.nth(2).getByRole("button", { name: /^Go on/ }).click();
  // It is fetched first; then the lab is there.
  await page.waitForFunction(() => !location.hash.includes("room=runs"));
  const { step } = await until(page, "the older run stands where it stood", ({ step }) => step > 20);
  assert.ok(step > 20);
  await page.getByRole("link", { name: "Runs" }).click();
  await button(page, "Forget all").click();
  await page.getByText(/No run is kept yet/).waitFor();
});

lab("a browser that keeps nothing says so under Runs", {
  init: () => Object.defineProperty(window, "indexedDB", { value: undefined }),
}, async ({ page }) => {
  await trained(page, 20);
  await page.getByRole("link", { name: "Runs" }).click();
  await page.getByText(/keeps nothing for this page/).waitFor();
});

lab("the runs of a race are one line, which opens to them and opens it again", { timeout: 240_000 }, async ({ page }) => {
  await button(page, "Race").click();
  for (const [name, value] of [["Steps of the race", "60"], ["Seeds of the race", "2"]]) {
    await number(page, name).fill(value);
    await number(page, name).press("Enter");
  }
  await button(page, "Start the race").click();
  await page.getByText("6 of 6 runs done").waitFor({ timeout: 90_000 });
  await page.getByRole("link", { name: "Runs" }).click();
  const table = page.getByRole("region", { name: "Past runs" });
  await table.getByText(/6 runs; best: /).waitFor();
  assert.equal(await table.getByText(/, seed \d+$/).count(), 0, "folded, they are one line");
  await table.getByRole("button", { name: /^The runs of Race: / }).click();
  await table.getByText(/, seed \d+$/).nth(5).waitFor();
  for (const name of [/^Compare .*seed 1,/, /^Compare .*seed 2,/]) await table.getByRole("checkbox", { name }).first().check();
  await page.getByRole("region", { name: "What differs between the runs" }).waitFor();
  await page.locator("li").filter({ hasText: /^1\. .*seed [12].*\d %/ }).waitFor();
  await table.getByRole("button", { name: /^Run again: Forward-forward.*seed 2/ }).click();
  await until(page, "it trains as it did", ({ step }) => step > 20);
  while (!/^Forward-forward/.test(await chosen(page, "Learning rule"))) await page.waitForTimeout(100);
  await page.getByRole("link", { name: "Runs" }).click();
  await table.getByRole("button", { name: /^Open Race: / }).click();
  assert.equal(await number(page, "Steps of the race").inputValue(), "60");
  assert.equal(await page.getByRole("list", { name: "Lanes" }).getByRole("listitem").count(), 3);
  await page.getByRole("link", { name: "Runs" }).click();
  await table.getByRole("button", { name: /^Forget Race: / }).click();
  await table.getByText(/6 runs; best: /).waitFor({ state: "detached" });
});

/** What the page keeps, by store. */
const stores = (page) => page.evaluate(() => new Promise((resolve, reject) => {
  const open = indexedDB.open("signalbox");
  open.onerror = () => reject(open.error);
  open.onsuccess = () => {
    const out = {};
    const names = [...open.result.objectStoreNames];
    const look = open.result.transaction(names);
    for (const name of names) {
      look.objectStore(name).getAllKeys().onsuccess = ({ target }) => { out[name] = target.result.map(String); };
    }
    look.oncomplete = () => {
      const { version } = open.result;
      open.result.close();
      resolve({ ...out, version });
    };
  };
}));

lab("what an older lab kept is found, with its curve", {
  // The store as version 1 wrote it: the curve within the record.
  address: (server) => `${server.url}older.html`,
  pages: { "/older.html": "<!doctype html><link rel=icon href=data:,><title>older</title>" },
}, async ({ page, server }) => {
  await page.evaluate(() => new Promise((resolve, reject) => {
    const open = indexedDB.open("signalbox", 1);
    open.onupgradeneeded = () => ["runs", "states"].forEach((name) => open.result.createObjectStore(name));
    open.onerror = () => reject(open.error);
    open.onsuccess = () => {
      const track = (values) => ({ points: values.map((value, i) => ({ step: 10 * (i + 1), value })), stride: 1, waiting: [0, 0, 0] });
      const none = track([]);
      const curve = { batch_loss: none, batch_accuracy: none, train_loss: none, train_accuracy: none, test_loss: none,
        test_accuracy: track([0.5, 0.625]) };
      const score = { loss: 0.5, accuracy: 0.625 };
      const record = (id, rule) => JSON.stringify({ id, tab: "old", build: "0.0.1+protocol-1", saved: Date.now(), step: 20,
        playing: false, device: "cpu", scores: { step: 20, train: score, test: score }, curve, state: false,
        spec: JSON.stringify({ version: 1, data: "xor", rule, stages: [[{ block: "linear", units: 8 }], ["linear"]] }) });
      const write = open.result.transaction(["runs"], "readwrite");
      write.objectStore("runs").put(record("a", "backprop"), "a");
      write.objectStore("runs").put(record("b", "feedback-alignment"), "b");
      write.oncomplete = () => { open.result.close(); resolve(); };
    };
  }));
  await page.goto(`${server.url}#room=runs`);
  const table = page.getByRole("region", { name: "Past runs" });
  await table.getByRole("row").nth(2).waitFor();
  for (const box of await table.getByRole("checkbox", { name: /^Compare/ }).all()) await box.check();
  await page.locator("li").filter({ hasText: /^1\. .*62\.5 %/ }).waitFor();
  const kept = await stores(page);
  assert.equal(kept.version, 2);
  for (const id of ["a", "b"]) assert.ok(kept.curves.includes(id) && kept.runs.includes(id), id);
});

lab("a full store ends in a sentence and a way on, and the run goes on", {
  init: () => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function full(...given) {
      if (window.full) throw new DOMException("no room", "QuotaExceededError");
      return put.apply(this, given);
    };
    window.full = true;
  },
}, async ({ page }) => {
  await trained(page, 60);
  await page.evaluate(() => window.dispatchEvent(new Event("pagehide")));
  const notice = page.getByRole("alert").filter({ hasText: /store for this page is full/i });
  await notice.filter({ hasText: /the run goes on, but is not kept/i }).waitFor();
  const { step } = await status(page);
  await trained(page, step + 20);
  await notice.getByRole("button", { name: "Go to the runs" }).click();
  await page.getByText(/No run is kept yet/).waitFor();
  await page.evaluate(() => { window.full = false; });
  await page.getByRole("link", { name: "Lab" }).click();
  await trained(page, (await status(page)).step + 20);
  await saved(page);
  await page.getByRole("link", { name: "Runs" }).click();
  await page.getByText(/One run is kept/).waitFor();
});

lab("a full store makes room by the oldest states", {
  init: () => {
    const put = IDBObjectStore.prototype.put;
    // There is room for one state.
    IDBObjectStore.prototype.put = function full(value, key) {
      if (this.name === "states" && window.kept && key !== window.kept) throw new DOMException("no room", "QuotaExceededError");
      if (this.name === "states") window.kept = key;
      return put.call(this, value, key);
    };
    const remove = IDBObjectStore.prototype.delete;
    IDBObjectStore.prototype.delete = function free(key) {
      if (this.name === "states" && key === window.kept) window.kept = undefined;
      return remove.call(this, key);
    };
  },
}, async ({ page }) => {
  await trained(page, 60);
  await page.waitForTimeout(2000);
  await saved(page);
  await choose(page, "Learning rule", /^Direct feedback/);
  await trained(page, 60);
  await page.waitForTimeout(2000);
  await saved(page);
  await page.getByRole("note").filter({ hasText: /the oldest state of earlier runs went/ }).waitFor();
  await page.getByRole("link", { name: "Runs" }).click();
  const table = page.getByRole("region", { name: "Past runs" });
  await table.getByRole("button", { name: /^Go on/ }).waitFor();
  assert.equal(await table.getByRole("button", { name: /^Run again/ }).count(), 1, "the older one begins anew");
});
