// Milliseconds per training step of a JavaScript library in Chromium, one JSON line for each workload.
//
//     node browser.mjs jax|tfjs wasm|webgpu|webgl|cpu [W1 W2 W3 W4]
//     node browser.mjs plain cpu W1
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { launch } from "../../e2e/harness.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
/** Longest wait for one workload, compiled shaders included, in ms. */
const LIMIT = 300_000;

const [library, backend, ...named] = process.argv.slice(2);
if (!["jax", "tfjs", "plain"].includes(library) || !backend) {
  console.error("usage: node browser.mjs jax|tfjs|plain wasm|webgpu|webgl|cpu [W1 W2 W3 W4]");
  process.exit(2);
}

/** Without cross-origin isolation wasm has one thread; how many a graphics device has is not ours to say. */
const threads = /^web/.test(backend) ? null : 1;

const server = createServer(async (request, response) => {
  try {
    const path = normalize(new URL(request.url, "http://any").pathname);
    const body = await readFile(join(HERE, path));
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
    response.end(body);
  } catch {
    response.writeHead(404);
    response.end();
  }
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const browser = await launch();
for (const workload of named.length ? named : ["W1", "W2", "W3", "W4"]) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error.message));
  try {
    await page.goto(`http://localhost:${server.address().port}/pages/${library}.html`);
    await page.waitForFunction("globalThis.bench");
    const run = page.evaluate(([name, device]) => globalThis.bench(name, device), [workload, backend]);
    const late = new Promise((_, reject) => setTimeout(reject, LIMIT, new Error(`longer than ${LIMIT / 1000} s`)).unref());
    const { peer, ms_per_step, ...rest } = await Promise.race([run, late]);
    const line = { peer, workload, ms_per_step: Number(ms_per_step.toPrecision(4)), threads, ...rest };
    console.log(JSON.stringify(line));
  } catch (error) {
    console.error(`${library} ${backend} ${workload}: ${error.message}`);
    process.exitCode = 1;
  }
  await page.close();
}
await browser.close();
server.close();
