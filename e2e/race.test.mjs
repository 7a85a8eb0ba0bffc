// A race of rules over seeds: from the start page in a few actions, each lane to its last step, and all of it in the link.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, number, select } from "./page.mjs";

/** The results as rows of texts. */
async function results(page) {
  const table = page.getByRole("region", { name: "Results of the race" }).locator("tbody tr");
  return Promise.all((await table.all()).map((row) => row.locator("th, td").allInnerTexts()));
}

async function done(page, runs) {
  await page.getByText(`${runs} of ${runs} runs done`).waitFor({ timeout: 90_000 });
}

lab("three rules race over three seeds in two actions", { timeout: 180_000 }, async ({ page }) => {
  await button(page, "Race").click();
  await button(page, "Start the race").click();
  await done(page, 9);
  const rows = await results(page);
  assert.equal(rows.length, 3);
  for (const [lane, accuracy, , , , runs] of rows) {
    assert.ok(Number.parseFloat(accuracy) > 85, `${lane}: ${accuracy}`);
    assert.match(accuracy, /±/);
    assert.equal(runs.trim(), "3 of 3");
  }
  const spoken = await page.getByRole("img", { name: /Test accuracy of each lane/ }).getAttribute("aria-label");
  assert.match(spoken, /Backpropagation 9\d/);
});

lab("lanes are changed, live in the link, and end when they are told to", { timeout: 180_000 }, async ({ page }) => {
  await button(page, "Race").click();
  await select(page, "Rule of lane 3").selectOption({ label: "Backpropagation" });
  await number(page, "Learning rate of lane 3").fill("0.00001");
  await number(page, "Steps of the race").fill("150");
  await number(page, "Seeds of the race").fill("1");
  await number(page, "Seeds of the race").press("Enter");
  await page.waitForTimeout(800);
  await page.reload();
  assert.equal(await number(page, "Steps of the race").inputValue(), "150");
  await button(page, "Start the race").click();
  await done(page, 3);
  const accuracy = (await results(page)).map((row) => Number.parseFloat(row[1]));
  assert.ok(accuracy[0] > accuracy[2] + 10, `a rate of nothing learns nothing: ${accuracy}`);
  await number(page, "Steps of the race").fill("1000000");
  await number(page, "Steps of the race").press("Enter");
  await button(page, "Start the race").click();
  await page.waitForTimeout(1500);
  await button(page, "Stop the race").click();
  assert.match((await results(page))[0].join(" "), /stopped/);
  await button(page, "Race").click();
  assert.equal(await page.getByRole("list", { name: "Lanes" }).count(), 0);
});
