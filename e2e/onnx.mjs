// Models in ONNX, run by its own runtime.
import * as ort from "onnxruntime-web";

ort.env.logLevel = "error";
ort.env.wasm.numThreads = 1;

/** What a model (its bytes) gives for `inputs`, a list of `{ name, shape, data }`: tensors by name. */
export async function run(bytes, inputs) {
  const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel: "basic" });
  try {
    const feeds = inputs.map(({ name, shape, data }) => [name, new ort.Tensor("float32", Float32Array.from(data), shape)]);
    return await session.run(Object.fromEntries(feeds));
  } finally {
    await session.release();
  }
}

/** The largest difference between two lists, relative to the larger of 1 and the largest number that is wanted. */
export function distance(want, got) {
  let [size, far] = [1, 0];
  for (let i = 0; i < want.length; i++) {
    size = Math.max(size, Math.abs(want[i]));
    const off = Math.abs(want[i] - got[i]);
    far = Number.isNaN(off) ? Infinity : Math.max(far, off);
  }
  return far / size;
}

/** The tensors of a safetensors file, `{ shape, data }` by name, and what its header says beside them. */
export function safetensors(bytes) {
  const length = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: about, ...header } = JSON.parse(bytes.subarray(8, 8 + length).toString());
  const tensors = Object.fromEntries(Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    if (dtype !== "F32") throw new Error(`${name} is ${dtype}`);
    const raw = bytes.subarray(8 + length + from, 8 + length + to);
    return [name, { shape, data: new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length)) }];
  }));
  return { about, tensors };
}
