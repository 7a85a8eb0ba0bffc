//! Antithetic evolution strategy (Salimans et al. 2017; of networks that see mini-batches: Lenc et al. 2019): a
//! population of mutants in mirrored pairs, each weighed by its rank among all.
//!
//! With `K` directions `v_k` and the ranks `u` of the `2K` losses `L(w ± σ v_k)`, from −½ for the lowest to ½ for the
//! highest, equal ones sharing theirs:
//!
//! ```text
//! ∂L/∂w  is replaced by  1/2Kσ Σ_k (u_k⁺ − u_k⁻) v_k
//! ```
//!
//! With `shaped = losses` the losses stand for their ranks, and the estimate is that of antithetic weight perturbation.
//! Ranks forget how large the differences are: one mutant far off does not carry the others with it, and the estimate's
//! length does not shrink as learning settles. The mutants are drawn twice, to be tried and to be mixed; none is kept.

use super::directions::{self, DIRECTIONS, DRAWN, Mean, Search, Space};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Stmt, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal};
use crate::net::Net;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Ranks of mutants in the place of the gradient.
pub struct Evolution;

static META: Meta = Meta {
    id: "evolution-strategy",
    name: "Evolution strategy",
    help: "Tries mutants in mirrored pairs, ranks them by their loss, and moves towards the better ones.",
    source: "Salimans, Ho, Chen, Sidor and Sutskever 2017; Lenc, Elsen, Schaul and Simonyan 2019",
};

static KNOBS: [Knob; 5] = [
    Knob {
        help: "How many mirrored pairs of mutants each step tries.",
        name: "Pairs",
        kind: KnobKind::Int { default: 16, min: 1, max: 256 },
        ..DIRECTIONS
    },
    DRAWN,
    directions::sigma(0.02, "How far a mutant's weights are from the present ones, as a standard deviation."),
    Knob {
        id: "shaped",
        name: "Weighed by",
        help: "ranks: a mutant counts by its place among all; losses: by its loss.",
        kind: KnobKind::Choice { default: "ranks", options: &["ranks", "losses"] },
    },
    Knob {
        id: "rate",
        name: "Rate",
        help: "Factor on the learning rate: the estimate varies far more than a gradient does.",
        kind: KnobKind::Float { default: 0.3, min: 0.0, max: 100.0, live: false },
    },
];

impl Entry for Evolution {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for Evolution {
    fn credit(&self) -> Credit {
        Credit::Scalar
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            // Each mutant, and the network itself to answer.
            passes: 2 * knobs.size("directions") as u32 + 1,
            ..directions::NEEDS
        }
    }

    fn any_answer(&self) -> bool {
        true
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let (stages, kind) = (cx.net.stages.len(), directions::kind(cx));
        let (search, forward) = Search::new(cx, Space::Weights, kind, batch.x, stages);
        let objective = search.objective(cx, &forward, batch.target);
        let count = cx.knobs.size("directions");

        let draw_slot = search.draw.unwrap_or_else(|| cx.scratch("draw", []));
        let draw = cx.g.read(draw_slot);
        let (zero, one) = (cx.g.constant(0.0), cx.g.constant(1.0));
        let next = (draw_slot, cx.g.add(draw, one));
        let all = cx.g.iota(count);
        let present = cx.g.eq(all, draw);

        // The losses [K] of the mutants on either side.
        let sigma = cx.live("sigma");
        let direction = search.direction(cx);
        let mut start = vec![(draw_slot, zero)];
        let mut tries = Vec::new();
        let sides = ["losses ahead", "losses behind"].map(|name| cx.scratch(name, [count]));
        let back = cx.g.neg(sigma);
        for (side, by) in sides.into_iter().zip([sigma, back]) {
            let found = directions::moved(cx, objective, &direction, by);
            let so_far = cx.g.read(side);
            tries.push(Stmt::Tick(vec![(side, cx.g.select(present, found, so_far))]));
            start.push((side, directions::zeros(cx, so_far)));
        }

        tries.push(Stmt::Tick(vec![next]));

        let [ahead, behind] = sides.map(|side| cx.g.read(side));
        let weights = if cx.knobs.choice("shaped") == "ranks" { ranked(cx, ahead, behind) } else { [ahead, behind] };
        let preference = cx.g.sub(weights[0], weights[1]);
        let scale = cx.g.scale(sigma, 2.0);
        let preference = cx.g.div(preference, scale);
        let preferred = cx.scratch("preference", [count]);
        let weigh = vec![(preferred, preference), (draw_slot, zero)];

        let preferred = cx.g.read(preferred);
        let share = cx.g.dot(preferred, present);
        let mut mix = vec![next];
        let mut gradients = Vec::new();
        for (slot, (_, noise)) in search.slots().into_iter().zip(direction) {
            let estimate = cx.g.mul(noise, share);
            let sum = directions::sum(cx, slot);
            let so_far = cx.g.read(sum);
            start.push((sum, directions::zeros(cx, so_far)));
            mix.push((sum, cx.g.add(so_far, estimate)));
            gradients.push(cx.g.scale(so_far, 1.0 / count as f32));
        }
        let repeat = |body: Vec<Stmt>| Stmt::Repeat { times: count as u32, body };
        let before = vec![Stmt::Tick(start), repeat(tries), Stmt::Tick(weigh), repeat(vec![Stmt::Tick(mix)])];
        let mean = Mean { before, gradients, answer: preferred };
        let mut lesson = directions::lesson(cx, &search, mean, forward, batch.target, "preference");
        lesson.signals.push(Signal { name: "losses of the mutants", stage: stages, value: ahead });
        lesson
    }
}

/// The ranks of the losses `ahead [K]` and `behind [K]` among all of them, −½ to ½; equal ones have the same.
fn ranked(cx: &mut Learn, ahead: Value, behind: Value) -> [Value; 2] {
    let g = &mut *cx.g;
    let count = g.shape(ahead).size();
    let all = g.concat(&[ahead, behind], 0);
    let column = g.reshape(all, [2 * count, 1]);
    let row = g.reshape(all, [1, 2 * count]);
    let lower = g.lt(row, column);
    let equal = g.eq(row, column);
    let equal = g.scale(equal, 0.5);
    let counted = g.add(lower, equal);
    let place = g.sum(counted, &[1]);
    // Each equals itself, which makes the lowest of them all a half.
    let half = g.constant(0.5);
    let place = g.sub(place, half);
    let rank = g.scale(place, 1.0 / (2 * count - 1) as f32);
    let rank = g.sub(rank, half);
    let rank = g.reshape(rank, [2 * count]);
    [g.slice(rank, 0, 0, count), g.slice(rank, 0, count, count)]
}
