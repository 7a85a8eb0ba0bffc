// The track: a network is built by dragging, by keyboard alone, and with a finger; what is wrong stands where it is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { lab } from "./harness.mjs";
import { button, number, outline, pause, preset, select, until } from "./page.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

// A software adapter that is tried out keeps the browser from drawing.
const CPU = { webgpu: false };

/** The names of all blocks on the track, in reading order of their places. */
function blocks(page) {
  return page.locator(".track .box").evaluateAll((all) => all
    .map((box) => ({ place: box.id.replace("track-", ""), name: box.querySelector("b").textContent }))
    .sort((a, b) => a.place.localeCompare(b.place, "en", { numeric: true }))
    .map(({ place, name }) => `${place} ${name}`));
}

const START = ["1.1 Linear", "1.2 Activation", "2.1 Linear", "2.2 Activation", "3.1 Linear"];

const middle = async (locator) => {
  await locator.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await locator.boundingBox();
  return [x + width / 2, y + height / 2];
};

/** Drags from one element to a point beside another: `side` of it, −1 to its left, 1 to its right. */
async function drag(page, from, to, side) {
  const [fx, fy] = await middle(from);
  await page.mouse.move(fx, fy);
  await page.mouse.down();
  const { x, y, width, height } = await to.boundingBox();
  await page.mouse.move(fx + 10, fy + 10);
  await page.mouse.move(x + width / 2 + side * (width / 2 + 12), y + height / 2, { steps: 5 });
  assert.equal(await page.locator(".spot.lit").count(), 1, "the place lights up");
}

async function undoAll(page) {
  while (await button(page, "Undo").isEnabled()) await button(page, "Undo").click();
}

lab("a network is built by dragging, and all of it undone", CPU, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  assert.deepEqual(await blocks(page), START);
  const box = (name) => button(page, name);

  // From the palette to between two blocks.
  await drag(page, button(page, "Add Dropout"), box("Linear 1.1"), 1);
  await page.mouse.up();
  assert.deepEqual((await blocks(page)).slice(0, 3), ["1.1 Linear", "1.2 Dropout", "1.3 Activation"]);
  await page.getByRole("heading", { name: "Dropout 1.2" }).waitFor();

  // A block to another stage.
  await drag(page, box("Dropout 1.2"), box("Activation 2.2"), 1);
  await page.mouse.up();
  assert.deepEqual(await blocks(page), ["1.1 Linear", "1.2 Activation", "2.1 Linear", "2.2 Activation", "2.3 Dropout", "3.1 Linear"]);

  // Escape lets it be.
  await drag(page, box("Dropout 2.3"), box("Linear 1.1"), -1);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".spot").count(), 0);
  await page.mouse.up();
  assert.equal((await blocks(page))[4], "2.3 Dropout");

  // A block that holds others, found by its name, and a block into it.
  await page.getByRole("searchbox", { name: "Search for blocks" }).fill("residual");
  await drag(page, button(page, "Add Residual"), box("Activation 2.2"), -1);
  await page.mouse.up();
  assert.deepEqual((await blocks(page)).filter((b) => b.startsWith("2.")), ["2.1 Linear", "2.2 Residual", "2.2.1 Linear", "2.2.2 Activation", "2.3 Activation", "2.4 Dropout"]);
  await drag(page, box("Dropout 2.4"), box("Linear 2.2.1"), 1);
  await page.mouse.up();
  assert.deepEqual((await blocks(page)).filter((b) => b.startsWith("2.")), ["2.1 Linear", "2.2 Residual", "2.2.1 Linear", "2.2.2 Dropout", "2.2.3 Activation", "2.3 Activation"]);
  await until(page, "the new network trains", ({ step }) => step > 0);
  assert.equal(await page.locator(".fault").count(), 0);

  await undoAll(page);
  assert.deepEqual(await blocks(page), START);
});

lab("the same by keyboard alone", CPU, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  const focused = (id) => page.waitForFunction((id) => document.activeElement?.id === id, id);
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  await page.evaluate(() => document.activeElement?.blur());
  for (let tabs = 0; tabs < 60; tabs += 1) {
    if (await page.evaluate(() => document.activeElement?.id) === "track-1.1") break;
    await page.keyboard.press("Tab");
  }
  await focused("track-1.1");

  // One stop for Tab; arrows lead on.
  await press("ArrowRight");
  await focused("track-1.2");
  await press("ArrowRight");
  await focused("track-2.1");
  await press("ArrowDown");
  await focused("track-2");
  await press("ArrowUp");
  await focused("track-2.1");
  await press("Home");
  await focused("track-1.1");

  // Add after the chosen one, by the palette.
  await press("a");
  await page.getByRole("dialog", { name: "Add a block to stage 1" }).waitFor();
  await page.getByRole("searchbox", { name: "Search for a block" }).focus();
  await page.keyboard.type("dropout");
  await page.waitForFunction(() => document.querySelectorAll("dialog[open] .card").length < 20);
  for (let tabs = 0; tabs < 20 && !/^Dropout/.test(await page.evaluate(() => document.activeElement.textContent)); tabs += 1) {
    await page.keyboard.press("Tab");
  }
  await press("Enter");
  await focused("track-1.2");
  assert.deepEqual((await blocks(page)).slice(0, 3), ["1.1 Linear", "1.2 Dropout", "1.3 Activation"]);

  // Move, duplicate, remove.
  await press("Alt+ArrowRight");
  await focused("track-1.3");
  await press("Alt+ArrowRight");
  await focused("track-2.1");
  await press("Control+d");
  await focused("track-2.2");
  assert.deepEqual((await blocks(page)).filter((b) => b.startsWith("2.")), ["2.1 Dropout", "2.2 Dropout", "2.3 Linear", "2.4 Activation"]);
  await press("Delete");
  await focused("track-2.2");
  assert.deepEqual((await blocks(page)).filter((b) => b.startsWith("2.")), ["2.1 Dropout", "2.2 Linear", "2.3 Activation"]);

  // Wrap the linear block, and take the dropout in and out.
  await press("Enter");
  await focused("inspector-title");
  await button(page, "Wrap in a residual").press("Enter");
  await focused("track-2.2");
  await press("ArrowLeft", "Alt+ArrowUp");
  await focused("track-2.1.1");
  assert.deepEqual((await blocks(page)).filter((b) => b.startsWith("2.")), ["2.1 Residual", "2.1.1 Dropout", "2.1.2 Linear", "2.2 Activation"]);
  await press("Alt+ArrowDown");
  await focused("track-2.2");
  await until(page, "it trains", ({ step }) => step > 0);

  // The keys are told.
  await press("?");
  await page.getByText("out to what holds it").waitFor();

  // All of it undone, by keyboard too.
  for (let n = 0; n < 20 && await button(page, "Undo").isEnabled(); n += 1) await press("Control+z");
  assert.deepEqual(await blocks(page), START);
});

