//! Momentum auxiliary network (Su et al. 2024): a stage that learns alone looks ahead through a slow copy of the next one.
//!
//! Every hidden stage has a classifier of its own. Before it stand a copy `E` of the stage that comes next, whose weights
//! follow that stage's slowly and take no gradient, and a second copy `D` of its form with weights that learn here, which
//! makes up for what the copy takes amiss:
//!
//! ```text
//! h_l = stage_l(detach(h_{l−1}))            y_l = E_l(h_l) + D_l(h_l)
//! loss_l = task's loss(y_l A_l + a_l, label)
//! E_l ← m · E_l + (1 − m) · weights of stage l + 1,        E_l = these weights at first
//! ```
//!
//! The gradient flows through `E` to the stage. Where the stage that comes next is the read-out, `y_l` has one number for
//! each class already, and is the classifier's answer itself. With `ahead = none` what is left is a linear local
//! classifier, with `copy` there is no `D`. (The paper also has each stage reconstruct the image, which networks without
//! a decoder leave out, and copies the first layer of the next block, here all of the next stage.)

use super::Needs;
use super::local::{self, Greedy, Head};
use crate::ir::{Init, SlotId, Value};
use crate::lesson::Learn;
use crate::net::{Mode, Pass};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Local classifiers that see their stage through a slow copy of the next.
pub struct MomentumAuxiliary;

static META: Meta = Meta {
    id: "momentum-auxiliary",
    name: "Momentum auxiliary network",
    help: "Each stage learns alone, from a classifier that looks at it through a slowly following copy of the next stage.",
    source: "Su et al. 2024",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "ahead",
        name: "Ahead",
        help: "none: classify the stage's output itself; copy: through the next stage's copy; both: with a learnt one beside it.",
        kind: KnobKind::Choice { default: "both", options: &["none", "copy", "both"] },
    },
    Knob {
        id: "momentum",
        name: "Momentum",
        help: "Share of itself that the copy keeps in every step.",
        kind: KnobKind::Float { default: 0.995, min: 0.0, max: 1.0, live: true },
    },
];

impl Entry for MomentumAuxiliary {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Greedy for MomentumAuxiliary {
    fn needs(&self, knobs: &Knobs) -> Needs {
        // The copies bring news of the stages behind, though never a gradient.
        Needs { global_error: knobs.choice("ahead") != "none", ..local::NEEDS }
    }

    fn head(&self, cx: &mut Learn, i: usize, pass: &Pass) -> Head {
        let (net, ahead) = (cx.net, cx.knobs.choice("ahead"));
        let (mut weights, mut writes) = (Vec::new(), Vec::new());
        let next = if ahead == "none" { Vec::new() } else { weights_of(cx, i + 1, pass.output) };
        let mut y = pass.output;
        if ahead != "none" {
            let copies: Vec<(SlotId, Value)> = next
                .iter()
                .map(|&of| {
                    let slot = copy(cx, i, of);
                    let kept = cx.g.read(slot);
                    (of, cx.g.detach(kept))
                })
                .collect();
            y = cx.build(Mode::Train).instead(&copies, |b| net.stage(b, i + 1, pass.output).output);
            writes.extend(next.iter().map(|&of| followed(cx, i, of)));
        }
        if ahead == "both" {
            let own = |&of: &SlotId| {
                let slot = cx.g.slot(of).clone();
                let own = cx.own(&format!("beside {}/{}", i + 1, slot.name), slot.shape, slot.init);
                weights.push(own);
                (of, cx.g.read(own))
            };
            let beside: Vec<(SlotId, Value)> = next.iter().map(own).collect();
            let beside = cx.build(Mode::Train).instead(&beside, |b| net.stage(b, i + 1, pass.output).output);
            y = cx.g.add(y, beside);
        }
        if ahead != "none" && i + 2 == net.stages.len() {
            return Head { scores: y, weights, writes };
        }
        let y = local::rows(cx, y);
        let (scores, weight) = local::linear(cx, &format!("head {}", i + 1), y, cx.task.outputs);
        let bias = cx.own(&format!("head {}/bias", i + 1), [cx.task.outputs], Init::Constant(0.0));
        weights.extend([weight, bias]);
        let bias = cx.g.read(bias);
        Head { scores: cx.g.add(scores, bias), weights, writes }
    }

    fn loss(&self, cx: &mut Learn, scores: Value, target: Value) -> Value {
        cx.loss(scores, target)
    }
}

/// The weights of stage number `i`, which is to see `x`. The values built on the way are for nobody.
fn weights_of(cx: &mut Learn, i: usize, x: Value) -> Vec<SlotId> {
    let net = cx.net;
    net.stage(&mut cx.build(Mode::Train), i, x).params
}

/// The copy that hidden stage number `i` has of the next stage's weight `of`.
fn copy(cx: &mut Learn, i: usize, of: SlotId) -> SlotId {
    let (name, shape) = (cx.g.slot(of).name.clone(), cx.g.slot(of).shape.clone());
    cx.memory(&format!("copy {}/{name}", i + 1), shape, Init::As(of))
}

/// What the step writes into that copy.
fn followed(cx: &mut Learn, i: usize, of: SlotId) -> (SlotId, Value) {
    let slot = copy(cx, i, of);
    let (kept, original) = (cx.g.read(slot), cx.g.read(of));
    let momentum = cx.live("momentum");
    let apart = cx.g.sub(kept, original);
    let apart = cx.g.mul(momentum, apart);
    (slot, cx.g.add(original, apart))
}
