//! Sliding windows over images, for pooling. Each of the two is the derivative of the other.

use super::conv::positions;
use super::{Cost, Lower, Primitive, Tensor};
use crate::ir::{Graph, Shape, Value};

/// `[N, H, W, C]` to `[N, OH, OW, KH·KW, C]`: what each window sees. Windows do not reach over the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Windows {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
}

/// The adjoint: `[N, OH, OW, KH·KW, C]` summed back into an image of extent `image`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fold {
    pub windows: Windows,
    pub image: [usize; 2],
}

impl Windows {
    fn output(&self, n: usize, image: [usize; 2], c: usize) -> Result<[usize; 5], String> {
        let rows = positions(image[0], self.kernel[0], self.stride[0], 0)?;
        let cols = positions(image[1], self.kernel[1], self.stride[1], 0)?;
        Ok([n, rows, cols, self.kernel[0] * self.kernel[1], c])
    }

    /// Calls `f(image index, window index)` for every element of every window.
    fn pairs(&self, x: &Shape, y: &Shape, mut f: impl FnMut(usize, usize)) {
        let [kh, kw] = self.kernel;
        for (o, i) in super::indices(y).enumerate() {
            let (row, col) = (i[1] * self.stride[0] + i[3] / kw, i[2] * self.stride[1] + i[3] % kw);
            debug_assert!(i[3] < kh * kw);
            f(((i[0] * x[1] + row) * x[2] + col) * x[3] + i[4], o);
        }
    }
}

impl Primitive for Windows {
    fn name(&self) -> String {
        let ([kh, kw], [sh, sw]) = (self.kernel, self.stride);
        format!("windows {kh}×{kw} stride {sh}×{sw}")
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        match *args[0].0 {
            [n, h, w, c] => Ok(self.output(n, [h, w], c)?.into()),
            _ => Err(format!("an image has 4 axes, not {}", args[0])),
        }
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let mut y = Tensor::zeros(out);
        self.pairs(&args[0].shape, out, |i, o| y.data[o] = args[0].data[i]);
        y
    }
    fn vjp(&self, g: &mut Graph, _: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        let x = g.shape(args[0]);
        let fold = Fold { windows: *self, image: [x[1], x[2]] };
        vec![Some(g.push(fold, &[ct]))]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}

impl Primitive for Fold {
    fn name(&self) -> String {
        format!("fold of {}", self.windows.name())
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        let [n, .., c] = *args[0].0 else { return Err(format!("windows have 5 axes, not {}", args[0])) };
        let made = self.windows.output(n, self.image, c)?;
        if made == **args[0] {
            Ok(Shape::from([n, self.image[0], self.image[1], c]))
        } else {
            Err(format!("windows are {made:?}, the argument is {}", args[0]))
        }
    }
    fn cost(&self, args: &[&Shape], _: &Shape) -> Cost {
        Cost { work: args[0].size() as u64, span: super::depth(args[0][3]) }
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let mut x = Tensor::zeros(out);
        self.windows.pairs(out, &args[0].shape, |i, o| x.data[i] += args[0].data[o]);
        x
    }
    fn vjp(&self, g: &mut Graph, _: Value, _: &[Value], ct: Value) -> Vec<Option<Value>> {
        vec![Some(g.push(self.windows, &[ct]))]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}
