// What a long run holds in the browser: the heap of the page, the wasm memories of page and worker, as a table.
//
//     node e2e/memory.mjs [--steps 1000000] [--minutes 8] [--every 50000] [--device cpu|gpu]
//
// A small network on XOR trains as fast as it goes, until it has taken so many steps or the time is
// over. Before each sample the garbage is collected. The lab of dist/ is measured, its pictures on the screen.
import { parseArgs } from "node:util";

import { open } from "./harness.mjs";
import { REMEMBERED, memory, small } from "./heap.mjs";
import { status } from "./page.mjs";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "1000000" },
    minutes: { type: "string", default: "8" },
    every: { type: "string", default: "50000" },
    device: { type: "string", default: "cpu" },
  },
});
const [steps, minutes, every] = [values.steps, values.minutes, values.every].map(Number);
const opened = await open({ webgpu: values.device === "gpu", address: small(values.device), ...REMEMBERED });
const { page, faults, close } = opened;
const mib = (bytes) => (bytes / 2 ** 20).toFixed(2);
try {
  const look = await memory(opened);
  console.log("| step | seconds | page, objects MiB | page, wasm MiB | worker, objects MiB | worker, wasm MiB | elements |");
  console.log("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  const began = Date.now();
  for (let next = 1000; ;) {
    const { step } = await status(page);
    const seconds = (Date.now() - began) / 1000;
    const over = step >= steps || seconds > 60 * minutes;
    if (step >= next || over) {
      const now = await look();
      const row = [step, seconds.toFixed(0), mib(now.page), mib(now.pageWasm), mib(now.worker), mib(now.workerWasm), now.elements];
      console.log(`| ${row.join(" | ")} |`);
      if (over) break;
      next = Math.max(step + 1, Math.ceil((step + 1) / every) * every);
    }
    await page.waitForTimeout(200);
  }
} finally {
  if (faults.length) console.error(faults.join("\n"));
  await close();
}
