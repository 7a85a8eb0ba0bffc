// What is measured, and how: the same for every library.

/** Seconds of warm-up and of measurement, and the longest a group of steps should take, in ms. */
const WARM = 1, SECONDS = 3, GROUP = 250;

export const WORKLOADS = {
  W1: { widths: [2, 8, 8, 2], batch: 32, activation: "tanh", optimizer: "sgd" },
  W2: { widths: [784, 256, 256, 10], batch: 128, activation: "relu", optimizer: "adam" },
  W3: { widths: [784, 1024, 1024, 10], batch: 256, activation: "relu", optimizer: "adam" },
  W4: { conv: true, batch: 64, optimizer: "adam" },
};

/** Uniform numbers from -1 to 1, the same each time. */
export function random(count, seed = 1) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Weights of that fan-in, as PyTorch draws them. */
export function weights(shape, fanIn, seed) {
  const scale = 1 / Math.sqrt(fanIn);
  return random(shape.reduce((a, b) => a * b), seed).map((value) => value * scale);
}

/** Class labels as rows of ones and zeros: `[batch, classes]`. */
export function oneHot(batch, classes) {
  const rows = new Float32Array(batch * classes);
  for (let row = 0; row < batch; row += 1) rows[row * classes + (row * 7) % classes] = 1;
  return rows;
}

/**
 * Median milliseconds per step. Steps are taken in groups, each ended by reading the loss, so that the work is done and
 * a device is not waited for at every step: `step()` returns the loss on the device, `read(loss)` its number.
 */
export async function measure(step, read) {
  const group = async (count) => {
    const start = performance.now();
    let loss;
    for (let n = 0; n < count; n += 1) {
      loss?.dispose?.();
      loss = step();
    }
    const value = await read(loss);
    return { ms: (performance.now() - start) / count, value };
  };
  const first = await group(1);
  let last = first, count = 1;
  for (let begin = performance.now(); performance.now() - begin < 1000 * WARM;) {
    last = await group(count);
    count = Math.max(1, Math.min(1000, Math.round(GROUP / last.ms)));
  }
  const times = [];
  for (let begin = performance.now(); performance.now() - begin < 1000 * SECONDS || times.length < 3;) {
    last = await group(count);
    times.push(last.ms);
  }
  times.sort((a, b) => a - b);
  return {
    ms_per_step: times[times.length >> 1], first_step_ms: first.ms, steps: times.length * count,
    loss: [first.value, last.value],
  };
}
