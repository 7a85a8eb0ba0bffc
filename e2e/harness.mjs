// One test: its own server, its own browser, one page; and at the end no fault that the test did not expect.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

import { serve } from "./server.mjs";

const FLAGS = JSON.parse(await readFile(new URL("flags.json", import.meta.url), "utf8"));
const FAILURES = fileURLToPath(new URL("../target/e2e/", import.meta.url));

/** Where Chromium lies: named by xtask, else where Debian puts it. */
function program() {
  const found = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"].find((f) => f && existsSync(f));
  assert.ok(found, "no browser found: run `cargo xtask test`, or name one in CHROMIUM");
  return found;
}

/**
 * Starts a browser. `webgpu`: on its software adapter, or without any adapter. `names`: host names that are to mean
 * this machine, for an origin that is not secure.
 */
export async function launch({ webgpu = true, names = [] } = {}) {
  const flags = FLAGS.filter((flag) => webgpu || !flag.includes("webgpu"));
  if (!webgpu) flags.push("--disable-gpu");
  if (names.length) flags.push(`--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(",")}`);
  return chromium.launch({ executablePath: program(), args: flags });
}

/**
 * Opens the lab and collects whatever goes wrong in it: errors on the console, exceptions, requests that fail or
 * leave the origin, breaches of the policy.
 *
 * Options beside those of [`launch`] and `serve`: `address(server)` gives the address to open; `context` goes to
 * playwright (viewport, colour scheme); `init` is a function run in the page before anything else.
 */
export async function open(options = {}) {
  const { address = (server) => server.url, context = {}, init } = options;
  const server = await serve(options);
  const browser = await launch(options);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, ...context })).newPage();
  page.setDefaultTimeout(20_000);
  const url = address(server);
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`exception: ${error.message}`));
  page.on("requestfailed", (request) => {
    // What the browser gives up because the page is left has not failed.
    const why = request.failure()?.errorText;
    if (why !== "net::ERR_ABORTED") faults.push(`failed: ${request.url()} ${why}`);
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (/^https?:|^wss?:/.test(protocol) && origin !== new URL(url).origin) faults.push(`off origin: ${request.url()}`);
  });
  if (init) await page.addInitScript(init);
  await page.goto(url);
  return {
    browser, faults, page, server, url,
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/**
 * A test on an open lab. `expects`: patterns of faults that belong to it. A failing one leaves a picture in
 * target/e2e/.
 */
export function lab(name, options, body) {
  test(name, { timeout: options.timeout ?? 120_000 }, async () => {
    const opened = await open(options);
    try {
      await body(opened);
      const unexpected = opened.faults.filter((fault) => !(options.expects ?? []).some((known) => known.test(fault)));
      assert.deepEqual(unexpected, [], "nothing goes wrong behind the page");
    } catch (error) {
      await mkdir(FAILURES, { recursive: true });
      const file = `${FAILURES}${name.replace(/[^a-z0-9]+/gi, "-")}.png`;
      await opened.page.screenshot({ path: file }).catch(() => {});
      error.message += `\n  picture: ${file}\n  faults: ${opened.faults.join("\n          ") || "none"}`;
      throw error;
    } finally {
      await opened.close();
    }
  });
}
