// Drawing by hand: a sample of the test set and its answer, a pointer, the keyboard alone, while the run goes on; and no sheet
// where the data are no images. All on the CPU, as in a browser without WebGPU.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choose, pause, preset, status, until } from "./page.mjs";

const CPU = { webgpu: false };

const card = (page) => page.locator("#view-draw");
const sheet = (page) => page.getByRole("application", { name: "Sheet to draw on" });
const told = (page) => card(page).locator(".draw-told");

/** The answer: each class's share, the likeliest class, and the step that it is of. */
async function answer(page) {
  const rows = await card(page).getByRole("list", { name: "Answers" }).getByRole("listitem").allInnerTexts();
  const shares = Object.fromEntries(rows.map((row) => row.trim().split(/\s*\n\s*|\s+(?=[\d.]+ %|–)/)).map(([name, share]) => [name, parseFloat(share)]));
  const said = await card(page).locator(".draw-says").innerText();
  return { shares, best: said.trim().split(/\s/)[0], step: Number(said.match(/at step (\d+)/)?.[1] ?? NaN) };
}

/** Waits until the answer satisfies `holds`. */
async function eventually(page, what, holds) {
  const end = Date.now() + 20_000;
  for (;;) {
    const now = await answer(page);
    if (holds(now)) return now;
    assert.ok(Date.now() < end, `${what}: ${JSON.stringify(now)}`);
    await page.waitForTimeout(50);
  }
}

const answered = (page, what) => eventually(page, what, ({ best, shares }) => best !== "–" && Object.values(shares).every(Number.isFinite));
const empty = (page, what) => eventually(page, what, ({ best, shares }) => best === "–" && Object.values(shares).every(Number.isNaN));

/** The answer once it stands still: the last points of a stroke are answered a moment after the first ones. */
async function settled(page, what) {
  let before = "";
  let still = 0;
  return eventually(page, what, ({ best, shares }) => {
    const now = JSON.stringify(shares);
    still = now === before && best !== "–" ? still + 1 : 0;
    before = now;
    return still >= 20;
  });
}

/** What the network sees: how light or dark each of `side` × `side` pixels is painted, 0 for paper. */
function seen(page, side) {
  return card(page).locator(".draw-seen canvas").evaluate((canvas, side) => {
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const at = (x, y) => data[4 * (Math.floor((y + 0.5) / side * height) * width + Math.floor((x + 0.5) / side * width))];
    const all = Array.from({ length: side * side }, (_, i) => at(i % side, Math.floor(i / side)));
    const paper = Math.max(...all);
    return all.map((v) => paper - v);
  }, side);
}

