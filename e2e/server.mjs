// A static server over dist/, as plain as the plainest host: right types, no fallbacks, no headers of its own.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const DIST = fileURLToPath(new URL("../dist/", import.meta.url));

const TYPES = {
  ".css": "text/css",
  ".csv": "text/csv",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Serves dist/ under `base` on a free port.
 *
 * `headers` are added to every answer; `pages` (path → HTML) lie beside dist/; `prelude` is JavaScript put before the
 * worker's own start, so that a test can reach what lives in it without a hook in the product.
 */
export async function serve({ base = "/", headers = {}, pages = {}, prelude = "" } = {}) {
  /** What was asked for, in order: `{ path, body }`. */
  const served = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://any").pathname);
    const answer = (status, type, body) => {
      response.writeHead(status, { "Content-Type": type, ...headers });
      response.end(body);
    };
    if (pages[path]) return answer(200, TYPES[".html"], pages[path]);
    if (!path.startsWith(base)) return answer(404, "text/plain", "not here");
    const name = path === base ? "index.html" : normalize(path.slice(base.length));
    try {
      let body = await readFile(join(DIST, name));
      if (prelude && name.endsWith("_loader.js")) body = Buffer.from(`${prelude}\n${body}`);
      served.push({ path: name, body });
      answer(200, TYPES[extname(name)] ?? "application/octet-stream", body);
    } catch {
      answer(404, "text/plain", "not here");
    }
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  return {
    port,
    served,
    url: `http://localhost:${port}${base}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}
