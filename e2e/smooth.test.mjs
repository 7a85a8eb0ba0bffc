// The page stays free while the worker trains.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { choose, play, until } from "./page.mjs";

/** How long is watched, in ms, after the page has settled. */
const WATCH = 10_000;
/** Tasks over 50 ms allowed in that time, for what a busy machine does to any page; and the longest of them, in ms. */
const ALLOWED = 2;
const LONGEST = 100;

function watchLongTasks() {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) globalThis.longTasks.push({ startTime, duration });
  }).observe({ type: "longtask" });
}

lab("no task holds the page for long while it trains", { init: watchLongTasks }, async ({ page }) => {
  await choose(page, "Dataset", /^(?!.*mnist).*digits/i);
  await choose(page, "Device", /cpu/i);
  await play(page);
  const { step } = await until(page, "it trains", ({ step }) => step > 20);
  await page.waitForTimeout(1000);
  await page.evaluate(() => { globalThis.longTasks = []; });
  await page.waitForTimeout(WATCH);
  await until(page, "it has trained all the while", (now) => now.step > step + 20);
  const tasks = (await page.evaluate(() => globalThis.longTasks)).map(({ duration }) => Math.round(duration));
  assert.ok(tasks.length <= ALLOWED && tasks.every((ms) => ms <= LONGEST), `long tasks, in ms: ${tasks.join(", ")}`);
});
