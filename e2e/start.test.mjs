// Opening the page: something learns at once, wherever the page lies, and the download is small.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";

import { lab } from "./harness.mjs";
import { status, until } from "./page.mjs";

/** Most bytes, gzipped, that may travel before the first step. */
const DOWNLOAD = 2 * 1024 * 1024;

lab("something learns within 3 seconds, without a click", {}, async ({ page, server }) => {
  const opened = await page.evaluate(() => performance.timeOrigin);
  const first = await until(page, "the first steps", ({ step }) => step > 0, 10_000);
  const seconds = (await page.evaluate(() => Date.now()) - opened) / 1000;
  assert.ok(seconds < 3, `the first step was seen after ${seconds} s`);
  const bytes = server.served.reduce((sum, { body }) => sum + gzipSync(body).length, 0);
  assert.ok(bytes < DOWNLOAD, `${bytes} bytes came first: ${server.served.map(({ path }) => path).join(", ")}`);
  await until(page, "it goes on", ({ step }) => step > first.step + 10);
  const { loss, accuracy } = await status(page);
  assert.ok(Number.isFinite(loss) && accuracy >= 0 && accuracy <= 100);
});

lab("it runs under any path", { base: "/course/week-3/lab/" }, async ({ page }) => {
  await until(page, "the first steps", ({ step }) => step > 0);
});

lab("it runs in a frame of another origin", {
  pages: { "/host.html": "<!doctype html><title>A course</title><iframe id=lab width=1000 height=700></iframe>" },
  address: (server) => `http://127.0.0.1:${server.port}/host.html`,
  expects: [/^off origin: http:\/\/localhost:/, /host\.html|favicon\.ico|404/],
}, async ({ page, server }) => {
  await page.locator("#lab").evaluate((frame, url) => { frame.src = url; }, server.url);
  const frame = page.frameLocator("#lab");
  await frame.getByRole("status").filter({ hasText: /step\s+[1-9]/ }).first().waitFor();
});
