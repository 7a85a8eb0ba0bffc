// The page under its content policy, from a server that sends nothing but files: every room, and what asks most of it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { lab } from "./harness.mjs";
import { button, number, until } from "./page.mjs";

const SOURCE = await readFile(new URL("../xtask/src/finish.rs", import.meta.url), "utf8");
/** The policy that a release page carries; here it comes from the server, so that a page for development has it too. */
const POLICY = SOURCE.match(/const POLICY: &str = "([^;]+;[^"]+)";/)[1].replaceAll(/\\\s+/g, "");

lab("every room works under the page's policy", {
  headers: { "Content-Security-Policy": POLICY },
  timeout: 240_000,
  // The script that the test smuggles in.
  expects: [/console: .*inline script/],
  init: () => {
    window.breaches = [];
    document.addEventListener("securitypolicyviolation", (e) => window.breaches.push(`${e.effectiveDirective} ${e.blockedURI}`));
  },
}, async ({ page }) => {
  assert.match(POLICY, /^default-src 'self'; script-src 'self' 'wasm-unsafe-eval';/);
  assert.doesNotMatch(POLICY, /script-src[^;]*(unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval'))|https?:|\*/);
  await until(page, "it trains", ({ step }) => step > 20);
  await button(page, "Race").click();
  await number(page, "Steps of the race").fill("20");
  await number(page, "Steps of the race").press("Enter");
  await button(page, "Start the race").click();
  await page.getByText("9 of 9 runs done").waitFor({ timeout: 120_000 });
  for (const [room, there] of [["Papers", "main.room"], ["Lessons", "main.room"], ["Runs", "main.room"], ["Lab", ".run"]]) {
    await page.getByRole("link", { name: room, exact: true }).click();
    await page.locator(there).first().waitFor();
  }
  await page.goto(`${page.url().split("#")[0]}#lesson=neuron.1`);
  await page.getByRole("complementary").first().waitFor();
  assert.equal(await page.evaluate(() => new Promise((resolve) => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.head.append(script);
    setTimeout(() => resolve(window.ran === true), 100);
  })), false, "a script that is smuggled in does not run");
  const breaches = await page.evaluate(() => window.breaches);
  assert.deepEqual(breaches.filter((b) => !/^script-src-elem inline/.test(b)), [], "nothing else is refused");
  // A release page has the policy twice here: from the server and of its own.
  assert.ok(breaches.length === 1 || breaches.length === 2, `${breaches}`);
});
