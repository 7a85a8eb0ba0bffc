// Data of a person's own beyond tables and IDX files: arrays, pictures, a pasted text, points on the plane; dropped or chosen,
// and there again after a reload.
import assert from "node:assert/strict";
import { crc32, deflateRawSync, deflateSync } from "node:zlib";

import { lab } from "./harness.mjs";
import { button, choose, until } from "./page.mjs";

const file = (name, content) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) });

async function give(page, label, given) {
  await page.getByLabel(label, { exact: true }).setInputFiles(given);
}

async function fault(page, pattern) {
  await page.getByRole("alert").filter({ hasText: pattern }).first().waitFor();
}

/** Waits until the data is taken: what was wrong is gone, and the network has its classes. */
async function taken(page, classes = 2) {
  await page.locator(".fault").waitFor({ state: "detached" });
  await page.locator(".rails text").filter({ hasText: new RegExp(`^${classes} classes$`) }).waitFor();
}

/** An array as np.save writes it. */
function npy(type, shape, values) {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.map((side) => `${side}, `).join("")}), }\n`;
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([header.length & 255, header.length >> 8]), Buffer.from(header), Buffer.from(values)]);
}

/** A zip archive of `[name, content]`, deflated. */
function zip(files) {
  const [parts, directory] = [[], []];
  let offset = 0;
  for (const [name, content] of files) {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), common, rest, Buffer.from(name));
    parts.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** A grey PNG whose upper or lower half is dark. */
function png(width, height, dark) {
  const chunk = (name, content) => {
    const body = Buffer.concat([Buffer.from(name), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const rows = Array.from({ length: height }, (_, y) => [0, ...Array(width).fill(dark(y / height) ? 40 : 230)]);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(Buffer.from(rows.flat()))), chunk("IEND", Buffer.alloc(0))]);
}

const COUNT = 40;
const X = npy("|u1", [COUNT, 6, 6], Array.from({ length: COUNT * 36 }, (_, i) => {
  const [image, row] = [Math.floor(i / 36), Math.floor(i % 36 / 6)];
  return (row < 3) === (image % 2 === 0) ? 200 + i % 50 : i % 20;
}));
const Y = npy("|u1", [COUNT], Array.from({ length: COUNT }, (_, i) => i % 2));

lab("arrays of NumPy are learnt, from two files and from an archive", {}, async ({ page }) => {
  await choose(page, "Dataset", /NPY/);
  await fault(page, /no file is chosen yet: samples/i);
  await give(page, "Samples", file("x.npy", X));
  await give(page, "Answers", file("y.npy", Y.subarray(0, 100)));
  await fault(page, /answers › byte 100: the file ends here/i);
  await give(page, "Answers", file("y.npy", Y));
  await taken(page);
  await until(page, "it learns the arrays", ({ step, accuracy }) => step > 100 && accuracy > 90);
  await choose(page, "Dataset", /NPZ/);
  await give(page, "Archive", file("other.npz", zip([["a.npy", X]])));
  await fault(page, /archive: no array is called x; there is a\.npy/i);
  await give(page, "Archive", file("both.npz", zip([["x.npy", X], ["y.npy", Y]])));
  await page.getByText(/both\.npz is in use/).waitFor();
  await taken(page);
  await until(page, "it learns the archive", ({ step, accuracy }) => step > 100 && accuracy > 90);
});

const upper = (share) => share < 0.5;
const lower = (share) => share >= 0.5;
const PICTURES = zip([
  ...Array.from({ length: 12 }, (_, i) => [`set/up/${i}.png`, png(30 + i, 40, upper)]),
  ...Array.from({ length: 12 }, (_, i) => [`set/down/${i}.png`, png(40, 30 + i, lower)]),
  ["set/down/broken.png", Buffer.from("this is no picture")],
  ["set/notes.txt", Buffer.from("about the pictures")],
  ["__MACOSX/set/up/._0.png", Buffer.from("")],
]);

lab("pictures in a zip are learnt, their classes counted and what is none named", {}, async ({ page }) => {
  await choose(page, "Dataset", /pictures/i);
  await fault(page, /no file is chosen yet: pictures/i);
  await give(page, "Zip of pictures", file("cut.zip", PICTURES.subarray(0, 900)));
  await fault(page, /cut\.zip is no zip archive, or is cut off/i);
  await give(page, "Zip of pictures", file("halves.zip", PICTURES));
  await page.getByText(/halves\.zip \(24 pictures, 28 × 28\) is in use/).waitFor();
  const counts = page.getByRole("table", { name: "Pictures of each class" });
  assert.deepEqual(await counts.getByRole("row").allTextContents(), ["down12", "up12"]);
  const left = await page.locator(".left li").allTextContents();
  assert.deepEqual(left.sort(), ["set/down/broken.png: it cannot be read as a picture", "set/notes.txt: it is no picture by its name"]);
  await taken(page);
  await until(page, "it learns the pictures", ({ step, accuracy }) => step > 60 && accuracy > 90);
  // What is at hand is read again in another size and in colours.
  await choose(page, "Colours", /^Colour$/);
  await choose(page, "Size", /32/);
  await page.getByText(/halves\.zip \(24 pictures, 32 × 32\) is in use/).waitFor();
  await taken(page);
  await until(page, "it learns them in colour", ({ step, accuracy }) => step > 60 && accuracy > 90);
});

lab("a text is pasted and learnt by a network that reads", { timeout: 180_000 }, async ({ page }) => {
  await choose(page, "Dataset", /^Your text/);
  await page.getByLabel("Paste a text").fill("Too short.");
  await button(page, "Learn this text").click();
  await fault(page, /the text has 10 characters; a context of 32 needs 321/i);
  await page.getByLabel("Paste a text").fill("Ring a ring o' roses, a pocket full of posies. ".repeat(40));
  await page.getByText("1880 characters").waitFor();
  await button(page, "Learn this text").click();
  await button(page, "Take a network that reads text").click();
  await page.getByText(/The pasted text is in use/).waitFor();
  await until(page, "it learns the text", ({ step, accuracy }) => step > 5 && accuracy > 15, 60_000);
});

lab("points are put on the plane by pointer and by keys, and are part of the link", {}, async ({ page, url }) => {
  await choose(page, "Dataset", /^Your points/);
  await taken(page);
  await button(page, "Clear").click();
  await page.getByText(/No points\. Put two of one class and one of another/).waitFor();
  const plane = page.getByRole("application", { name: "Plane", exact: true });
  const { width, height } = await plane.boundingBox();
  const at = (x, y) => plane.click({ position: { x: width * x, y: height * y } });
  for (const y of [0.2, 0.4, 0.6, 0.8]) await at(0.25, y);
  await page.getByText("Points: 4 of a. Put two of one class").waitFor();
  await plane.focus();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"]) await plane.press(`Shift+${key}`);
  for (let i = 0; i < 4; i += 1) {
    await plane.press("2");
    await plane.press("Shift+ArrowUp");
  }
  await plane.press("3");
  await plane.press("Backspace");
  await page.getByText(/Points: 4 of a, 4 of b\.$/).waitFor();
  await taken(page);
  await until(page, "it tells them apart", ({ step, accuracy }) => step > 100 && accuracy > 90);
  await page.getByRole("img", { name: /The network's answer over the plane/ }).waitFor();
  // The address waits a moment for further changes.
  await page.waitForTimeout(1000);
  const link = page.url();
  assert.notEqual(link, url);
  const other = await (await page.context().browser().newContext()).newPage();
  await other.goto(link);
  await other.getByText("Points: 4 of a, 4 of b.", { exact: true }).waitFor();
});

const ROWS = Array.from({ length: 60 }, (_, i) => `${i % 2 ? 1 + i / 60 : -1 - i / 60},${(i * 7) % 11},${i % 2 ? "up" : "down"}`);
const TABLE = ["left,right,class", ...ROWS, ""].join("\n");

/** Drops a file on the page, as a desktop does. */
async function drop(page, name, content) {
  await page.evaluate(([name, content]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], name));
    for (const type of ["dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }
  }, [name, content]);
}

lab("a dropped file is used as what it is", {}, async ({ page }) => {
  await until(page, "the lab runs", ({ step }) => step > 0);
  await drop(page, "film.mp4", "nothing");
  await fault(page, /film\.mp4 is of no kind that the lab reads/i);
  await drop(page, "mine.csv", TABLE);
  await page.getByText(/mine\.csv is in use/).waitFor();
  await taken(page);
  await until(page, "it learns the table", ({ step, accuracy }) => step > 100 && accuracy > 90);
});

/** How many files, or states of runs, the browser keeps for the page. */
function kept(page, store = "files") {
  return page.evaluate((store) => new Promise((resolve, reject) => {
    const opening = indexedDB.open("signalbox");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const count = opening.result.transaction(store).objectStore(store).count();
      count.onsuccess = () => { opening.result.close(); resolve(count.result); };
    };
  }), store);
}

async function keeps(page, count) {
  const end = Date.now() + 20_000;
  let have;
  do {
    have = await kept(page);
    if (have === count) return;
    await page.waitForTimeout(100);
  } while (Date.now() < end);
  assert.fail(`${have} files are kept, not ${count}`);
}

lab("a reload goes on with the file, a link says that it is missing, and forgotten runs let it go", {}, async ({ page }) => {
  await choose(page, "Dataset", /csv/i);
  await give(page, "Table", file("mine.csv", TABLE));
  await taken(page);
  await until(page, "it learns the table", ({ step }) => step > 100);
  await keeps(page, 1);
  while ((await kept(page, "states")) < 1) await page.waitForTimeout(100);
  await page.reload();
  await page.getByText(/The run goes on from step/).waitFor();
  await page.getByText(/mine\.csv is in use/).waitFor();
  await until(page, "it goes on", ({ step, accuracy }) => step > 100 && accuracy > 90);
  assert.equal(await page.locator(".fault").count(), 0);

  const other = await (await page.context().browser().newContext()).newPage();
  await other.goto(page.url());
  await fault(other, /no file is chosen yet: table/i);
  await other.context().close();

  // Another experiment, so that the run with the file is a past one; it is taken up again with its file, then forgotten.
  await choose(page, "Dataset", /^Circle/);
  await until(page, "the other one runs", ({ step }) => step > 30);
  await page.getByRole("link", { name: "Runs" }).click();
  await page.getByRole("button", { name: /^Go on: Your table/ }).first().click();
  await page.getByText(/mine\.csv is in use/).waitFor();
  await taken(page);
  await choose(page, "Dataset", /^Circle/);
  await until(page, "the other one runs", ({ step }) => step > 30);
  await page.getByRole("link", { name: "Runs" }).click();
  await button(page, "Forget all").click();
  await page.getByText(/No run is kept yet/).waitFor();
  await keeps(page, 0);
});
