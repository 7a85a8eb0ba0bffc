// The page in Spanish: who gets it, that no text of it is left in English, that it is chosen and kept, and that it fits.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { lab } from "./harness.mjs";
import { button, pause, select, status, until } from "./page.mjs";

const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
const TEXTS = { ...read("assets/locale/es.json"), ...read("assets/locale/es.catalogue.json") };
const SPANISH = { context: { locale: "es-ES" } };
const VIEWS = ["", "#preset=spiral", "#preset=experts-on-digits", "#room=papers", "#room=papers/backprop", "#room=lessons",
  "#room=lessons/edit", "#room=runs"];

/** The step in a Spanish status line. */
async function step(page) {
  const texts = await page.getByRole("status").allTextContents();
  const found = texts.join(" ").match(/paso\s+(\d[\d,\u2009\u202f]*)/)?.[1];
  return Number((found ?? "NaN").replaceAll(/[,\s\u2009\u202f]/g, ""));
}

async function past(page, least, limit = 60_000) {
  const end = Date.now() + limit;
  while (!(await step(page) > least)) {
    assert.ok(Date.now() < end, `it trains past step ${least}: ${await step(page)}`);
    await page.waitForTimeout(50);
  }
  return step(page);
}

const language = (page) => page.evaluate(() => document.documentElement.lang);
const speaks = (page, tag) => page.waitForFunction((tag) => document.documentElement.lang === tag
  && document.querySelector("header.top"), tag);

lab("a Spanish browser gets a Spanish lab, and it trains", { ...SPANISH, timeout: 240_000 }, async ({ page }) => {
  page.setDefaultTimeout(60_000);
  await past(page, 20);
  assert.equal(await language(page), "es");
  assert.match(await page.title(), /cómo aprenden las redes/);
  await select(page, "Regla de aprendizaje").selectOption({ label: "Alineamiento por realimentación directa" });
  await page.getByText(/Cada etapa recibe el error de la salida/).filter({ visible: true }).first().waitFor();
  await button(page, "Pausar").click();
  await button(page, "Iniciar").click();
  await button(page, "Empezar con").click();
  await page.getByRole("dialog", { name: "Empezar con" }).getByRole("button", { name: "Espiral", exact: true }).click();
  await past(page, 20);
  assert.doesNotMatch(page.url(), /lang=/, "a link does not gain a language");
  for (const [room, heading] of [["Artículos", "Artículos"], ["Lecciones", "Lecciones"], ["Ejecuciones", "Ejecuciones"]]) {
    await page.getByRole("link", { name: room, exact: true }).click();
    await page.getByRole("heading", { name: heading, exact: true }).waitFor();
  }
});

/** Every text that the page says in its own language, with its numbers taken out. */
async function said(context, server, view) {
  const page = await context.newPage();
  await page.goto(server.url + view);
  await page.locator("main h2").filter({ visible: true }).first().waitFor();
  if (view.includes("papers/")) await page.locator(".paper").waitFor();
  else if (view.includes("papers")) await page.locator(".paper-entry").first().waitFor();
  if (!view.includes("room")) {
    await page.waitForFunction(() => /\d/.test(document.querySelector("[role=status]")?.textContent ?? ""));
    await page.locator("header [aria-haspopup=dialog]").click();
    await page.locator("dialog[open] summary").first().waitFor();
  }
  const all = await page.evaluate(() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    const out = [];
    const other = (element) => element.closest("[lang]") !== document.documentElement;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const { parentElement: at } = node;
      // What knobs can be set to are ids, as words. Lessons are in the language of their authors.
      const id = at.tagName === "OPTION" && at.value.replaceAll("-", " ") === node.data.trim();
      if (!id && !other(at) && !at.closest("script, style, pre, code, kbd, textarea, cite, svg, math, noscript, .equation, .editor-preview")) out.push(node.data);
    }
    for (const name of ["aria-label", "title", "placeholder"]) {
      for (const element of document.querySelectorAll(`body [${name}]`)) {
        if (!other(element)) out.push(element.getAttribute(name));
      }
    }
    return out;
  });
  await page.close();
  return new Set(all.map((text) => text.replaceAll(/\d[\d.,\u2009\u202f]*/g, "#").trim()).filter((text) => /\p{L}{2}/u.test(text)));
}

/** What is the same in both languages, and may be. */
function alike() {
  return Object.entries(TEXTS).filter(([english, other]) => english === other).map(([english]) => english);
}

