// The microscope: values by name, while the run goes on; phases and samples; weights set by hand; a unit's arithmetic;
// another rule that goes on from the same weights.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { lab } from "./harness.mjs";
import { button, choose, number, pause, status, until } from "./page.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Stands still with the microscope open. */
async function opened(page) {
  await choose(page, "Device", /cpu/i);
  await until(page, "it trains", ({ step }) => step > 50);
  await pause(page);
  await page.locator("summary", { hasText: "Microscope" }).click();
  await options(page).first().waitFor();
}

const options = (page, which) => page.getByRole("listbox", { name: "Values found" }).getByRole("option", which);
const field = (page) => page.getByRole("combobox", { name: "Search by name" });
const specimen = (page) => page.getByRole("region", { name: "What is looked at" });
const table = (page) => specimen(page).getByRole("table");

async function find(page, query) {
  await field(page).fill(query);
}

async function look(page, name) {
  await find(page, name);
  const heading = specimen(page).getByRole("heading", { name, exact: true });
  // The list is still being found: what is pressed in that moment is not there any more when it is let go.
  await eventually(`${name} is looked at`, async () => {
    if (await heading.count()) return true;
    await options(page, { name: new RegExp(`^${name.replace(/[.*/]/g, "\\$&")} ?\\w+ ·`) }).click();
    await page.waitForTimeout(300);
    return (await heading.count()) > 0;
  });
}

/** The number in a cell of the table. */
async function cell(page, row, column) {
  await button(page, "Table").click();
  const said = await specimen(page).getByRole("button", { name: new RegExp(`^Row ${row}, column ${column}: `) }).getAttribute("aria-label");
  return Number(said.split(": ")[1].replaceAll("−", "-"));
}

async function eventually(what, holds) {
  const end = Date.now() + 15_000;
  for (;;) {
    const value = await holds();
    if (value) return value;
    assert.ok(Date.now() < end, what);
    await new Promise((r) => setTimeout(r, 100));
  }
}

lab("a query finds values, and what is not found is answered", {}, async ({ page }) => {
  await opened(page);
  await find(page, "is:weight");
  await eventually("only weights are left", async () => {
    const all = await options(page).allTextContents();
    return all.length > 0 && all.every((text) => / ?weight ·/.test(text));
  });
  await find(page, "wieght");
  await page.getByRole("alert").filter({ hasText: /nearest names are .*weight/ }).waitFor();
  await find(page, "1/*");
  await options(page).filter({ hasText: "1/1.linear/weight:update" }).waitFor();
  await field(page).press("ArrowDown");
  await field(page).press("Enter");
  assert.equal(await options(page, { selected: true }).count(), 1, "the keyboard chooses");
  await specimen(page).getByRole("img", { name: /^Picture of/ }).waitFor();
  for (const [form, picture] of [["Histogram", /^Histogram from/], ["Over time", /^Over the steps/]]) {
    await button(page, form).click();
    await specimen(page).getByRole("img", { name: picture }).waitFor();
  }
});

lab("what is looked at follows the run", {}, async ({ page }) => {
  await opened(page);
  await look(page, "1/1.linear/weight:update");
  const step = async () => Number((await specimen(page).innerText()).match(/step (\d+)/)?.[1] ?? NaN);
  const before = await eventually("it tells its step", step);
  await button(page, "Play").click();
  await eventually("it looks again while the run goes on", async () => (await step()) > before);
  await pause(page);
  const { step: stopped } = await status(page);
  await eventually("and stands where the run stands", async () => (await step()) === stopped);
});

lab("a weight is set by hand, and the run says so", {}, async ({ page }) => {
  await opened(page);
  await look(page, "2/1.linear/weight");
  const untouched = await cell(page, 1, 2);
  await specimen(page).getByRole("button", { name: /^Row 1, column 2: / }).click();
  const value = page.getByRole("textbox", { name: "New value" });
  await value.fill("much");
  await button(page, "Set by hand").click();
  await page.getByRole("alert").filter({ hasText: "Type a finite number" }).waitFor();
  await value.fill("-2.5");
  await button(page, "Set by hand").click();
  await page.getByRole("note").filter({ hasText: "One number of this run was set by hand" }).waitFor();
  await eventually("the table shows it", async () => (await cell(page, 1, 2)) === -2.5);
  assert.notEqual(untouched, -2.5);
  await button(page, "Reset").click();
  await page.getByRole("note").first().waitFor({ state: "detached" });
  await eventually("Reset undoes it", async () => (await cell(page, 1, 2)) !== -2.5);
});

/** Notes that the run was edited, wherever they stand. */
const edited = (of) => of.getByRole("note").filter({ hasText: /weights edited by hand at step \d+/ });

