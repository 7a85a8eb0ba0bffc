//! The CPU executor's inner kernels: plain functions on slices that know nothing of programs.

pub mod block;
pub mod conv;
pub mod matmul;
pub mod pool;
pub mod reduce;
pub mod vmath;
