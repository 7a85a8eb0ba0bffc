// Pictures for everyone: read by arrow keys, heard, in numbers, and taken away as figures.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { lab } from "./harness.mjs";
import { button, choose, pause, preset, until } from "./page.mjs";

/** Notes what the page sounds: each tone with its pitches, and from which side to which. */
export function ears() {
  globalThis.tones = [];
  const curves = new WeakMap();
  const { setValueCurveAtTime, setValueAtTime, linearRampToValueAtTime } = AudioParam.prototype;
  AudioParam.prototype.setValueCurveAtTime = function (values, start, length) {
    curves.set(this, { values: [...values], length });
    return setValueCurveAtTime.call(this, values, start, length);
  };
  const seen = (name, original) => {
    AudioParam.prototype[name] = function (value, at) {
      curves.set(this, { ...curves.get(this), [name]: value });
      return original.call(this, value, at);
    };
  };
  seen("setValueAtTime", setValueAtTime);
  seen("linearRampToValueAtTime", linearRampToValueAtTime);
  const { connect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (this instanceof OscillatorNode) globalThis.tones.push({ kind: this.type, ...curves.get(this.frequency) });
    if (this instanceof StereoPannerNode) {
      const pan = curves.get(this.pan);
      Object.assign(globalThis.tones.at(-1), { from: pan.setValueAtTime, to: pan.linearRampToValueAtTime });
    }
    return connect.call(this, to, ...rest);
  };
}

const plot = (page, name) => page.getByRole("application", { name });
const tones = (page) => page.evaluate(() => globalThis.tones);

async function trained(page) {
  await choose(page, "Device", /cpu/i);
  await until(page, "it learns", ({ step, accuracy }) => step > 200 && accuracy > 70);
  await pause(page);
}

/** What stands in the live region after a plot. */
const said = (of) => of.locator("xpath=following-sibling::p[@aria-live][1]").textContent();

lab("a curve is read point by point, and heard", { init: ears }, async ({ page }) => {
  await trained(page);
  const loss = plot(page, /^Loss over the steps: /);
  await loss.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Home");
  const first = await said(loss);
  assert.match(first, /^step 0, test: [\d.]+$/);
  await page.keyboard.press("End");
  const last = await said(loss);
  const value = (text) => Number(text.match(/: ([\d.]+)$/)[1]);
  assert.ok(value(last) < value(first), `${first}, then ${last}`);
  assert.match(await page.locator(".cursor-step").textContent(), /^step \d+$/);
  const notes = await tones(page);
  const [high, low] = [notes.at(-2), notes.at(-1)];
  assert.ok(high.values[0] > low.values[0], "a greater loss sounds higher");
  assert.deepEqual([high.to, low.to], [-1, 1], "the first is at the left, the last at the right");
  await page.keyboard.press("ArrowUp");
  assert.match(await said(loss), /, train: /);
  assert.notEqual((await tones(page)).at(-1).kind, low.kind, "another series has another timbre");

  // The whole series, by the hot key.
  const before = (await tones(page)).length;
  await page.keyboard.press("h");
  assert.match(await said(loss), /^Loss over the steps: low is [\d.e-]+, high is [\d.]+; from left, step 0, to right, step \d+\. train$/);
  await page.waitForFunction((n) => globalThis.tones.length > n, before);
  const curve = (await tones(page)).at(-1);
  assert.ok(curve.values.length > 100 && curve.values[0] > curve.values.at(-1), "the pitch falls with the loss");
  assert.deepEqual([curve.from, curve.to], [-1, 1]);
  await page.keyboard.press("Escape");
  await button(page, "Listen to Loss over the steps").waitFor();

  // All of them, as fast as it goes; then muted.
  await button(page, "Listen to Loss over the steps").click();
  await page.getByRole("combobox", { name: "Speed of sound" }).selectOption({ label: "very fast" });
  const quick = (all) => all.filter((tone) => tone.values?.length > 100 && tone.length < 1);
  await page.waitForFunction(() => globalThis.tones.filter((t) => t.values?.length > 100 && t.length < 1).length >= 2);
  const kinds = quick(await tones(page)).map((tone) => tone.kind);
  assert.ok(new Set(kinds).size >= 2, `${kinds}`);
  await button(page, "Listen to Loss over the steps").waitFor();
  const all = (await tones(page)).length;
  await page.getByRole("checkbox", { name: "Mute plots" }).check();
  await loss.focus();
  await page.keyboard.press("ArrowLeft");
  assert.match(await said(loss), /^step \d+, /);
  assert.equal((await tones(page)).length, all, "muted, it is only read");
});

