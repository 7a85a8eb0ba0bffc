//! Room for so many assignments at each expert; what comes later is left out (Lepikhin et al. 2021; Fedus et al. 2022).

use super::{Assignment, Choice};
use crate::ir::Value;
use crate::net::Build;
use crate::ops::reduce::CumSum;
use crate::ops::rows::{Gather, ScatterAdd};
use crate::ops::sort::ArgSort;

/// How many assignments each of `experts` has room for, when `assignments` are made: `⌈factor · assignments / E⌉`.
pub fn room(factor: f32, assignments: usize, experts: usize) -> usize {
    ((factor * assignments as f32 / experts.max(1) as f32).ceil() as usize).clamp(1, assignments.max(1))
}

/// `index [R, k]` and `weights [R, k]` of `experts` experts that have room for `each` assignments: what is beyond that is
/// left out. First choices come before second ones; among them rows of higher `scores [R]` come first, or else rows that
/// arrive earlier. Where the rows have a `scores`, their order cannot be told from the rows before them.
pub fn limited(
    b: &mut Build,
    [index, weights, distribution]: [Value; 3],
    scores: Option<Value>,
    each: usize,
) -> Assignment {
    let (&[rows, k], &[_, experts]) = (&**b.g.shape(index), &**b.g.shape(distribution)) else {
        return Assignment::by_row(index, weights, distribution);
    };
    let order = scores.map(|scores| b.g.push(ArgSort { descending: true }, &[scores]));
    let arriving = order.map_or(index, |order| b.g.push(Gather, &[index, order]));
    let flat = b.g.transpose(arriving, &[1, 0]);
    let flat = b.g.reshape(flat, [k * rows]);
    let hit = b.g.one_hot(flat, experts);
    let before = b.g.push(CumSum { axis: 0, reverse: false, exclusive: true }, &[hit]);
    let place = b.g.mul(hit, before);
    let place = b.g.sum(place, &[1]);
    let place = b.g.reshape(place, [k * rows]);
    let full = b.g.constant(each as f32);
    let fits = b.g.lt(place, full);
    let nobody = b.g.constant(experts as f32);
    let taken = b.g.select(fits, flat, nobody);
    let taken = b.g.reshape(taken, [k, rows]);
    let taken = b.g.transpose(taken, &[1, 0]);
    let taken = order.map_or(taken, |order| b.g.push(ScatterAdd { rows }, &[order, taken]));
    let kept = b.g.lt(taken, nobody);
    let weights = b.g.mul(weights, kept);
    Assignment {
        choice: Choice::ByRow { experts: taken, weights },
        limit: (experts * each < rows * k).then_some(experts * each),
        distribution,
    }
}
