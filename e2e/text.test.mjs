// A transformer on characters: it learns, writes, and takes experts in the place of a feed-forward part.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { choose, outline, preset, until } from "./page.mjs";

lab("a transformer learns characters, writes, and takes experts", { timeout: 240_000 }, async ({ page }) => {
  await preset(page, "Characters");
  await until(page, "more letters are right than the commonest alone", ({ step, accuracy }) => step >= 40 && accuracy > 20, 150_000);

  const written = page.locator(".written");
  await written.scrollIntoViewIfNeeded();
  await page.waitForFunction(() => document.querySelector(".written")?.textContent.length > 150, undefined, { timeout: 60_000 });
  const text = await written.locator("span").nth(1).textContent();
  assert.match(text, /[a-z]{2}/, text);
  assert.match(text, / /, text);
  // The same letter by letter, in a table.
  await page.locator("details.numbers").filter({ has: page.locator('summary > .sr:text-is(": Written text")') }).locator("summary").click();
  const letters = page.getByRole("region", { name: "Written text in numbers" }).getByRole("row");
  await letters.nth(1).waitFor();
  assert.match(await letters.nth(1).innerText(), /^place 1\s+.*the test text$/s);
  // Where each layer looks.
  await page.getByRole("img", { name: /^Attention of 4 heads/ }).nth(1).waitFor({ timeout: 60_000 });

  // Two actions give the last layer eight experts, two for each letter.
  await choose(page, "Routing", /top-k/i);
  await outline(page);
  await page.getByRole("spinbutton", { name: /^Experts of Route/ }).first().fill("8");
  await page.keyboard.press("Enter");
  await page.locator("#view-who-gets-what").scrollIntoViewIfNeeded({ timeout: 60_000 });
  await page.getByRole("img", { name: /of 8 experts are somebody's first choice/ }).waitFor({ timeout: 60_000 });
  await until(page, "the experts learn", ({ step, loss }) => step > 5 && Number.isFinite(loss), 60_000);
});
