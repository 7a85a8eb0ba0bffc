//! Networks and experiments that several cards use.

use crate::spec::{BlockSpec, Choice, Spec};

/// Stages of one rectified layer each, and a read-out.
pub(super) fn layers(widths: &[i64]) -> Vec<Vec<BlockSpec>> {
    let hidden = |&w: &i64| vec![BlockSpec::new("linear").with("units", w), BlockSpec::new("activation")];
    let mut stages: Vec<_> = widths.iter().map(hidden).collect();
    stages.push(vec![BlockSpec::new("linear")]);
    stages
}

/// The small digits, under defaults, with two hidden layers of 64 and 32 units: quickly learnt.
pub(super) fn digits(rule: Choice) -> Spec {
    Spec { rule, ..Spec::new(Choice::new("digits"), layers(&[64, 32])) }
}

/// One-dimensional digits, under defaults, with four hidden layers of 64 units: here it tells how credit travels.
pub(super) fn deep(rule: Choice) -> Spec {
    Spec { rule, ..Spec::new(Choice::new("mnist1d"), layers(&[64; 4])) }
}

/// MNIST with the defaults for everything but `rule`.
pub(super) fn mnist(stages: Vec<Vec<BlockSpec>>, rule: &str) -> Spec {
    Spec { rule: Choice::new(rule), ..Spec::new(Choice::new("mnist"), stages) }
}

/// A linear layer of `units` units and a rectifier behind it.
pub(super) fn rectified(units: i64) -> [BlockSpec; 2] {
    [BlockSpec::new("linear").with("units", units), BlockSpec::new("activation")]
}

/// `blocks` with a way past them.
pub(super) fn past(blocks: Vec<BlockSpec>) -> BlockSpec {
    BlockSpec::new("residual").holding(blocks)
}

/// One-dimensional digits, brought to `width` features, sent through `blocks`, normalised and read out.
pub(super) fn through(width: i64, blocks: Vec<BlockSpec>) -> Spec {
    let first = BlockSpec::new("linear").with("units", width);
    let stage = [vec![first], blocks, vec![BlockSpec::new("layer-norm")]].concat();
    Spec::new(Choice::new("mnist1d"), vec![stage, vec![BlockSpec::new("linear")]])
}

/// The small digits as sixteen squares of four pixels, brought to 16 features each and told their places, sent through
/// `blocks` and read out. Batches of 32, since each sample is sixteen rows.
pub(super) fn squares(blocks: Vec<BlockSpec>) -> Spec {
    let first = vec![BlockSpec::new("patches"), BlockSpec::new("linear").with("units", 16), BlockSpec::new("position")];
    let stages = vec![[first, blocks].concat(), vec![BlockSpec::new("linear")]];
    Spec { batch: 32, ..Spec::new(Choice::new("digits"), stages) }
}

/// A value behind a mark in a row of `length` symbols, asked for at its end, read by `layer` and read out.
pub(super) fn needle(length: i64, layer: BlockSpec) -> Spec {
    let stage = vec![BlockSpec::new("embedding").with("width", 16), layer, BlockSpec::new("layer-norm")];
    let stages = vec![stage, vec![BlockSpec::new("linear")]];
    Spec { batch: 32, rate: 0.01, ..Spec::new(Choice::new("needle").with("length", length), stages) }
}

/// One-dimensional digits as a sequence of pieces of `size` values, sent through `blocks` and read out. Batches of 64,
/// since each sample is several rows.
pub(super) fn framed(size: i64, blocks: Vec<BlockSpec>) -> Spec {
    let stage = [vec![BlockSpec::new("frames").with("size", size)], blocks].concat();
    let stages = vec![stage, vec![BlockSpec::new("linear")]];
    Spec { batch: 64, rate: 0.01, ..Spec::new(Choice::new("mnist1d"), stages) }
}
