// Learning on WebGPU, and what swapping the rule and the routing does to a run.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { choices, choose, chosen, play, until } from "./page.mjs";

/** Below what guessing among ten classes gives (2.30), by far. */
const LOSS = 1;

lab("digits are learnt on WebGPU", { timeout: 240_000 }, async ({ page }) => {
  await choose(page, "Dataset", /^(?!.*mnist).*digits/i);
  await choose(page, "Device", /gpu/i);
  await play(page);
  await until(page, `loss below ${LOSS}`, ({ loss }) => loss < LOSS, 180_000);
  assert.match(await page.locator("body").innerText(), /WebGPU/);
});

lab("the rule is swapped, and the other rule learns", {}, async ({ page }) => {
  const names = await choices(page, "Learning rule");
  assert.ok(names.length >= 3, names.join(", "));
  for (const rule of [/direct feedback/i, /forward.forward/i, /back ?prop/i]) {
    await choose(page, "Learning rule", rule);
    assert.match(await chosen(page, "Learning rule"), rule);
    await play(page);
    await until(page, `${rule} steps`, ({ step }) => step > 20);
  }
});

lab("the routing is swapped, and the run goes on", {}, async ({ page }) => {
  for (const routing of [/top/i, /dense/i]) {
    await choose(page, "Routing", routing);
    assert.match(await chosen(page, "Routing"), routing);
    await play(page);
    await page.waitForFunction(() => !document.querySelector(".status.busy"));
    // Until the new run has told of itself, the status is that of the one before.
    await until(page, `${routing} steps`, ({ step, loss }) => step > 20 && Number.isFinite(loss));
  }
});