lab("a fault stands where it is, with its mend", CPU, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  await button(page, "Activation 1.2").click();
  await button(page, "Add Linear").click();
  await button(page, "Linear 1.3").waitFor();
  await select(page, "Family").selectOption({ label: "Images" });
  await button(page, "Add Convolution").click();
  const wrong = button(page, "Convolution 1.4, fault");
  await wrong.waitFor();
  const mark = await wrong.evaluate((box) => getComputedStyle(box, "::before").content);
  assert.equal(mark, '"!"', "a mark, and not its colour alone");
  const told = page.getByRole("region", { name: "Convolution 1.4" }).getByRole("alert");
  assert.match(await told.textContent(), /^It .+ – \w+/, "what is wrong, and the mend");
  await outline(page);
  await page.getByRole("listitem", { name: "Convolution", exact: true }).getByRole("alert").waitFor();
  await button(page, "Track").click();
  await wrong.click();
  await button(page, "Remove").click();
  await until(page, "it runs again", ({ step }) => step > 0);
  assert.equal(await page.locator(".box.wrong").count(), 0);
});

lab("experts have a track each", CPU, async ({ page }) => {
  await preset(page, "Experts on digits");
  await until(page, "it trains", ({ step }) => step > 50);
  assert.equal(await page.locator(".rail.expert").count(), 8);
  await page.waitForFunction(() => new Set([...document.querySelectorAll(".rail.expert")].map((t) => t.style.strokeWidth)).size > 2);
  await button(page, "Route 2.1").click();
  const facts = page.getByRole("region", { name: "Route 2.1" });
  await facts.getByText("Active parameters").waitFor();
  await facts.getByText("With all experts").waitFor();
  await button(page, "Unwrap").click();
  assert.equal(await page.locator(".rail.expert").count(), 0);
  await button(page, "Linear 2.1").click();
  await button(page, "Wrap in a route").click();
  await number(page, "Experts of Route 2.1").waitFor();
  await until(page, "it trains", ({ step }) => step > 0);
});

lab("a finger drags", { ...CPU, context: { hasTouch: true, viewport: { width: 1024, height: 768 } } }, async ({ page, browser }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  await pause(page);
  const touch = await page.context().newCDPSession(page);
  const send = (type, x, y) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x, y }] });
  const [fx, fy] = await middle(button(page, "Activation 1.2"));
  const { x, y, width, height } = await button(page, "Linear 1.1").boundingBox();
  await send("touchStart", fx, fy);
  for (let n = 1; n <= 6; n += 1) await send("touchMove", fx + (x - 12 - fx) * n / 6, fy + (y + height / 2 - fy) * n / 6);
  assert.ok(width > 0 && browser.isConnected());
  await send("touchEnd");
  await page.waitForFunction(() => document.querySelector("#track-1\\.1 b")?.textContent === "Activation");
});

for (const colorScheme of ["light", "dark"]) {
  for (const [name, viewport] of [["wide", { width: 1440, height: 900 }], ["narrow", { width: 390, height: 844 }]]) {
    lab(`axe finds nothing serious on the ${colorScheme}, ${name} track`, { ...CPU, context: { colorScheme, viewport } }, async ({ page }) => {
      await preset(page, "Experts on characters");
      await button(page, "Track").click();
      await button(page, "Route 2.2.2").focus();
      await button(page, "? Keys").click();
      await until(page, "it trains", ({ step }) => step > 0, 60_000);
      await pause(page);
      await page.evaluate(readFileSync(AXE, "utf8"));
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      assert.deepEqual(grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    });
  }
}

lab("the track costs little while it trains", CPU, async ({ page }) => {
  await preset(page, "Experts on characters");
  await until(page, "it trains", ({ step }) => step > 2, 60_000);
  const long = await page.evaluate(() => new Promise((resolve) => {
    const tasks = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: "longtask" });
    setTimeout(() => resolve(tasks), 4000);
  }));
  assert.ok(long.filter((ms) => ms > 100).length === 0, `tasks of ${long.map(Math.round).join(", ")} ms`);
});
