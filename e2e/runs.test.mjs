// What the page keeps: a run outlasts a reload, goes back to its own states, and is found again among past runs.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choose, pause, play, status, until } from "./page.mjs";

const trained = (page, least) => until(page, `it trains past step ${least}`, ({ step }) => step > least, 60_000);
/** The run's record stands in the browser's store once it has been saved, at the latest when the page is hidden. */
const saved = (page) => page.evaluate(() => window.dispatchEvent(new Event("pagehide"))).then(() => page.waitForTimeout(500));

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
