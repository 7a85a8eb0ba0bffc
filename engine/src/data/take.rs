//! Samples of a split, taken out of it as a step's batch takes them.

use super::{Answer, Data, Split};
use crate::ir::Shape;

/// Shapes of `count` samples, and of their answers.
pub(crate) fn shapes(data: &Data, count: usize) -> [Shape; 2] {
    let answer = match (data.window, data.answer) {
        (Some(window), _) => vec![count, window.answer],
        (None, Answer::Class) => vec![count],
        (None, Answer::ClassAtPlaces(places)) => vec![count, places],
        (None, Answer::Numbers) => vec![count, data.outputs.len()],
    };
    let x = match data.window {
        Some(window) => vec![count, window.length],
        None => [&[count], data.input.as_slice()].concat(),
    };
    [Shape(x), Shape(answer)]
}

/// The samples of `split` that `rows` names, one after the other, and their answers.
pub(crate) fn samples(data: &Data, split: &Split, rows: &[usize]) -> [Vec<f32>; 2] {
    let take = |from: &[f32], begin: usize, len: usize| from.get(begin..begin + len).unwrap_or_default().to_vec();
    if let Some(window) = data.window {
        let part = |offset: usize, len: usize| {
            rows.iter().flat_map(|&r| take(&split.x, r * window.stride + offset, len)).collect()
        };
        return [part(0, window.length), part(window.offset, window.answer)];
    }
    let each = |of: &[f32]| of.len() / split.len.max(1);
    let all = |of: &[f32]| rows.iter().flat_map(|&r| take(of, r * each(of), each(of))).collect();
    [all(&split.x), all(&split.y)]
}
