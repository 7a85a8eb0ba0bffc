// Every block with its derivatives, every routing, every rule's answer and every preset, as models in ONNX: its own
// runtime gives what our definitions give. A test of the engine writes the models; here they are run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { distance, run } from "./onnx.mjs";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const TOLERANCE = 1e-4;

const cargo = "test --locked --quiet -p engine --all-features --test export onnx";
const written = spawnSync("cargo", cargo.split(" "), { cwd: ROOT, encoding: "utf8" });
assert.equal(written.status, 0, written.stderr);

for (const [list, least] of [["blocks", 300], ["networks", 50]]) {
  test(`ONNX's runtime gives our figures for all ${list}`, { timeout: 300_000 }, async () => {
    const cases = JSON.parse(await readFile(`${ROOT}target/onnx/${list}.json`, "utf8"));
    assert.ok(cases.length >= least, `${cases.length}`);
    const wrong = [];
    for (const { name, file, values } of cases) {
      try {
        const got = await run(await readFile(`${ROOT}target/onnx/${file}`), values.inputs);
        for (const want of values.outputs) {
          assert.deepEqual([...got[want.name].dims], want.shape, `${want.name}: shape`);
          const far = distance(want.data, got[want.name].data);
          assert.ok(far <= TOLERANCE, `${want.name} is off by ${far}`);
        }
      } catch (error) {
        wrong.push(`${name}: ${error.message}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}
