// The page for those who use no mouse, a screen reader, a small screen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { lab } from "./harness.mjs";
import { button, choose, number, pause, select, status, until } from "./page.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Tab presses within which every control of the run must come. */
const TABS = 80;

lab("Play and Pause by keyboard alone", {}, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  await pause(page);
  const stopped = (await status(page)).step;
  const focused = () => page.evaluate(() => {
    const { activeElement: element } = document;
    return element?.getAttribute("aria-label") ?? element?.textContent.trim();
  });
  await page.evaluate(() => document.activeElement?.blur());
  let tabs = 0;
  while (await focused() !== "Play") {
    tabs += 1;
    assert.ok(tabs < TABS, `Play is reached by Tab; the focus is on “${await focused()}”`);
    await page.keyboard.press("Tab");
  }
  const visible = await page.evaluate(() => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
    return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
  });
  assert.ok(visible, "the focus can be seen");
  await page.keyboard.press("Enter");
  await until(page, "it runs again", ({ step }) => step > stopped);
});

lab("the controls have their names", {}, async ({ page }) => {
  for (const name of ["Step", "Reset"]) await button(page, name).waitFor();
  for (const label of ["Dataset", "Learning rule", "Routing", "Optimizer", "Device"]) {
    await select(page, label).waitFor();
  }
  for (const label of ["Learning rate", "Batch size", "Seed"]) {
    await number(page, label).waitFor();
  }
  assert.ok(await page.getByRole("listitem").filter({ hasText: /linear/i }).count() > 0, "blocks are list items");
});

for (const colorScheme of ["light", "dark"]) {
  lab(`axe finds nothing serious in the ${colorScheme} page`, { context: { colorScheme } }, async ({ page }) => {
    await until(page, "the first steps", ({ step }) => step > 0);
    await choose(page, "Dataset", /^(?!.*mnist).*digits/i);
    await until(page, "it learns digits", ({ step }) => step > 0);
    await pause(page);
    await page.evaluate(readFileSync(AXE, "utf8"));
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    assert.deepEqual(grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), []);
  });
}

for (const [width, height] of [[390, 844], [768, 1024], [1024, 768], [1440, 900]]) {
  lab(`nothing hangs over the edge at ${width}×${height}`, { context: { viewport: { width, height } } }, async ({ page }) => {
    await until(page, "the first steps", ({ step }) => step > 0);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `the page is ${over} px wider than the screen`);
  });
}
