// What page and worker hold: their objects after the garbage is collected, and their wasm memories.

/** A small experiment on this device, in a lab of a server. */
export const small = (device) => (server) => `${server.url}#preset=spiral&data=xor&batch=8&1/1.linear/units=4&2/1.linear/units=4&device=${device}`;

/** Remembers the wasm memories of its world, so that their sizes can be asked for. */
const REMEMBER = `{
  const remember = (instance) => {
    for (const value of Object.values(instance.exports)) {
      if (value instanceof WebAssembly.Memory) (globalThis.wasmMemories ??= []).push(value);
    }
  };
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const plain = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await plain.apply(WebAssembly, given);
      remember(made.instance ?? made);
      return made;
    };
  }
}`;

/** Options of `open` beside which [`memory`] finds the wasm memories. */
export const REMEMBERED = { init: { content: REMEMBER }, prelude: REMEMBER };

const wasm = () => (globalThis.wasmMemories ?? []).reduce((sum, m) => sum + m.buffer.byteLength, 0);

/**
 * Gives a function that tells, in bytes: `page` and `worker`, what their objects hold; `pageWasm` and `workerWasm`; and
 * the number of the page's `elements`.
 */
export async function memory({ page }) {
  const own = await page.context().newCDPSession(page);
  await own.send("HeapProfiler.enable");
  // The worker's own line to the debugger, within the page's.
  let id = 0;
  const waiting = new Map();
  const attached = new Promise((resolve) => {
    own.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type === "worker") resolve(sessionId);
    });
  });
  own.on("Target.receivedMessageFromTarget", ({ message }) => {
    const said = JSON.parse(message);
    waiting.get(said.id)?.(said.result);
    waiting.delete(said.id);
  });
  await own.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const sessionId = await attached;
  const ask = (method) => new Promise((resolve) => {
    id += 1;
    waiting.set(id, resolve);
    own.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) });
  });
  return async () => {
    await own.send("HeapProfiler.collectGarbage");
    await ask("HeapProfiler.collectGarbage");
    const [there, away] = [await own.send("Runtime.getHeapUsage"), await ask("Runtime.getHeapUsage")];
    const [worker] = page.workers();
    return {
      page: there.usedSize,
      worker: away.usedSize,
      pageWasm: await page.evaluate(wasm),
      workerWasm: worker ? await worker.evaluate(wasm) : 0,
      elements: await page.evaluate(() => document.querySelectorAll("*").length),
    };
  };
}
