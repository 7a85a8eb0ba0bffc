// The bench in a browser, its results printed as JSON:
//
//     node e2e/bench.mjs [--no-gpu | --device cpu|gpu] [W1 W2 …]
//
// It measures the page in dist/. `--no-gpu`: in a browser without WebGPU; else WebGPU runs on the software adapter.
import { parseArgs } from "node:util";

import { open } from "./harness.mjs";

/** Longest wait for all results, in ms. */
const LIMIT = 1_800_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "no-gpu": { type: "boolean" }, device: { type: "string" } },
});
const device = values.device ? `&device=${values.device}` : "";
const { page, faults, close } = await open({
  webgpu: !values["no-gpu"],
  address: (server) => `${server.url}?bench=${positionals.join(",")}${device}`,
});
try {
  const json = page.locator("#bench-json");
  await json.waitFor({ state: "attached", timeout: LIMIT });
  console.log(await json.textContent());
} finally {
  if (faults.length) console.error(faults.join("\n"));
  await close();
}