lab("an edited run says so in the lab, in links, in files, under Runs, and after a reload", {
  address: (server) => `${server.url}#preset=spiral`, timeout: 180_000,
}, async ({ page }) => {
  page.setDefaultTimeout(60_000);
  await opened(page);
  await look(page, "2/1.linear/weight");
  await button(page, "Table").click();
  await specimen(page).getByRole("button", { name: /^Row 1, column 2: / }).click();
  await page.getByRole("textbox", { name: "New value" }).fill("-2.5");
  await button(page, "Set by hand").click();
  await edited(page).first().waitFor();
  const { step } = await status(page);
  assert.match(await edited(page).first().innerText(), new RegExp(`edited by hand at step ${step}\\.$`));

  // A link says that it leaves the edit out, unless the weights are in it; then it says what they went through.
  await button(page, "Copy link").click();
  const dialog = page.getByRole("dialog", { name: "Share this experiment" });
  assert.match(await edited(dialog).innerText(), /repeats this run without what was done to it, unless the weights are sent along/);
  const link = dialog.getByRole("textbox", { name: "Link", exact: true });
  assert.doesNotMatch(await link.inputValue(), /touched/);
  await dialog.getByRole("checkbox", { name: /With the weights/ }).check();
  await dialog.getByText(/The weights of step \d+/).waitFor();
  const sent = await link.inputValue();
  assert.match(sent, new RegExp(`&touched=${step}:hand:${step}:1&weights=`));
  await button(dialog, "Close").click();

  // Files.
  await page.locator("summary", { hasText: "Take away" }).click();
  const file = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
    return readFileSync(await download.path()).toString("latin1");
  };
  assert.match(await file("Weights"), new RegExp(`"touched":"${step}:hand:${step}:1"`));
  assert.match(await file("PyTorch script"), new RegExp(`one number set by hand at step ${step}`));
  assert.match(await file("Curves"), new RegExp(`,touched\n.*,"${step}:hand:${step}:1"\n`));

  // It is kept, and stands there again after a reload.
  await page.evaluate(() => window.dispatchEvent(new Event("pagehide")));
  await page.getByRole("link", { name: "Runs" }).click();
  const row = page.getByRole("region", { name: "Past runs" }).getByRole("row").filter({ hasText: "edited by hand" });
  await eventually("the kept run says it", async () => {
    await page.getByRole("link", { name: "Lab" }).click();
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByRole("region", { name: "Past runs" }).waitFor();
    return await row.count() === 1;
  });
  const [table] = await Promise.all([page.waitForEvent("download"), button(page, "Save the table as CSV").click()]);
  assert.match(readFileSync(await table.path(), "utf8"), new RegExp(`,touched,spec\n.*,"${step}:hand:${step}:1",`));
  await page.getByRole("link", { name: "Lab" }).click();
  await page.waitForFunction(() => location.hash.includes("spec="));
  await page.reload();
  await page.getByText(/The run goes on from step/).waitFor();
  await edited(page).first().waitFor();

  // Another rule goes on with its weights.
  await page.getByRole("checkbox", { name: "Keep the present weights", exact: true }).check();
  await choose(page, "Learning rule", /^Feedback alignment/);
  await page.getByRole("note").filter({ hasText: /edited by hand at step \d+; weights carried over at step \d+ of a run by Backpropagation/ }).first().waitFor();

  // Who opens the link is told.
  await pause(page);
  const other = await page.context().newPage();
  await other.goto(sent);
  await other.getByRole("note").filter({ hasText: new RegExp(`edited by hand at step ${step}; begun with the weights of a link or a file`) }).first().waitFor();
});

lab("the arithmetic of a unit has the numbers of the network", {}, async ({ page }) => {
  await opened(page);
  await look(page, "1/1.linear:output");
  const z = await cell(page, 0, 1);
  await specimen(page).getByRole("button", { name: /^Row 0, column 1: / }).click();
  await button(page, "Arithmetic of unit 1").click();
  const sum = page.getByRole("region", { name: "Arithmetic" });
  await sum.waitFor();
  const rows = await sum.getByRole("row").allTextContents();
  const read = async (name) => {
    const cells = await sum.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) }).getByRole("cell").allTextContents();
    return cells.map((c) => Number(c.replaceAll("−", "-")));
  };
  assert.ok(rows.length > 3);
  assert.equal((await read("sum z"))[2], z, "the sum is what the block gave");
  const products = [];
  for (const row of await sum.getByRole("row").all()) {
    const head = await row.getByRole("rowheader").allTextContents();
    if (head[0] && !/sum|activation/.test(head[0])) {
      const cells = await row.getByRole("cell").allTextContents();
      products.push(Number(cells[2].replaceAll("−", "-")));
    }
  }
  const added = products.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(added - z) < 0.02 * (1 + Math.abs(z)), `${products.join(" + ")} = ${added}, not ${z}`);
});

