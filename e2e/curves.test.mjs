// The curves: the pointer reads their values, the axis can be logarithmic; and the shares of the experts.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choose, pause, preset, until } from "./page.mjs";

/** Trains the small digits for a while, then stands still. */
async function trained(page) {
  await choose(page, "Device", /cpu/i);
  await until(page, "it trains", ({ step }) => step > 300);
  await pause(page);
  // What is drawn once a frame has been drawn.
  await page.waitForTimeout(500);
}

const loss = (page) => page.getByRole("img", { name: /^Loss over the steps/ });

lab("the pointer reads a curve's values", {}, async ({ page }) => {
  await trained(page);
  const chart = page.locator(".plot-frame").filter({ has: loss(page) });
  const legend = chart.locator("xpath=following-sibling::ul[1]").locator("li").filter({ hasText: /^test/ }).first();
  const read = async () => Number((await legend.locator("b").textContent()).replace(",", ""));
  const last = await read();
  const { width, height } = await chart.boundingBox();
  await chart.hover({ position: { x: width * 0.5, y: height / 2 } });
  const step = async () => Number((await page.locator(".cursor-step").textContent()).match(/[\d,.]+/)[0].replace(",", ""));
  const [middle, reading] = [await step(), await read()];
  await chart.hover({ position: { x: width * 0.12, y: height / 2 } });
  const [early, before] = [await step(), await read()];
  assert.ok(early < middle, `step ${early} lies before step ${middle}`);
  assert.ok(before > reading && before > last, `the test loss fell: ${before}, ${reading}, ${last}`);
  await button(page, "Play").hover();
  await page.locator(".cursor-step").waitFor({ state: "detached" });
  assert.equal(await read(), last);
});

lab("the loss is drawn on a logarithmic axis when asked", {}, async ({ page }) => {
  await trained(page);
  const picture = () => loss(page).evaluate((at) => (at instanceof HTMLCanvasElement ? at : at.querySelector("canvas")).toDataURL());
  const linear = await picture();
  const log = page.getByRole("checkbox", { name: "Logarithmic" });
  await log.check();
  await page.waitForTimeout(500);
  const logarithmic = await picture();
  assert.notEqual(logarithmic, linear);
  await log.uncheck();
  await page.waitForTimeout(500);
  assert.equal(await picture(), linear);
});

lab("a route shows what each expert gets", {}, async ({ page }) => {
  await preset(page, "Experts on digits");
  await choose(page, "Device", /cpu/i);
  await until(page, "it trains", ({ step }) => step > 100);
  const shares = page.getByRole("img", { name: /^Share of each expert over time/ });
  await shares.scrollIntoViewIfNeeded();
  await page.waitForTimeout(1500);
  const said = await shares.getAttribute("aria-label");
  const percents = [...said.matchAll(/([\d.]+) ?%/g)].map((m) => Number(m[1]));
  assert.ok(percents.length > 0 && percents.every((p) => p >= 0 && p <= 100), said);
});
