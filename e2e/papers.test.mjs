// The library of papers: found, read, opened in the lab, raced, and checked in the page as at the command line.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { lab } from "./harness.mjs";
import { button, number, select, until } from "./page.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** What the command line makes of the card that is checked here; the engine's tests hold it to that. */
const VERDICT = JSON.parse(readFileSync(new URL("verdict.json", import.meta.url), "utf8"));
const CARD = "gated-perceptron";

const at = (room) => ({ address: (server) => `${server.url}#room=${room}` });
const entries = (page) => page.getByRole("list", { name: "Papers" }).getByRole("listitem");
const search = (page) => page.getByRole("searchbox", { name: "Search" });
const results = (page) => page.getByRole("region", { name: "Results of the check" });

async function count(page) {
  const text = await page.getByRole("status").filter({ hasText: /papers/ }).textContent();
  return text.match(/\d+/g).map(Number);
}

/** Every row of a table as its texts. */
async function rows(table) {
  const all = await table.getByRole("row").all();
  return Promise.all(all.map(async (row) => (await row.locator("th, td").allInnerTexts()).map((text) => text.trim())));
}

lab("papers are searched, filtered and opened", at("papers"), async ({ page }) => {
  await entries(page).first().waitFor();
  const [all] = await count(page);
  assert.ok(all > 80 && all === await entries(page).count(), `${all} papers`);
  await search(page).fill("hebbian JOURN");
  assert.deepEqual(await count(page), [1, all]);
  await search(page).fill("nothing like this");
  assert.deepEqual(await count(page), [0, all]);
  await button(page, "Show all").click();
  assert.equal(await entries(page).count(), all);
  await select(page, "Family").selectOption("routing");
  const [routing] = await count(page);
  assert.ok(routing > 0 && routing < all);
  await select(page, "Check").selectOption("checked here");
  assert.deepEqual(await count(page), [0, all]);
  await select(page, "Check").selectOption("any");
  const first = entries(page).first().getByRole("link");
  const title = await first.textContent();
  await first.click();
  await page.getByRole("heading", { level: 2, name: title, exact: true }).waitFor();
  assert.match(page.url(), /room=papers\/[a-z0-9-]+/);
  await page.goBack();
  assert.equal(await entries(page).count(), routing, "the list is as it was left");
  await page.waitForFunction((title) => document.activeElement.textContent === title, title, { timeout: 5_000 });
});

lab("a check gives the figures of the command line, and is kept", at(`papers/${CARD}`), async ({ page }) => {
  await button(page, "Run the check").click();
  await results(page).waitFor({ timeout: 90_000 });
  const [, ...told] = await rows(results(page));
  const expected = VERDICT.flatMap(({ claim, seeds, figures }) => [
    [claim, ...seeds.map((holds) => (holds ? "✓ holds" : "✗ fails")), "✓ holds"],
    ...figures.map(({ figure, values }) => [figure, ...values, ""]),
  ]);
  assert.deepEqual(told, expected);
  await page.getByRole("status").filter({ hasText: `The check of More Consideration for the Perceptron is done: ${VERDICT.length} of` })
    .waitFor();
  await page.reload();
  await page.getByText(/Checked here on \d+ \w+ \d{4}.* claims hold/).waitFor();
  assert.deepEqual((await rows(results(page))).slice(1), expected);
  await page.getByRole("link", { name: "All papers" }).click();
  await select(page, "Check").selectOption("holds here");
  assert.equal((await count(page))[0], 1);
  await entries(page).filter({ hasText: "✓ holds here" }).waitFor();
});

lab("a check says how far it is, and can be stopped", { ...at("papers/backprop"), timeout: 240_000 }, async ({ page }) => {
  // The long form, so that it does not end before it is stopped; the page has little of the machine beside it.
  page.setDefaultTimeout(60_000);
  await select(page, "Form").selectOption("full");
  await button(page, "Run the check").click();
  await page.getByText(/with seed 1, step [1-9][\d,]* of/).waitFor();
  const bar = page.getByRole("progressbar", { name: /^The check of/ });
  await page.waitForFunction((bar) => bar.value > 0, await bar.elementHandle());
  await page.getByRole("link", { name: "All papers" }).click();
  // The list comes back to where it was left, which may move it.
  await page.waitForFunction(() => document.activeElement.closest(".paper-entry"));
  await entries(page).filter({ hasText: "being checked" }).getByRole("link").click();
  await button(page, "Stop the check").click();
  await button(page, "Run the check").waitFor();
  assert.equal(await results(page).count(), 0);
});

