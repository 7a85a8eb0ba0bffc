// What is shown of routers: one click from the block, how many experts are used, and the path of one sample.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choose, outline, pause, play, preset, select, until } from "./page.mjs";

/** The picture of the path, by what it says. */
const path = (page) => page.getByRole("img", { name: /^Path of sample/ });
const told = (page) => path(page).getAttribute("aria-label");

async function experts(page) {
  await preset(page, "Experts on digits");
  await outline(page);
  await play(page);
  await until(page, "it trains", ({ step }) => step > 100);
}

lab("one click leads from a route to what its router does", {}, async ({ page }) => {
  await experts(page);
  const card = page.locator("#view-experts");
  await card.locator("summary").first().click();
  assert.equal(await card.getAttribute("open"), null, "it is folded");
  await page.evaluate(() => scrollTo(0, 0));
  await page.getByRole("button", { name: /^Watch the routing of Route/ }).click();
  assert.notEqual(await card.getAttribute("open"), null, "it is open again");
  await page.waitForFunction(() => document.activeElement?.closest("#view-experts"));
  const { top } = await card.evaluate((e) => ({ top: e.getBoundingClientRect().top }));
  assert.ok(top >= 0 && top < 600, `it stands on the screen: ${top}`);
});

lab("used experts are counted, and drawn over time beside entropy and what is left out", {}, async ({ page }) => {
  await experts(page);
  await button(page, "Watch the routing of Route 2.1").click();
  const headline = page.locator("#view-experts .headline");
  await headline.filter({ hasText: /^\d of 8 experts used/ }).waitFor();
  await page.getByText(/^Experts used: at least 1 % of the work on test samples/).waitFor();
  const chart = page.getByRole("img", { name: /^Use, entropy and what is left out over time/ });
  const spoken = await chart.getAttribute("aria-label");
  const used = Number(spoken.match(/experts used (\d+) %/)[1]);
  assert.match(spoken, /router's entropy \d+ %, left out 0 %/);
  assert.equal(Math.round(Number((await headline.textContent()).match(/^(\d)/)[1]) * 12.5), used);
});

lab("the path of one sample is lit, for samples one by one", {}, async ({ page }) => {
  await experts(page);
  await button(page, "Watch the routing of Route 2.1").click();
  await path(page).scrollIntoViewIfNeeded();
  await pause(page);
  const first = await told(page);
  assert.match(first, /^Path of sample 1: 2 › 1\.route: experts \d \(\d+ %\), \d \(\d+ %\)\. Answer: \d \(\d+ %\)/);
  const shares = [...first.matchAll(/(\d+) %\)/g)].slice(0, 2).map((m) => Number(m[1]));
  assert.ok(Math.abs(shares[0] + shares[1] - 100) <= 1, `the two chosen share the work: ${first}`);
  await button(page, "Next sample").click();
  await page.getByRole("img", { name: /^Path of sample 2:/ }).waitFor();
  await button(page, "Previous sample").click();
  await button(page, "Previous sample").click();
  await page.getByRole("img", { name: /^Path of sample 60:/ }).waitFor();
  await page.getByText("sample 60 of 60").waitFor();
  // The third of the small images.
  await page.getByRole("img", { name: /60 test samples that can be followed/ }).click({ position: { x: 72, y: 12 } });
  await page.getByRole("img", { name: /^Path of sample 3:/ }).waitFor();
  // In the picture of who gets what, the first image of the first expert that has one.
  const assigned = page.getByRole("img", { name: /of 8 experts are somebody's first choice/ });
  const before = await told(page);
  for (let y = 10; y < 300 && (await told(page)) === before; y += 20) await assigned.click({ position: { x: 32, y } });
  assert.notEqual(await told(page), before, "a click on a sample follows it");
});

lab("a tree's decisions lead down to a leaf", {}, async ({ page }) => {
  await experts(page);
  await page.locator("#block-2\\.1-summary").click();
  await choose(page, "Routing of Route 2.1", /^Tree$/);
  await until(page, "the tree trains", ({ step }) => step > 50);
  await button(page, "Watch the routing of Route 2.1").click();
  await page.locator("#view-experts .headline").filter({ hasText: /^\d of 8 leaves used/ }).waitFor();
  await path(page).scrollIntoViewIfNeeded();
  const way = /2 › 1\.route: ((left|right) \(\d+ %\), ){2}(left|right) \(\d+ %\): leaf (\d)/;
  await page.getByRole("img", { name: way }).waitFor();
  await pause(page);
  const said = await told(page);
  const turns = [...said.matchAll(/(left|right)/g)].map((m) => (m[1] === "right" ? 1 : 0));
  assert.equal(1 + turns.reduce((at, turn) => 2 * at + turn, 0), Number(said.match(/leaf (\d)/)[1]), said);
  for (const [, sure] of said.matchAll(/(?:left|right) \((\d+) %\)/g)) assert.ok(Number(sure) >= 50, said);
  // With its levels soft it costs more, and the dial says so.
  await page.getByRole("button", { name: "Measure" }).first().click();
  const rows = page.locator("table.numbers tbody tr");
  await page.waitForFunction(() => document.querySelectorAll("table.numbers tbody tr").length >= 4, null, { timeout: 60_000 });
  const levels = await rows.locator("th").allTextContents();
  assert.deepEqual([...levels].sort(), ["0", "1", "2", "3"]);
});

lab("each letter has its expert", { timeout: 240_000 }, async ({ page }) => {
  await preset(page, "Experts on characters");
  await outline(page);
  await play(page);
  await until(page, "it trains", ({ step }) => step > 3, 90_000);
  await page.getByRole("button", { name: /^Watch the routing of Route/ }).first().click();
  const letters = page.getByRole("img", { name: /^The expert that counts most at each place/ });
  await letters.waitFor({ timeout: 60_000 });
  await letters.scrollIntoViewIfNeeded();
  const label = await letters.getAttribute("aria-label");
  assert.match(label, /route: (\S+ [1-8], ){20}/);
  await page.getByText("Place 1 of 64").waitFor();
  await page.getByRole("slider", { name: "Place that is followed" }).fill("5");
  await page.getByText("Place 5 of 64").waitFor();
  await letters.click({ position: { x: 18 * 2 + 5, y: 30 } });
  await page.getByText("Place 3 of 64").waitFor();
  assert.match(await told(page), /experts [1-8] \(\d+ %\), [1-8] \(\d+ %\); .*route: experts/);
});

lab("active units are shown, and what they mean for MoEfication", {}, async ({ page }) => {
  await experts(page);
  const units = page.getByRole("img", { name: /^Share of the hidden units that are active over time: .*\d+ %/ });
  await page.locator("#view-active-units").scrollIntoViewIfNeeded();
  await units.waitFor();
  const share = Number((await units.getAttribute("aria-label")).match(/ (\d+) %/)[1]);
  assert.ok(share > 5 && share < 95, `${share}`);
  await page.getByText("Transform what is trained").click();
  await choose(page, "Transform", /^MoEfication$/);
  await page.locator("[aria-labelledby=transform-title]").getByText(/of the hidden units are active at once/).waitFor();
  await button(page, "See the active units").click();
  assert.ok(await select(page, "Transform").isVisible());
});
