//! Sequences to be told again: as they were, backwards, or in order. The symbols come first, s₁ … sₙ; then a sign,
//! and as many blanks as are needed to answer at the sign and at each blank.

use super::{Data, Dataset, Source, places};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
    sorting::Sorting as _,
};

/// A way to tell a sequence again.
pub struct Rearrange {
    meta: &'static Meta,
    order: fn(&mut [u32]),
}

/// Symbols as they were.
pub static COPY: Rearrange = Rearrange {
    meta: &Meta {
        id: "copy",
        name: "Copy",
        help: "A row of symbols is to be told again once it has passed.",
        source: "Graves, Wayne and Danihelka 2014, Neural Turing Machines, section 4.1",
    },
    order: |_| {},
};

/// Symbols backwards.
pub static REVERSE: Rearrange = Rearrange {
    meta: &Meta {
        id: "reverse",
        name: "Reverse",
        help: "A row of symbols is to be told backwards once it has passed.",
        source: "Grefenstette, Hermann, Suleyman and Blunsom 2015, Learning to transduce with unbounded memory",
    },
    order: |symbols| symbols.reverse(),
};

/// Symbols in order.
pub static SORT: Rearrange = Rearrange {
    meta: &Meta {
        id: "sort",
        name: "Sort",
        help: "A row of symbols is to be told in alphabetical order once it has passed.",
        source: "After Graves, Wayne and Danihelka 2014, Neural Turing Machines, section 4.5, without priorities",
    },
    order: |symbols| symbols.put_in_order(),
};

impl Entry for Rearrange {
    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            places::length("How many symbols there are to tell again; the sequence is twice as long.", 8, 64),
            Knob {
                id: "symbols",
                name: "Symbols",
                help: "How many different symbols there are.",
                kind: KnobKind::Int { default: 8, min: 2, max: 26 },
            },
            places::SAMPLES,
        ];
        KNOBS
    }
}

impl Dataset for Rearrange {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let (length, symbols) = (knobs.size("length"), knobs.size("symbols"));
        let outputs = places::letters(b'A', symbols);
        let (sign, blank) = (symbols as u32, symbols as u32 + 1);
        let tokens = [outputs.as_slice(), &[">".to_owned(), "_".to_owned()]].concat();
        Ok(places::generate(knobs, seed, 2 * length, (tokens, outputs), |draws| {
            let mut row: Vec<u32> = (0..length).map(|_| draws.below(symbols as u32)).collect();
            let mut tokens = row.clone();
            tokens.push(sign);
            tokens.resize(2 * length, blank);
            (self.order)(&mut row);
            let mut answers = vec![None; length];
            answers.extend(row.into_iter().map(Some));
            places::Question { tokens, answers }
        }))
    }
}
