// A page that is not seen: its run goes on, its title says so, nothing is drawn, and on coming back one is told.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choose, number, until } from "./page.mjs";

/** What a browser does to a tab that goes behind another one, as far as a page can tell. */
const turn = (page, hidden) => page.evaluate((hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (hidden ? "hidden" : "visible") });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}, hidden);

async function title(page, pattern) {
  for (const end = Date.now() + 20_000; Date.now() < end; await page.waitForTimeout(100)) {
    const now = await page.title();
    if (pattern.test(now)) return now;
  }
  assert.fail(`the title never says ${pattern}: “${await page.title()}”`);
}

/** Every picture on the page, as it is drawn. */
const pictures = (page) => page.evaluate(() => [...document.querySelectorAll("canvas")].map((c) => c.toDataURL()).join("\n"));

lab("a hidden page trains, says so in its title, draws nothing, and tells what was missed", {}, async ({ page }) => {
  await choose(page, "Device", /cpu/i);
  await until(page, "it trains", ({ step }) => step > 50);
  const own = await page.title();
  await turn(page, true);
  const number = (text) => Number(text.match(/step ([\d,]+)/)[1].replaceAll(",", ""));
  const first = number(await title(page, /^▶ .*step [\d,]+ – Signalbox$/));
  // What was on its way is drawn still.
  await page.waitForTimeout(1000);
  const before = await pictures(page);
  await page.waitForTimeout(4500);
  assert.equal(await pictures(page), before, "nothing is drawn");
  const later = number(await title(page, /^▶ [\d.]+ % · step [\d,]+ – Signalbox$/));
  assert.ok(later > first, `${later} after ${first}`);
  await turn(page, false);
  const told = page.getByRole("note").filter({ hasText: /went on while this page was hidden/ });
  await told.filter({ hasText: /from step [\d,]+ to step [\d,]+, to [\d.]+ % on test samples/ }).waitFor();
  assert.equal(await page.title(), own);
  await page.waitForFunction((before) => [...document.querySelectorAll("canvas")].map((c) => c.toDataURL()).join("\n") !== before, before);
  await told.getByRole("button", { name: "Dismiss" }).click();
  await turn(page, true);
  await turn(page, false);
  await page.waitForTimeout(300);
  assert.equal(await told.count(), 0, "a moment is not worth a word");
});

lab("a run that ends while nobody looks says so in the title", {}, async ({ page }) => {
  await until(page, "it trains", ({ step }) => step > 0);
  await choose(page, "Optimizer", /^sgd/i);
  await choose(page, "Loss", /squared/i);
  await turn(page, true);
  await number(page, "Learning rate").fill("100");
  await number(page, "Learning rate").press("Enter");
  await title(page, /^✕ The run diverged at step \d+ – Signalbox$/);
  await turn(page, false);
  await page.getByRole("alert").filter({ hasText: /diverged at step \d+/ }).waitFor();
});

lab("a race goes on in a hidden page", { timeout: 180_000 }, async ({ page }) => {
  await button(page, "Race").click();
  await number(page, "Steps of the race").fill("100");
  await number(page, "Steps of the race").press("Enter");
  await button(page, "Start the race").click();
  await turn(page, true);
  await title(page, /^▶ \d of 9 runs – Signalbox$/);
  await page.getByText("9 of 9 runs done").waitFor({ timeout: 120_000, state: "attached" });
});
