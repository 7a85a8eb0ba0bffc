// The page for those who use no mouse, a screen reader, a small screen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { lab } from "./harness.mjs";
import { button, choose, number, outline, pause, select, status, until } from "./page.mjs";

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
  await outline(page);
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

lab("a network is built and trained by keyboard alone", {}, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  await page.evaluate(() => document.activeElement?.blur());
  const focused = () => page.evaluate(() => {
    const { activeElement: element } = document;
    const label = element?.closest("label")?.querySelector(".field-name")?.textContent;
    return element?.getAttribute("aria-label") ?? label ?? element?.textContent.trim();
  });
  /** Presses Tab until the focus is there; every stop on the way must be seen. */
  const reach = async (name) => {
    for (let tabs = 0; tabs < 3 * TABS; tabs += 1) {
      const here = await focused();
      if (name.test(here ?? "")) return;
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const { activeElement: element } = document;
        if (element === document.body) return true;
        const { outlineStyle, boxShadow } = getComputedStyle(element);
        const { width, height } = element.getBoundingClientRect();
        return width > 0 && height > 0 && (outlineStyle !== "none" || boxShadow !== "none");
      });
      assert.ok(seen, `the focus is seen on “${await focused()}”`);
    }
    assert.fail(`${name} is reached by Tab`);
  };
  const blocks = (stage) => page.getByRole("list", { name: `Blocks of stage ${stage}`, exact: true })
    .getByRole("listitem").evaluateAll((all) => all.map((item) => item.getAttribute("aria-label")));

  // The list of blocks, in the place of the track: e2e/build.test.mjs builds on that.
  await reach(/^Outline$/);
  await page.keyboard.press("Enter");

  // Add: a dropout at the end of stage 1.
  await reach(/^Add a block to stage 1$/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await reach(/^Dropout/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.deepEqual(await blocks(1), ["Linear", "Activation", "Dropout"]);
  assert.match(await focused(), /^Add a block to stage 1$/, "the focus is back where it was");

  // Move it up twice: the focus stays with it.
  await page.keyboard.press("Shift+Tab");
  assert.match(await focused(), /Dropout 1\.3/);
  await page.keyboard.press("Enter");
  await reach(/^Move Dropout 1\.3 up$/);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Move Dropout 1.2 up");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Move Dropout 1.1 up");
  assert.deepEqual(await blocks(1), ["Dropout", "Linear", "Activation"]);

  // Duplicate it, and remove it again.
  await reach(/^Duplicate Dropout 1\.1$/);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll('[aria-label="Blocks of stage 1"] > li').length === 4);
  assert.deepEqual(await blocks(1), ["Dropout", "Dropout", "Linear", "Activation"]);
  await reach(/^Remove Dropout 1\.1$/);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll('[aria-label="Blocks of stage 1"] > li').length === 3);
  await page.waitForFunction(() => document.activeElement?.tagName === "SUMMARY");
  assert.deepEqual(await blocks(1), ["Dropout", "Linear", "Activation"]);

  // Choose a rule, and train.
  await page.evaluate(() => document.activeElement?.blur());
  await reach(/^Learning rule$/);
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await page.getByRole("combobox", { name: "Learning rule" }).locator("option:checked").textContent(), "Backpropagation");
  await until(page, "the new network trains", ({ step }) => step > 0);
  assert.equal(await page.locator(".fault").count(), 0);
});

lab("a stage is moved, duplicated and removed", {}, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  await outline(page);
  const widths = () => page.getByRole("spinbutton", { name: /^Units of / }).evaluateAll((all) => all.map((field) => field.value));
  const before = await widths();
  const press = async (name) => {
    const target = page.getByRole("button", { name, exact: true });
    if (!await target.isVisible()) await page.locator(`summary:has-text("stage ${name.match(/stage (\d)/)[1]}")`).first().click();
    await target.click();
  };
  await press("Move stage 1 down");
  await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "Move stage 2 down");
  assert.deepEqual(await widths(), [before[1], before[0], ...before.slice(2)]);
  await press("Duplicate stage 1");
  assert.deepEqual(await widths(), [before[1], before[1], before[0], ...before.slice(2)]);
  await press("Remove stage 2");
  assert.deepEqual(await widths(), [before[1], before[0], ...before.slice(2)]);
  await until(page, "it trains", ({ step }) => step > 0);
});

for (const [width, height] of [[390, 844], [1440, 900]]) {
  lab(`no target is under 24 px at ${width}×${height}`, { context: { viewport: { width, height } } }, async ({ page }) => {
    await until(page, "the first steps", ({ step }) => step > 0);
    const small = await page.evaluate(() => [...document.querySelectorAll("button, select, input, summary, a[href]")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.hidden)
      // A checkbox is pressed by its label.
      .map((element) => (element.type === "checkbox" ? element.closest("label") : element))
      .map((element) => ({ what: element.getAttribute("aria-label") ?? element.textContent.trim(), box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.height < 24 || box.width < 24)
      .map(({ what, box }) => `${what}: ${Math.round(box.width)}×${Math.round(box.height)}`));
    assert.deepEqual(small, []);
  });
}

lab("nothing moves for those who want no motion", { context: { reducedMotion: "reduce" } }, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
});
