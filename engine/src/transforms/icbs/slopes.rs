//! The gradients of single samples by the weights of a linear layer, never written out: sample `n` has
//! `gₙ[i, j] = Σ x[r, i] δ[r, j]` over its rows `r`, with `x` the layer's input and `δ` the slope at its output.

use crate::transforms::trained::Seen;
use crate::weights::Tensor;

/// What a layer's gradients are made of.
pub struct Slopes {
    /// For the drawn classes, of each time that the layer was built.
    seen: Vec<Seen>,
    inputs: usize,
    units: usize,
    pub samples: usize,
    /// Mean gradient for the labels `[inputs · units]`.
    pub mean: Vec<f32>,
    /// Mean square of the gradient for the drawn classes.
    pub square: Vec<f32>,
}

impl Slopes {
    /// For a weight `[inputs, units]`: what was seen with the labels, and with drawn classes.
    pub fn new(labelled: Vec<Seen>, drawn: Vec<Seen>, weight: &Tensor, samples: usize) -> Self {
        let [inputs, units] = weight.extents();
        let (mean, square) = (vec![0.0; inputs * units], vec![0.0; inputs * units]);
        let mut slopes = Self { seen: labelled, inputs, units, samples, mean, square };
        let share = 1.0 / samples.max(1) as f32;
        for n in 0..samples {
            let one = slopes.sample(n);
            slopes.mean.iter_mut().zip(&one).for_each(|(m, g)| *m += share * g);
        }
        slopes.seen = drawn;
        for n in 0..samples {
            let one = slopes.sample(n);
            slopes.square.iter_mut().zip(&one).for_each(|(s, g)| *s += share * g * g);
        }
        slopes
    }

    /// Input and slope of each row of sample `n`.
    fn rows(&self, n: usize) -> impl Iterator<Item = (&[f32], &[f32])> {
        self.seen.iter().flat_map(move |seen| {
            let rows = seen.slope.data.len() / self.units.max(1) / self.samples.max(1);
            (n * rows..(n + 1) * rows).map(move |r| {
                let x = &seen.input.data[r * self.inputs..(r + 1) * self.inputs];
                (x, &seen.slope.data[r * self.units..(r + 1) * self.units])
            })
        })
    }

    /// `gₙ`.
    fn sample(&self, n: usize) -> Vec<f32> {
        let mut out = vec![0f32; self.inputs * self.units];
        for (x, slope) in self.rows(n) {
            for (row, x) in out.chunks_mut(self.units.max(1)).zip(x).filter(|(_, x)| **x != 0.0) {
                row.iter_mut().zip(slope).for_each(|(o, d)| *o += x * d);
            }
        }
        out
    }

    /// The mean over the samples of `along[n] gₙ`.
    pub fn pull(&self, along: &[f32]) -> Vec<f32> {
        let mut out = vec![0f32; self.inputs * self.units];
        for (n, along) in along.iter().enumerate() {
            let by = along / self.samples.max(1) as f32;
            for (x, slope) in self.rows(n) {
                for (row, x) in out.chunks_mut(self.units.max(1)).zip(x).filter(|(_, x)| **x != 0.0) {
                    row.iter_mut().zip(slope).for_each(|(o, d)| *o += by * x * d);
                }
            }
        }
        out
    }

    /// `gₙ[i]` of every sample, for weight number `i`.
    pub fn column(&self, i: usize) -> Vec<f32> {
        let (row, unit) = (i / self.units.max(1), i % self.units.max(1));
        (0..self.samples).map(|n| self.rows(n).map(|(x, slope)| x[row] * slope[unit]).sum()).collect()
    }
}
