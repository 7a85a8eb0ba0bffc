//! A needle in a haystack: one value stands behind a mark somewhere in a long row, and is asked for at its end.

use super::{Data, Dataset, Source, places};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

/// Different tokens that the hay is made of.
const HAY: u32 = 8;

pub struct Needle;

impl Entry for Needle {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "needle",
            name: "Needle in a haystack",
            help: "One value stands behind a mark somewhere in a long row; at the end it is asked for.",
            source: "After Kamradt 2023, Needle in a haystack, a test of long contexts",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            places::length("How long the row is.", 32, 256),
            Knob {
                id: "values",
                name: "Values",
                help: "How many different values there are.",
                kind: KnobKind::Int { default: 8, min: 2, max: 64 },
            },
            Knob {
                id: "look-alikes",
                name: "Look-alikes",
                help: "Makes the hay of values too, so that the mark alone tells the needle from it.",
                kind: KnobKind::Bool { default: false },
            },
            places::SAMPLES,
        ];
        KNOBS
    }
}

impl Dataset for Needle {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let (length, values) = (knobs.size("length"), knobs.size("values") as u32);
        let outputs: Vec<String> = (1..=values).map(|i| format!("v{i}")).collect();
        let hay = if knobs.bool("look-alikes") { 0 } else { HAY };
        let straws = (1..=hay).map(|i| format!("h{i}"));
        let tokens = outputs.iter().cloned().chain(straws).chain(["!".to_owned(), "?".to_owned()]).collect();
        let (mark, question) = (values + hay, values + hay + 1);
        Ok(places::generate(knobs, seed, length, (tokens, outputs), |draws| {
            let straw = |draws: &mut crate::noise::Draws| {
                if hay > 0 { values + draws.below(hay) } else { draws.below(values) }
            };
            let mut tokens: Vec<u32> = (1..length).map(|_| straw(draws)).collect();
            let at = draws.below(length as u32 - 2) as usize;
            let value = draws.below(values);
            tokens[at] = mark;
            tokens[at + 1] = value;
            tokens.push(question);
            places::Question::at_the_end(tokens, value)
        }))
    }
}
