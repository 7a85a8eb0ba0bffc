// Links of every kind: those of this release give their recorded losses, short ones, ones with weights and with locks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { lab } from "./harness.mjs";
import { button, number, pause, preset, saved, select, status, steps, until } from "./page.mjs";

const { version } = readFileSync(new URL("../Cargo.toml", import.meta.url), "utf8").match(/^version = "(?<version>[^"]+)"/m).groups;
const GOLDEN = JSON.parse(readFileSync(new URL(`../engine/tests/links/${version}.json`, import.meta.url), "utf8"));

/** A notice by what it says. */
const notice = (page, text) => page.locator(".notice").filter({ hasText: text });

/** The dialog in which links are made, open. */
async function share(page) {
  await button(page, "Copy link").click();
  const dialog = page.getByRole("dialog", { name: "Share this experiment" });
  await dialog.waitFor();
  return dialog;
}

const field = (dialog) => dialog.getByRole("textbox", { name: "Link", exact: true });

for (const [name, form] of [["preset digits-backprop", "preset="], ["card backprop", "spec="]]) {
  const golden = GOLDEN.find((g) => g.name === name && g.link.startsWith(form));
  lab(`the link of ${name} learns as it did`, {
    address: (server) => `${server.url}#${golden.link}&device=cpu&paused`,
  }, async ({ page }) => {
    await until(page, "it waits for Play", ({ text }) => /step/.test(text));
    const { loss } = await steps(page, golden.steps);
    assert.ok(Math.abs(loss - golden.loss) < 6e-3 * Math.max(1, golden.loss), `loss ${loss}, recorded ${golden.loss}`);
  });
}

