//! Convolution with dilation: what the blocks with sliding windows share.
//!
//! y[p] = Σ_j w[j] · x[s p + d j], with stride s and dilation d   (Yu and Koltun 2016, section 2, without flipping w)
//!
//! The taps of a window that is dilated by d meet every d-th place alone. So the image is cut into d images of such
//! places, which lie side by side in the batch, an ordinary convolution goes over them, and its places go back to
//! where they came from: no product is with a zero between the taps.

use super::init;
use crate::ir::{Init, Value};
use crate::net::Build;
use crate::ops::conv::{Conv2d as Op, Geometry};
use crate::ops::shape::Pad;
use crate::registry::{Knob, KnobKind};

pub const DILATION: Knob = Knob {
    id: "dilation",
    name: "Dilation",
    help: "Steps from one tap of the window to the next; 1 leaves no place out.",
    kind: KnobKind::Int { default: 1, min: 1, max: 128 },
};

/// How a window moves over an image `[B, H, W, C]`; everything first along the vertical.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Zeros before and after each axis.
    pub zeros: [[usize; 2]; 2],
    /// Channels are cut into this many groups that do not mix.
    pub groups: usize,
}

/// Places from the first tap of a window to its last.
pub fn span(kernel: usize, dilation: usize) -> usize {
    (kernel - 1) * dilation + 1
}

/// Zeros before and after an axis of `extent`: with `same` and `causal`, those that give `⌈extent / stride⌉` places, on
/// both sides (one more after than before where they do not split evenly) or before alone; with `valid` none.
pub fn zeros(padding: &str, extent: usize, span: usize, stride: usize) -> [usize; 2] {
    match padding {
        "same" => {
            let places = extent.div_ceil(stride).max(1);
            let zeros = ((places - 1) * stride + span).saturating_sub(extent);
            [zeros / 2, zeros - zeros / 2]
        }
        "causal" => [span - 1, 0],
        _ => [0, 0],
    }
}

impl Window {
    /// The fault of a window that does not fit over an image of this extent, or of channels that do not divide.
    pub fn refuse(&self, b: &mut Build, image: [usize; 2], inputs: usize, units: usize) -> Option<Value> {
        let groups = self.groups;
        if groups == 0 || !inputs.is_multiple_of(groups) || !units.is_multiple_of(groups) {
            let message = format!("{inputs} channels to {units} do not divide into {groups} groups");
            return Some(b.fault(message, "choose a number of groups that divides both"));
        }
        let spans = [0, 1].map(|i| span(self.kernel[i], self.dilation[i]));
        let fits = (0..2).all(|i| image[i] + self.zeros[i][0] + self.zeros[i][1] >= spans[i]);
        (!fits).then(|| {
            let ([rows, columns], [height, width]) = (spans, image);
            let message = format!("a window of {rows}×{columns} does not fit into an image of {height}×{width}");
            b.fault(message, "choose a smaller kernel or dilation, or `same` padding")
        })
    }

    /// Its weights `[KH, KW, inputs/groups, units]`.
    pub fn weight(&self, b: &mut Build, name: &str, inputs: usize, units: usize, init: &str) -> Value {
        let area = self.kernel[0] * self.kernel[1];
        let fan = area * inputs / self.groups;
        let gain = init::gain(init, fan, area * units / self.groups);
        let bound = (3.0 * gain / fan.max(1) as f32).sqrt();
        let shape = vec![self.kernel[0], self.kernel[1], inputs / self.groups, units];
        b.param(name, shape, Init::Uniform { bound })
    }

    /// Slides weights `[KH, KW, C/groups, O]` over `x [B, H, W, C]`, which they fit.
    pub fn slide(&self, b: &mut Build, x: Value, weight: Value) -> Value {
        let mut x = x;
        let (mut pad, mut stride) = ([0; 2], [1; 2]);
        for axis in 0..2 {
            let [before, after] = self.zeros[axis];
            if self.dilation[axis] == 1 {
                stride[axis] = self.stride[axis];
            }
            if before == after && self.dilation[axis] == 1 {
                pad[axis] = before;
            } else {
                x = b.g.push(Pad { axis: axis + 1, before, after }, &[x]);
            }
        }
        let op = Op { geometry: Geometry { stride, pad, groups: self.groups } };
        if self.dilation == [1, 1] { b.g.push(op, &[x, weight]) } else { self.apart(b, x, weight, op) }
    }

    /// The same for a dilated window, over an image with its zeros: `op` strides along the axis that is not dilated.
    fn apart(&self, b: &mut Build, x: Value, weight: Value, op: Op) -> Value {
        let &[batch, height, width, channels] = &**b.g.shape(x) else { return x };
        let [dh, dw] = self.dilation;
        let (rows, columns) = (height.div_ceil(dh), width.div_ceil(dw));
        let x = lengthen(b, x, 1, rows * dh);
        let x = lengthen(b, x, 2, columns * dw);
        let x = b.g.reshape(x, [batch, rows, dh, columns, dw, channels]);
        let x = b.g.transpose(x, &[0, 2, 4, 1, 3, 5]);
        let x = b.g.reshape(x, [batch * dh * dw, rows, columns, channels]);
        let y = b.g.push(op, &[x, weight]);
        let &[_, rows, columns, units] = &**b.g.shape(y) else { return y };
        let y = b.g.reshape(y, [batch, dh, dw, rows, columns, units]);
        let y = b.g.transpose(y, &[0, 3, 1, 4, 2, 5]);
        let mut y = b.g.reshape(y, [batch, rows * dh, columns * dw, units]);
        for (axis, extent) in [height, width].into_iter().enumerate() {
            if self.dilation[axis] > 1 {
                let places = extent + 1 - span(self.kernel[axis], self.dilation[axis]);
                y = b.g.slice(y, axis + 1, 0, places);
                y = every(b, y, axis + 1, self.stride[axis]);
            }
        }
        y
    }
}

/// `x` with zeros after `axis`, up to `extent`.
fn lengthen(b: &mut Build, x: Value, axis: usize, extent: usize) -> Value {
    let after = b.g.shape(x).get(axis).map_or(0, |now| extent - now);
    if after == 0 { x } else { b.g.push(Pad { axis, before: 0, after }, &[x]) }
}

/// Every `step`-th place along `axis`, from the first on.
fn every(b: &mut Build, x: Value, axis: usize, step: usize) -> Value {
    if step == 1 || b.g.is_poisoned(x) {
        return x;
    }
    let places = b.g.shape(x)[axis].div_ceil(step);
    let x = lengthen(b, x, axis, places * step);
    let mut shape = b.g.shape(x).0.clone();
    shape.splice(axis..=axis, [places, step]);
    let x = b.g.reshape(x, shape.clone());
    let x = b.g.slice(x, axis + 1, 0, 1);
    shape.remove(axis + 1);
    b.g.reshape(x, shape)
}
