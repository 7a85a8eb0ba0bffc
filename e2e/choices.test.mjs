// Whatever there is to choose is chosen once, and whatever there is to press is pressed once, while it trains.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, choices, choose, chosen, number, pause, play, preset, presets, select, status, until } from "./page.mjs";

/** Chooses each in turn; each must train, or be refused in a sentence, with the run before going on. */
async function chooseAll(page, label) {
  const names = await choices(page, label);
  for (const name of names) {
    await select(page, label).selectOption({ label: name });
    assert.equal(await chosen(page, label), name);
    await page.waitForFunction(() => !document.querySelector(".status.busy"));
    const said = await page.locator(".fault").allTextContents();
    if (said.length) {
      assert.ok(said.every((text) => text.length > 20), `${label}, ${name}: ${said.join(" | ")}`);
    } else {
      await play(page);
      await until(page, `${label}, ${name}`, ({ step }) => step > 0, 60_000);
    }
  }
  return names.length;
}

for (const [label, least] of [["Dataset", 10], ["Learning rule", 3], ["Optimizer", 3], ["Schedule", 4], ["Routing", 3], ["Loss", 2], ["Speed", 3]]) {
  lab(`every entry of ${label} is chosen once`, { timeout: 240_000 }, async ({ page }) => {
    await until(page, "the first steps", ({ step }) => step > 0);
    const count = await chooseAll(page, label);
    assert.ok(count >= least, `${count} entries of ${label}`);
  });
}

lab("every experiment to begin with trains", { timeout: 240_000 }, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  const names = await (await presets(page)).allTextContents();
  await button(page, "Close").click();
  assert.ok(names.length >= 5);
  for (const name of names) {
    await preset(page, name);
    await page.waitForFunction(() => !document.querySelector(".status.busy"), undefined, { timeout: 60_000 });
    assert.equal(await page.locator(".fault").count(), 0, name);
    await until(page, name, ({ step, loss }) => step > 0 && Number.isFinite(loss), 60_000);
  }
});

lab("every button is pressed once", { timeout: 240_000, context: { acceptDownloads: true } }, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  const pressed = new Set();
  // Folded parts are opened first, then whatever has come to be seen is pressed, but for what opens a file chooser.
  for (let round = 0; round < 4; round += 1) {
    for (const summary of await page.locator("details:not([open]) > summary:visible").all()) {
      await summary.click({ timeout: 2000 }).catch(() => {});
    }
    const names = await page.getByRole("button").evaluateAll((all) => all.map((b) => b.getAttribute("aria-label") ?? b.textContent.trim()));
    for (const name of names.filter((name) => !pressed.has(name) && name !== "Open")) {
      pressed.add(name);
      const target = button(page, name).first();
      if (await target.isVisible() && await target.isEnabled()) await target.click();
      const dialog = page.getByRole("dialog");
      if (await dialog.isVisible()) {
        const offered = dialog.getByRole("listitem").getByRole("button");
        await (await offered.count() ? offered.first().click() : page.keyboard.press("Escape"));
        await dialog.waitFor({ state: "hidden" });
      }
    }
  }
  assert.ok(pressed.size > 20, [...pressed].join(", "));
  await preset(page, "Digits, backprop");
  await play(page);
  await until(page, "it trains after all that", ({ step }) => step > 0);
});

lab("Reset goes back to the same weights, New seed to others", {}, async ({ page }) => {
  await choose(page, "Device", /cpu/i);
  const first = async () => {
    await pause(page);
    await button(page, "Reset").click();
    await until(page, "step 0", ({ step }) => step === 0);
    await button(page, "Step").click();
    return (await until(page, "step 1", ({ step }) => step === 1)).loss;
  };
  const loss = await first();
  assert.equal(await first(), loss);
  const seed = await number(page, "Seed").inputValue();
  await button(page, "New seed").click();
  await page.waitForFunction(() => !document.querySelector(".status.busy"));
  assert.notEqual(await number(page, "Seed").inputValue(), seed);
  assert.notEqual(await first(), loss);
});

lab("a speed is kept", {}, async ({ page }) => {
  await choose(page, "Speed", /^10 /);
  await until(page, "the first steps", ({ step }) => step > 0);
  await button(page, "Reset").click();
  await page.waitForTimeout(3000);
  const { step } = await status(page);
  assert.ok(step > 10 && step < 60, `${step} steps in 3 s at 10 a second`);
});

lab("a run that diverges says where, and goes back", {}, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
  await choose(page, "Optimizer", /^sgd/i);
  await choose(page, "Loss", /squared/i);
  await number(page, "Learning rate").fill("100");
  await number(page, "Learning rate").press("Enter");
  const notice = page.getByRole("alert").filter({ hasText: /diverged at step \d+/ });
  await notice.waitFor();
  const [, good] = (await notice.textContent()).match(/last good state is step (\d+)/);
  await button(page, "Play").waitFor();
  await button(page, "Back to the last good state").click();
  await until(page, "the good state", ({ step }) => step === Number(good));
  await number(page, "Learning rate").fill("0.01");
  await number(page, "Learning rate").press("Enter");
  await play(page);
  const { step } = await status(page);
  await until(page, "it trains again", (now) => now.step > step && Number.isFinite(now.loss));
});
