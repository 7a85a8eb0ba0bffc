//! Numbers that the network tells, beside those that it should.

use super::{Measure, Probe, Recording};
use crate::data::Answer;
use crate::ir::Value;
use crate::lab::rows;
use crate::registry::{Entry, Meta};

/// Test samples shown: a picture of 64 × 64 points is whole.
const SHOWN: usize = 4096;
/// Windows of a series shown, spread over the test part.
const WINDOWS: usize = 6;

/// `x [n, d]`, `truth [n, k]`, `told [n, k]` of the first test samples.
pub struct Fit;

static META: Meta = Meta {
    id: "fit",
    name: "Fit",
    help: "The numbers that the network tells for the test samples, and the true ones.",
    source: "Standard practice",
};

/// `past [n, T]`, `truth [n, H]`, `told [n, H]` of test windows, evenly spread.
pub struct Forecasts;

static FORECASTS: Meta = Meta {
    id: "forecasts",
    name: "Forecasts",
    help: "What the network expects after some stretches of the test series, and what came.",
    source: "Standard practice",
};

impl Entry for Fit {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Entry for Forecasts {
    fn meta(&self) -> &'static Meta {
        &FORECASTS
    }
}

/// Input, truth and answer of the test samples that `index [n]` names, each `[n, …]`.
fn told(cx: &mut Measure, index: Value) -> [Value; 3] {
    let batch = rows(cx.learn.g, cx.registers.test, index, cx.learn.task);
    let told = cx.rule.predict(&mut cx.learn, batch.x);
    let count = cx.learn.g.shape(index).size();
    let features = cx.learn.g.shape(batch.x).size() / count.max(1);
    [cx.learn.g.reshape(batch.x, [count, features]), batch.target, told]
}

impl Probe for Fit {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        if cx.data.answer != Answer::Numbers || cx.data.window.is_some() {
            return None;
        }
        let index = cx.learn.g.iota(cx.registers.test.len.min(SHOWN));
        let [x, truth, told] = told(cx, index);
        Some(Recording::from(vec![("x".to_owned(), x), ("truth".to_owned(), truth), ("told".to_owned(), told)]))
    }
}

impl Probe for Forecasts {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        if cx.data.answer != Answer::Numbers || cx.data.window.is_none() {
            return None;
        }
        let (len, g) = (cx.registers.test.len, &mut *cx.learn.g);
        let shown = len.min(WINDOWS);
        let turn = g.iota(shown);
        let index = g.scale(turn, (len / shown.max(1)) as f32);
        let [past, truth, told] = told(cx, index);
        Some(Recording::from(vec![("past".to_owned(), past), ("truth".to_owned(), truth), ("told".to_owned(), told)]))
    }
}
