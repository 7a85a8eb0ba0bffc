// The lab as a part of another page: framed as Moodle, Jupyter, Quarto and mdBook do it, asked by messages, and resting
// while nobody sees it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { lab } from "./harness.mjs";
import { button, until } from "./page.mjs";

/** A page around the lab, with the lab's address in the place of `LAB`; it comes from another origin than the lab. */
function hosted(html, options = {}) {
  return {
    ...options,
    pages: { "/host.html": "<!doctype html>" },
    address: (server) => `http://127.0.0.1:${server.port}/host.html`,
    expects: [/^off origin: http:\/\/localhost:/, /favicon\.ico|404/, ...(options.expects ?? [])],
    html,
  };
}

/** Fills the page around the lab, since only now the lab's address is known. */
async function fill(page, html, server) {
  await page.setContent(html.replaceAll("LAB", server.url), { waitUntil: "commit" });
}

const file = (name) => readFileSync(new URL(`embed/${name}.html`, import.meta.url), "utf8");

/** The status of a framed lab: its step, NaN before the first word. */
async function step(frame) {
  // The frame itself may come later.
  const texts = await frame.getByRole("status").allTextContents().catch(() => []);
  const text = texts.find((t) => /step/.test(t)) ?? "";
  return Number((text.match(/step\s+(\d[\d,\u2009\u202f]*)/)?.[1] ?? "NaN").replaceAll(/[,\u2009\u202f]/g, ""));
}

async function moves(page, frame, what) {
  const before = await step(frame);
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    if (await step(frame) > (before || 0)) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`${what} does not run`);
}

async function rests(page, frame, what) {
  await page.waitForTimeout(700);
  const before = await step(frame);
  await page.waitForTimeout(1200);
  assert.deepEqual(await step(frame), before, `${what} rests`);
}

lab("an embedded lab is the run, a few views and the way to the whole", {
  address: (server) => `${server.url}?embed#preset=spiral&device=cpu&lock=run.speed&view=curves`,
}, async ({ page, server }) => {
  await until(page, "it runs", ({ step }) => step > 0);
  assert.equal(await page.getByRole("banner").count(), 0);
  await page.getByRole("heading", { name: "Curves" }).waitFor();
  for (const name of ["Experiment", "Network", "Decision surface"]) {
    assert.equal(await page.getByRole("heading", { name, exact: true }).count(), 0, name);
  }
  const link = page.getByRole("link", { name: "Open in Signalbox" });
  const href = await link.getAttribute("href");
  assert.ok(href.startsWith(`${server.url}#spec=`) && href.endsWith("&device=cpu&lock=run.speed"), href);
});

for (const name of ["moodle", "jupyter", "quarto", "mdbook"]) {
  lab(`a lab in a page as ${name} makes it`, hosted(), async ({ page, server }) => {
    await fill(page, file(name), server);
    const frame = page.frameLocator("iframe");
    await moves(page, frame, name);
    await frame.getByRole("link", { name: "Open in Signalbox" }).waitFor();
  });
}

lab("of three labs on a page only the one on the screen runs", hosted(), async ({ page, server }) => {
  await fill(page, file("plain"), server);
  const [first, second, third] = ["First", "Second", "Third"].map((t) => page.frameLocator(`iframe[title=${t}]`));
  await moves(page, first, "the first");
  await second.getByRole("button", { name: "Pause" }).waitFor();
  await rests(page, second, "the second");
  await page.locator("iframe[title=Second]").scrollIntoViewIfNeeded();
  await moves(page, second, "the second");
  await rests(page, first, "the first");
  await page.locator("iframe[title=Third]").scrollIntoViewIfNeeded();
  await moves(page, third, "the third");
  await rests(page, second, "the second");
  await page.locator("iframe[title=First]").scrollIntoViewIfNeeded();
  await moves(page, first, "the first, again,");
});

