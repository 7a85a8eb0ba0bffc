//! A few test images with what the network makes of them.

use super::{Measure, Probe, Recording};
use crate::data::{Answer, Look};
use crate::lab::rows;
use crate::registry::{Entry, Meta};

/// Images shown.
const SHOWN: usize = 24;

/// `images [n, h, w]`, `labels [n]`, `probabilities [n, C]` of the first test samples.
pub struct Samples;

static META: Meta = Meta {
    id: "samples",
    name: "Predictions",
    help: "What the network makes of the first test images.",
    source: "Standard practice",
};

impl Entry for Samples {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Samples {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let Look::Image { height, width } = cx.data.look else { return None };
        if cx.data.answer != Answer::Class {
            return None;
        }
        let shown = cx.registers.test.len.min(SHOWN);
        let index = cx.learn.g.iota(shown);
        let batch = rows(cx.learn.g, cx.registers.test, index, cx.learn.task);
        let logits = cx.rule.predict(&mut cx.learn, batch.x);
        let g = &mut *cx.learn.g;
        // Of colours, how bright they are together.
        let depth = cx.data.input.last().copied().unwrap_or(1);
        let images = g.reshape(batch.x, [shown, height, width, depth]);
        let images = g.mean(images, &[3]);
        let images = g.reshape(images, [shown, height, width]);
        let probabilities = g.softmax(logits);
        Some(Recording::from(vec![
            ("images".to_owned(), images),
            ("labels".to_owned(), batch.labels),
            ("probabilities".to_owned(), probabilities),
        ]))
    }
}
