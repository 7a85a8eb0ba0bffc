// A long run holds no more than a short one. `memory.mjs` measures a million steps; this is what fits a test.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { REMEMBERED, memory, small } from "./heap.mjs";
import { until } from "./page.mjs";

/** What may come and go between two looks: curves that fill, code that is compiled late. */
const SLACK = 2 << 20;

lab("memory is flat", { webgpu: false, address: small("cpu"), timeout: 300_000, ...REMEMBERED,
  expects: [/console: .*(webgpu|adapter|gpu)/i] }, async (opened) => {
  const { page } = opened;
  const look = await memory(opened);
  await until(page, "it is under way", ({ step }) => step > 20_000, 120_000);
  const early = await look();
  const { step } = await until(page, "it goes on for long", ({ step }) => step > 300_000, 240_000);
  const late = await look();
  for (const what of ["page", "worker"]) {
    assert.ok(late[what] - early[what] < SLACK, `${what}: ${early[what]} bytes early, ${late[what]} at step ${step}`);
  }
  for (const what of ["pageWasm", "workerWasm"]) {
    assert.ok(early[what] > 1 << 20, `the memory of ${what} is found`);
    assert.ok(late[what] - early[what] <= SLACK, `${what}: ${early[what]} bytes early, ${late[what]} at step ${step}`);
  }
  assert.ok(late.elements - early.elements < 50, `${early.elements} elements early, ${late.elements} late`);
});
