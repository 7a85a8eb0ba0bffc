//! Functions of n bits, every one of the 2ⁿ inputs once: what is trained on is drawn at random, the rest is for testing.

use super::{Data, Dataset, Look, Source, plane, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

pub struct Boolean;

impl Entry for Boolean {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "boolean",
            name: "Boolean functions",
            help: "A function of a few bits, learnt from some of all inputs and tested on the rest.",
            source: "Minsky and Papert 1969, Perceptrons; the multiplexer: Koza 1992, Genetic programming",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "function",
                name: "Function",
                help: "And, or, majority of all bits; parity of the first few; at least so many; multiplexer; prime.",
                kind: KnobKind::Choice {
                    default: "majority",
                    options: &["and", "or", "majority", "parity", "threshold", "multiplexer", "prime"],
                },
            },
            Knob {
                id: "bits",
                name: "Bits",
                help: "How many bits an input has; a multiplexer of 3, 6 or 11 uses all of them.",
                kind: KnobKind::Int { default: 9, min: 2, max: 14 },
            },
            Knob {
                id: "few",
                name: "How few",
                help: "For parity, how many of the first bits count; for the threshold, how many ones are enough.",
                kind: KnobKind::Int { default: 3, min: 1, max: 14 },
            },
            plane::TRAIN,
        ];
        KNOBS
    }
}

impl Dataset for Boolean {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let (bits, few) = (knobs.size("bits"), knobs.int("few") as u32);
        let function = knobs.choice("function");
        if matches!(function, "parity" | "threshold") && few > bits as u32 {
            let message = format!("{few} of {bits} bits");
            return Err(Diagnostic::new("few", message, format!("choose at most {bits}, or more bits")));
        }
        let count = 1_u32 << bits;
        // Bit 1, the first column, is the highest.
        let bit = |input: u32, i: usize| input >> (bits - 1 - i) & 1;
        let truth = |input: u32| match function {
            "and" => input == count - 1,
            "or" => input > 0,
            "majority" => 2 * input.count_ones() > bits as u32,
            "parity" => (input >> (bits as u32 - few)).count_ones() % 2 == 1,
            "threshold" => input.count_ones() >= few,
            "multiplexer" => {
                let address = address(bits);
                let wire = (0..address).fold(0, |number, i| 2 * number + bit(input, i) as usize);
                bit(input, address + wire) == 1
            }
            _ => prime(input),
        };
        let x: Vec<f32> = (0..count).flat_map(|n| (0..bits).map(move |i| 2.0 * bit(n, i) as f32 - 1.0)).collect();
        let y: Vec<u32> = (0..count).map(|n| truth(n).into()).collect();
        let (train, test) = split::stratified(&x, bits, &y, 2, knobs.float("train"), seed);
        let outputs = ["false", "true"].map(str::to_owned).to_vec();
        let columns = (1..=bits).map(|i| format!("bit {i}")).collect();
        Ok(Data { columns, ..Data::of_classes(vec![bits], outputs, train, test, Look::Table) })
    }
}

/// The most address bits a of a multiplexer that leave room for its 2ᵃ wires in `bits` ≥ 2 bits; 0 of two.
fn address(bits: usize) -> usize {
    (1..bits).take_while(|a| a + (1 << a) <= bits).last().unwrap_or(0)
}

fn prime(n: u32) -> bool {
    n > 1 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}