lab("a step is walked through phase by phase, samples one by one", {}, async ({ page }) => {
  await opened(page);
  await choose(page, "Learning rule", /^predictive coding/i);
  await until(page, "it begins anew", ({ step }) => step < 50);
  await find(page, "activity");
  await options(page).filter({ hasText: "rule/activity 1" }).click();
  const { step } = await status(page);
  const phase = page.locator(".told");
  await button(page, "One phase").click();
  await phase.filter({ hasText: "prepare" }).waitFor();
  const begun = await cell(page, 0, 0);
  await button(page, "One phase").click();
  await phase.filter({ hasText: /settle 1 of \d+/ }).waitFor();
  // What is wrong with the answer goes back one stage an iteration.
  for (let turn = 2; turn < 6; turn += 1) {
    await button(page, "One phase").click();
    await phase.filter({ hasText: `settle ${turn} of` }).waitFor();
  }
  await eventually("the activity settles", async () => (await cell(page, 0, 0)) !== begun);
  assert.equal((await status(page)).step, step, "no step was taken");
  await page.getByRole("list", { name: "Made in this phase" }).getByRole("button", { name: "rule/activity 1" }).waitFor();
  await button(page, "Whole step").click();
  await look(page, "1/1.linear:output");
  await button(page, "One sample").click();
  await number(page, "Sample").waitFor();
  await eventually("one row is left", async () => /^1 rows?,/.test(await table(page).locator("caption").textContent()));
  const first = await cell(page, 0, 0);
  await button(page, "Next sample").click();
  await eventually("the next one is another", async () => (await cell(page, 0, 0)) !== first);
  await button(page, "Next batch").click();
});

lab("axe finds nothing serious in the microscope", {}, async ({ page }) => {
  await opened(page);
  await look(page, "1/1.linear/weight");
  await cell(page, 0, 0);
  await specimen(page).getByRole("button", { name: /^Row 0, column 0: / }).click();
  await button(page, "Arithmetic of unit 0").click();
  await page.getByRole("region", { name: "Arithmetic" }).waitFor();
  await button(page, "One phase").click();
  await page.getByRole("list", { name: "Made in this phase" }).waitFor();
  await page.evaluate(readFileSync(AXE, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run("#view-microscope"));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`), []);
});

lab("the inspector leads inside a block", {}, async ({ page }) => {
  await choose(page, "Device", /cpu/i);
  await until(page, "it trains", ({ step }) => step > 20);
  await pause(page);
  await page.locator("#track-1\\.1").click();
  await button(page, "Look inside").click();
  await options(page).filter({ hasText: "1/1.linear:output" }).waitFor();
  assert.match(await field(page).inputValue(), /^1\/1\.linear\*$/);
});

lab("each stage has its small curves", {}, async ({ page }) => {
  await choose(page, "Device", /cpu/i);
  const cosine = page.getByRole("img", { name: /^Stage 1, Cosine: 1\.00/ });
  await page.locator("#view-stage-by-stage").scrollIntoViewIfNeeded();
  await cosine.waitFor();
  await page.getByRole("img", { name: /^Read-out, Update size: \de/ }).waitFor();
  await page.getByRole("img", { name: /^Stage 1, Signal to noise: \d/ }).waitFor();
});

lab("another rule goes on from the present weights", {}, async ({ page }) => {
  await choose(page, "Device", /cpu/i);
  await until(page, "it learns", ({ step, accuracy }) => step > 300 && accuracy > 80, 60_000);
  await pause(page);
  const trained = await status(page);
  await page.getByRole("checkbox", { name: "Keep the present weights" }).check();
  await choose(page, "Learning rule", /^direct feedback/i);
  await until(page, "the run is another", ({ step }) => step < trained.step);
  await button(page, "Step").click();
  const first = await until(page, "its first step", ({ step }) => step === 1);
  assert.ok(first.loss < 2 * trained.loss + 0.1, `it begins where the old one stood, ${trained.text}: ${first.text}`);
});

lab("the track shows beneath each stage how it is taught", {}, async ({ page }) => {
  await until(page, "it trains", ({ step }) => step > 5);
  const stages = ["Stage 1", "Stage 2", "Read-out"];
  const cosine = (stage) => page.locator(".gauge").getByRole("img", { name: new RegExp(`^${stage}, Cosine: `) });
  const figure = async (stage) => Number((await cosine(stage).getAttribute("aria-label")).split(": ")[1]);
  await choose(page, "Beneath each stage", /^Cosine/);
  for (const stage of stages) {
    await eventually(`backpropagation is its own gradient at ${stage}`, async () => (await figure(stage)) === 1);
  }
  await choose(page, "Learning rule", /^Feedback alignment/);
  await eventually("what comes back over fixed weights is something else", async () => {
    const [first, , last] = await Promise.all(stages.map(figure));
    return first < 0.99 && last === 1;
  });
  await choose(page, "Beneath each stage", /^credit alone/);
  assert.equal(await page.locator(".gauge").count(), 0);
});
