//! The way of single test samples through the experts.

use super::exhibits::{SAMPLES, SEQUENCES, exhibits, first};
use super::{Measure, Probe, Recording};
use crate::data::{Answer, Look};
use crate::net::Picture;
use crate::registry::{Entry, Meta};

/// Most numbers of one tensor: with more experts fewer samples are shown.
const MOST: usize = 1 << 16;

/// For each route, `weights PATH [n, E]` or `[n, T, E]`: how much each expert counts in what is made of the first `n` test
/// samples, 0 where it does not work on one; `chances PATH` of the same shape, what the router thinks of it; and the
/// samples `x [n, …]`. Where a class is asked for, of a sample or at places, also its number, `labels [n, …]`, and what the
/// network answers, `answers [n, …, C]`, summing to 1.
pub struct Path;

static META: Meta = Meta {
    id: "path",
    name: "The path of one sample",
    help: "Which experts one test sample, or each place of it, goes to on its way through the network.",
    source: "After Belcak and Wattenhofer 2023; Jiang et al. 2024",
};

impl Entry for Path {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Path {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let most = if cx.data.look == Look::Text { SEQUENCES } else { SAMPLES };
        let batch = first(cx, most);
        let x = batch.x;
        let mut tensors = Vec::new();
        for exhibit in exhibits(cx, x) {
            let what = match exhibit.picture {
                Picture::Weights => "weights",
                Picture::Chances => "chances",
                Picture::Attention | Picture::Gates | Picture::Experts(_) | Picture::Rectified => continue,
            };
            tensors.push((format!("{what} {}", exhibit.path), exhibit.value));
        }
        if tensors.is_empty() {
            return None;
        }
        match cx.data.answer {
            Answer::Class | Answer::ClassAtPlaces(_) => {
                let logits = cx.rule.predict(&mut cx.learn, x);
                let answers = cx.learn.g.softmax(logits);
                tensors.extend([("labels".to_owned(), batch.labels), ("answers".to_owned(), answers)]);
            }
            Answer::Numbers => {}
        }
        let g = &mut *cx.learn.g;
        let widest = tensors.iter().map(|(_, v)| g.shape(*v).size()).max()?;
        tensors.push(("x".to_owned(), x));
        let all = g.shape(x)[0];
        let shown = (all * MOST / widest.max(1)).clamp(1, all);
        for (_, value) in &mut tensors {
            *value = g.slice(*value, 0, 0, shown);
        }
        Some(tensors.into())
    }
}