lab("the custom element waits for the screen, does what it is asked and tells what happens", hosted(), async ({ page, server }) => {
  await fill(page, `<!doctype html><title>A course</title><script src="LABsignalbox-lab.js" async></script>
    <div style="height: 3000px">Text.</div><signalbox-lab preset="spiral" paused></signalbox-lab>`, server);
  await page.waitForFunction(() => customElements.get("signalbox-lab"));
  await page.waitForTimeout(300);
  assert.equal(await page.locator("iframe").count(), 0, "nothing is loaded before it is near");
  await page.evaluate(() => {
    const element = document.querySelector("signalbox-lab");
    window.told = {};
    for (const name of ["ready", "metrics", "paused", "height", "fault"]) {
      element.addEventListener(name, ({ detail }) => { (told[name] ??= []).push(detail); });
    }
    element.scrollIntoView();
  });
  const ask = (body) => page.evaluate(`(async () => { const lab = document.querySelector("signalbox-lab"); ${body} })()`);
  const spec = await ask("return lab.getSpec();");
  assert.equal(spec.data, "spiral");
  await page.waitForFunction(() => told.ready && told.height);
  const height = await page.evaluate(() => told.height.at(-1).height);
  await page.waitForFunction((h) => document.querySelector("iframe").style.height === `${h}px`, height);

  await ask("await lab.watchMetrics(100); await lab.run();");
  await page.waitForFunction(() => told.metrics?.some((m) => m.step > 100 && m.loss > 0 && m.evaluated?.test.accuracy >= 0));
  await ask("await lab.pause();");
  await page.waitForFunction(() => told.paused?.some((p) => p.why === "asked"));
  const saved = await ask(`window.saved = await lab.saveState();
    return { data: saved.spec.data, step: saved.step, bytes: saved.weights.byteLength, kind: saved.weights.constructor.name };`);
  assert.ok(saved.data === "spiral" && saved.step > 100 && saved.bytes > 500 && saved.kind === "ArrayBuffer", JSON.stringify(saved));

  await ask(`await lab.setSpec({ ...await lab.getSpec(), rate: 0.05 }); await lab.reset();`);
  assert.equal((await ask("return lab.getSpec();")).rate, 0.05);
  // The weights are back: saving them again gives the same bytes.
  const same = await ask(`await lab.loadState(saved);
    const again = await lab.saveState();
    const [a, b] = [saved.weights, again.weights].map((w) => new Uint8Array(w));
    return again.step === 0 && a.length === b.length && a.every((v, i) => v === b[i]);`);
  assert.ok(same, "a state that was saved comes back");
  assert.equal((await ask("return lab.getSpec();")).rate, 0.01);

  await ask("await lab.do('set?rate=0.02');");
  assert.equal((await ask("return lab.getSpec();")).rate, 0.02);
  const fault = await ask("return lab.do('set?rate=-3').then(() => null, (error) => error.faults);");
  assert.ok(fault?.[0].message, JSON.stringify(fault));
});

/** Asks the framed lab by hand; the answer to `id`, or null after a second. */
const said = (page, message) => page.evaluate((message) => new Promise((done) => {
  const frame = document.querySelector("iframe");
  const hear = ({ data, source }) => {
    if (source === frame.contentWindow && data?.signalbox === 1 && !data.event) done(data);
  };
  addEventListener("message", hear);
  setTimeout(() => done(null), 1000);
  frame.contentWindow.postMessage(message, "*");
}), message);

