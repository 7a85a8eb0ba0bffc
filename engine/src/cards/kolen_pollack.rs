//! Deep learning without weight transport: Akrout, Wilson, Humphreys, Lillicrap and Tweed 2019.

use super::{Card, Claim, QUICK, Run, accuracy, beside, deep};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "kolen-pollack",
        name: "Deep learning without weight transport",
        help: "Feedback that gets the same changes as the forward weights comes to agree with them, and beats fixed feedback.",
        source: "Akrout, Wilson, Humphreys, Lillicrap and Tweed 2019",
    },
    runs,
    claims: &CLAIMS,
    watch: "The alignment of the feedback with the weights rises towards 1, though neither is ever told the other.",
    seconds: QUICK,
    quick: None,
};

static CLAIMS: [Claim; 2] = [
    beside(accuracy("Kolen-Pollack"), accuracy("backprop"), -0.12),
    beside(accuracy("Kolen-Pollack"), accuracy("fixed feedback"), 0.03),
];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: deep(Choice::new(rule)), steps: 2000, then: Vec::new() };
    vec![
        run("backprop", "backprop"),
        run("Kolen-Pollack", "kolen-pollack"),
        run("fixed feedback", "feedback-alignment"),
    ]
}
