//! Convolution over images, channels last, and its two gradients. The three are derivatives of each other.

use super::{Cost, Lower, Primitive, Tensor, depth};
use crate::ir::{Graph, Shape, Value};

/// How a kernel moves over an image: `[vertical, horizontal]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    pub stride: [usize; 2],
    /// Zeros on either side.
    pub pad: [usize; 2],
    /// Channels are cut into this many groups that do not mix.
    pub groups: usize,
}

/// `x [N, H, W, C]`, `w [KH, KW, C/groups, O]` to `[N, OH, OW, O]` (cross-correlation, as is usual).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv2d {
    pub geometry: Geometry,
}

/// Gradient to the input of extent `image`: `ct [N, OH, OW, O]`, `w` to `[N, H, W, C]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv2dInput {
    pub geometry: Geometry,
    pub image: [usize; 2],
}

/// Gradient to the kernel of extent `kernel`: `x`, `ct [N, OH, OW, O]` to `[KH, KW, C/groups, O]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv2dWeight {
    pub geometry: Geometry,
    pub kernel: [usize; 2],
}

/// Positions of a window of extent `kernel` along an axis of extent `image`.
pub fn positions(image: usize, kernel: usize, stride: usize, pad: usize) -> Result<usize, String> {
    if stride == 0 || kernel == 0 {
        return Err("stride and kernel must be at least 1".to_owned());
    }
    (image + 2 * pad)
        .checked_sub(kernel)
        .map(|room| room / stride + 1)
        .ok_or(format!("a window of {kernel} does not fit into {image} with {pad} on either side"))
}

fn four<'a>(shape: &'a Shape, what: &str) -> Result<&'a [usize; 4], String> {
    shape.0.as_slice().try_into().map_err(|_| format!("{what} must have 4 axes, not {shape}"))
}

/// Calls `f(x index, w index, y index)` for every product of the convolution.
fn products(geo: Geometry, x: [usize; 4], w: [usize; 4], y: [usize; 4], mut f: impl FnMut(usize, usize, usize)) {
    let [_, h, wd, c] = x;
    let [kh, kw, cg, o] = w;
    let [n, oh, ow, _] = y;
    let og = o / geo.groups;
    for b in 0..n {
        for (i, j) in (0..oh).flat_map(|i| (0..ow).map(move |j| (i, j))) {
            for (p, q) in (0..kh).flat_map(|p| (0..kw).map(move |q| (p, q))) {
                let (r, s) = (i * geo.stride[0] + p, j * geo.stride[1] + q);
                if r < geo.pad[0] || s < geo.pad[1] || r - geo.pad[0] >= h || s - geo.pad[1] >= wd {
                    continue;
                }
                let pixel = (b * h + r - geo.pad[0]) * wd + s - geo.pad[1];
                for k in 0..o {
                    for ch in 0..cg {
                        let xi = pixel * c + k / og * cg + ch;
                        let wi = ((p * kw + q) * cg + ch) * o + k;
                        f(xi, wi, ((b * oh + i) * ow + j) * o + k);
                    }
                }
            }
        }
    }
}

impl Geometry {
    fn check_channels(&self, c: usize, w: &[usize; 4]) -> Result<(), String> {
        let g = self.groups;
        if g == 0 || !c.is_multiple_of(g) || !w[3].is_multiple_of(g) {
            return Err(format!("{c} channels to {} do not divide into {g} groups", w[3]));
        }
        if w[2] != c / g {
            return Err(format!("the kernel takes {} channels a group, the image has {}", w[2], c / g));
        }
        Ok(())
    }

    fn output(&self, x: &[usize; 4], w: &[usize; 4]) -> Result<[usize; 4], String> {
        self.check_channels(x[3], w)?;
        let rows = positions(x[1], w[0], self.stride[0], self.pad[0])?;
        let cols = positions(x[2], w[1], self.stride[1], self.pad[1])?;
        Ok([x[0], rows, cols, w[3]])
    }

    fn text(&self) -> String {
        let [s, t] = self.stride;
        let [p, q] = self.pad;
        format!("stride {s}×{t} pad {p}×{q} groups {}", self.groups)
    }
}

