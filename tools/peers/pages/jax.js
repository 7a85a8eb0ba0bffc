import { defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from "/node_modules/@jax-js/jax/dist/index.js";

import { measure, oneHot, random, weights, WORKLOADS } from "./measure.js";

/** The parameters, `[w, b, w, b, …]`. */
function parameters({ conv, widths }) {
  const shapes = conv
    ? [[32, 1, 3, 3], [64, 32, 3, 3], [64 * 7 * 7, 128], [128, 10]]
    : widths.slice(1).map((width, n) => [widths[n], width]);
  return shapes.flatMap((shape, n) => {
    const kernel = shape.length === 4;
    const fanIn = kernel ? shape[1] * 9 : shape[0];
    const bias = kernel ? [shape[0], 1, 1] : [shape[1]];
    return [np.array(weights(shape, fanIn, n + 2)).reshape(shape), np.zeros(bias)];
  });
}

/** Each array given is used up, as the library asks. */
function forward(params, x, { activation }) {
  let at = x;
  for (let n = 0; n < params.length; n += 2) {
    const [w, b] = [params[n], params[n + 1]];
    if (w.shape.length === 4) {
      at = nn.relu(lax.conv(at, w, [1, 1], "SAME").add(b));
      at = lax.reduceWindow(at, (window) => window.max(), [1, 1, 2, 2], [1, 1, 2, 2]);
    } else {
      if (at.shape.length === 4) at = at.reshape([at.shape[0], -1]);
      at = np.matmul(at, w).add(b);
      if (n + 2 < params.length) at = activation === "tanh" ? np.tanh(at) : nn.relu(at);
    }
  }
  return at;
}

function lossOf(params, x, y, workload) {
  return nn.logSoftmax(forward(params, x, workload)).mul(y).sum(-1).mean().neg();
}

/** Adam as PyTorch defaults it. `t` counts steps, as an array, so that nothing is compiled anew. */
function adam([params, first, second, t], grads) {
  const [rate, decay, squareDecay, epsilon] = [0.001, 0.9, 0.999, 1e-8];
  const step = t.add(1);
  const power = (base) => np.exp(step.ref.mul(Math.log(base)));
  const scale = np.sqrt(power(squareDecay).neg().add(1)).div(power(decay).neg().add(1)).mul(rate);
  const m = first.map((at, n) => at.mul(decay).add(grads[n].ref.mul(1 - decay)));
  const v = second.map((at, n) => at.mul(squareDecay).add(np.square(grads[n]).mul(1 - squareDecay)));
  const next = params.map((p, n) => p.sub(m[n].ref.div(np.sqrt(v[n].ref).add(epsilon)).mul(scale.ref)));
  scale.dispose();
  return [next, m, v, step];
}

globalThis.bench = async (name, backend) => {
  if (!(await init(backend)).includes(backend)) throw new Error(`jax-js has no backend ${backend} here`);
  defaultDevice(backend);
  const workload = WORKLOADS[name];
  const { batch, conv, widths, optimizer } = workload;
  const shape = conv ? [batch, 1, 28, 28] : [batch, widths[0]];
  const x = np.array(random(shape.reduce((a, b) => a * b))).reshape(shape);
  const classes = widths?.at(-1) ?? 10;
  const y = np.array(oneHot(batch, classes)).reshape([batch, classes]);
  const like = () => parameters(workload).map((p) => {
    const zero = np.zeros(p.shape);
    p.dispose();
    return zero;
  });
  let state = optimizer === "sgd" ? [parameters(workload)] : [parameters(workload), like(), like(), np.array(0)];
  const update = jit((at, input, target) => {
    const [loss, grads] = valueAndGrad((params) => lossOf(params, input, target, workload))(tree.ref(at[0]));
    const next = optimizer === "sgd" ? [at[0].map((p, n) => p.sub(grads[n].mul(0.1)))] : adam(at, grads);
    return [next, loss];
  });
  const step = () => {
    const [next, loss] = update(state, x.ref, y.ref);
    state = next;
    return loss;
  };
  const result = await measure(step, async (loss) => (await loss.data())[0]);
  return { peer: `jax-js ${backend}`, ...result };
};