lab("hostile messages are answered in words, or not at all", hosted(), async ({ page, server }) => {
  await fill(page, `<!doctype html><title>A course</title><iframe src="LAB?embed#preset=spiral&device=cpu" width=900 height=600></iframe>`, server);
  const frame = page.frameLocator("iframe");
  await moves(page, frame, "it");
  const ok = await said(page, { signalbox: 1, id: "a", ask: "get-spec" });
  assert.ok(ok.ok && ok.id === "a" && ok.spec.data === "spiral" && ok.link.includes("#spec="));
  for (const [message, path] of [
    [{ signalbox: 1, id: 1, ask: "eval", code: "alert(1)" }, "ask"],
    [{ signalbox: 9, id: 1, ask: "run" }, "signalbox"],
    [{ signalbox: 1, id: 1, ask: 7 }, "ask"],
    [{ signalbox: 1, id: 1, ask: "set-spec", spec: "[".repeat(200_000) }, ""],
    [{ signalbox: 1, id: 1, ask: "set-spec", spec: { version: 1, data: "spiral", stages: "none" } }, "stages"],
    [{ signalbox: 1, id: 1, ask: "set-spec", spec: "x".repeat(3 << 20) }, "message"],
    [{ signalbox: 1, id: 1, ask: "load-state", state: { preset: "spiral", weights: "AAAA" } }, "state › weights"],
    [{ signalbox: 1, id: 1, ask: "do", deed: "lab:explode" }, "lab:explode"],
  ]) {
    const answer = await said(page, message);
    assert.equal(answer?.ok, false, JSON.stringify(message).slice(0, 100));
    assert.ok(answer.faults[0].message, JSON.stringify(answer));
    if (path) assert.equal(answer.faults[0].path, path, JSON.stringify(answer));
  }
  const deep = await page.evaluate(() => {
    let deep = {};
    for (let i = 0; i < 500; i += 1) deep = { deep };
    window.deep = { signalbox: 1, id: 1, ask: "set-spec", spec: deep };
    const ring = { signalbox: 1, id: 1, ask: "run" };
    ring.ring = ring;
    window.ring = ring;
  }).then(() => page.evaluate(() => new Promise((done) => {
    const answers = [];
    addEventListener("message", ({ data }) => {
      if (data?.signalbox === 1 && !data.event) answers.push(data.ok);
      if (answers.length === 2) done(answers);
    });
    const frame = document.querySelector("iframe").contentWindow;
    frame.postMessage(window.deep, "*");
    frame.postMessage(window.ring, "*");
  })));
  assert.deepEqual(deep, [false, false]);
  // Other scripts' messages are none of its business.
  for (const message of ["hello", 7, null, { type: "webpack" }]) assert.equal(await said(page, message), null);
  await moves(page, frame, "after all that it");
});

lab("only the page around the lab is heard, and only if the link allows it", hosted(), async ({ page, server }) => {
  const ask = { signalbox: 1, id: 1, ask: "get-spec" };
  for (const [host, heard] of [
    ["&host=https://example.org", false],
    [`&host=https://example.org,http://127.0.0.1:${server.port}`, true],
    ["&host=*", true],
  ]) {
    await page.goto(`http://127.0.0.1:${server.port}/host.html`);
    await fill(page, `<!doctype html><title>A course</title><iframe src="LAB#preset=spiral&embed&device=cpu${host}" width=900 height=600></iframe>`, server);
    await moves(page, page.frameLocator("iframe"), host);
    const answer = await said(page, ask);
    assert.equal(answer?.ok ?? false, heard, host);
  }
  // A frame beside the lab is not the page around it.
  const beside = await page.evaluate(() => new Promise((done) => {
    const other = document.body.appendChild(document.createElement("iframe"));
    const script = other.contentDocument.createElement("script");
    script.textContent = `addEventListener("message", () => parent.postMessage("heard", "*"));
      parent.document.querySelector("iframe").contentWindow.postMessage({ signalbox: 1, id: 1, ask: "get-spec" }, "*");`;
    addEventListener("message", ({ data }) => (data === "heard" || data?.id === 1) && done(true));
    other.contentDocument.body.append(script);
    setTimeout(() => done(false), 1000);
  }));
  assert.equal(beside, false);
});

lab("in a sandbox with an origin it runs; without one it says why not", hosted("", {
  expects: [/^console:/, /^failed:/],
}), async ({ page, server }) => {
  const frame = page.frameLocator("iframe");
  await fill(page, `<!doctype html><title>A course</title><iframe sandbox="allow-scripts allow-same-origin"
    src="LAB?embed#preset=spiral&device=cpu" width=900 height=600></iframe>`, server);
  await moves(page, frame, "the sandboxed lab");
  await fill(page, `<!doctype html><title>A course</title><iframe sandbox="allow-scripts" src="LAB?embed#preset=spiral" width=900 height=600></iframe>`, server);
  await frame.getByRole("alert").filter({ hasText: /allow-scripts allow-same-origin/ }).waitFor();
});

lab("an embedded lab fits a narrow column", {
  address: (server) => `${server.url}?embed#preset=spiral&device=cpu&view=meters,curves,decision-surface`,
  context: { viewport: { width: 390, height: 700 } },
}, async ({ page }) => {
  await until(page, "it runs", ({ step }) => step > 0);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${wide} px too wide`);
  await button(page, "Pause").waitFor();
});
