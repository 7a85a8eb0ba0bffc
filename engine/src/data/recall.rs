//! Multi-query associative recall (Arora and others 2023, "Zoology"): pairs of a key and a value pass by, then the keys
//! again, in another order, and at each its value is to be told.

use super::{Data, Dataset, Source, places};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

pub struct Recall;

impl Entry for Recall {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "recall",
            name: "Associative recall",
            help: "Pairs of a key and a value pass by; then, at each key, its value is to be told.",
            source: "Arora et al. 2023, Zoology; here every key is asked for once, in random order",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "pairs",
                name: "Pairs",
                help: "How many pairs there are to keep in mind; the sequence is three times as long.",
                kind: KnobKind::Int { default: 6, min: 2, max: 48 },
            },
            Knob {
                id: "keys",
                name: "Keys",
                help: "How many different keys there are, at least as many as pairs.",
                kind: KnobKind::Int { default: 16, min: 2, max: 128 },
            },
            Knob {
                id: "values",
                name: "Values",
                help: "How many different values there are.",
                kind: KnobKind::Int { default: 16, min: 2, max: 128 },
            },
            places::SAMPLES,
        ];
        KNOBS
    }
}

impl Dataset for Recall {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let (pairs, keys, values) = (knobs.size("pairs"), knobs.size("keys"), knobs.size("values"));
        if keys < pairs {
            let message = format!("{keys} keys cannot head {pairs} pairs");
            return Err(Diagnostic::new("keys", message, format!("choose at least {pairs}, or fewer pairs")));
        }
        let named = |kind: char, n: usize| (1..=n).map(|i| format!("{kind}{i}")).collect::<Vec<_>>();
        let outputs = named('v', values);
        let tokens = [named('k', keys), outputs.clone()].concat();
        Ok(places::generate(knobs, seed, 3 * pairs, (tokens, outputs), |draws| {
            // The first keys of a random order, and then their own order anew.
            let mut order: Vec<u32> = (0..keys as u32).collect();
            for i in 0..pairs {
                order.swap(i, i + draws.below((keys - i) as u32) as usize);
            }
            let mut held: Vec<(u32, u32)> =
                order[..pairs].iter().map(|&key| (key, draws.below(values as u32))).collect();
            let mut tokens: Vec<u32> = held.iter().flat_map(|&(key, value)| [key, keys as u32 + value]).collect();
            for i in (1..pairs).rev() {
                held.swap(i, draws.below(i as u32 + 1) as usize);
            }
            tokens.extend(held.iter().map(|pair| pair.0));
            let mut answers = vec![None; 2 * pairs];
            answers.extend(held.iter().map(|pair| Some(pair.1)));
            places::Question { tokens, answers }
        }))
    }
}
