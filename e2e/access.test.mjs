// The page for those who use no mouse, a screen reader, a small screen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { lab } from "./harness.mjs";
import { button, choose, number, outline, pause, preset, presets, select, status, until } from "./page.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Tab presses within which every control of the run must come, all the way around the page with its pictures. */
const TABS = 160;

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

/** What axe finds serious on the page as it is now; `within` a part of it. */
async function grave(page, where, within) {
  if (!await page.evaluate(() => "axe" in globalThis)) await page.evaluate(readFileSync(AXE, "utf8"));
  const { violations } = await page.evaluate((within) => globalThis.axe.run(within ?? document), within);
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), [], where);
}

/** Brings every picture of the lab onto the screen once, so that it has something to show. */
async function seeAll(page) {
  for (const view of await page.locator("details.view").all()) {
    await view.scrollIntoViewIfNeeded();
    await page.waitForTimeout(150);
  }
}

for (const colorScheme of ["light", "dark"]) {
  lab(`axe finds nothing serious in the ${colorScheme} lab`, { timeout: 240_000, context: { colorScheme } }, async ({ page }) => {
    await until(page, "the first steps", ({ step }) => step > 0);
    await choose(page, "Dataset", /^(?!.*mnist).*digits/i);
    await until(page, "it learns digits", ({ step }) => step > 0);
    await seeAll(page);
    await pause(page);
    // Each kind of what opens under a picture, once.
    await page.locator("details.numbers summary").first().click();
    await page.locator("details.take summary").nth(1).click();
    await page.getByRole("button", { name: /^Listen to/ }).first().click();
    await page.locator("#track-1\\.1").focus();
    await grave(page, "digits, with a block chosen");
    await preset(page, "Experts on digits");
    await until(page, "experts learn", ({ step }) => step > 60);
    await seeAll(page);
    await page.locator(".path-thumbs, .path-said").first().waitFor();
    await pause(page);
    await grave(page, "experts");
    await preset(page, "Spiral");
    await until(page, "it bends", ({ step }) => step > 30);
    await seeAll(page);
    await pause(page);
    await grave(page, "the plane");
    await button(page, "Outline").click();
    await button(page, "Race").click();
    await number(page, "Steps of the race").fill("30");
    await button(page, "Start the race").click();
    await page.getByRole("region", { name: "Results of the race" }).waitFor();
    await grave(page, "a race");
  });

  lab(`axe finds nothing serious in the ${colorScheme} rooms and dialogs`, { timeout: 240_000, context: { colorScheme } }, async ({ page, url }) => {
    await until(page, "a run to keep", ({ step }) => step > 60);
    await presets(page);
    await grave(page, "the gallery", "dialog[open]");
    await page.keyboard.press("Escape");
    await button(page, "Copy link").click();
    await page.locator("dialog[open]").waitFor();
    await grave(page, "links", "dialog[open]");
    await page.keyboard.press("Escape");
    await pause(page);
    await page.getByRole("link", { name: "Papers", exact: true }).click();
    await page.locator(".room h2, .room h1").first().waitFor();
    await grave(page, "papers");
    await page.getByRole("link", { name: "Lessons", exact: true }).click();
    await page.locator(".room h2, .room h1").first().waitFor();
    await grave(page, "lessons");
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByRole("region", { name: "Past runs" }).waitFor();
    await grave(page, "past runs");
    await page.goto(`${url}?bench=W1&device=cpu`);
    await page.getByText("Measured.").waitFor({ timeout: 60_000 });
    await grave(page, "the bench");
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

lab("the tools of a picture are one stop of Tab, and arrows go through them", {}, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  await pause(page);
  const row = page.getByRole("toolbar", { name: "Tools of Loss over the steps" });
  await row.waitFor();
  const stops = () => page.evaluate(() => [...document.querySelectorAll("[role=toolbar]")].map((row) =>
    [...row.querySelectorAll("button, summary")].filter((tool) => tool.tabIndex === 0).length));
  assert.ok((await stops()).length > 1 && (await stops()).every((n) => n === 1), `${await stops()}`);
  const name = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim());
  await page.getByRole("application", { name: /^Loss over the steps: / }).focus();
  await page.keyboard.press("Tab");
  assert.equal(await name(), "Listen to Loss over the steps");
  const round = [];
  for (let n = 0; n < 3; n += 1) {
    await page.keyboard.press("ArrowRight");
    round.push(await name());
  }
  assert.match(round.join(", "), /^In numbers ?: Loss over the steps, Take ?: Loss over the steps, Listen to Loss over the steps$/);
  await page.keyboard.press("End");
  assert.match(await name(), /^Take/);
  await page.keyboard.press("Enter");
  await page.keyboard.press("End");
  assert.equal(await name(), "Loss over the steps as CSV", "what is open is of the row");
  // One comes back to where one was.
  await page.keyboard.press("Tab");
  assert.doesNotMatch(await name(), /Loss over the steps/);
  await page.keyboard.press("Shift+Tab");
  assert.equal(await name(), "Loss over the steps as CSV");
  await page.keyboard.press("Home");
  assert.match(await name(), /^Listen/);
  assert.ok((await stops()).every((n) => n === 1), `${await stops()}`);
});

lab("nothing moves for those who want no motion", { context: { reducedMotion: "reduce" } }, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  const moving = await page.evaluate(() => document.getAnimations().length);
  assert.equal(moving, 0);
});