/** What a button offers as a file: its name and its bytes. */
async function offered(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** Titles of the pictures that are on the page, in order. */
const titles = (page) => page.locator(".plot-frame").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label").split(": arrow keys")[0]));

/** Looks at the picture of a title in all its forms. */
async function whole(page, title) {
  const frame = page.locator(`.plot-frame[aria-label^="${title}: arrow"]`).first();
  await frame.evaluate((at) => at.scrollIntoView({ block: "center" }));
  const details = (kind) => page.locator(`details.${kind}`).filter({ has: page.locator(`summary > .sr:text-is(": ${title}")`) }).first();
  const numbers = details("numbers");
  await numbers.locator("summary").click();
  await numbers.locator("tbody tr").first().waitFor({ timeout: 30_000 });
  await numbers.locator("summary").click();
  const take = details("take");
  await take.locator("summary").click();
  const svg = (await offered(page, `${title} as SVG`)).bytes.toString();
  const read = await page.evaluate((text) => {
    const file = new DOMParser().parseFromString(text, "image/svg+xml");
    const words = (of) => file.querySelector(of)?.textContent ?? "";
    return { broken: file.querySelectorAll("parsererror").length, title: words("title"), about: words("desc"),
      marks: file.querySelectorAll("rect, path, polyline, polygon, circle, image, text").length };
  }, svg);
  assert.equal(read.broken, 0, title);
  assert.equal(read.title, title);
  assert.match(read.about, / · seed \d+ · step [\d,]+/, title);
  assert.ok(read.marks > 5, `${title}: ${read.marks} marks`);
  const png = (await offered(page, `${title} as PNG`)).bytes;
  assert.deepEqual([...png.subarray(1, 4)], [80, 78, 71], title);
  const csv = (await offered(page, `${title} as CSV`)).bytes.toString().trim().split("\n");
  assert.ok(csv.length > 1 && csv[0].includes(","), `${title}: ${csv.slice(0, 2).join(" | ")}`);
  await take.locator("summary").click();
}

const SEEN = {
  Spiral: [/^Decision surface$/, /^Response of \d+ units of stage 1/, /^Loss over the steps$/, /^First weights$/],
  "Experts on digits": [/^Share of each expert over time$/, /^Path of sample 1$/, /^Who gets what in /, /^Confusion matrix$/, /^Test samples/, /test samples that can be followed$/, /^Share of the hidden units/],
};

for (const [name, expected] of Object.entries(SEEN)) {
  lab(`every picture of “${name}” has its figures, its drawing and its pixels`, { timeout: 240_000 }, async ({ page }) => {
    await preset(page, name);
    await choose(page, "Device", /cpu/i);
    await until(page, "it trains", ({ step }) => step > 60);
    // Slowly from here on, so that the page is not busy with what is not looked at.
    await choose(page, "Speed", /^10 a second$/);
    for (const pattern of expected) {
      // A picture is there once its probe has measured, which it does while its place is seen.
      let title;
      for (let tries = 0; tries < 60 && !title; tries += 1) {
        title = (await titles(page)).find((one) => pattern.test(one));
        if (!title) {
          await page.locator("details.view").nth(tries % await page.locator("details.view").count()).scrollIntoViewIfNeeded();
          await page.waitForTimeout(250);
        }
      }
      assert.ok(title, `${pattern}: ${await titles(page)}`);
      await whole(page, title);
    }
    // The small ones in a table's cells repeat what has a picture of its own; what one draws on is none.
    const bare = await page.evaluate(() => [...document.querySelectorAll(".watch canvas:not(.spark, .draw *)")].filter((canvas) => !canvas.closest(".plot-frame")).length);
    assert.equal(bare, 0, "no picture is without its tools");
  });
}

lab("the network is taken away as it is drawn", {}, async ({ page }) => {
  await preset(page, "Experts on digits");
  await until(page, "it trains", ({ step }) => step > 20);
  await page.locator(".net details.take summary").click();
  const { name, bytes } = await offered(page, "Network as SVG");
  assert.equal(name, "network.svg");
  const svg = bytes.toString();
  for (const word of ["Linear", "Route", "input", "answer", "Read-out", "forward", "credit, stage by stage"]) {
    assert.match(svg, new RegExp(`>${word}[^<]*<`), word);
  }
  const csv = (await offered(page, "Network as CSV")).bytes.toString();
  assert.match(csv, /^place,block,its main figure,shape after it,parameters\n1\.1,Linear,\d+ units,\d+,\d+\n/);
  const png = (await offered(page, "Network as PNG")).bytes;
  assert.ok(png.readUInt32BE(16) > 1200 && png.length > 5000);
});

/** What is read where the pointer is, at these shares of a picture's width and height. */
async function pointed(page, name, across, down) {
  const frame = plot(page, name).first();
  // It is drawn once its place is nearly seen.
  for (const view of await page.locator("details.view").all()) {
    if (await frame.count()) break;
    await view.scrollIntoViewIfNeeded();
    await page.waitForTimeout(250);
  }
  await frame.evaluate((at) => at.scrollIntoView({ block: "center" }));
  const canvas = frame.locator("canvas");
  const { width, height } = await canvas.boundingBox();
  const reading = frame.locator("xpath=following-sibling::*[@role='toolbar'][1]").locator(".reading");
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    await canvas.hover({ position: { x: width * across - 2, y: height * down } });
    await canvas.hover({ position: { x: width * across, y: height * down } });
    const text = await reading.textContent();
    if (text) return text;
    await page.waitForTimeout(200);
  }
  assert.fail(`${name}: nothing is read there`);
}

const at = (name) => ({ address: (server) => `${server.url}#preset=${name}&device=cpu`, timeout: 180_000 });
lab("the pointer reads forecasts", at("forecast-a-series"), async ({ page }) => {
  await until(page, "it trains", ({ step }) => step > 20, 60_000);
  const forecasts = /^Forecasts from stretches of the test series/;
  assert.match(await pointed(page, forecasts, 0.02, 0.1), /^series 1, place \d: -?[\d.]+$/);
  assert.match(await pointed(page, forecasts, 0.98, 0.5), /^series 4, place \d+: -?[\d.]+, expected -?[\d.]+$/);
});

lab("the pointer reads the path of a sample", at("experts-on-digits"), async ({ page }) => {
  await until(page, "experts train", ({ step }) => step > 20, 60_000);
  const path = /^Path of sample 1: arrow/;
  assert.match(await pointed(page, path, 0.97, 0.5), /^Answer: \d \(\d+ %\)/);
  assert.match(await pointed(page, path, 0.5, 0.5), /route: experts? \d|^stage \d: no route$/);
});
