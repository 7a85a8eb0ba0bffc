// The worker dies: the page ends it, starts another one, and the run goes on from the last state that was told.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choose, pause, until } from "./page.mjs";

/** The one worker that lives. The browser ends another a moment after it was told to. */
async function worker(page) {
  const since = Date.now();
  while (page.workers().length !== 1) {
    assert.ok(Date.now() - since < 10_000, `one worker lives, not ${page.workers().length}`);
    await page.waitForTimeout(50);
  }
  return page.workers()[0];
}

/** The notice of a death, of which there is one. */
async function told(page, pattern) {
  const notice = page.getByRole("alert").filter({ hasText: /had to start again/i });
  await notice.filter({ hasText: pattern }).waitFor();
  assert.equal(await notice.count(), 1, "one notice");
  const [, step] = (await notice.textContent()).match(/goes on from step (\d+)/) ?? [];
  assert.ok(Number(step) > 0, "it says from where");
  return Number(step);
}

/** Trains until a state has surely been told. */
async function trained(page) {
  await choose(page, "Device", /cpu/i);
  await until(page, "it trains", ({ step }) => step > 0);
  await page.waitForTimeout(4000);
  return until(page, "it has trained", ({ step }) => step > 100);
}

async function goesOn(page, from) {
  const back = await until(page, "the run goes on", ({ step }) => step >= from);
  await until(page, "and on", ({ step }) => step > back.step + 20);
  await worker(page);
}

lab("an exception in the worker", { expects: [/exception: .*falls over|console: .*falls over/] }, async ({ page }) => {
  const before = await trained(page);
  await (await worker(page)).evaluate(() => { setTimeout(() => { throw new Error("it falls over"); }); });
  const step = await told(page, /falls over/);
  assert.ok(step <= before.step + 1e6);
  await goesOn(page, step);
});

lab("a panic in the worker, told twice", { expects: [/exception: unreachable for a test/] }, async ({ page }) => {
  await trained(page);
  // What the engine's panic hook posts, and the trap that follows.
  await (await worker(page)).evaluate(() => {
    postMessage({ panic: "panicked at a test" });
    setTimeout(() => { throw new Error("unreachable for a test"); });
  });
  await goesOn(page, await told(page, /panicked at a test/i));
});

lab("a worker that was ended says nothing", {
  // The page's watch looks once a second, and waits for a minute.
  init: () => {
    const set = globalThis.setInterval;
    globalThis.setInterval = (look, ms, ...rest) => set(look, ms / 20, ...rest);
  },
}, async ({ page }) => {
  await trained(page);
  await (await worker(page)).evaluate(() => close());
  await goesOn(page, await told(page, /nothing, for \d+ seconds/i));
});

lab("a worker that dies again and again is not started for ever", {}, async ({ page }) => {
  await until(page, "it trains", ({ step }) => step > 0);
  for (let death = 1; death <= 3; death += 1) {
    await page.waitForFunction(() => !document.querySelector(".status.busy"));
    await (await worker(page)).evaluate(() => postMessage({ panic: "panicked for good" }));
    await page.getByRole("alert").filter({ hasText: death < 3 ? /start again/ : /The engine stopped/ }).waitFor();
    if (death < 3) await page.waitForTimeout(1000);
  }
  await button(page, "Start again").click();
  await until(page, "it trains again", ({ step }) => step > 0);
  await pause(page);
});
