//! Routers of a divided feed-forward layer, and the small network that learns to be one.
//!
//! The mlp learns, for each expert, the sum of its activations over the largest such sum of the row, by cross-entropy;
//! it begins with the experts' mean input weights and the identity, and of all epochs the one counts that captures most
//! of the activation.

use std::collections::BTreeMap;

use crate::sorting::{Sorting as _, collected};
use crate::transforms::descent::Adam;
use crate::transforms::feed_forward::FeedForward;
use crate::weights::Tensor;

/// Rows of a batch, and Adam's rate.
const BATCH: usize = 32;
const RATE: f32 = 0.01;

/// The weights of a router, as the routing's registers hold them.
#[derive(Debug, Clone, PartialEq)]
pub enum Router {
    /// `[inputs, E]`.
    Similarity(Tensor),
    Mlp(Mlp),
    /// The layer's own `[inputs, hidden]` and `[hidden]`.
    Activations(Tensor, Tensor),
}

/// `tanh(x A + a) B + b`.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    /// `A [inputs, E]`, `a [E]`, `B [E, E]`, `b [E]`.
    parts: [Tensor; 4],
}

/// The router of `layer`, whose neurons lie expert after expert. `sums [R, E]` are the experts' activations for `rows
/// [R, inputs]`; told are how many experts will be active, and how many epochs to learn.
pub fn router(
    layer: &FeedForward,
    experts: usize,
    score: &str,
    rows: &Tensor,
    sums: &Tensor,
    [active, epochs]: [usize; 2],
) -> Router {
    match score {
        "activations" => Router::Activations(layer.rise.clone(), layer.rise_bias.clone()),
        "mlp" => Router::Mlp(Mlp::learned(centres(layer, experts), rows, sums, [active, epochs])),
        _ => Router::Similarity(centres(layer, experts)),
    }
}

/// The mean input weights of each expert's neurons, of length 1: `[inputs, E]`.
fn centres(layer: &FeedForward, experts: usize) -> Tensor {
    let (inputs, each) = (layer.rise.shape[0], layer.hidden() / experts);
    let mut out = Tensor::filled(&[inputs, experts], 0.0);
    for e in 0..experts {
        let mut centre = vec![0.0; inputs];
        for j in e * each..(e + 1) * each {
            centre.iter_mut().zip(layer.rise.column(j)).for_each(|(c, w)| *c += w);
        }
        for (i, c) in unit(centre).into_iter().enumerate() {
            out.data[i * experts + e] = c;
        }
    }
    out
}

/// A vector of length 1 in the same direction; 0 stays 0.
pub fn unit(mut v: Vec<f32>) -> Vec<f32> {
    let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        v.iter_mut().for_each(|x| *x /= length);
    }
    v
}

/// The share of the activation of all experts that the `active` ones of highest score have, over all rows.
pub fn captured(scores: &Tensor, sums: &Tensor, active: usize) -> f64 {
    let [count, experts] = scores.extents();
    let (mut got, mut all) = (0f64, 0f64);
    for r in 0..count {
        let mut order: Vec<usize> = (0..experts).collect();
        order.put_in_order_by(|&a, &b| scores.row(r)[b].total_cmp(&scores.row(r)[a]));
        got += order[..active].iter().map(|&e| f64::from(sums.row(r)[e])).sum::<f64>();
        all += sums.row(r).iter().map(|&s| f64::from(s)).sum::<f64>();
    }
    if all == 0.0 { 1.0 } else { got / all }
}

impl Router {
    /// The scores of `rows`, whose experts' activations are `sums`: `[R, E]`.
    pub fn scores(&self, rows: &Tensor, sums: &Tensor) -> Tensor {
        match self {
            Router::Similarity(centres) => times(rows, centres),
            Router::Mlp(mlp) => mlp.pass(rows).1,
            Router::Activations(..) => sums.clone(),
        }
    }

    /// By the names of the routing's registers.
    pub fn weights(self) -> BTreeMap<String, Tensor> {
        let named = |pairs: Vec<(&str, Tensor)>| collected(pairs.into_iter().map(|(n, t)| (n.to_owned(), t)));
        match self {
            Router::Similarity(centres) => named(vec![("router", centres)]),
            Router::Mlp(Mlp { parts: [a, b, c, d] }) => {
                named(vec![("router", a), ("router-bias", b), ("router-out", c), ("router-out-bias", d)])
            }
            Router::Activations(weight, bias) => named(vec![("router", weight), ("router-bias", bias)]),
        }
    }
}

