// Lessons: by keyboard alone, kept over a reload, harmless, readable on every screen; and the editor.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { lab } from "./harness.mjs";
import { button, select, until } from "./page.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const at = (fragment) => ({ address: (server) => `${server.url}#${fragment}` });
const lesson = (page) => page.getByRole("complementary");
const title = (page) => lesson(page).getByRole("heading", { level: 2 });

/** What axe finds of weight. */
async function grave(page) {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}

/** Presses Tab until the focus is on the element of this name, within the lesson. */
async function reach(page, name) {
  for (let tabs = 0; tabs < 60; tabs += 1) {
    const here = await page.evaluate(() => {
      const { activeElement: element } = document;
      const text = element?.closest("label")?.textContent ?? element?.textContent;
      return (element?.getAttribute("aria-label") ?? text ?? "").trim();
    });
    if (name.test(here)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${name} is reached by Tab`);
}

lab("the first lesson is taken by keyboard alone, and a reload keeps the place", { ...at("room=lessons"), timeout: 240_000 }, async ({ page }) => {
  await page.getByRole("link", { name: "What a neuron does" }).waitFor();
  await reach(page, /^What a neuron does$/);
  await page.keyboard.press("Enter");
  await title(page).waitFor();
  assert.equal(await title(page).textContent(), "A weighted sum");
  assert.ok(await lesson(page).locator("math").count() > 2, "formulas are MathML");
  await until(page, "the lab is set up and waits", ({ step }) => step === 0);

  const next = async () => {
    const before = await title(page).textContent();
    await reach(page, /^Next$/);
    await page.keyboard.press("Enter");
    await page.waitForFunction((before) => document.querySelector("#lesson-page-title")?.textContent !== before, before);
    await page.waitForFunction(() => document.activeElement?.id === "lesson-page-title", undefined, { timeout: 5_000 });
  };
  await next();
  // Predict.
  await reach(page, /^Yes, nearly all points/);
  await page.keyboard.press("Space");
  await reach(page, /^Answer$/);
  await page.keyboard.press("Enter");
  await lesson(page).getByText("A line between the clouds parts them").waitFor();
  // Try, and the checkpoint lights up.
  await page.evaluate(() => document.querySelector("#lesson-page-title").focus());
  await reach(page, /^Train for 200 steps/);
  await page.keyboard.press("Enter");
  await lesson(page).getByText("Reached").waitFor();
  await until(page, "it pauses after 200 steps", ({ step }) => step === 200);
  await button(page, "Play").waitFor();
  assert.match(await lesson(page).getByRole("button", { name: /^Train for 200 steps/ }).textContent(), /\(done\)/);

  await page.waitForTimeout(500);
  assert.match(page.url(), /lesson=neuron\.2/);
  await page.reload();
  await lesson(page).getByText("Reached").waitFor();
  assert.equal(await title(page).textContent(), "One straight line");
  await lesson(page).getByText("A line between the clouds parts them").waitFor();
  assert.match(await lesson(page).getByRole("button", { name: /^Train for 200 steps/ }).textContent(), /\(done\)/);

  for (let n = 3; n <= 7; n += 1) await next();
  await reach(page, /^Finish$/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Lessons", exact: true }).waitFor();
  await page.getByText("Read to the end").waitFor();
});

lab("links operate the lab", at("lesson=neuron.3"), async ({ page }) => {
  await title(page).waitFor();
  await lesson(page).getByRole("button", { name: /^the four quadrants/ }).click();
  for (let tries = 0; await select(page, "Dataset").inputValue() !== "xor"; tries += 1) {
    assert.ok(tries < 50, "the dataset is chosen");
    await page.waitForTimeout(100);
  }
  await lesson(page).getByRole("button", { name: /^Train for 500 steps/ }).click();
  await until(page, "500 steps", ({ step }) => step === 500);
  await lesson(page).getByText("Reached").waitFor();
});

lab("a lesson speaks its language", at("lesson=neuron.es.1"), async ({ page }) => {
  await title(page).waitFor();
  assert.equal(await lesson(page).getAttribute("lang"), "es");
  await lesson(page).getByRole("button", { name: "Siguiente" }).waitFor();
});

lab("a lesson that is not there says so", { ...at("lesson=nowhere.1"), expects: [/404/] }, async ({ page }) => {
  await page.getByRole("alert").filter({ hasText: "could not be opened" }).waitFor();
});

const HOSTILE = `---
title: Harm
summary: s
minutes: 1
level: l
---
# <img src=x onerror="window.harmed=1">
<script>window.harmed=1</script> <img src=x onerror="window.harmed=1">
[a](javascript:window.harmed=1) [b](lab:run"onclick="window.harmed=1) [c](https://example.org/"onclick="window.harmed=1)
$\\text{<img src=x onerror="window.harmed=1">}$ ![p](x.png)

\`\`\`question
<img src=x onerror="window.harmed=1">
- [x] <script>window.harmed=1</script>
- [ ] b
> <svg onload="window.harmed=1">
\`\`\`
`;

lab("a hostile lesson runs nothing", {
  ...at("room=lessons/edit"),
}, async ({ page }) => {
  await page.getByRole("textbox", { name: "Text of the lesson" }).fill(HOSTILE);
  const preview = page.getByRole("region", { name: "Preview" });
  await preview.getByText("<script>").first().waitFor();
  await button(page, "Try it in the lab").click();
  await title(page).waitFor();
  for (const press of await lesson(page).getByRole("button").all()) {
    if (await press.isVisible() && await press.isEnabled() && !/Close|Finish/.test(await press.textContent())) await press.click().catch(() => {});
  }
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => globalThis.harmed), undefined);
  assert.equal(await page.locator(".lesson img, .lesson script, .lesson svg, .lesson a[href^='javascript']").count(), 0);
});

lab("a lecturer makes a lesson, tries it, shares it", at("room=lessons/edit"), async ({ page, browser }) => {
  const text = page.getByRole("textbox", { name: "Text of the lesson" });
  await text.waitFor();
  const faults = page.getByRole("region", { name: "Faults of the text" });
  await faults.getByText("Nothing is wrong with it").waitFor();
  const before = await text.inputValue();
  await text.fill(`${before}\n[wrong](lab:set?rule=back-prop)\n`);
  await faults.getByText(/did you mean/).waitFor();
  await faults.getByRole("button", { name: /^Line \d+/ }).click();
  assert.match(await page.evaluate(() => getSelection()?.toString() || document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)), /back-prop/);
  await text.fill(before.replace("The first page", "My own page"));
  await faults.getByText("Nothing is wrong with it").waitFor();
  await page.evaluate(() => document.querySelector("#lesson-text").setSelectionRange(0, 0));
  await text.press("Control+End");
  await button(page, "Insert the lab's state").click();
  assert.match(await text.inputValue(), /\[this experiment\]\(lab:open\?spec=/);
  // A reload loses nothing.
  await page.reload();
  assert.match(await text.inputValue(), /My own page/);
  await button(page, "Try it in the lab").click();
  await title(page).waitFor();
  assert.equal(await title(page).textContent(), "My own page");
  // The link holds the whole of it.
  await page.goto(`${page.url().split("#")[0]}#room=lessons/edit`);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await button(page, "Copy a link").click();
  await page.getByText(/The link is copied/).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await title(other).waitFor({ timeout: 20_000 });
  assert.equal(await title(other).textContent(), "My own page");
});

for (const colorScheme of ["light", "dark"]) {
  for (const fragment of ["room=lessons", "lesson=neuron.2", "room=lessons/edit"]) {
    lab(`axe finds nothing serious at ${fragment} in ${colorScheme}`, { ...at(fragment), context: { colorScheme } }, async ({ page }) => {
      await page.locator(".lesson-card, .lesson-page").first().waitFor();
      await page.waitForTimeout(500);
      assert.deepEqual(await grave(page), []);
    });
  }
}

for (const [width, height] of [[390, 844], [1024, 768], [1440, 900]]) {
  lab(`lessons fit the screen at ${width}×${height}`, { ...at("lesson=neuron.2"), context: { viewport: { width, height } } }, async ({ page }) => {
    await title(page).waitFor();
    const over = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(await over() <= 0, "the page is not wider than the screen");
    const { x, y, width: w } = await lesson(page).boundingBox();
    assert.ok(x >= 0 && y >= 0 && x + w <= width, "the lesson is on the screen");
    const small = await lesson(page).evaluate((element) => [...element.querySelectorAll("button:not(.deed), label, a[href]")]
      .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 24).map((e) => e.textContent));
    assert.deepEqual(small, []);
    await page.goto(`${page.url().split("#")[0]}#room=lessons`);
    await page.locator(".lesson-card").first().waitFor();
    assert.ok(await over() <= 0);
  });
}
