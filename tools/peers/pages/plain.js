// A step as one would write it by hand for a small network: loops over typed arrays, nothing allocated in a step.
import { measure, oneHot, random, weights, WORKLOADS } from "./measure.js";

const RATE = 0.1;

/** A layer of `inputs` by `outputs` for `batch` rows: its weights, and room for what a step makes. */
function layer(inputs, outputs, batch, seed) {
  return {
    inputs, outputs,
    w: weights([inputs, outputs], inputs, seed),
    b: new Float32Array(outputs),
    at: new Float32Array(batch * outputs),
    error: new Float32Array(batch * outputs),
  };
}

/** `at = x w + b`, then tanh in hidden layers. */
function forward({ inputs, outputs, w, b, at }, x, batch, hidden) {
  for (let n = 0; n < batch; n += 1) {
    for (let j = 0; j < outputs; j += 1) {
      let sum = b[j];
      for (let i = 0; i < inputs; i += 1) sum += x[n * inputs + i] * w[i * outputs + j];
      at[n * outputs + j] = hidden ? Math.tanh(sum) : sum;
    }
  }
}

/** The mean cross-entropy of the softmax of `at`, whose gradient is left in `error`. */
function crossEntropy({ outputs, at, error }, y, batch) {
  let loss = 0;
  for (let n = 0; n < batch; n += 1) {
    const row = n * outputs;
    let most = -Infinity, sum = 0;
    for (let j = 0; j < outputs; j += 1) most = Math.max(most, at[row + j]);
    for (let j = 0; j < outputs; j += 1) sum += Math.exp(at[row + j] - most);
    const log = Math.log(sum) + most;
    for (let j = 0; j < outputs; j += 1) {
      loss -= y[row + j] * (at[row + j] - log) / batch;
      error[row + j] = (Math.exp(at[row + j] - log) - y[row + j]) / batch;
    }
  }
  return loss;
}

/** Hands the error to the layer `below`, whose output is `x`, through its tanh; then takes a step down. */
function back({ inputs, outputs, w, b, error }, x, below, batch) {
  if (below) {
    for (let n = 0; n < batch; n += 1) {
      for (let i = 0; i < inputs; i += 1) {
        let sum = 0;
        for (let j = 0; j < outputs; j += 1) sum += error[n * outputs + j] * w[i * outputs + j];
        const a = x[n * inputs + i];
        below.error[n * inputs + i] = sum * (1 - a * a);
      }
    }
  }
  for (let j = 0; j < outputs; j += 1) {
    let sum = 0;
    for (let n = 0; n < batch; n += 1) sum += error[n * outputs + j];
    b[j] -= RATE * sum;
    for (let i = 0; i < inputs; i += 1) {
      let gradient = 0;
      for (let n = 0; n < batch; n += 1) gradient += x[n * inputs + i] * error[n * outputs + j];
      w[i * outputs + j] -= RATE * gradient;
    }
  }
}

globalThis.bench = async (name) => {
  const { widths, batch, activation, optimizer } = WORKLOADS[name];
  if (activation !== "tanh" || optimizer !== "sgd") throw new Error(`only W1 is written by hand, not ${name}`);
  const layers = widths.slice(1).map((width, n) => layer(widths[n], width, batch, n + 2));
  const x = random(batch * widths[0]);
  const y = oneHot(batch, widths.at(-1));
  const input = (n) => (n > 0 ? layers[n - 1].at : x);
  const step = () => {
    layers.forEach((at, n) => forward(at, input(n), batch, n + 1 < layers.length));
    const loss = crossEntropy(layers.at(-1), y, batch);
    for (let n = layers.length - 1; n >= 0; n -= 1) back(layers[n], input(n), layers[n - 1], batch);
    return loss;
  };
  return { peer: "JavaScript by hand", ...await measure(step, (loss) => loss) };
};
