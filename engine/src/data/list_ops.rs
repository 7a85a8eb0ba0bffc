//! ListOps (Nangia and Bowman 2018): nested lists of digits, each to be made into one by the least, the greatest, the
//! median or the sum modulo 10. Prefix notation, a token each; shorter ones are preceded by blanks.

use super::{Data, Dataset, Source, places};
use crate::noise::Draws;
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
    sorting::Sorting as _,
};

/// Tokens after the ten digits.
const OPERATORS: [&str; 4] = ["[MIN", "[MAX", "[MED", "[SM"];
const FIRST: u32 = 10;
const CLOSE: u32 = FIRST + OPERATORS.len() as u32;
const BLANK: u32 = CLOSE + 1;
/// A list has 2 elements, or up to so many more.
const MORE: u32 = 3;
/// Chance that an element is a list, where there is room for one.
const NESTED: f32 = 0.4;

pub struct ListOps;

impl Entry for ListOps {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "list-ops",
            name: "ListOps",
            help: "Nested lists of digits: least, greatest, median or sum modulo 10; the value of the whole is asked for.",
            source: "Nangia and Bowman 2018, ListOps; here with short lists",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            places::length("How long an expression may be.", 24, 128),
            Knob {
                id: "depth",
                name: "Depth",
                help: "How deep lists may be nested.",
                kind: KnobKind::Int { default: 3, min: 1, max: 10 },
            },
            places::SAMPLES,
        ];
        KNOBS
    }
}

impl Dataset for ListOps {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let (length, depth) = (knobs.size("length"), knobs.size("depth"));
        let outputs = places::numbers(10);
        let signs = OPERATORS.iter().chain(&["]", "_"]).map(|&sign| sign.to_owned());
        let tokens = outputs.iter().cloned().chain(signs).collect();
        Ok(places::generate(knobs, seed, length, (tokens, outputs), |draws| {
            let mut list = Vec::new();
            let value = grow(draws, length, depth, &mut list);
            let mut tokens = vec![BLANK; length - list.len()];
            tokens.append(&mut list);
            places::Question::at_the_end(tokens, value)
        }))
    }
}

/// Writes a random list into `room` ≥ 4 tokens, with lists in it while `depth` allows, and returns its value.
fn grow(draws: &mut Draws, room: usize, depth: usize, out: &mut Vec<u32>) -> u32 {
    let operator = draws.below(OPERATORS.len() as u32);
    let mut left = room - 2;
    let elements = (2 + draws.below(MORE + 1) as usize).min(left);
    out.push(FIRST + operator);
    let mut values = Vec::with_capacity(elements);
    for i in 0..elements {
        // Each of those that follow needs a token at least.
        let mine = left - (elements - i - 1);
        let before = out.len();
        if depth > 1 && mine >= 4 && draws.uniform() < NESTED {
            values.push(grow(draws, mine, depth - 1, out));
        } else {
            values.push(draws.below(10));
            out.extend(values.last());
        }
        left -= out.len() - before;
    }
    out.push(CLOSE);
    values.put_in_order();
    match operator {
        0 => values[0],
        1 => values[elements - 1],
        2 => (values[(elements - 1) / 2] + values[elements / 2]) / 2,
        _ => values.iter().sum::<u32>() % 10,
    }
}