lab("no text of the page is left in English", { ...SPANISH, timeout: 400_000 }, async ({ browser, page, server }) => {
  const english = await browser.newContext({ locale: "en-US", viewport: { width: 1440, height: 900 } });
  const plain = (text) => text.replaceAll(/\d[\d.,\u2009\u202f]*/g, "#").trim();
  const known = new Set(alike().map(plain));
  for (const view of VIEWS) {
    const [there, here] = [await said(english, server, view), await said(page.context(), server, view)];
    assert.ok(here.size > 10, `${view}: the page is read: ${here.size} texts`);
    // Sources begin with a dot; units, ids of functions and what brands are called.
    const names = /^(· .*|Signalbox|CPU|WebGPU|SVG|PNG|JSON|CSV|# (k|M|G)?(FLOP|B|KiB|MiB)( \(# %\))?|# (ms|min|s|k|par)\.?( ·)?|loss|relu|GFLOP\/s|# › #\w+)$/;
    // What a card's runs are set to, and its claims: fields and ids of specs.
    const fields = /^(backprop|data|digits|rule|steps|accuracy\(\w+\) ≥ #)$/;
    const card = view.startsWith("#room=papers/");
    const left = [...here].filter((text) => there.has(text) && !known.has(text) && !names.test(text) && !(card && fields.test(text)));
    assert.deepEqual(left, [], `${view || "the lab"} says the same in English`);
  }
});

/** The `lang` that holds for each of these, with its text. */
const spoken = (page, selector) => page.locator(selector).evaluateAll((all) => all.map((at) => ({
  lang: at.closest("[lang]").lang, text: at.textContent.trim(),
})));

lab("what stays English on the Spanish page says so, and what is Spanish on the English one", { ...SPANISH, timeout: 240_000 }, async ({ browser, page, server }) => {
  const cards = read("assets/cards.json");
  const lessons = read("assets/lessons/index.json");
  await page.goto(`${server.url}#room=lessons`);
  await page.locator(".lesson-card").first().waitFor();
  const titles = await spoken(page, ".lesson-card h3 a");
  assert.deepEqual(titles, lessons.map(({ title }) => ({ lang: "en", text: title })));
  for (const { lang, text } of await spoken(page, ".lesson-card > p:not([class])")) assert.equal(lang, "en", text);
  assert.ok((await spoken(page, ".lesson-languages a")).every(({ lang }) => lang === "es"));
  assert.ok((await spoken(page, ".lesson-meta")).every(({ lang }) => lang === "es"), "minutes are the page's");

  await page.getByRole("link", { name: "Artículos", exact: true }).click();
  await page.locator(".paper-entry").first().waitFor();
  const papers = await spoken(page, ".paper-entry > a");
  assert.equal(papers.length, cards.length);
  for (const { lang, text } of papers) assert.equal(lang, "en", text);
  const claims = await spoken(page, ".paper-entry > p:last-child");
  assert.ok(claims.every(({ lang }) => lang === "es"), "what they claim is translated");

  // What is wrong with an experiment, as a panel and as a notice.
  const broken = await page.context().newPage();
  await broken.goto(`${server.url}#preset=spiral&rule=no-such-rule`);
  const notice = broken.locator(".notice").filter({ hasText: "no-such-rule" });
  await notice.waitFor();
  assert.match((await spoken(broken, ".notice [lang=en]"))[0].text, /no-such-rule/);
  assert.equal((await spoken(broken, ".notice strong"))[0].lang, "es");
  await broken.close();

  const english = await browser.newContext({ locale: "en-US" });
  const other = await english.newPage();
  await other.goto(`${server.url}#room=lessons`);
  await other.locator(".lesson-card").first().waitFor();
  for (const { lang, text } of await spoken(other, ".lesson-languages a")) assert.equal(lang, "es", text);
  assert.ok((await spoken(other, ".lesson-card h3 a")).every(({ lang }) => lang === "en"));
  await other.goto(`${server.url}#lesson=neuron.es`);
  await other.locator("aside.lesson[lang=es]").waitFor();
  await english.close();
});

lab("what is measured is drawn whatever the language", {
  ...SPANISH, address: (server) => `${server.url}#preset=experts-on-digits`, timeout: 240_000,
}, async ({ page }) => {
  await past(page, 20);
  for (const view of ["experts", "the-path-of-one-sample", "who-gets-what"]) {
    await page.evaluate((id) => document.getElementById(id).scrollIntoView(), `view-${view}`);
    await page.locator(`#view-${view} canvas`).first().waitFor();
  }
});

lab("the language is chosen in the header, kept, and the run goes on", { timeout: 240_000 }, async ({ page }) => {
  await until(page, "it trains", ({ step }) => step > 100, 60_000);
  // States are kept every second and a half.
  await page.waitForTimeout(2000);
  await pause(page);
  const { step: before } = await status(page);
  await select(page, "Language").selectOption("es");
  await speaks(page, "es");
  await page.getByText(/La ejecución sigue desde el paso/).waitFor();
  const after = await past(page, 20);
  assert.ok(after <= before, `${after} of ${before}`);
  await page.reload();
  await speaks(page, "es");
  await page.getByRole("combobox", { name: "Idioma", exact: true }).selectOption({ label: "English" });
  await speaks(page, "en");
  await button(page, "Play").waitFor();
  assert.doesNotMatch(page.url(), /lang=/, "the address names no language");
});

const asked = { address: (server) => `${server.url}#preset=spiral&lang=es` };
lab("a link can ask for a language, and goes on asking", asked, async ({ page }) => {
  await past(page, 20);
  assert.equal(await language(page), "es");
  await page.waitForFunction(() => /spec=.*&lang=es/.test(location.hash));
  await page.getByRole("link", { name: "Ejecuciones", exact: true }).click();
  await page.waitForFunction(() => /room=runs.*&lang=es/.test(location.hash));
  await page.evaluate(() => { location.hash = location.hash.replace("lang=es", "lang=en"); });
  await speaks(page, "en");
});

lab("without its texts the page speaks English", SPANISH, async ({ page: first, server }) => {
  const page = await first.context().newPage();
  await page.route("**/locale/es.json", (route) => route.fulfill({ status: 404 }));
  await page.goto(server.url);
  await until(page, "it trains", ({ step }) => step > 20, 60_000);
  assert.equal(await language(page), "en");
});

lab("a small screen holds the Spanish page", { context: { locale: "es-ES", viewport: { width: 390, height: 844 } }, timeout: 240_000 }, async ({ page: first, server }) => {
  for (const view of VIEWS) {
    const page = await first.context().newPage();
    await page.goto(server.url + view);
    await page.locator("main h2").filter({ visible: true }).first().waitFor();
    await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${view || "the lab"} is ${wide} px wide`);
    await page.close();
  }
});
