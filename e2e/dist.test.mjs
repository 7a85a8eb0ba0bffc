// The files of the release page, before any browser sees them.
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { test } from "node:test";

import { DIST } from "./server.mjs";

const read = (name) => readFile(DIST + name, "utf8");

test("dist was built for release, not left behind by trunk serve", async () => {
  const html = await read("index.html");
  assert.doesNotMatch(html, /__trunk_|\.well-known\/trunk/i);
  assert.match(html, /Content-Security-Policy/);
});

test("the page has no inline script, and no address outside its folder", async () => {
  const html = await read("index.html");
  assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/);
  for (const [, address] of html.matchAll(/\s(?:src|href|data-js|data-wasm)="([^"]*)"/g)) {
    assert.match(address, /^\.\//);
    if (address !== "./") await stat(DIST + address);
  }
});

test("the worker that the page names is there, under a name of its content", async () => {
  const loader = (await read("index.html")).match(/<meta name="worker" content="([^"]+)"/)[1];
  assert.match(loader, /^worker-[0-9a-f]{16}_loader\.js$/);
  const glue = (await read(loader)).match(/from '\.\/([^']+)'/)[1];
  const wasm = (await read(glue)).match(/worker-[0-9a-f]{16}_bg\.wasm/)[0];
  await stat(DIST + wasm);
});

test("data is described with its source and licence", async () => {
  const files = await readdir(`${DIST}data`);
  const readme = await read("data/README.md");
  for (const file of files.filter((name) => name !== "README.md")) assert.ok(readme.includes(file), file);
});
