// Pictures for everyone: read by arrow keys, heard, in numbers, and taken away as figures.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { lab } from "./harness.mjs";
import { button, choose, pause, until } from "./page.mjs";

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
  assert.match(await said(loss), /^Loss over the steps: low is [\d.]+, high is [\d.]+; from left, step 0, to right, step \d+\. train$/);
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
