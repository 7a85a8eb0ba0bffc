//! State tracking: the running product p_t = p_{t−1} · x_t of elements of a finite group. Of the cyclic group of two
//! elements it is the parity of a row of bits. Merrill, Petty and Sabharwal 2024, "The illusion of state in state-space
//! models": groups that are not solvable, such as A5 and S5, are beyond what a fixed number of parallel layers tracks.

use super::{Data, Dataset, Source, places};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

const LENGTH: Knob = places::length("How many elements are multiplied.", 16, 128);

/// The running product of elements of a group.
pub struct Words;

/// Whether the number of ones so far is odd.
pub struct Parity;

impl Entry for Words {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "group-words",
            name: "Group words",
            help: "Elements of a group are multiplied one after the other, and the product is asked for.",
            source: "Merrill, Petty and Sabharwal 2024, The illusion of state in state-space models",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "group",
                name: "Group",
                help: "Cyclic (z), symmetric (s) or alternating (a); a5 and s5 are the ones that cannot be solved.",
                kind: KnobKind::Choice { default: "s3", options: &["z3", "z5", "z60", "s3", "a4", "s4", "a5", "s5"] },
            },
            LENGTH,
            places::ANSWER,
            places::SAMPLES,
        ];
        KNOBS
    }
}

impl Entry for Parity {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "parity",
            name: "Parity",
            help: "Of a row of bits, whether the ones so far are odd in number.",
            source: "Minsky and Papert 1969; as a task on sequences: Hochreiter and Schmidhuber 1997",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[LENGTH, places::ANSWER, places::SAMPLES];
        KNOBS
    }
}

impl Dataset for Words {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let group = match knobs.choice("group") {
            "z3" => Group::cyclic(3),
            "z5" => Group::cyclic(5),
            "z60" => Group::cyclic(60),
            "a4" => Group::permutations(4, true),
            "s4" => Group::permutations(4, false),
            "a5" => Group::permutations(5, true),
            "s5" => Group::permutations(5, false),
            _ => Group::permutations(3, false),
        };
        Ok(group.words(knobs, seed, group.names.clone()))
    }
}

impl Dataset for Parity {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        Ok(Group::cyclic(2).words(knobs, seed, vec!["even".to_owned(), "odd".to_owned()]))
    }
}

/// A finite group; element 0 is the neutral one.
struct Group {
    names: Vec<String>,
    /// The product of two elements stands at the first one's row and the second one's column.
    product: Vec<Vec<u32>>,
}

impl Group {
    fn cyclic(n: u32) -> Self {
        Self {
            names: places::numbers(n as usize),
            product: (0..n).map(|a| (0..n).map(|b| (a + b) % n).collect()).collect(),
        }
    }

    /// The permutations of `n` things, or the `even` ones alone; of a product the first factor acts first.
    fn permutations(n: u8, even: bool) -> Self {
        let mut all: Vec<Vec<u8>> = vec![Vec::new()];
        for _ in 0..n {
            let longer =
                |p: &Vec<u8>| (0..n).filter(|i| !p.contains(i)).map(|i| [p.as_slice(), &[i]].concat()).collect();
            all = all.iter().flat_map::<Vec<_>, _>(longer).collect();
        }
        let inversions =
            |p: &[u8]| -> usize { p.iter().enumerate().map(|(i, a)| p[i..].iter().filter(|b| *b < a).count()).sum() };
        all.retain(|p| !even || inversions(p).is_multiple_of(2));
        let place = |p: &Vec<u8>| all.binary_search(p).unwrap_or_default() as u32;
        let times = |a: &Vec<u8>, b: &Vec<u8>| place(&a.iter().map(|&i| b[usize::from(i)]).collect());
        Self {
            names: all.iter().map(|p| p.iter().map(|i| (i + 1).to_string()).collect()).collect(),
            product: all.iter().map(|a| all.iter().map(|b| times(a, b)).collect()).collect(),
        }
    }

    /// Words of random elements with their products, which are called `outputs`.
    fn words(&self, knobs: &Knobs, seed: u32, outputs: Vec<String>) -> Data {
        let length = knobs.size("length");
        let every = knobs.choice("answer") == "every-place";
        places::generate(knobs, seed, length, (self.names.clone(), outputs), |draws| {
            let tokens: Vec<u32> = (0..length).map(|_| draws.below(self.names.len() as u32)).collect();
            let mut so_far = 0;
            let mut states = Vec::with_capacity(length);
            for &element in &tokens {
                so_far = self.product[so_far as usize][element as usize];
                states.push(Some(so_far));
            }
            if every {
                places::Question { tokens, answers: states }
            } else {
                places::Question::at_the_end(tokens, so_far)
            }
        })
    }
}
