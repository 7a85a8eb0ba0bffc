// The bench measures: that a figure comes out, whatever it is.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";

/** What the bench found, as scripts read it. */
async function results(page) {
  const json = page.locator("#bench-json");
  await json.waitFor({ state: "attached", timeout: 60_000 });
  return JSON.parse(await json.textContent());
}

lab("the bench measures a workload on the CPU", {
  address: (server) => `${server.url}?bench=W1&device=cpu`,
}, async ({ page }) => {
  const { results: [{ workload, device, milliseconds, fraction_of_ceiling: share }], missing } = await results(page);
  assert.deepEqual([workload, device, missing], ["W1", "cpu", []]);
  assert.ok(Number.isFinite(milliseconds) && milliseconds > 0);
  assert.ok(share > 0 && share < 2, `${share} of the ceiling`);
  await page.getByRole("button", { name: "Copy JSON" }).waitFor();
});

lab("the bench says why it could not measure", {
  webgpu: false,
  address: (server) => `${server.url}?bench=W1,W9`,
  expects: [/console: .*(webgpu|adapter|gpu)/i],
}, async ({ page }) => {
  const { results: measured, missing } = await results(page);
  assert.deepEqual(measured.map(({ workload, device }) => [workload, device]), [["W1", "cpu"]]);
  assert.deepEqual(missing.map(({ workload, device }) => [workload, device]), [["W9", "cpu"], ["W1", "gpu"], ["W9", "gpu"]]);
});
