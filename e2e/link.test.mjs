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

lab("a link that was cut, changed or blown up is told, and the lab goes on", {}, async ({ page }) => {
  await until(page, "the lab runs", ({ step }) => step > 0);
  await page.waitForFunction(() => location.hash.includes("spec="));
  const [, good] = (await page.evaluate(() => location.hash)).match(/spec=([^&]+)/);
  const at = Math.floor(good.length / 2);
  const broken = [
    good.slice(0, at),
    good.slice(at),
    good.slice(0, at) + (good[at] === "A" ? "B" : "A") + good.slice(at + 1),
    good.slice(0, -1),
    `${good}${good}`,
    "A".repeat(1 << 20),
    "%00%ff",
    "<script>alert(1)</script>",
  ];
  const notice = page.getByRole("alert").filter({ hasText: /this link could not be opened/i });
  for (const text of broken) {
    await page.evaluate((text) => { location.hash = `spec=${text}`; }, text);
    await notice.waitFor();
    await notice.getByRole("button", { name: "Dismiss" }).click();
    await notice.waitFor({ state: "detached" });
  }
  const { step } = await status(page);
  await until(page, "it still runs", (now) => now.step > step);
  await page.evaluate((text) => { location.hash = `spec=${text}`; }, good);
  await until(page, "the good one is still good", ({ step }) => step > 0);
});
