//! Numbers that look random and are a pure function of (seed, step, stream, index): the same on every executor, with
//! nothing to store between ticks.
//!
//! Both take `seed [2]` and `step [2]`, 32-bit whole numbers held as two floats of 16 bits, low half first.

use super::{Cost, Lower, Primitive, Tensor};
use crate::ir::{Graph, Shape, Value};
use crate::noise;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// In [0, 1).
    Uniform,
    /// Mean 0, variance 1; see [`noise::normal`].
    Normal,
}

/// Independent noise, new at every step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Noise {
    pub distribution: Distribution,
    /// Noise of different streams is independent.
    pub stream: u32,
    pub shape: Shape,
}

/// The rows `[batch]` of a table of `rows` that step number `step` looks at: each epoch visits every row once, in an
/// order of its own. Samples are counted modulo 2³².
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shuffle {
    pub rows: usize,
    pub batch: usize,
    pub stream: u32,
}

/// The 32-bit number that two registers of 16 bits hold.
pub fn word(halves: &[f64]) -> u32 {
    (halves[0] as u32).wrapping_add((halves[1] as u32) << 16)
}

/// The two registers that hold a 32-bit number.
pub fn halves(word: u32) -> [f32; 2] {
    [(word & 0xffff) as f32, (word >> 16) as f32]
}

/// Where position `i` of epoch `epoch` goes among `rows`: a four-round Feistel network on the next even power of two,
/// walked until it lands inside.
pub fn permuted(i: u32, rows: u32, epoch: u32, stream: u32, seed: u32) -> u32 {
    if rows <= 1 {
        return 0;
    }
    let half = (32 - (rows - 1).leading_zeros()).div_ceil(2);
    let mask = (1 << half) - 1;
    let mut at = i;
    loop {
        let (mut l, mut r) = (at >> half, at & mask);
        for round in 0..4 {
            let key = noise::pcg4d([r | round << 16, epoch, stream, seed])[0] >> 16;
            (l, r) = (r, l ^ (key & mask));
        }
        at = l << half | r;
        if at < rows {
            return at;
        }
    }
}

impl Shuffle {
    /// The row that sample `j` of a batch reads.
    pub fn row(&self, j: usize, step: u32, seed: u32) -> u32 {
        let sample = step.wrapping_mul(self.batch as u32).wrapping_add(j as u32);
        let rows = self.rows.max(1) as u32;
        permuted(sample % rows, rows, sample / rows, self.stream, seed)
    }
}

fn check_counters(args: &[&Shape]) -> Result<(), String> {
    if args.iter().all(|s| ***s == [2]) {
        Ok(())
    } else {
        Err(format!("seed and step are [2] each, not {} and {}", args[0], args[1]))
    }
}

impl Primitive for Noise {
    fn name(&self) -> String {
        let name = match self.distribution {
            Distribution::Uniform => "uniform",
            Distribution::Normal => "normal",
        };
        format!("{name} stream {:08x}", self.stream)
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        check_counters(args)?;
        Ok(self.shape.clone())
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let (seed, step) = (word(&args[0].data), word(&args[1].data));
        let data = (0..out.size() as u32)
            .map(|i| {
                let words = noise::pcg4d([i, step, self.stream, seed]);
                f64::from(match self.distribution {
                    Distribution::Uniform => noise::uniform(words[0]),
                    Distribution::Normal => noise::normal(words),
                })
            })
            .collect();
        Tensor { shape: out.clone(), data }
    }
    fn vjp(&self, _: &mut Graph, _: Value, _: &[Value], _: Value) -> Vec<Option<Value>> {
        vec![None, None]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}

impl Primitive for Shuffle {
    fn name(&self) -> String {
        format!("shuffle {} of {}", self.batch, self.rows)
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        check_counters(args)?;
        if self.rows == 0 { Err("there are no rows to choose from".to_owned()) } else { Ok(Shape::from([self.batch])) }
    }
    fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
        Cost::FREE
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        let (seed, step) = (word(&args[0].data), word(&args[1].data));
        let data = (0..self.batch).map(|j| self.row(j, step, seed).into()).collect();
        Tensor { shape: out.clone(), data }
    }
    fn vjp(&self, _: &mut Graph, _: Value, _: &[Value], _: Value) -> Vec<Option<Value>> {
        vec![None, None]
    }
    fn lower(&self) -> Lower {
        Lower::Routine
    }
}
