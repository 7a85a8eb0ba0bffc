// Makes arrays of pictures, beside the page so that it stays quick: reads folders and zips, scales every picture to one size,
// and writes an archive of NumPy arrays, which the engine reads like any other.
//
// It is sent `{ files: [[path, File]], side, colours }`. It answers `{ progress }` again and again, and in the end
// `{ done, name, classes: [[name, pictures]], left: [[path, why]] }`, or `{ failed, left }`.
"use strict";

const PICTURES_MAX = 20_000;
const FILES_MAX = 200 * 2 ** 20;
const PIXELS_MAX = 60 * 2 ** 20;
const CLASSES_MAX = 100;
const SUFFIX = /\.(png|jpe?g|gif|webp|bmp|avif)$/i;
// What desktops leave in folders and archives.
const HIDDEN = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/i;

onmessage = async ({ data: { files, side, colours } }) => {
  const left = [];
  try {
    const { done, name, classes } = await made(files, side, colours, left);
    postMessage({ done, name, classes, left }, [done.buffer]);
  } catch (error) {
    postMessage({ failed: error.message, left });
  }
};

async function made(files, side, colours, left) {
  if (typeof OffscreenCanvas === "undefined") throw new Error("this browser cannot scale pictures beside the page: use a newer one");
  const bytes = files.reduce((sum, [, file]) => sum + file.size, 0);
  if (bytes > FILES_MAX) {
    throw new Error(`the files have ${mib(bytes)}, and at most ${mib(FILES_MAX)} are read: leave some out, or scale them down first`);
  }
  const pictures = await found(files, left);
  if (pictures.length === 0) throw new Error("there are no pictures in folders: put the pictures of each class into a folder of its own");
  if (pictures.length > PICTURES_MAX) {
    throw new Error(`there are ${pictures.length} pictures, and at most ${PICTURES_MAX} are read: leave some out`);
  }
  const names = [...new Set(pictures.map((picture) => picture.class))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (names.length < 2) throw new Error(`all pictures lie in one folder, “${names[0]}”: two classes are needed, in a folder each`);
  if (names.length > CLASSES_MAX) throw new Error(`there are ${names.length} folders, and at most ${CLASSES_MAX} classes are told apart`);
  const depth = colours ? 3 : 1;
  const size = side * side * depth;
  if (pictures.length * size > PIXELS_MAX) {
    throw new Error(`${pictures.length} pictures of this size have more than ${mib(PIXELS_MAX)}: choose a smaller one, or leave out ${pictures.length - Math.floor(PIXELS_MAX / size)} of them`);
  }
  const pixels = new Uint8Array(pictures.length * size);
  const labels = [];
  const scale = scaler(side);
  let told = 0;
  for (const [i, picture] of pictures.entries()) {
    if (performance.now() - told > 100) {
      told = performance.now();
      postMessage({ progress: `Reading picture ${i + 1} of ${pictures.length} …` });
    }
    try {
      const rgba = await scale(await picture.content());
      write(rgba, pixels, labels.length * size, depth);
      labels.push(names.indexOf(picture.class));
    } catch (error) {
      left.push([picture.path, error.fault ?? "it cannot be read as a picture"]);
    }
  }
  const counts = names.map((name, i) => [name, labels.filter((label) => label === i).length]);
  const empty = counts.find(([, count]) => count === 0);
  if (empty) throw new Error(`no picture in “${empty[0]}” can be read`);
  const all = pixels.subarray(0, labels.length * size);
  if (depth === 1) ink(all, side);
  const width = Math.max(...names.map((name) => [...name].length));
  const words = new Uint32Array(names.length * width);
  names.forEach((name, i) => [...name].forEach((letter, k) => { words[i * width + k] = letter.codePointAt(0); }));
  const done = zipped([
    ["x.npy", npy("|u1", [labels.length, side, side, depth], all)],
    ["y.npy", npy("|u1", [labels.length], Uint8Array.from(labels))],
    ["classes.npy", npy(`<U${width}`, [names.length], new Uint8Array(words.buffer))],
  ]);
  const first = files.length === 1 ? files[0][0] : files[0][0].split("/")[0];
  return { done, name: `${first} (${labels.length} pictures, ${side} × ${side})`, classes: counts };
}

const mib = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;

/** An error that says what is wrong with one file. */
function fault(text) {
  return Object.assign(new Error(text), { fault: text });
}

/** The pictures in the files, those in zips too: `{ path, class, content() }`, in the order of their paths. */
async function found(files, left) {
  const all = [];
  for (const [path, file] of files) {
    if (/\.zip$/i.test(path)) {
      all.push(...(await members(file, path)));
    } else {
      all.push({ path, content: async () => file });
    }
  }
  const pictures = [];
  for (const each of all.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (HIDDEN.test(each.path)) continue;
    const folders = each.path.split("/");
    if (!SUFFIX.test(each.path)) left.push([each.path, "it is no picture by its name"]);
    else if (folders.length < 2) left.push([each.path, "it lies in no folder that could be its class"]);
    else pictures.push({ ...each, class: folders[folders.length - 2] });
  }
  return pictures;
}

/** What lies in a zip, by the directory at its end. */
async function members(file, path) {
  const damaged = () => new Error(`${path} is no zip archive, or is cut off: save it anew`);
  const from = Math.max(0, file.size - 22 - 0xffff);
  const tail = new DataView(await file.slice(from).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw damaged();
  const [count, start] = [tail.getUint16(end + 10, true), tail.getUint32(end + 16, true)];
  if (count === 0xffff || start === 0xffffffff) throw new Error(`${path} is a ZIP64 archive: pack fewer pictures, or choose the folder`);
  const head = new DataView(await file.slice(start, from + end).arrayBuffer());
  const all = [];
  for (let at = 0, i = 0; i < count; i += 1) {
    if (at + 46 > head.byteLength || head.getUint32(at, true) !== 0x02014b50) throw damaged();
    const [flags, method] = [head.getUint16(at + 8, true), head.getUint16(at + 10, true)];
    const [packed, offset] = [head.getUint32(at + 20, true), head.getUint32(at + 42, true)];
    const [named, extra, comment] = [28, 30, 32].map((k) => head.getUint16(at + k, true));
    if (at + 46 + named > head.byteLength) throw damaged();
    const name = new TextDecoder().decode(new Uint8Array(head.buffer, at + 46, named));
    if (!name.endsWith("/")) all.push({ path: name, content: () => unpacked(file, { flags, method, packed, offset }) });
    at += 46 + named + extra + comment;
  }
  return all;
}

async function unpacked(file, { flags, method, packed, offset }) {
  if (flags & 1) throw fault("it is encrypted");
  if (method !== 0 && method !== 8) throw fault("it is packed in a way that is not read: pack it by deflate");
  const head = new DataView(await file.slice(offset, offset + 30).arrayBuffer());
  if (head.byteLength < 30) throw fault("the archive is cut off");
  const from = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const content = file.slice(from, from + packed);
  if (method === 0) return content;
  return new Response(content.stream().pipeThrough(new DecompressionStream("deflate-raw"))).blob();
}

/** Scales the middle square of a picture, on white where it is not opaque. */
function scaler(side) {
  const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  return async (blob) => {
    const picture = await createImageBitmap(blob);
    const square = Math.min(picture.width, picture.height);
    context.fillStyle = "white";
    context.fillRect(0, 0, side, side);
    context.drawImage(picture, (picture.width - square) / 2, (picture.height - square) / 2, square, square, 0, 0, side, side);
    picture.close();
    return context.getImageData(0, 0, side, side).data;
  };
}

function write(rgba, to, at, depth) {
  for (let i = 0; i < rgba.length; i += 4, at += depth) {
    if (depth === 3) to.set(rgba.subarray(i, i + 3), at);
    else to[at] = 0.299 * rgba[i] + 0.587 * rgba[i + 1] + 0.114 * rgba[i + 2];
  }
}

/** Samples are ink on paper, 0 being paper: where most pictures have bright edges, dark is ink. */
function ink(pixels, side) {
  let [sum, count] = [0, 0];
  for (let i = 0; i < pixels.length; i += 1) {
    const [x, y] = [i % side, Math.floor(i / side) % side];
    if (x === 0 || y === 0 || x === side - 1 || y === side - 1) {
      sum += pixels[i];
      count += 1;
    }
  }
  if (sum > 127 * count) for (let i = 0; i < pixels.length; i += 1) pixels[i] = 255 - pixels[i];
}

function npy(type, shape, values) {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.map((s) => `${s}, `).join("")}), }\n`;
  const file = new Uint8Array(10 + header.length + values.length);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  file.set(new TextEncoder().encode(header), 10);
  file.set(values, 10 + header.length);
  return file;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k += 1) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** A zip of these files, stored as they are. */
function zipped(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, content] of files) {
    const crc = ~content.reduce((sum, byte) => CRC[(sum ^ byte) & 255] ^ (sum >>> 8), ~0) >>> 0;
    const common = new DataView(new ArrayBuffer(26));
    [[0, 20, 2], [10, crc, 4], [14, content.length, 4], [18, content.length, 4], [22, name.length, 2]]
      .forEach(([at, value, size]) => (size === 2 ? common.setUint16(at, value, true) : common.setUint32(at, value, true)));
    const [fields, letters] = [new Uint8Array(common.buffer), new TextEncoder().encode(name)];
    parts.push(Uint8Array.of(0x50, 0x4b, 3, 4), fields, letters, content);
    const rest = new DataView(new ArrayBuffer(14));
    rest.setUint32(10, offset, true);
    directory.push(Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), fields, new Uint8Array(rest.buffer), letters);
    offset += 30 + letters.length + content.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  parts.push(...directory, new Uint8Array(end.buffer));
  const whole = new Uint8Array(offset + size + 22);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
