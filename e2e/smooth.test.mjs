// The page stays free while the worker trains.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { choose, play, until } from "./page.mjs";

/** How long is watched, in ms, after the page has settled. */
const WATCH = 10_000;
/** What a task of the page may take of a processor, in ms: the browser's own limit for a long task. What it waits for
 * one besides is the machine's affair. */
const LONGEST = 50;

/** The processor time of each task of pages' main threads in a trace, in ms. */
function tasks(trace) {
  const { traceEvents } = JSON.parse(trace);
  const thread = ({ pid, tid }) => `${pid} ${tid}`;
  const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(thread));
  return traceEvents.filter((event) => event.name.endsWith("RunTask") && main.has(thread(event)) && event.tdur >= 0).map(({ tdur }) => tdur / 1000);
}

lab("no task holds the page for long while it trains", {}, async ({ browser, page }) => {
  await choose(page, "Dataset", /^(?!.*mnist).*digits/i);
  await choose(page, "Device", /cpu/i);
  await play(page);
  const { step } = await until(page, "it trains", ({ step }) => step > 20);
  await page.waitForTimeout(1000);
  await browser.startTracing(page, { categories: ["toplevel"] });
  await page.waitForTimeout(WATCH);
  const all = tasks(await browser.stopTracing());
  await until(page, "it has trained all the while", (now) => now.step > step + 20);
  assert.ok(all.length > 100, `only ${all.length} tasks were seen`);
  const long = all.filter((ms) => ms > LONGEST).map(Math.round);
  assert.deepEqual(long, [], "tasks of more than 50 ms of a processor");
  console.log(`longest of ${all.length} tasks while training: ${Math.max(...all).toFixed(1)} ms`);
});