/** Draws a stroke through points from 0 to 1. */
async function stroke(page, points) {
  // In the middle of the window, where no bar lies over it.
  await sheet(page).evaluate((sheet) => sheet.scrollIntoView({ block: "center" }));
  const { x, y, width, height } = await sheet(page).boundingBox();
  const to = ([across, down]) => [x + across * width, y + down * height];
  await page.mouse.move(...to(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...to(point), { steps: 6 });
  await page.mouse.up();
}

async function trained(page) {
  await until(page, "it learns the digits", ({ step, accuracy }) => step > 300 && accuracy > 90);
  await pause(page);
  await sheet(page).scrollIntoViewIfNeeded();
}

lab("a test sample is answered as the network answers it, a drawing by pointer otherwise", CPU, async ({ page }) => {
  await trained(page);
  await empty(page, "nothing is answered before anything is drawn");
  const below = page.locator("#view-samples");
  const apart = async () => (await below.boundingBox()).y - (await card(page).boundingBox()).y;
  const before = await apart();
  await button(page, "Take a test sample").click();
  const first = await answered(page, "the sample is answered");
  assert.equal(first.step, (await status(page)).step);
  assert.equal(await apart(), before, "the answer moves nothing below");
  const name = (await told(page).innerText()).match(/^Test sample 1, which is (.+)\.$/)[1];
  // The run's own measurement of the same sample.
  await below.locator("summary", { hasText: /numbers/ }).click();
  const cells = below.getByRole("row", { name: /^sample 1 / }).getByRole("cell");
  await cells.nth(1).waitFor();
  const row = await cells.allTextContents();
  assert.equal(row[0], name);
  assert.equal(row[1], first.best);
  row.slice(2).forEach((share, i) => assert.ok(Math.abs(parseFloat(share) - first.shares[i]) <= 0.11, `class ${i}: ${share} and ${first.shares[i]}`));

  // A drawing by pointer is another sample with another answer.
  await button(page, "Clear").click();
  await empty(page, "an empty sheet has no answer");
  await stroke(page, [[0.25, 0.2], [0.75, 0.2], [0.45, 0.85]]);
  const seven = await settled(page, "the drawing is answered");
  assert.notDeepEqual(seven.shares, first.shares);
  assert.equal(seven.best, "7", JSON.stringify(seven.shares));
  const rows = await seen(page, 8);
  for (const y of [0, 7]) assert.ok(rows.slice(8 * y, 8 * y + 8).some((v) => v > 40), "it is as high as the dataset's digits");
  await stroke(page, [[0.25, 0.85], [0.7, 0.85]]);
  await eventually(page, "a further stroke changes the answer", ({ shares }) => shares[7] !== seven.shares[7]);
  await button(page, "Undo stroke").click();
  await eventually(page, "taken back, it is as before", ({ shares }) => JSON.stringify(shares) === JSON.stringify(seven.shares));
});

lab("the answer follows the run, and stays with the drawing when the rule is swapped", CPU, async ({ page }) => {
  await trained(page);
  await button(page, "Take a test sample").click();
  const { step } = await answered(page, "the sample is answered");
  await button(page, "Play").click();
  await sheet(page).scrollIntoViewIfNeeded();
  await eventually(page, "it is asked again while the run goes on", (now) => now.step > step + 20);
  await choose(page, "Learning rule", /^Forward-forward/);
  await until(page, "the other rule learns", ({ step, accuracy }) => step > 20 && Number.isFinite(accuracy));
  await sheet(page).scrollIntoViewIfNeeded();
  await eventually(page, "the new network answers the same drawing", (now) => now.step > 20 && now.best !== "–");
  await pause(page);
  await eventually(page, "at last as it stands", (now) => now.step > 20);
  const last = (await status(page)).step;
  await eventually(page, "the answer is of the step at which it stands", (now) => now.step === last);
});

lab("by keyboard alone: pixels are inked, erased, taken back and cleared", CPU, async ({ page }) => {
  await trained(page);
  const fit = page.getByRole("checkbox", { name: "Fit it as the digits are" });
  assert.ok(await fit.isChecked(), "digits are fitted unless one says otherwise");
  await fit.focus();
  await page.keyboard.press("Space");
  await sheet(page).focus();
  for (const key of ["Shift+ArrowUp", "Shift+ArrowUp", "Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowRight"]) await page.keyboard.press(key);
  assert.equal(await told(page).innerText(), "Row 1, column 2: 0 % ink.");
  await page.keyboard.press("Space");
  assert.equal(await told(page).innerText(), "Row 1, column 2: 100 % ink.");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await answered(page, "two pixels are a drawing");
  const inked = async () => (await seen(page, 8)).flatMap((v, i) => (v > 40 ? [i] : []));
  const painted = async (what, wanted) => {
    const end = Date.now() + 10_000;
    let now;
    do {
      now = await inked();
      if (JSON.stringify(now) === JSON.stringify(wanted)) return;
      await page.waitForTimeout(50);
    } while (Date.now() < end);
    assert.deepEqual(now, wanted, what);
  };
  await painted("the pixels under the cursor are inked", [1, 9]);
  await page.keyboard.press("e");
  await painted("E erases", [1]);
  await page.keyboard.press("Backspace");
  await painted("Backspace takes that back", [1, 9]);
  await page.keyboard.press("Delete");
  await empty(page, "Delete clears");
  assert.equal(await told(page).innerText(), "Row 2, column 2: 0 % ink.");
});

lab("colours and sides that differ are drawn; what is no image has no sheet", { ...CPU, timeout: 180_000 }, async ({ page }) => {
  await until(page, "the lab runs", ({ step }) => step > 0);
  await sheet(page).waitFor();
  await preset(page, "Spiral");
  await sheet(page).waitFor({ state: "detached" });
  assert.equal(await page.locator("#view-draw").count(), 0);

  // Images of 4 × 6 pixels in colours, red or blue.
  const header = (shape) => {
    const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.map((s) => `${s}, `).join("")}), }\n`;
    return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([text.length & 255, text.length >> 8]), Buffer.from(text)]);
  };
  const count = 60;
  const x = Buffer.alloc(count * 4 * 6 * 3, 20);
  for (let i = 0; i < count; i += 1) for (let p = 0; p < 24; p += 1) x[(i * 24 + p) * 3 + (i % 2 ? 2 : 0)] = 200 + ((i + p) % 50);
  const y = Buffer.from(Array.from({ length: count }, (_, i) => i % 2));
  await choose(page, "Dataset", /NPY/);
  const give = (label, name, content) => page.getByLabel(label, { exact: true }).setInputFiles({ name, mimeType: "application/octet-stream", buffer: content });
  await give("Samples", "x.npy", Buffer.concat([header([count, 4, 6, 3]), x]));
  await give("Answers", "y.npy", Buffer.concat([header([count]), y]));
  await sheet(page).waitFor();
  await until(page, "it learns the colours", ({ step, accuracy }) => step > 100 && accuracy > 90);
  await pause(page);
  const box = await sheet(page).boundingBox();
  assert.ok(Math.abs(box.width / box.height - 1.5) < 0.05, `${box.width} × ${box.height}`);
  assert.equal(await page.getByRole("checkbox", { name: /^Fit/ }).count(), 0, "what is no digit is not fitted");
  for (const [colour, name] of [["#dc1414", "0"], ["#1414dc", "1"]]) {
    await page.getByLabel("Colour", { exact: true }).fill(colour);
    await button(page, "Fill").click();
    await eventually(page, `${colour} is taken for ${name}`, ({ best }) => best === name);
  }
});

lab("on WebGPU a test sample is answered as the run measures it there", { timeout: 240_000 }, async ({ page }) => {
  await choose(page, "Device", /gpu/i);
  await until(page, "it steps", ({ step }) => step > 10, 120_000);
  await pause(page);
  await page.locator(".place").filter({ hasText: /on WebGPU/ }).waitFor();
  await sheet(page).scrollIntoViewIfNeeded();
  await button(page, "Take a test sample").click();
  const { shares, step } = await answered(page, "the sample is answered");
  assert.equal(step, (await status(page)).step);
  const samples = page.locator("#view-samples");
  await samples.locator("summary", { hasText: /numbers/ }).click();
  const cells = samples.getByRole("row", { name: /^sample 1 / }).getByRole("cell");
  await cells.nth(1).waitFor();
  const row = await cells.allTextContents();
  row.slice(2).forEach((share, i) => assert.ok(Math.abs(parseFloat(share) - shares[i]) <= 0.11, `class ${i}: ${share} and ${shares[i]}`));
});