lab("build, train, compare and take away by keyboard alone", { timeout: 240_000 }, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  const name = () => page.evaluate(() => {
    const { activeElement: element } = document;
    const label = element?.closest("label")?.querySelector(".field-name")?.textContent;
    return element?.getAttribute("aria-label") ?? label ?? element?.textContent.trim() ?? "";
  });
  const press = (key) => page.keyboard.press(key);
  const reach = async (wanted, key = "Tab") => {
    for (let tabs = 0; tabs < 3 * TABS && !wanted.test(await name()); tabs += 1) await press(key);
    assert.match(await name(), wanted);
  };
  await page.evaluate(() => document.activeElement?.blur());

  // Build, on the track: a dropout after the first block.
  await reach(/^Linear 1\.1/);
  await press("a");
  await page.getByRole("dialog").waitFor();
  await reach(/^Dropout/);
  await press("Enter");
  await button(page, "Dropout 1.2").waitFor();

  // Train: it goes on by itself; it is told when it stands still.
  await until(page, "the new network trains", ({ step }) => step > 0);
  await reach(/^Pause$/, "Shift+Tab");
  await press("Enter");
  await page.waitForFunction(() => /^Standing still: step [1-9]/.test(document.querySelector("#herald").textContent));

  // Compare: a race of three lanes.
  await reach(/^Race$/);
  await press("Enter");
  await reach(/^Rule of lane 3$/);
  await press("ArrowUp");
  await reach(/^Steps of the race$/);
  await press("Control+a");
  await page.keyboard.type("60");
  await press("Enter");
  await reach(/^Seeds of the race$/);
  await press("Control+a");
  await page.keyboard.type("1");
  await press("Enter");
  await reach(/^Start the race$/);
  await press("Enter");
  await page.getByText("3 of 3 runs done").waitFor({ timeout: 90_000 });

  // Read what came of it, line by line.
  await reach(/^Test accuracy of each lane, mean over the seeds: arrow keys read it/);
  const said = page.locator(".race p[aria-live].sr").first();
  await press("End");
  assert.match(await said.textContent(), /^step 60, Backpropagation: [\d.]+ %$/);
  const lanes = [];
  for (let lane = 0; lane < 3; lane += 1) {
    lanes.push((await said.textContent()).split(": ")[0]);
    for (let band = 0; band < 3; band += 1) await press("ArrowDown");
  }
  assert.equal(new Set(lanes).size, 3, `${lanes}`);

  // And take the figure away.
  await reach(/^Listen to Test accuracy of each lane/);
  await reach(/^Take ?: Test accuracy of each lane/, "ArrowRight");
  await press("Enter");
  await reach(/^Test accuracy of each lane, mean over the seeds as SVG$/, "ArrowRight");
  const [download] = await Promise.all([page.waitForEvent("download"), press("Enter")]);
  const svg = readFileSync(await download.path(), "utf8");
  for (const lane of lanes) assert.ok(svg.includes(`>${lane.replace("step 60, ", "")}</text>`), lane);
});

lab("progress is told at intervals that can be listened to", {}, async ({ page }) => {
  await page.locator("#herald").waitFor({ state: "attached" });
  await page.evaluate(() => {
    globalThis.told = [];
    const herald = document.querySelector("#herald");
    new MutationObserver(() => globalThis.told.push(herald.textContent)).observe(herald, { childList: true, characterData: true, subtree: true });
  });
  await until(page, "it trains", ({ step }) => step > 100);
  await page.waitForTimeout(3000);
  await pause(page);
  await page.waitForFunction(() => /^Standing still: step/.test(globalThis.told.at(-1) ?? ""));
  const told = await page.evaluate(() => globalThis.told);
  assert.ok(told.length <= 3, `no flood: ${told.join(" | ")}`);
  const before = (await status(page)).step;
  await button(page, "Step").click();
  await page.waitForFunction((step) => document.querySelector("#herald").textContent.startsWith(`Standing still: step ${step}`), before + 1);
});

lab("what is chosen and where one is can be seen in forced colours", { context: { forcedColors: "active" } }, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  await pause(page);
  await page.locator("#track-1\\.1").focus();
  const stroke = await page.locator(".rail").first().evaluate((rail) => getComputedStyle(rail).stroke);
  const text = await page.evaluate(() => getComputedStyle(document.body).color);
  assert.equal(stroke, text, "the line is in the colour of text");
  const outline = await page.locator("#track-1\\.1").evaluate((box) => getComputedStyle(box).outlineStyle);
  assert.equal(outline, "solid");
});

lab("more contrast is there when it is asked for", { context: { contrast: "more" } }, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  const [ink, line] = await page.evaluate(() => ["--ink", "--hair"].map((name) => getComputedStyle(document.documentElement).getPropertyValue(name)));
  assert.deepEqual([ink, line], ["#000000", "#868d94"]);
});