lab("the shortest link that says it all is offered, with a code for phones", {
  address: (server) => `${server.url}#preset=spiral&device=cpu`,
}, async ({ page, server }) => {
  await number(page, "Learning rate").fill("0.02");
  await number(page, "Learning rate").press("Enter");
  const dialog = await share(page);
  assert.equal(await field(dialog).inputValue(), `${server.url}#preset=spiral&rate=0.02&device=cpu`);
  await dialog.getByText("QR code").click();
  await dialog.getByRole("img", { name: "QR code of the link" }).waitFor();
  await dialog.getByRole("checkbox", { name: /Short form/ }).uncheck();
  assert.match(await field(dialog).inputValue(), /#spec=[\w-]+&device=cpu$/);
  await dialog.getByText("Embed it in a page").click();
  const frame = await dialog.getByRole("textbox", { name: "Frame" }).inputValue();
  assert.match(frame, /^<iframe src="http:.*#spec=.*&amp;device=cpu&amp;embed" title="Signalbox"/);
  await button(dialog, "Close").click();
  await dialog.waitFor({ state: "hidden" });
});

lab("weights travel in a link, and the run begins at them", {
  address: (server) => `${server.url}#preset=spiral&device=cpu`,
}, async ({ page }) => {
  await until(page, "it has learnt something", ({ step }) => step > 300);
  // States are kept every second and a half. The tab could go on from this one, but the link names where to begin.
  await page.waitForTimeout(2000);
  await pause(page);
  await saved(page);
  const meters = async () => (await page.locator(".meters").innerText()).split("\n").slice(0, 6);
  await page.waitForTimeout(500);
  const before = await meters();
  const dialog = await share(page);
  await dialog.getByRole("checkbox", { name: /With the weights/ }).check();
  await dialog.getByText(/The weights of step \d+, exactly/).waitFor();
  const link = await field(dialog).inputValue();
  assert.match(link, /&weights=[\w-]+$/);
  assert.ok(link.length < 9000, `${link.length} characters`);

  await page.goto("about:blank");
  await page.goto(`${link}&paused`);
  await until(page, "it waits at its beginning", ({ step }) => step === 0);
  await page.waitForFunction((first) => document.querySelector(".meters")?.innerText.startsWith(first), before.slice(0, 2).join("\n"));
  assert.deepEqual(await meters(), before, "the same figures at step 0");
  // They outlive a reload, and Reset goes back to them.
  await page.waitForFunction(() => location.hash.includes("&weights="));
  await page.reload();
  await until(page, "it waits again", ({ step }) => step === 0);
  await button(page, "Play").click();
  await until(page, "it goes on", ({ step }) => step > 50);
  await button(page, "Reset").click();
  await pause(page);

  const [, weights] = link.match(/&weights=([\w-]+)/);
  await page.evaluate((weights) => { location.hash = `preset=spiral&2/1.linear/units=8&weights=${weights}`; }, weights);
  await notice(page, /weights in this link could not be used.*the weights have/i).waitFor();
  await until(page, "it runs at initial weights", ({ step }) => step > 0);
  await page.evaluate(() => { location.hash = "preset=spiral&weights=AAAA"; });
  await notice(page, /damaged or incomplete/i).waitFor();
});

lab("what a link locks and hides survives a reload, and cannot be changed", {
  address: (server) => `${server.url}#preset=digits-backprop&device=cpu&lock=rule,network,run.speed&hide=cost,run.race&view=curves`,
}, async ({ page }) => {
  for (const _ of [1, 2]) {
    await until(page, "it runs", ({ step }) => step > 0);
    assert.ok(await select(page, "Learning rule").isDisabled());
    assert.ok(await select(page, "Speed").isDisabled());
    assert.ok(await select(page, "Dataset").isEnabled());
    await page.getByText("Learning rule: locked by this link.").waitFor();
    assert.equal(await button(page, "Race").count(), 0);
    assert.equal(await page.getByRole("heading", { name: "Cost", exact: false }).count(), 0);
    await page.getByRole("heading", { name: "Curves" }).waitFor();
    assert.equal(await page.getByRole("heading", { name: "Confusion" }).count(), 0);
    await page.waitForFunction(() => /&view=curves&lock=rule,network,run.speed&hide=cost,run.race/.test(location.hash));
    await page.reload();
  }
  // Other ways to the same thing are closed too.
  await preset(page, "Digits, forward-forward");
  await notice(page, /locked by this link/).waitFor();
  assert.match(await select(page, "Learning rule").locator("option:checked").textContent(), /^Backprop/);
});

lab("learners' links are prepared in the dialog", {
  address: (server) => `${server.url}#preset=spiral&device=cpu`,
}, async ({ page }) => {
  await until(page, "it runs", ({ step }) => step > 0);
  const dialog = await share(page);
  await dialog.getByText("Prepare for students").click();
  await dialog.getByRole("checkbox", { name: "Lock Learning rule" }).check();
  await dialog.getByRole("checkbox", { name: "Hide Network" }).check();
  assert.match(await field(dialog).inputValue(), /#preset=spiral&device=cpu&lock=rule&hide=network$/);
  await button(dialog, "Preview").click();
  const preview = page.frameLocator("iframe[title='What learners see']");
  await preview.getByText("Learning rule: locked by this link.").waitFor();
  assert.equal(await preview.getByRole("heading", { name: "Network" }).count(), 0);
});

lab("what a link says wrongly is told", { address: (server) => `${server.url}#preset=spiral&lock=rulle&colour=blue` }, async ({ page }) => {
  await notice(page, /`rulle` is unknown \(did you mean `rule`\?\).*`colour` is unknown/).waitFor();
  for (const [hash, said] of [
    ["preset=spirals", /did you mean `spiral`\?/],
    ["preset=spiral&rate=fast", /rate: `fast` is no number/i],
    ["preset=spiral&1/1.linear/units=99999999999", /units/],
    ["v=2&spec=AAAA", /made by a newer Signalbox \(open it with a newer Signalbox\)/],
    [`lock=${"rule,".repeat(50_000)}`, /letters, and at most/],
    [`preset=spiral&weights=${"A".repeat(100_000)}`, /weights/],
  ]) {
    await page.evaluate((hash) => { location.hash = hash; }, hash);
    await page.locator(".notice").filter({ hasText: said }).first().waitFor();
  }
  await until(page, "the lab runs all the same", ({ step }) => step > 0);
  assert.ok(Number.isFinite((await status(page)).loss));
});
