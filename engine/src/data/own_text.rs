//! A person's own text, character by character: at every place the next one is to be told. The characters that occur are
//! the vocabulary; beyond the most frequent ones, the rest are one token.

use std::collections::BTreeMap;

use super::{Data, Dataset, Part, Source, VALUES_MAX, bytes, text};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
    sorting::Sorting as _,
};

const PARTS: &[Part; 1] = &[Part { name: "text", accept: "text/plain,.txt,.md,.gz" }];
/// Characters that are told apart, and what all others are written as.
const VOCABULARY: usize = 255;
const OTHERS: char = '\u{fffd}';
/// Knob `length` goes down to this.
const LENGTH_MIN: i64 = 4;

pub struct OwnText;

impl Entry for OwnText {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "own-text",
            name: "Your text",
            help: "A text of yours, pasted or from a file: at every place the next character is to be told.",
            source: "your text; the task is that of Shannon 1951, Prediction and entropy of printed English",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[Knob {
            id: "length",
            name: "Context",
            help: "How many characters a sample shows.",
            kind: KnobKind::Int { default: 32, min: LENGTH_MIN, max: 256 },
        }];
        KNOBS
    }
}

impl Dataset for OwnText {
    fn source(&self) -> Source {
        Source::Own(PARTS)
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let [file] = bytes::parts(files, PARTS)?;
        let file = bytes::unpacked(file, "a plain text")?;
        // Line ends are one character, whoever wrote them.
        let whole = bytes::utf8(&file, "save the text as UTF-8")?.replace("\r\n", "\n");
        let (count, length) = (whole.chars().count(), knobs.size("length"));
        let least = text::least(length);
        if count < least {
            let message = format!("the text has {count} characters; a context of {length} needs {least}");
            let shorter = (LENGTH_MIN as usize..length).rev().find(|&l| text::least(l) <= count);
            let mend = match shorter {
                Some(shorter) => format!("add to it, or set Context to {shorter}"),
                None => format!(
                    "add to it: {} are the least that a context of {LENGTH_MIN} can do with",
                    text::least(LENGTH_MIN as usize)
                ),
            };
            return Err(Diagnostic::new("text", message, mend));
        }
        if count > VALUES_MAX {
            let message = format!("the text has {count} characters");
            return Err(Diagnostic::new("text", message, format!("at most {VALUES_MAX} are read: leave some out")));
        }
        let (vocabulary, cut) = vocabulary(&whole);
        if vocabulary.len() < 2 {
            return Err(Diagnostic::new(
                "text",
                "it is one character again and again",
                "two different ones are needed",
            ));
        }
        let last = vocabulary.len() - 1;
        let known = if cut { &vocabulary[..last] } else { &vocabulary[..] };
        let tokens = whole.chars().map(|c| known.binary_search(&c).unwrap_or(last) as f32).collect();
        Ok(text::next_characters(tokens, vocabulary.iter().map(char::to_string).collect(), length))
    }
}

/// The characters that are told apart, in order; where there are too many, the most frequent ones and then [`OTHERS`], and
/// `true`.
fn vocabulary(text: &str) -> (Vec<char>, bool) {
    let mut counts = BTreeMap::<char, usize>::new();
    text.chars().for_each(|c| *counts.entry(c).or_default() += 1);
    let mut all: Vec<(char, usize)> = counts.into_iter().collect();
    let cut = all.len() > VOCABULARY;
    if cut {
        all.put_in_order_by_key(|&(c, n)| (std::cmp::Reverse(n), c));
        all.truncate(VOCABULARY);
        all.put_in_order();
    }
    let mut vocabulary: Vec<char> = all.into_iter().map(|(c, _)| c).collect();
    if cut {
        vocabulary.retain(|&c| c != OTHERS);
        vocabulary.push(OTHERS);
    }
    (vocabulary, cut)
}
