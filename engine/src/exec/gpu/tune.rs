//! What is measured of a device before its first plan: which matrix product suits it, and how fast it is.

use web_time::Instant;

use super::handle::Handle;
use super::kernel::Kernel;
use super::matmul::{self, Variant};
use super::replay::{Arena, Recorder};
use crate::exec::Fault;
use crate::ops::matmul::MatMul;
use crate::plan::{Output, View};

/// What a device is good at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    pub matmul: Variant,
    /// Operations in a second, by the better of the two products.
    pub rate: f64,
}

impl Tuning {
    /// Of a device of which nothing is known yet: submissions stay short.
    pub const SLOW: Self = Self { matmul: Variant::Registers, rate: 1e9 };
}

/// Extents of the square products that are tried, until one takes long enough to be told from the waiting.
const SIZES: [usize; 3] = [128, 256, 1024];
/// Milliseconds that are long enough: the waiting itself varies by about one.
const LONG: f64 = 5.0;

/// Times both products on a size that suits the device. Takes about 100 ms on a slow device, less on a fast one.
pub async fn measure(handle: &Handle) -> Result<Tuning, Fault> {
    let mut best = Tuning::SLOW;
    for size in SIZES {
        let empty = time(handle, 1, &[]).await?;
        let registers = product(handle, size, Variant::Registers).await? - empty;
        if registers < LONG && size != SIZES[SIZES.len() - 1] {
            continue;
        }
        let shared = product(handle, size, Variant::Shared).await? - empty;
        let work = 2.0 * (size as f64).powi(3);
        let (matmul, ms) = if shared < registers { (Variant::Shared, shared) } else { (Variant::Registers, registers) };
        best = Tuning { matmul, rate: work / ms.max(0.01) * 1e3 };
        break;
    }
    Ok(best)
}

/// Milliseconds of one square product.
pub async fn product(handle: &Handle, size: usize, variant: Variant) -> Result<f64, Fault> {
    let view = |i: usize| View::contiguous(i * size * size, &[size, size]);
    let (op, output) = (MatMul { ta: false, tb: false }, Output::Plain(2 * size * size));
    let lowered = matmul::lower(op, [&view(0), &view(1)], &[size, size], &output, 3 * size * size, variant);
    time(handle, 3 * size * size + lowered.scratch, &lowered.kernels).await
}

/// Milliseconds from handing over `kernels` to their end; the better of two runs, since the first warms up.
async fn time(handle: &Handle, floats: usize, kernels: &[Kernel]) -> Result<f64, Fault> {
    let arena = Arena::new(handle, floats, kernels).await?;
    let mut best = f64::INFINITY;
    for _ in 0..2 {
        let start = Instant::now();
        let mut recorder = Recorder::new(handle, &arena, Tuning::SLOW.rate);
        for dispatch in arena.dispatches() {
            recorder.dispatch(dispatch);
        }
        recorder.submit();
        handle.finished().await?;
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}
