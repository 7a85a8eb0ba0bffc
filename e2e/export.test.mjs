// Taking the run away: each file is what it says it is, and holds what the page shows; and weights find their way back.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { lab } from "./harness.mjs";
import { run, safetensors } from "./onnx.mjs";
import { button, choose, pause, play, status, until } from "./page.mjs";

/** What a button offers as a file: its name and its bytes. */
async function offered(page, name) {
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

async function opened(page) {
  await until(page, "it learns", ({ step, accuracy }) => step > 100 && accuracy > 80);
  await pause(page);
  // By keyboard: pictures that come into sight on the way down grow, and a click could miss it.
  const fold = page.locator("details", { has: page.getByRole("heading", { name: "Take away" }) });
  await fold.locator("summary").first().focus();
  await page.keyboard.press("Enter");
  await button(page, "Weights").waitFor();
}

/** The last row of the curves' table of numbers, once it is that of the step at which the run stands. */
async function shown(page) {
  const tables = ["Loss", "Accuracy"].map((of) => page.locator("details.numbers", { hasText: `${of} over the steps` }));
  for (const table of tables) if (!await table.evaluate((details) => details.open)) await table.locator("summary").click();
  const { step: here } = await status(page);
  for (let tries = 0; tries < 100; tries++) {
    // A line without points, as that of batches at step 0, has no column.
    const texts = (table, of) => table.locator(of).first().locator("th, td").allTextContents();
    const last = async (table) => {
      const [head, row] = await Promise.all([texts(table, "thead tr"), texts(table, "tbody tr")]);
      return { step: row[0] ?? "", test: row[head.findIndex((name) => name.trim() === "test")] };
    };
    const [{ step, test: loss }, { test: accuracy }] = await Promise.all(tables.map(last));
    const found = { step: here, loss: Number.parseFloat(loss), accuracy: Number.parseFloat(accuracy) / 100 };
    if (step && Number(step.replaceAll(/[^\d]/g, "")) === here && Number.isFinite(found.loss) && Number.isFinite(found.accuracy)) {
      return found;
    }
    await page.waitForTimeout(100);
  }
  assert.fail(`no row of step ${here}`);
}

lab("the network as ONNX answers as the page does", {}, async ({ page }) => {
  await opened(page);
  const { step, loss, accuracy } = await shown(page);
  const model = await offered(page, "ONNX model");
  assert.equal(model.name, "network.onnx");
  const { tensors } = safetensors((await offered(page, "Data for the script")).bytes);
  const [x, y] = [tensors["test/x"], tensors["test/y"]];
  assert.equal(tensors.step.data[0] + 65536 * tensors.step.data[1], step);
  const { logits } = await run(model.bytes, [{ name: "input", ...x }]);
  const [rows, classes] = logits.dims;
  assert.deepEqual([rows, classes], [y.shape[0], 10]);
  let [right, sum] = [0, 0];
  for (let i = 0; i < rows; i++) {
    const row = logits.data.slice(i * classes, (i + 1) * classes);
    const most = Math.max(...row);
    right += row.indexOf(most) === y.data[i] ? 1 : 0;
    sum += most + Math.log(row.reduce((total, v) => total + Math.exp(v - most), 0)) - row[y.data[i]];
  }
  assert.ok(Math.abs(right / rows - accuracy) < 0.0006, `${right / rows}, the page has ${accuracy}`);
  assert.ok(Math.abs(sum / rows - loss) < 0.0006, `${sum / rows}, the page has ${loss}`);
});

lab("weights go out, and come in again", {}, async ({ page }) => {
  await opened(page);
  const { accuracy } = await shown(page);
  const weights = await offered(page, "Weights");
  const { about, tensors } = safetensors(weights.bytes);
  assert.equal(JSON.parse(about.spec).data, "digits");
  assert.deepEqual(tensors["1/1.linear/weight"].shape, [64, 64]);
  assert.ok(tensors["1/1.linear/weight"].data.every(Number.isFinite));

  // At its beginning the run has other weights, until the file's are loaded.
  await button(page, "Reset").click();
  await until(page, "it stands at its beginning", ({ step }) => step === 0);
  const file = { name: weights.name, mimeType: "application/octet-stream", buffer: weights.bytes };
  await page.getByLabel("File of weights").setInputFiles(file);
  await page.waitForFunction(() => !document.querySelector(".status.busy"));
  const back = safetensors((await offered(page, "Weights")).bytes).tensors;
  for (const [name, { data }] of Object.entries(tensors)) assert.deepEqual(back[name].data, data, name);
  const now = await shown(page);
  assert.deepEqual([now.step, now.accuracy], [0, accuracy]);

  const said = page.getByRole("alert");
  await page.getByLabel("File of weights").setInputFiles({ ...file, buffer: Buffer.from("no weights") });
  await said.filter({ hasText: /give a file of weights that Signalbox wrote/ }).waitFor();
  await choose(page, "Dataset", /moons/i);
  await play(page);
  await until(page, "the other network learns", ({ step }) => step > 0);
  await page.getByLabel("File of weights").setInputFiles(file);
  await said.filter({ hasText: /do not fit.*1\/1\.linear\/weight.*the weights have \[64×64\]/is }).waitFor();
  const { step } = await until(page, "it runs", ({ step }) => step > 0);
  await until(page, "it still runs", (now) => now.step >= step);
});

lab("spec, curves, script and pictures are files", {}, async ({ page }) => {
  await opened(page);
  const spec = await offered(page, "Experiment");
  assert.deepEqual([spec.name, JSON.parse(spec.bytes).data], ["experiment.json", "digits"]);

  const { step, loss } = await shown(page);
  const curves = (await offered(page, "Curves")).bytes.toString().trim().split("\n").map((row) => row.split(","));
  const [head, ...rows] = curves;
  assert.deepEqual(head, ["step", "batch loss", "batch accuracy", "train loss", "train accuracy", "test loss", "test accuracy"]);
  assert.ok(rows.length > 10 && rows.every((row) => row.length === 7), `${rows.length} rows`);
  assert.ok(rows.every((row, i) => i === 0 || Number(row[0]) > Number(rows[i - 1][0])), "steps grow");
  const last = rows.findLast((row) => row[5] !== "");
  assert.equal(Number(last[0]), step);
  assert.ok(Math.abs(Number(last[5]) - loss) < 0.0006, `${last[5]}, the page has ${loss}`);

  const script = await offered(page, "PyTorch script");
  assert.equal(script.name, "train.py");
  for (const line of [/^"""backprop on digits/, /^def step\(\):/m, /R\["1\/1\.linear\/weight"\] = /, /train\.safetensors/]) {
    assert.match(script.bytes.toString(), line);
  }

  for (const name of ["Loss", "Accuracy"]) await page.locator("details.take", { hasText: `${name} over the steps` }).locator("summary").click();
  const svg = await offered(page, "Loss over the steps as SVG");
  assert.equal(svg.name, "loss-over-the-steps.svg");
  const read = await page.evaluate((text) => {
    const file = new DOMParser().parseFromString(text, "image/svg+xml");
    const count = (of) => file.querySelectorAll(of).length;
    return [count("parsererror"), count("polyline"), file.querySelector("title")?.textContent, count("text")];
  }, svg.bytes.toString());
  assert.equal(read[0], 0);
  assert.ok(read[1] >= 3 && read[3] >= 4, `${read}`);
  assert.equal(read[2], "Loss over the steps");
  assert.match(svg.bytes.toString(), /<desc>Digits.* · seed 1 · step [\d,]+\. Loss and accuracy of each batch/);
  assert.match(svg.bytes.toString(), /fill="#ffffff"/, "light, for print");

  const png = await offered(page, "Accuracy over the steps as PNG");
  assert.equal(png.name, "accuracy-over-the-steps.png");
  assert.deepEqual([...png.bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  // Twice as many pixels as on the screen, and a margin around.
  const wide = await page.getByRole("img", { name: /^Accuracy over the steps/ }).evaluate((at) => at.clientWidth);
  assert.equal(png.bytes.readUInt32BE(16), 2 * (Math.max(wide, 320) + 32));
  assert.ok(png.bytes.length > 2000);

  const csv = await offered(page, "Loss over the steps as CSV");
  const table = csv.bytes.toString().trim().split("\n").map((row) => row.split(","));
  assert.deepEqual(table[0], ["", "batch", "train", "test"]);
  assert.equal(Number(table.at(-1)[0]), step);
  assert.ok(Math.abs(Number(table.at(-1)[3]) - loss) < 0.0006);
});
