//! What blocks leave to look at: attention, gates, and which expert works on what.

use super::plane::grid;
use super::{Measure, Probe, Recording};
use crate::data::Look;
use crate::ir::Value;
use crate::lab::rows;
use crate::lesson::Batch;
use crate::net::{Exhibit, Mode, Picture};
use crate::registry::{Entry, Meta};

/// Samples whose experts are shown, where a sample has one, and where it has one at each place.
pub(super) const SAMPLES: usize = 60;
/// Samples over which shares are taken, where a sample is one row and where it is many.
const SHARED: [usize; 2] = [128, 16];
pub(super) const SEQUENCES: usize = 6;
/// Places along each side of the plane.
const FINE: usize = 64;

/// `attention PATH [heads, queries, keys]` and `gates PATH […]` of the first test sample.
pub struct Attention;

static ATTENTION: Meta = Meta {
    id: "attention",
    name: "Attention",
    help: "Where each head looks from each place of the first test sample, and how far gates are open.",
    source: "Bahdanau, Cho and Bengio 2015; Vaswani et al. 2017",
};

/// `experts PATH [n]`, or `[n, T]` where the places of sequences are routed: the number of the expert that the router likes
/// best for the first test samples; `of PATH []`, how many there are; and the samples themselves, `x [n, …]`.
pub struct Assignments;

static ASSIGNMENTS: Meta = Meta {
    id: "assignments",
    name: "Who gets what",
    help: "The first test samples, or the places of the first test sequences, by the expert that the router likes best for them.",
    source: "After Jiang et al. 2024, figure 8",
};

/// `experts PATH [G·G]` over a square grid of the plane, row by row from the top left, and `of PATH []`.
pub struct Regions;

static REGIONS: Meta = Meta {
    id: "regions",
    name: "Regions",
    help: "Which expert the router likes best at each place of the plane.",
    source: "After Jacobs et al. 1991",
};

impl Entry for Attention {
    fn meta(&self) -> &'static Meta {
        &ATTENTION
    }
}

impl Entry for Assignments {
    fn meta(&self) -> &'static Meta {
        &ASSIGNMENTS
    }
}

impl Entry for Regions {
    fn meta(&self) -> &'static Meta {
        &REGIONS
    }
}

/// What the network's blocks show when `x` passes through them.
pub(super) fn exhibits(cx: &mut Measure, x: Value) -> Vec<Exhibit> {
    cx.rule.forward(&mut cx.learn, Mode::Eval, x).exhibits
}

/// The samples of the test split that come first; of a series, whose first windows show much the same, some all over it.
pub(super) fn first(cx: &mut Measure, count: usize) -> Batch {
    let len = cx.registers.test.len;
    let count = count.min(len);
    let number = cx.learn.g.iota(count);
    let apart = if cx.registers.test.window.is_some() { len / count.max(1) } else { 1 };
    let index = cx.learn.g.scale(number, apart as f32);
    rows(cx.learn.g, cx.registers.test, index, cx.learn.task)
}

/// So many samples that shares over them tell something.
pub(super) fn several(cx: &Measure) -> usize {
    SHARED[usize::from(cx.data.look == Look::Text)]
}

/// Which expert gets what of `x`, where there are any.
fn experts(cx: &mut Measure, x: Value) -> Vec<(String, Value)> {
    let mut tensors = Vec::new();
    for exhibit in exhibits(cx, x) {
        let Picture::Experts(count) = exhibit.picture else { continue };
        let count = cx.learn.g.constant(count as f32);
        tensors.push((format!("experts {}", exhibit.path), exhibit.value));
        tensors.push((format!("of {}", exhibit.path), count));
    }
    tensors
}

impl Probe for Attention {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let x = first(cx, 1).x;
        let mut tensors = Vec::new();
        for Exhibit { path, picture, value } in exhibits(cx, x) {
            let name = match picture {
                Picture::Attention => "attention",
                Picture::Gates => "gates",
                Picture::Experts(_) | Picture::Weights | Picture::Chances | Picture::Rectified => continue,
            };
            let rest = cx.learn.g.shape(value).iter().skip(1).copied().collect::<Vec<_>>();
            tensors.push((format!("{name} {path}"), cx.learn.g.reshape(value, rest)));
        }
        (!tensors.is_empty()).then(|| tensors.into())
    }
}

impl Probe for Assignments {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let count = match cx.data.look {
            Look::Image { .. } => SAMPLES,
            Look::Text => SEQUENCES,
            Look::Plane | Look::Series | Look::Table => return None,
        };
        let x = first(cx, count).x;
        let mut tensors = experts(cx, x);
        if tensors.is_empty() {
            return None;
        }
        tensors.push(("x".to_owned(), x));
        Some(tensors.into())
    }
}

impl Probe for Regions {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        if cx.data.look != Look::Plane {
            return None;
        }
        let x = grid(cx.learn.g, FINE);
        let tensors = experts(cx, x);
        (!tensors.is_empty()).then(|| tensors.into())
    }
}
