//! Setting useless units anew costs nothing while a task stays: after Dohare et al. 2024.
//!
//! The paper's own claim is of a learner whose task keeps changing, which loses the ability to learn unless units are
//! renewed. It needs a stream of tasks and many seeds; here stands what must hold for it to be of use.

use super::{Card, Claim, Run, accuracy, beside, digits};
use crate::registry::Meta;
use crate::spec::Choice;

pub static CARD: Card = Card {
    meta: &Meta {
        id: "continual-backprop",
        name: "Continual backpropagation",
        help: "A network that keeps replacing its least useful units learns a task that stays as well as any.",
        source: "Dohare, Hernandez-Garcia, Lan, Rahman, Mahmood and Sutton 2024",
    },
    runs,
    claims: &CLAIMS,
    watch: "The count of replaced units rises steadily, and neither loss nor accuracy shows when it does.",
    seconds: 20,
    quick: None,
};

static CLAIMS: [Claim; 1] = [beside(accuracy("continual"), accuracy("backprop"), -0.01)];

fn runs() -> Vec<Run> {
    let run = |name, rule| Run { name, spec: digits(rule), steps: 1000, then: Vec::new() };
    let often = Choice::new("continual-backprop").with("replacement-rate", 0.001);
    vec![run("backprop", Choice::new("backprop")), run("continual", often)]
}