lab("a run opens in the lab under the name of its paper", at(`papers/${CARD}`), async ({ page }) => {
  await page.getByRole("link", { name: "Open “sums alone” in the lab" }).click();
  const banner = page.getByRole("note", { name: "Paper" });
  await banner.filter({ hasText: "This is the run “sums alone”" }).waitFor();
  assert.equal(await page.getByRole("main").count(), 1, "the library is left");
  await until(page, "it trains", ({ step }) => step > 0);
  await page.waitForTimeout(500);
  assert.match(page.url(), new RegExp(`card=${CARD}&spec=`));
  await page.reload();
  await banner.waitFor();
  await number(page, "Learning rate").fill("0.5");
  await number(page, "Learning rate").press("Enter");
  await banner.waitFor({ state: "hidden" });
  await button(page, "Undo").click();
  await banner.getByRole("link").click();
  await page.getByRole("heading", { level: 2, name: "More Consideration for the Perceptron" }).waitFor();
});

lab("runs that lanes can be are raced", at("papers/feedback-alignment"), async ({ page }) => {
  await button(page, "Race the runs").waitFor();
  const names = (await page.getByRole("region", { name: "What differs between the runs" }).getByRole("columnheader").allInnerTexts()).slice(1);
  await button(page, "Race the runs").click();
  await page.getByRole("note", { name: "Paper" }).filter({ hasText: "side by side" }).waitFor();
  const lanes = page.getByRole("region", { name: "Results of the race" }).getByRole("rowheader");
  assert.deepEqual((await lanes.allInnerTexts()).map((name) => name.trim()), names);
  await button(page, "Stop the race").click();
});

lab("a paper is found, read and checked by keyboard alone", at("papers"), async ({ page }) => {
  await entries(page).first().waitFor();
  const focused = () => page.evaluate(() => {
    const { activeElement: element } = document;
    const label = element?.closest("label")?.querySelector(".field-name")?.textContent;
    return label ?? element?.getAttribute("aria-label") ?? element?.textContent.trim();
  });
  const reach = async (name) => {
    for (let tabs = 0; tabs < 40; tabs += 1) {
      if (await focused() === name) return;
      await page.keyboard.press("Tab");
    }
    assert.fail(`${name} is reached by Tab; the focus is on “${await focused()}”`);
  };
  await reach("Search");
  await page.keyboard.type("perceptron more consideration");
  await reach("More Consideration for the Perceptron");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.tagName === "H2");
  await reach("Run the check");
  await page.keyboard.press("Enter");
  await results(page).waitFor({ timeout: 90_000 });
});

lab("a paper is cited and linked to", { ...at(`papers/${CARD}`), context: { permissions: ["clipboard-read", "clipboard-write"] } }, async ({ page }) => {
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await button(page, "Copy the citation").click();
  await page.getByText("Copied.").first().waitFor();
  assert.match(await clipboard(), /^@misc\{[\s\S]*title = \{\{More Consideration for the Perceptron\}\}/);
  await button(page, "Copy the link to this paper").click();
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("http"));
  assert.match(await clipboard(), new RegExp(`#room=papers/${CARD}$`));
});

lab("an unknown paper is said to be unknown", at("papers/none-such"), async ({ page }) => {
  await page.getByRole("heading", { name: "No such paper" }).waitFor();
  await page.getByRole("link", { name: "All papers" }).click();
  await entries(page).first().waitFor();
});

lab("papers that do not come are asked for again", { expects: [/404|Not Found|cards\.json/] }, async ({ page, server }) => {
  await page.route("**/cards.json", (route) => route.fulfill({ status: 404 }), { times: 1 });
  await page.goto(`${server.url}#room=papers`);
  await page.getByRole("link", { name: "Papers", exact: true }).click();
  await page.getByRole("alert").filter({ hasText: "did not come" }).waitFor();
  await button(page, "Try again").click();
  await entries(page).first().waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  lab(`axe finds nothing serious in the ${colorScheme} library`, { ...at("papers"), context: { colorScheme } }, async ({ page }) => {
    const grave = async () => {
      await page.evaluate(readFileSync(AXE, "utf8"));
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    };
    await entries(page).first().waitFor();
    // Entries are alike, and axe takes its time for each.
    await select(page, "Family").selectOption("transforms");
    assert.deepEqual(await grave(), []);
    await page.evaluate((card) => { location.hash = `room=papers/${card}`; }, CARD);
    await button(page, "Run the check").click();
    await results(page).waitFor({ timeout: 90_000 });
    assert.deepEqual(await grave(), []);
  });
}

for (const [width, height] of [[390, 844], [1024, 768]]) {
  lab(`no paper hangs over the edge at ${width}×${height}`, { ...at("papers"), context: { viewport: { width, height } } }, async ({ page }) => {
    await entries(page).first().waitFor();
    const over = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(await over() <= 0, "the list");
    const cards = await entries(page).getByRole("link").evaluateAll((all) => all.map((link) => link.hash));
    for (const hash of cards) {
      await page.evaluate((hash) => { location.hash = hash; }, hash);
      await page.getByRole("heading", { level: 3, name: "Cite" }).waitFor();
      assert.ok(await over() <= 0, hash);
    }
  });
}
