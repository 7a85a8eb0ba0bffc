// The page as a person finds it: by the names of its controls, and by what its status says.
import assert from "node:assert/strict";

/** The status line as numbers: `{ text, step, loss, accuracy }`, those that it does not name being NaN. */
export async function status(page) {
  const texts = await page.getByRole("status").allTextContents();
  const text = texts.find((t) => /step/.test(t)) ?? texts.join(" ");
  const read = (pattern) => Number((text.match(pattern)?.[1] ?? "NaN").replaceAll(/[,\s\u2009\u202f]/g, ""));
  return {
    text,
    step: read(/step\s+(\d[\d,\u2009\u202f]*)/),
    loss: read(/loss\s+([\d.e+-]+)/),
    accuracy: read(/accuracy\s+([\d.]+)\s*%/),
  };
}

/** Waits until the status satisfies `holds`; says what it was at last if it never does. */
export async function until(page, what, holds, limit = 20_000) {
  const end = Date.now() + limit;
  let last;
  do {
    last = await status(page);
    if (holds(last)) return last;
    await page.waitForTimeout(50);
  } while (Date.now() < end);
  assert.fail(`${what}: not within ${limit / 1000} s; the status said “${last.text}”`);
}

/** A button by its whole name. */
export function button(page, name) {
  return page.getByRole("button", { name, exact: true });
}

export async function play(page) {
  const play = button(page, "Play");
  if (await play.isVisible() && await play.isEnabled()) await play.click();
}

/** Pauses, and waits until the step stands still. */
export async function pause(page) {
  const pause = button(page, "Pause");
  if (await pause.isVisible() && await pause.isEnabled()) await pause.click();
  let before = (await status(page)).step;
  for (let still = 0; still < 3;) {
    await page.waitForTimeout(100);
    const now = (await status(page)).step;
    still = now === before ? still + 1 : 0;
    before = now;
  }
}

/** A select by its accessible name. */
export function select(page, name) {
  return page.getByRole("combobox", { name, exact: true });
}

/** A number field by its accessible name. */
export function number(page, name) {
  return page.getByRole("spinbutton", { name, exact: true });
}

/** The names offered by a select, in order. */
export async function choices(page, label) {
  // Until the worker has said what there is, a select holds the present choice alone.
  await select(page, label).locator("option").nth(1).waitFor({ state: "attached" });
  return select(page, label).locator("option").allTextContents();
}

/** Chooses the first option whose name matches. */
export async function choose(page, label, pattern) {
  const names = await choices(page, label);
  const name = names.find((n) => pattern.test(n));
  assert.ok(name, `${label} offers ${pattern}: ${names.join(", ")}`);
  await select(page, label).selectOption({ label: name.trim() });
}

/** The name now chosen in a select. */
export async function chosen(page, label) {
  return select(page, label).locator("option:checked").textContent();
}

/** Resets and takes this many single steps; returns the status after the last. */
export async function steps(page, count) {
  await pause(page);
  await button(page, "Reset").click();
  await until(page, "Reset goes back to step 0", ({ step }) => step === 0);
  for (let n = 1; n <= count; n += 1) {
    await button(page, "Step").click();
    await until(page, `Step ${n}`, ({ step }) => step === n);
  }
  return status(page);
}

/** Opens the gallery of experiments to begin with, and gives its buttons. */
export async function presets(page) {
  await button(page, "Start from").click();
  const dialog = page.getByRole("dialog", { name: "Start from" });
  await dialog.waitFor();
  return dialog.getByRole("listitem").getByRole("button");
}

/** Begins with the experiment of this name. */
export async function preset(page, name) {
  await presets(page);
  await button(page, name).click();
}

/** Shows the network as the list of its blocks. */
export async function outline(page) {
  await button(page, "Outline").click();
  await page.getByRole("list", { name: "Blocks of stage 1", exact: true }).waitFor();
}

/** Waits until the run's record stands in the browser's store, as it does once the page has been hidden. */
export async function saved(page) {
  const since = await page.evaluate(() => {
    const now = Date.now();
    window.dispatchEvent(new Event("pagehide"));
    return now;
  });
  const newest = () => page.evaluate(() => new Promise((resolve) => {
    const open = indexedDB.open("signalbox");
    open.onsuccess = () => {
      open.result.transaction("runs").objectStore("runs").getAll().onsuccess = ({ target }) => {
        open.result.close();
        resolve(Math.max(0, ...target.result.map((text) => JSON.parse(text).saved)));
      };
    };
  }));
  for (const end = Date.now() + 20_000; await newest() < since;) {
    assert.ok(Date.now() < end, "the run is kept");
    await page.waitForTimeout(50);
  }
}
