// WebGPU is missing, out of reach or lost: the run goes on, and the page says which of these it was.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { choose, number, play, until } from "./page.mjs";

/** Remembers every device that the worker asks for, so that a test can destroy it. */
const REMEMBER = `
  const request = GPUAdapter.prototype.requestDevice;
  globalThis.devices = [];
  GPUAdapter.prototype.requestDevice = async function (...given) {
    const device = await request.apply(this, given);
    globalThis.devices.push(device);
    return device;
  };
`;

/** A lost device is an error to the browser's console, which is not ours to silence. */
const LOSS = [/console: .*(device|gpu|buffer|lost|context|instance)/i];

async function trainOnGpu(page) {
  await choose(page, "Dataset", /^(?!.*mnist).*digits/i);
  await choose(page, "Device", /gpu/i);
  await play(page);
  return until(page, "steps on WebGPU", ({ step }) => step > 10, 60_000);
}

/** The run goes on: its step rises well beyond `step`, and never starts again from nothing. */
async function goesOn(page, { step }) {
  let lowest = step;
  await until(page, "the run goes on", (now) => {
    lowest = Math.min(lowest, now.step);
    return now.step > step + 50;
  }, 60_000);
  assert.ok(lowest > 0, "from its last state");
}

async function says(page, pattern) {
  await page.getByText(pattern).first().waitFor();
}

/** Has the dataset's files come two seconds late. */
function late() {
  const { fetch } = globalThis;
  globalThis.fetch = async (...asked) => {
    if (/\/data\//.test(asked[0]?.url ?? asked[0])) await new Promise((done) => setTimeout(done, 2000));
    return fetch(...asked);
  };
}

lab("what is chosen while the data come is what the run begins with", { init: late }, async ({ page }) => {
  await choose(page, "Optimizer", /^sgd/i);
  await choose(page, "Loss", /squared/i);
  await number(page, "Learning rate").fill("100");
  await number(page, "Learning rate").press("Enter");
  // Last, since each of the others has all that was chosen before asked for anew.
  await choose(page, "Device", /gpu/i);
  await page.locator(".place").filter({ hasText: /on WebGPU/ }).waitFor({ timeout: 60_000 });
  await says(page, /diverged at step/);
});

lab("the device is destroyed in mid-run", { prelude: REMEMBER, expects: LOSS }, async ({ page }) => {
  const before = await trainOnGpu(page);
  const destroyed = await Promise.all(page.workers().map((worker) => worker.evaluate(() => {
    const { length } = globalThis.devices ?? [];
    for (const device of globalThis.devices ?? []) device.destroy();
    return length;
  })));
  assert.ok(destroyed.some((count) => count > 0), "a worker held a device");
  await goesOn(page, before);
  await says(page, /lost/i);
});

lab("the GPU process crashes in mid-run", { expects: LOSS }, async ({ browser, page }) => {
  const before = await trainOnGpu(page);
  const session = await browser.newBrowserCDPSession();
  await session.send("Browser.crashGpuProcess").catch(() => {});
  await goesOn(page, before);
  await says(page, /lost/i);
});

lab("there is no adapter", { webgpu: false, expects: [/console: .*(webgpu|adapter|gpu)/i] }, async ({ page }) => {
  await until(page, "steps on the CPU", ({ step }) => step > 10);
  await says(page, /no (WebGPU|adapter|graphics)|WebGPU .*(not|missing|off)/i);
});

lab("the page is not in a secure context", {
  names: ["lab.test"],
  address: (server) => `http://lab.test:${server.port}/`,
}, async ({ page }) => {
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await until(page, "steps on the CPU", ({ step }) => step > 10);
  await says(page, /https/i);
});

/** WebGPU as a browser may lack it; and what the page then says, and advises. */
const LACKS = [
  ["has none", `Object.defineProperty(WorkerNavigator.prototype, "gpu", { get: () => undefined });`,
    /This browser does not offer WebGPU here\./, /Use a current version of Chrome, Edge, Firefox or Safari\./],
  ["finds no adapter", `GPU.prototype.requestAdapter = async () => null;`,
    /found no graphics processor that it will use\./, /Turn on hardware acceleration/],
  ["refuses the device", `GPUAdapter.prototype.requestDevice = async () => { throw new DOMException("refused for a test", "OperationError"); };`,
    /refused to open: .*refused for a test/, /Close other pages that use the graphics processor/],
];

for (const [what, prelude, reason, advice] of LACKS) {
  lab(`WebGPU is asked for in a browser that ${what}`, { prelude }, async ({ page }) => {
    await until(page, "steps on the CPU", ({ step }) => step > 0);
    await choose(page, "Device", /gpu/i);
    const notice = page.getByRole("alert").filter({ hasText: /The run is on CPU/ });
    await notice.filter({ hasText: reason }).filter({ hasText: advice }).waitFor();
    const { step } = await until(page, "it goes on", ({ step }) => step > 0);
    await until(page, "and on", (now) => now.step > step + 20);
  });
}
