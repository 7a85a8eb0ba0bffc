//! Test sequences with what the network answers at each place.

use super::{Measure, Probe, Recording};
use crate::data::Answer;
use crate::lab::rows;
use crate::registry::{Entry, Meta};

/// Sequences shown.
const SHOWN: usize = 12;

/// `tokens [n, T]`, `labels [n, T]` (see [`UNCOUNTED`](crate::data::UNCOUNTED)), `answers [n, T]` and how probable the
/// network holds each label, `likely [n, T]`, of the first test samples. (What it makes of running text is shown by what
/// it writes.)
pub struct Sequences;

static META: Meta = Meta {
    id: "sequences",
    name: "Sequences",
    help: "What the network answers at each place of the first test sequences.",
    source: "Standard practice",
};

impl Entry for Sequences {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Sequences {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let Answer::ClassAtPlaces(places) = cx.data.answer else { return None };
        if cx.data.tokens.is_empty() || cx.data.window.is_some() || cx.data.input != [places] {
            return None;
        }
        let shown = cx.registers.test.len.min(SHOWN);
        let index = cx.learn.g.iota(shown);
        let batch = rows(cx.learn.g, cx.registers.test, index, cx.learn.task);
        let logits = cx.rule.predict(&mut cx.learn, batch.x);
        let g = &mut *cx.learn.g;
        let answers = g.arg_max(logits);
        let shares = g.softmax(logits);
        let likely = g.mul(shares, batch.target);
        let likely = g.sum(likely, &[2]);
        let likely = g.reshape(likely, [shown, places]);
        Some(Recording::from(vec![
            ("tokens".to_owned(), batch.x),
            ("labels".to_owned(), batch.labels),
            ("answers".to_owned(), answers),
            ("likely".to_owned(), likely),
        ]))
    }
}
