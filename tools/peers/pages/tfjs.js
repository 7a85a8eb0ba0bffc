/* global tf */
import { measure, oneHot, random, weights, WORKLOADS } from "./measure.js";

const network = ({ conv, widths, activation }) => {
  const shapes = conv
    ? [[3, 3, 1, 32], [3, 3, 32, 64], [64 * 7 * 7, 128], [128, 10]]
    : widths.slice(1).map((width, n) => [widths[n], width]);
  const params = shapes.map((shape, n) => {
    const fanIn = shape.slice(0, -1).reduce((a, b) => a * b);
    return [tf.variable(tf.tensor(weights(shape, fanIn, n + 2), shape)), tf.variable(tf.zeros([shape.at(-1)]))];
  });
  const forward = (x) => params.reduce((at, [w, b], n) => {
    const last = n === params.length - 1;
    if (w.rank === 4) return tf.maxPool(tf.relu(tf.add(tf.conv2d(at, w, 1, "same"), b)), 2, 2, "valid");
    const flat = at.rank === 4 ? at.reshape([at.shape[0], -1]) : at;
    const y = tf.add(tf.matMul(flat, w), b);
    return last ? y : tf[activation ?? "relu"](y);
  }, x);
  return { forward, variables: params.flat() };
};

globalThis.bench = async (name, backend) => {
  const { origin } = location;
  if (backend === "wasm") tf.wasm.setWasmPaths(`${origin}/node_modules/@tensorflow/tfjs-backend-wasm/dist/`);
  if (!await tf.setBackend(backend)) throw new Error(`TensorFlow.js has no backend ${backend} here`);
  await tf.ready();
  const workload = WORKLOADS[name];
  const { batch, conv, widths, optimizer: rule } = workload;
  const { forward, variables } = network(workload);
  const shape = conv ? [batch, 28, 28, 1] : [batch, widths[0]];
  const x = tf.tensor(random(shape.reduce((a, b) => a * b)), shape);
  const classes = widths?.at(-1) ?? 10;
  const y = tf.tensor(oneHot(batch, classes), [batch, classes]);
  const loss = () => tf.losses.softmaxCrossEntropy(y, forward(x)).asScalar();
  const optimizer = rule === "adam" ? tf.train.adam(0.001) : tf.train.sgd(0.1);
  const step = () => optimizer.minimize(loss, true, variables);
  const result = await measure(step, async (value) => {
    const [number] = await value.data();
    value.dispose();
    return number;
  });
  return { peer: `TensorFlow.js ${tf.version.tfjs} ${backend}`, ...result };
};