/// `x [R, n]` times `w [n, m]`.
fn times(x: &Tensor, w: &Tensor) -> Tensor {
    let ([count, _], [_, units]) = (x.extents(), w.extents());
    let mut data = vec![0f32; count * units];
    for (r, out) in data.chunks_mut(units).enumerate() {
        for (i, &x) in x.row(r).iter().enumerate() {
            out.iter_mut().zip(w.row(i)).for_each(|(y, w)| *y += x * w);
        }
    }
    Tensor::new(&[count, units], data)
}

/// `xᵀ [n, R]` times `y [R, m]`.
fn crossed(x: &Tensor, y: &Tensor) -> Vec<f32> {
    let ([count, n], [_, m]) = (x.extents(), y.extents());
    let mut out = vec![0f32; n * m];
    for r in 0..count {
        for (i, &x) in x.row(r).iter().enumerate() {
            out[i * m..(i + 1) * m].iter_mut().zip(y.row(r)).for_each(|(o, y)| *o += x * y);
        }
    }
    out
}

fn shifted(mut y: Tensor, bias: &Tensor) -> Tensor {
    let units = bias.data.len();
    y.data.chunks_mut(units).for_each(|row| row.iter_mut().zip(&bias.data).for_each(|(y, b)| *y += b));
    y
}

impl Mlp {
    /// The hidden values and the scores of `rows`.
    fn pass(&self, rows: &Tensor) -> (Tensor, Tensor) {
        let [a, a_bias, b, b_bias] = &self.parts;
        let mut hidden = shifted(times(rows, a), a_bias);
        hidden.data.iter_mut().for_each(|h| *h = h.tanh());
        let scores = shifted(times(&hidden, b), b_bias);
        (hidden, scores)
    }

    fn learned(centres: Tensor, rows: &Tensor, sums: &Tensor, [active, epochs]: [usize; 2]) -> Self {
        let [count, experts] = sums.extents();
        let mut identity = Tensor::filled(&[experts, experts], 0.0);
        (0..experts).for_each(|e| identity.data[e * experts + e] = 1.0);
        let none = || Tensor::filled(&[experts], 0.0);
        let mut mlp = Self { parts: [centres, none(), identity, none()] };
        let mut best = (captured(&mlp.pass(rows).1, sums, active), mlp.clone());
        let mut adam = mlp.parts.clone().map(|p| Adam::new(p.data.len(), RATE));
        for _ in 0..epochs {
            for start in (0..count).step_by(BATCH) {
                let chosen: Vec<usize> = (start..(start + BATCH).min(count)).collect();
                let (x, sums) = (rows.slices(&chosen), sums.slices(&chosen));
                let slopes = mlp.slopes(&x, &sums);
                for ((part, slope), adam) in mlp.parts.iter_mut().zip(slopes).zip(&mut adam) {
                    adam.step(&mut part.data, &slope);
                }
            }
            let now = captured(&mlp.pass(rows).1, sums, active);
            if now > best.0 {
                best = (now, mlp.clone());
            }
        }
        best.1
    }

    /// Derivatives of the mean cross-entropy of σ(scores) against each row's sums over their largest.
    fn slopes(&self, x: &Tensor, sums: &Tensor) -> [Vec<f32>; 4] {
        let [count, experts] = sums.extents();
        let (hidden, scores) = self.pass(x);
        let mut out = scores;
        for r in 0..count {
            let most = sums.row(r).iter().copied().fold(1e-12, f32::max);
            for e in 0..experts {
                let at = &mut out.data[r * experts + e];
                *at = (1.0 / (1.0 + (-*at).exp()) - sums.row(r)[e] / most) / count as f32;
            }
        }
        let b = &self.parts[2];
        let mut inner = Tensor::filled(&[count, experts], 0.0);
        for r in 0..count {
            for h in 0..experts {
                let back: f32 = out.row(r).iter().zip(b.row(h)).map(|(o, w)| o * w).sum();
                let value = hidden.row(r)[h];
                inner.data[r * experts + h] = back * (1.0 - value * value);
            }
        }
        let summed = |t: &Tensor| (0..experts).map(|e| t.column(e).iter().sum()).collect();
        [crossed(x, &inner), summed(&inner), crossed(&hidden, &out), summed(&out)]
    }
}
