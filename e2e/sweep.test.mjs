// A sweep: a knob over its values, two as a table; paused, continued, opened, saved, and all of it in the link.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { lab } from "./harness.mjs";
import { button, choose, number, select, until } from "./page.mjs";

const values = (page, which) => page.getByRole("textbox", { name: `Values of the ${which} knob` });
const cell = (page, name) => page.getByRole("region", { name: "Results of the sweep" }).getByRole("button", { name });

async function type(field, text) {
  await field.fill(text);
  await field.press("Enter");
}

async function sweep(page, { seeds = 1, steps = 150 } = {}) {
  await button(page, "Race").click();
  await page.getByRole("radio", { name: "A sweep of a knob" }).check();
  await type(number(page, "Seeds of the race"), String(seeds));
  await type(number(page, "Steps of the race"), String(steps));
}

const done = (page, runs) => page.getByText(`${runs} of ${runs} runs done`).waitFor({ timeout: 120_000 });

lab("two knobs span a table, whose best cell is opened and saved", { timeout: 240_000 }, async ({ page }) => {
  await sweep(page, { seeds: 2 });
  await type(values(page, "first"), "0.00001, 0.003");
  await button(page, "Add a second knob").click();
  await select(page, "The second knob").selectOption({ label: "Batch" });
  await type(values(page, "second"), "16, 64");
  await page.getByText("4 cells, each a run for every seed.").waitFor();
  await page.waitForFunction(() => decodeURIComponent(location.hash).length > 20);
  await page.waitForTimeout(600);
  await page.reload();
  assert.equal(await values(page, "second").inputValue(), "16, 64", "a sweep goes with the link");
  await button(page, "Start the sweep").click();
  await done(page, 8);
  const said = async (name) => Number.parseFloat((await cell(page, name).getAttribute("aria-label")).split(": ")[1]);
  const slow = await said(/^rate 0.00001, batch 16:/);
  const fast = await said(/^rate 0.003, batch 16:/);
  assert.ok(fast > slow + 10, `a rate of nothing learns nothing: ${slow} against ${fast}`);
  assert.match(await cell(page, /the best/).getAttribute("aria-label"), /^rate 0.003/);
  assert.equal(await page.getByRole("region", { name: "Results of the sweep" }).getByText("★").count(), 1);
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Save the sweep as CSV").click()]);
  const lines = (await readFile(await download.path(), "utf8")).trim().split("\n");
  assert.equal(lines[0], '"rate","batch",seed,standing,step,test_accuracy,test_loss,seconds,operations_a_step');
  assert.equal(lines.length, 9);
  assert.match(lines[1], /^"0.00001","16",\d+,done,150,0\.\d+,/);
  await cell(page, /^rate 0.003, batch 64/).click();
  await until(page, "the cell's experiment trains in the lab", ({ step }) => step > 0);
  assert.equal(await number(page, "Learning rate").inputValue(), "0.003");
  assert.equal(await number(page, "Batch size").or(number(page, "Batch")).first().inputValue(), "64");
  assert.equal(await cell(page, /the best/).count(), 1, "and the table stays");
});

lab("a cell that cannot run says why, and the others run", { timeout: 180_000 }, async ({ page }) => {
  await choose(page, "Learning rule", /^Forward-forward/);
  await sweep(page, { steps: 60 });
  await select(page, "The first knob").selectOption({ label: "Learning rule" });
  const names = page.getByRole("group", { name: "Values of the first knob" });
  const wanted = ["Backpropagation", "Forward-forward"];
  for (const name of wanted) await names.getByRole("checkbox", { name, exact: true }).check();
  const ticked = await names.locator("label:has(:checked)").allTextContents();
  for (const name of ticked.map((t) => t.trim()).filter((t) => !wanted.includes(t))) {
    await names.getByRole("checkbox", { name, exact: true }).uncheck();
  }
  await button(page, "Add a second knob").click();
  await select(page, "The second knob").selectOption("rule/threshold");
  await type(values(page, "second"), "1, fast");
  await page.getByText("“fast” is no number").waitFor();
  await type(values(page, "second"), "1, 2.5");
  await button(page, "Start the sweep").click();
  await done(page, 4);
  for (const threshold of ["1", "2.5"]) {
    const said = (rule) => cell(page, new RegExp(`^rule ${rule}, threshold ${threshold}:`)).getAttribute("aria-label");
    assert.match(await said("backprop"), /: .*threshold: .*\. Open in the lab$/);
    assert.match(await said("forward-forward"), /: \d+\.\d %/);
  }
  await cell(page, /^rule backprop, threshold 2.5:/).click();
  await page.getByRole("alert").filter({ hasText: /threshold/i }).first().waitFor();
});

lab("a knob that the network does not have is told in the form and in the cells", {}, async ({ page }) => {
  const spec = { version: 1, data: "xor", stages: [[{ block: "linear", units: 8 }, "activation"], ["linear"]], steps: 20,
    sweep: [{ set: "9/1.linear/units", values: [4, 8] }] };
  await page.locator("input[type=file][accept*=json]").first().setInputFiles(
    { name: "experiment.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(spec)) });
  await page.getByText("This network has no “9/1.linear/units” any more: choose another knob.").waitFor();
  await button(page, "Start the sweep").click();
  await done(page, 2);
  assert.match(await cell(page, /^units 4/).getAttribute("aria-label"), /there is no stage `9`/);
  await select(page, "The first knob").selectOption({ label: "Learning rate" });
  await button(page, "Start the sweep").click();
  await done(page, 5);
  assert.equal(await cell(page, /the best/).count(), 1);
});

lab("a sweep rests, goes on and ends when it is told to", { timeout: 180_000 }, async ({ page }) => {
  // Its runs have the machine for themselves, nearly.
  page.setDefaultTimeout(60_000);
  await sweep(page, { steps: 100_000_000 });
  await type(values(page, "first"), "0.001, 0.003");
  await button(page, "Start the sweep").click();
  const step = async () => Number((await cell(page, /^rate/).first().getAttribute("aria-label")).match(/at step (\d+)/)?.[1] ?? 0);
  const past = async (least) => {
    for (const end = Date.now() + 60_000; Date.now() < end; await page.waitForTimeout(100)) if (await step() > least) return;
    assert.fail(`no cell comes past step ${least}`);
  };
  await past(0);
  await button(page, "Pause the sweep").click();
  await page.getByText(/runs done, paused/).waitFor();
  await page.waitForTimeout(1500);
  const rests = await step();
  await page.waitForTimeout(1500);
  assert.equal(await step(), rests, "nothing moves while it rests");
  await button(page, "Continue the sweep").click();
  await past(rests);
  await button(page, "Stop the sweep").click();
  assert.match(await cell(page, /^rate/).first().getAttribute("aria-label"), /stopped/);
});
