// What one reads stays where it is: pictures that are drawn for the first time push nothing aside.
import assert from "node:assert/strict";

import { lab } from "./harness.mjs";
import { until } from "./page.mjs";

/**
 * Notes every shift of the layout that no one has asked for: how much of the screen moved, and what of it. What the worker
 * says comes late, as on a slow machine, so that pictures are drawn where one reads already.
 */
function watch() {
  const Prompt = globalThis.Worker;
  globalThis.Worker = class extends Prompt {
    set onmessage(hear) {
      super.onmessage = hear && ((event) => setTimeout(() => hear.call(this, event), 300));
    }
  };
  globalThis.shifts = [];
  const named = (node) => {
    const at = node?.nodeType === 1 ? node : node?.parentElement;
    return at ? `${at.closest("[id]")?.id ?? ""} ${at.tagName.toLowerCase()}.${at.getAttribute("class") ?? ""}` : "what is gone";
  };
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      if (!shift.hadRecentInput) globalThis.shifts.push({ value: shift.value, what: shift.sources.map((s) => named(s.node)) });
    }
  }).observe({ type: "layout-shift", buffered: true });
}

for (const view of ["", "#preset=spiral", "#preset=experts-on-digits"]) {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    lab(`nothing moves while ${view || "the lab"} loads, trains and is scrolled through at ${width} pixels`, {
      address: (server) => server.url + view, init: watch, timeout: 180_000, context: { viewport: { width, height } },
    }, async ({ page }) => {
      await until(page, "it trains", ({ step }) => step > 20, 60_000);
      const fits = await page.evaluate(() => document.querySelectorAll("details.view").length);
      assert.ok(fits > 4, `${fits} pictures`);
      for (let still = 0; still < 2;) {
        // As one reads: what comes onto the screen is measured before one goes on.
        const end = await page.evaluate(() => {
          const before = scrollY;
          scrollBy(0, innerHeight / 3);
          return scrollY === before;
        });
        const { step } = await until(page, "it goes on", () => true);
        await until(page, "it trains while one reads", (now) => now.step > step);
        await page.waitForTimeout(250);
        still = end ? still + 1 : 0;
      }
      const shifts = await page.evaluate(() => globalThis.shifts);
      const total = shifts.reduce((sum, { value }) => sum + value, 0);
      const worst = shifts.sort((a, b) => b.value - a.value).slice(0, 4);
      assert.ok(total < 0.1, `${total.toFixed(3)} of the screen moved: ${JSON.stringify(worst, null, 1)}`);
    });
  }
}
