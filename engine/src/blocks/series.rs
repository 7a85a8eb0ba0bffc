//! Series: samples that are one number at each moment. What the blocks that forecast share.

use crate::ir::Value;
use crate::net::Build;

/// `x` as rows `[B, T]` and T, when it is a series `[B, T]` or `[B, T, 1]`; else the fault.
pub fn series(b: &mut Build, x: Value) -> Result<(Value, usize), Value> {
    let shape = b.g.shape(x).clone();
    match *shape {
        [_, places] => Ok((x, places)),
        [batch, places, 1] => Ok((b.g.reshape(x, [batch, places]), places)),
        _ => {
            let mend = "choose a dataset of series, or put `flatten` before it to read a sample as one series";
            Err(b.fault(format!("it needs a series [B×T] or [B×T×1], not {shape}"), mend))
        }
    }
}