/// Multiply-adds of the three, as if no window met the border.
fn work(y: &[usize], w: &[usize]) -> u64 {
    2 * (y[0] * y[1] * y[2] * y[3]) as u64 * (w[0] * w[1] * w[2]) as u64
}

impl Primitive for Conv2d {
    fn name(&self) -> String {
        format!("conv2d {}", self.geometry.text())
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        Ok(self.geometry.output(four(args[0], "the image")?, four(args[1], "the kernel")?)?.into())
    }
    fn cost(&self, args: &[&Shape], out: &Shape) -> Cost {
        let w = args[1];
        Cost { work: work(out, w), span: 1 + depth(w[0] * w[1] * w[2]) }
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let mut y = Tensor::zeros(out);
        let (x, w) = (&args[0].data, &args[1].data);
        let dims = |s: &Shape| [s[0], s[1], s[2], s[3]];
        products(self.geometry, dims(&args[0].shape), dims(&args[1].shape), dims(out), |i, j, o| {
            y.data[o] += x[i] * w[j];
        });
        y
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let (x, w) = (g.shape(args[0]).clone(), g.shape(args[1]).clone());
        let geometry = self.geometry;
        let dx = g.push(Conv2dInput { geometry, image: [x[1], x[2]] }, &[ct, args[1]]);
        let dw = g.push(Conv2dWeight { geometry, kernel: [w[0], w[1]] }, &[args[0], ct]);
        vec![Some(dx), Some(dw)]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}

impl Primitive for Conv2dInput {
    fn name(&self) -> String {
        format!("conv2d.input {}", self.geometry.text())
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let (y, w) = (four(args[0], "the cotangent")?, four(args[1], "the kernel")?);
        let x = [y[0], self.image[0], self.image[1], w[2] * self.geometry.groups];
        match self.geometry.output(&x, w)? {
            made if made == *y => Ok(x.into()),
            made => Err(format!("the convolution gives {made:?}, the cotangent is {y:?}")),
        }
    }
    fn cost(&self, args: &[&Shape], _: &Shape) -> Cost {
        let w = args[1];
        Cost { work: work(args[0], w), span: 1 + depth(w[0] * w[1] * w[3] / self.geometry.groups) }
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let mut x = Tensor::zeros(out);
        let (y, w) = (&args[0].data, &args[1].data);
        let dims = |s: &Shape| [s[0], s[1], s[2], s[3]];
        products(self.geometry, dims(out), dims(&args[1].shape), dims(&args[0].shape), |i, j, o| {
            x.data[i] += y[o] * w[j];
        });
        x
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let w = g.shape(args[1]).clone();
        let geometry = self.geometry;
        let dy = g.push(Conv2d { geometry }, &[ct, args[1]]);
        let dw = g.push(Conv2dWeight { geometry, kernel: [w[0], w[1]] }, &[ct, args[0]]);
        vec![Some(dy), Some(dw)]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}

impl Primitive for Conv2dWeight {
    fn name(&self) -> String {
        format!("conv2d.weight {}", self.geometry.text())
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let (x, y) = (four(args[0], "the image")?, four(args[1], "the cotangent")?);
        let groups = self.geometry.groups.max(1);
        let w = [self.kernel[0], self.kernel[1], x[3] / groups, y[3]];
        match self.geometry.output(x, &w)? {
            made if made == *y => Ok(w.into()),
            made => Err(format!("the convolution gives {made:?}, the cotangent is {y:?}")),
        }
    }
    fn cost(&self, args: &[&Shape], out: &Shape) -> Cost {
        let y = args[1];
        Cost { work: work(y, out), span: 1 + depth(y[0] * y[1] * y[2]) }
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let mut w = Tensor::zeros(out);
        let (x, y) = (&args[0].data, &args[1].data);
        let dims = |s: &Shape| [s[0], s[1], s[2], s[3]];
        products(self.geometry, dims(&args[0].shape), dims(out), dims(&args[1].shape), |i, j, o| {
            w.data[j] += x[i] * y[o];
        });
        w
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let x = g.shape(args[0]).clone();
        let geometry = self.geometry;
        let dx = g.push(Conv2dInput { geometry, image: [x[1], x[2]] }, &[args[1], ct]);
        let dy = g.push(Conv2d { geometry }, &[args[0], ct]);
        vec![Some(dx), Some(dy)]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}
