// A run pauses by itself: at a step, at an aim, where it gets no better; and Play goes on from there.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { button, number, play, select, status, until } from "./page.mjs";

/** On the CPU: a software adapter leaves a page on two cores few frames to click in. */
const CPU = { address: (server) => `${server.url}#preset=digits-backprop&device=cpu`, timeout: 240_000 };

const stop = (page, label) => select(page, "Stop").selectOption({ label });

async function type(field, text) {
  await field.fill(text);
  await field.press("Enter");
}

/** Waits until the run stands, and gives its step. */
async function stands(page) {
  await button(page, "Play").waitFor({ timeout: 90_000 });
  return (await status(page)).step;
}

lab("a run stops at a step, exactly", CPU, async ({ page }) => {
  await until(page, "it trains", ({ step }) => step > 0);
  const { step } = await status(page);
  await stop(page, "at a step");
  await type(number(page, "Step to stop at"), String(step + 100_000));
  await button(page, "Reset").click();
  await type(number(page, "Step to stop at"), "123");
  await button(page, "Reset").click();
  // Where the step was typed before the run had come to it, the run stands there already.
  await play(page);
  await until(page, "it stands at the step", (now) => now.step === 123);
  assert.equal(await stands(page), 123);
  await play(page);
  await until(page, "Play goes on", (now) => now.step > 140);
});

lab("a run stops at an aim, and where it gets no better", CPU, async ({ page }) => {
  await until(page, "it trains", ({ step }) => step > 0);
  await stop(page, "at a test accuracy");
  await type(number(page, "Percent to stop at"), "90");
  await button(page, "Reset").click();
  // A run that had reached the aim already has stopped.
  await play(page);
  const told = page.getByRole("note").filter({ hasText: /The run stopped at step [\d,]+/ });
  await told.filter({ hasText: /Test accuracy is 9\d\.\d %: the aim was 90\.0 %\. Play goes on\./ }).waitFor({ timeout: 60_000 });
  const step = await stands(page);
  await play(page);
  await until(page, "Play goes on", (now) => now.step > step + 20);
  assert.equal(await told.count(), 0);
  await stop(page, "when it gets no better for");
  await type(number(page, "Steps to stop at"), "300");
  await type(number(page, "Learning rate"), "0.03");
  await button(page, "Reset").click();
  await play(page);
  await told.filter({ hasText: /The test loss has been no better since step [\d,]+\./ }).waitFor({ timeout: 120_000 });
  await stands(page);
});
