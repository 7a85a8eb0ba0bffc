// The link holds the whole state: the same numbers come back, and a broken one is told, not obeyed.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choose, chosen, number, status, steps, until } from "./page.mjs";

const STEPS = 5;

lab("a reloaded link gives the same numbers", {}, async ({ page }) => {
  await choose(page, "Device", /cpu/i);
  await choose(page, "Learning rule", /direct feedback/i);
  await number(page, "Seed").fill("7");
  await number(page, "Seed").press("Enter");
  const before = await steps(page, STEPS);
  const rule = await chosen(page, "Learning rule");
  await page.waitForTimeout(500);

  const link = page.url();
  await page.goto("about:blank");
  await page.goto(link);
  await button(page, "Reset").waitFor();
  const after = await steps(page, STEPS);
  assert.equal(await chosen(page, "Learning rule"), rule);
  assert.equal(await number(page, "Seed").inputValue(), "7");
  assert.equal(after.text, before.text);
});

for (const fragment of ["spec=", "spec=%%%", "AAAAAAAA", "1.not-a-spec", "x".repeat(20_000), "spec=eyJ2ZXJzaW9uIjo5OX0"]) {
  lab(`a broken link is told: #${fragment.slice(0, 20)}`, {
    address: (server) => `${server.url}#${fragment}`,
  }, async ({ page }) => {
    await page.getByRole("alert").filter({ hasText: /link/i }).first().waitFor();
    await until(page, "the lab runs all the same", ({ step }) => step > 0);
    assert.ok(Number.isFinite((await status(page)).loss));
  });
}
