// A person's own files: read in the page, learnt from; and whatever is wrong with them is said with its place.
import assert from "node:assert/strict";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { lab } from "./harness.mjs";
import { choose, status, until } from "./page.mjs";

/** A file as playwright takes it. */
const file = (name, content) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) });

/** An IDX file of unsigned bytes. */
function idx(shape, values) {
  const head = Buffer.from([0, 0, 8, shape.length, ...shape.flatMap((side) => [side >> 24, side >> 16, side >> 8, side])]);
  return Buffer.concat([head, Buffer.from(values)]);
}

/** 60 points of two classes, which a line parts. */
const ROWS = Array.from({ length: 60 }, (_, i) => `${i % 2 ? 1 + i / 60 : -1 - i / 60},${(i * 7) % 11},${i % 2 ? "up" : "down"}`);
const TABLE = ["left,right,class", ...ROWS, ""].join("\n");

/** 40 images of 6 × 6 pixels: class 3 is lit above, class 8 below. */
const COUNT = 40;
const IMAGES = idx([COUNT, 6, 6], Array.from({ length: COUNT * 36 }, (_, i) => {
  const [image, row] = [Math.floor(i / 36), Math.floor(i % 36 / 6)];
  return (row < 3) === (image % 2 === 0) ? 200 + i % 50 : i % 20;
}));
const LABELS = idx([COUNT], Array.from({ length: COUNT }, (_, i) => (i % 2 === 0 ? 3 : 8)));

async function give(page, label, given) {
  await page.getByLabel(label, { exact: true }).setInputFiles(given);
}

async function fault(page, pattern) {
  await page.getByRole("alert").filter({ hasText: pattern }).first().waitFor();
}

lab("a table of one's own is learnt", {}, async ({ page }) => {
  await choose(page, "Dataset", /csv/i);
  await fault(page, /no file is chosen yet/i);
  await give(page, "Table", file("mine.csv", TABLE));
  await page.getByText(/mine\.csv is in use/).waitFor();
  await taken(page);
  await until(page, "it learns the table", ({ step, accuracy }) => step > 100 && accuracy > 90);
});

lab("images of one's own are learnt, packed or not", {}, async ({ page }) => {
  await choose(page, "Dataset", /idx/i);
  await give(page, "Images", file("mine-images", gzipSync(IMAGES)));
  await fault(page, /no file is chosen yet: labels/i);
  await give(page, "Labels", file("mine-labels", LABELS));
  await taken(page);
  await until(page, "it learns the images", ({ step, accuracy }) => step > 100 && accuracy > 90);
});

/** Waits until the files are taken: what was wrong is gone, and the network has their classes. */
async function taken(page) {
  await page.locator(".fault").waitFor({ state: "detached" });
  await page.locator(".rails text").filter({ hasText: /^2 classes$/ }).waitFor();
}

const BAD_TABLES = [
  ["empty", "", /byte 0: the file is empty/i],
  ["a web page", "<!DOCTYPE html><html><body>not found</body></html>", /byte 0: this is a web page/i],
  ["cut off in a line", TABLE.slice(0, TABLE.lastIndexOf(",")), /line 61: cells: 2, where the first line has 3/i],
  ["cells that are no number", TABLE.replace(ROWS[4], "NaN,2,up"), /line 6 › column 1 \(left\): `NaN` is no finite number/i],
  ["one class only", TABLE.replaceAll("down", "up"), /line 1: classes in the table: 1/i],
  ["not text", Buffer.from([0x31, 0x2c, 0xff, 0x0a]), /line 1: byte 0xff is not UTF-8/i],
];

lab("what is wrong with a table is said with its line", {}, async ({ page }) => {
  await until(page, "the lab runs", ({ step }) => step > 0);
  await choose(page, "Dataset", /csv/i);
  for (const [name, content, said] of BAD_TABLES) {
    await give(page, "Table", file(`${name}.csv`, content));
    await fault(page, said);
  }
  // The run before goes on.
  const { step } = await until(page, "it runs", ({ step }) => step > 0);
  await until(page, "it still runs", (now) => now.step > step);
  await give(page, "Table", file("good.csv", TABLE));
  await taken(page);
});

const BAD_IMAGES = [
  ["the labels", LABELS, /images › byte 3: this is the file of the labels/i],
  ["a wrong magic number", Buffer.concat([Buffer.from([9]), IMAGES.subarray(1)]), /images › byte 0: 9 stands where an IDX file has 0/i],
  ["cut off", IMAGES.subarray(0, 700), /images › byte 700: the file ends here, but should have 1456 bytes/i],
  ["a cut off gzip", gzipSync(IMAGES).subarray(0, 60), /images › byte 60: the gzip data is damaged or cut off/i],
  ["a picture", Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), /images › byte 0: this is a PNG image/i],
];

lab("what is wrong with images is said with its byte", {}, async ({ page }) => {
  await choose(page, "Dataset", /idx/i);
  await give(page, "Labels", file("labels", LABELS));
  for (const [name, content, said] of BAD_IMAGES) {
    await give(page, "Images", file(name, content));
    await fault(page, said);
  }
  await give(page, "Images", file("images", IMAGES));
  await give(page, "Labels", file("short", idx([2], [3, 8])));
  await fault(page, /labels › byte 4: 2 labels for 40 images/i);
});

lab("a file of 200 MB is refused before it is read", {}, async ({ page }) => {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-"));
  try {
    const path = join(folder, "huge.csv");
    const huge = await open(path, "w");
    await huge.truncate(200 << 20);
    await huge.close();
    await until(page, "the lab runs", ({ step }) => step > 0);
    await choose(page, "Dataset", /csv/i);
    await give(page, "Table", path);
    await fault(page, /huge\.csv could not be read\s+It has 200 MiB, and at most 64\.0 MiB are read/);
    const { step } = await status(page);
    await until(page, "it still runs", (now) => now.step > step);
  } finally {
    await rm(folder, { recursive: true });
  }
});
