//! What leaves the lab. Whether ONNX's runtime and PyTorch compute the same is tested by those that have them:
//! `e2e/onnx.test.mjs` on the files that a test here writes, and `tools/torch/scripts.py`.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

#[path = "../assets/mod.rs"]
mod assets;
// What only the walk looks at is not read here.
#[allow(dead_code)]
#[path = "../every/cases.rs"]
mod cases;
#[path = "../support/mod.rs"]
mod support;

mod networks;
mod onnx;
mod safetensors;
mod torch;
