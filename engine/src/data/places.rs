//! What the tasks on sequences of tokens share: their knobs, and the questions made and cut into splits.

use std::collections::HashSet;

use super::{Answer, Data, Look, Split, UNCOUNTED};
use crate::{
    noise::{Draws, Stream},
    registry::{Knob, KnobKind, Knobs},
};

/// The share of the questions that is trained on.
const TRAIN_SHARE: f64 = 0.8;
/// Times as many draws as questions are made at most, where few different ones exist.
const PATIENCE: u32 = 4;

pub const SAMPLES: Knob = Knob {
    id: "samples",
    name: "Samples",
    help: "How many different sequences there are, a fifth of them for testing; fewer where no more exist.",
    kind: KnobKind::Int { default: 4000, min: 100, max: 20_000 },
};

/// The knob for the length.
pub const fn length(help: &'static str, default: i64, max: i64) -> Knob {
    Knob { id: "length", name: "Length", help, kind: KnobKind::Int { default, min: 4, max } }
}

/// The knob for whether the state is asked for at the end or all along.
pub const ANSWER: Knob = Knob {
    id: "answer",
    name: "Asked for",
    help: "Whether the answer is asked for at every place, or at the last alone.",
    kind: KnobKind::Choice { default: "every-place", options: &["every-place", "last-place"] },
};

/// A sequence of tokens, and at each place what is to be answered there, if anything.
pub struct Question {
    pub tokens: Vec<u32>,
    pub answers: Vec<Option<u32>>,
}

impl Question {
    /// `tokens` with one answer, at the last place.
    pub fn at_the_end(tokens: Vec<u32>, answer: u32) -> Self {
        let mut answers = vec![None; tokens.len()];
        if let Some(last) = answers.last_mut() {
            *last = Some(answer);
        }
        Self { tokens, answers }
    }
}

/// Makes different questions of `length` tokens, named `tokens`, with the `outputs` as answers. No test question is
/// among those trained on.
pub fn generate(
    knobs: &Knobs,
    seed: u32,
    length: usize,
    (tokens, outputs): (Vec<String>, Vec<String>),
    question: impl Fn(&mut Draws) -> Question,
) -> Data {
    let samples = knobs.size("samples");
    let stream = Stream::named(seed, b"data");
    let mut met = HashSet::new();
    let (mut x, mut y) = (Vec::with_capacity(samples * length), Vec::with_capacity(samples * length));
    for draw in 0..PATIENCE * samples as u32 {
        if met.len() == samples {
            break;
        }
        let question = question(&mut stream.draws(draw));
        if met.insert(question.tokens.clone()) {
            x.extend(question.tokens.iter().map(|&token| token as f32));
            y.extend(question.answers.iter().map(|answer| answer.map_or(UNCOUNTED, |class| class as f32)));
        }
    }
    let len = met.len();
    let cut = ((len as f64 * TRAIN_SHARE) as usize).max(1);
    let (late_x, late_y) = (x.split_off(cut * length), y.split_off(cut * length));
    let (train, test) = (Split { x, y, len: cut }, Split { x: late_x, y: late_y, len: len - cut });
    let data = Data::of_classes(vec![length], outputs, train, test, Look::Text);
    Data { answer: Answer::ClassAtPlaces(length), tokens, ..data }
}

/// The first `n` letters from `first` on, as names.
pub fn letters(first: u8, n: usize) -> Vec<String> {
    (first..).take(n).map(|letter| char::from(letter).to_string()).collect()
}

/// The numbers from 0 to `n` − 1, as names.
pub fn numbers(n: usize) -> Vec<String> {
    (0..n).map(|i| i.to_string()).collect()
}
