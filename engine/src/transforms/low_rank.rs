//! A trained network kept as it is, with changes of low rank beside its layers to learn something else with: LoRA, Hu et
//! al. 2022; for each expert of a route its own, MixLoRA, Li et al. 2024; with scores, Bafghi et al. 2025. See
//! [`crate::blocks::lora`].
//!
//! `A` is random and `B` is 0, so that nothing changes at first. Experts that are all the layer itself are mixed with
//! weights that add up to 1: nothing changes then either.

use super::feed_forward::FeedForward;
use super::parts::{Network, Part};
use super::trained::Trained;
use super::{Changed, Transform, figure};
use crate::blocks::lora;
use crate::diagnostic::Diagnostic;
use crate::noise::Stream;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::spec::Choice;
use crate::weights::Tensor;

/// Linear layers to `lora` blocks that hold them, or feed-forward layers to routes of such.
pub struct LowRank;

static META: Meta = Meta {
    id: "attach-lora",
    name: "LoRA, attached",
    help: "Freezes the linear layers and lets changes of low rank beside them learn: to teach a network something new.",
    source: "Hu et al. 2022; in experts: Li et al. 2024 (MixLoRA); with scores: Bafghi et al. 2025",
};

static KNOBS: [Knob; 5] = [
    lora::RANK,
    Knob {
        id: "experts",
        name: "Experts",
        help: "Above 1, each feed-forward layer (linear, activation, linear) becomes so many experts that differ by their \
               changes alone; every row goes to two of them.",
        kind: KnobKind::Int { default: 1, min: 1, max: 64 },
    },
    lora::SELECTIVE,
    lora::THRESHOLD,
    lora::PRICE,
];

impl Entry for LowRank {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Transform for LowRank {
    fn keeps_function(&self, _: &Knobs) -> bool {
        true
    }

    fn apply(&self, knobs: &Knobs, trained: &Trained) -> Result<Changed, Diagnostic> {
        let mut network = trained.network();
        let mut maker = Maker { knobs, noise: Stream::named(trained.spec.seed, b"lora"), drawn: 0 };
        let [mut routes, mut layers] = [0.0; 2];
        network.lists(&mut |_, list| {
            let mut at = 0;
            while knobs.size("experts") > 1 && at < list.len() {
                if let Some(layer) = FeedForward::find(list, at) {
                    list.splice(at..at + layer.span, [maker.route(&layer)]);
                    routes += 1.0;
                }
                at += 1;
            }
            for part in list.iter_mut().filter(|part| is_plain(part)) {
                let plain = std::mem::take(part);
                *part = maker.beside(plain, None);
                layers += 1.0;
            }
        });
        if routes + layers == 0.0 {
            let mend = "transform a network with linear layers that are not inside experts";
            return Err(Diagnostic::new("stages", "there is no linear layer to put a change beside", mend));
        }
        let figures = vec![
            figure("linear layers with a change", layers),
            figure("feed-forward layers as experts", routes),
            figure("weights that learn, share", share(&network)),
        ];
        Ok(Changed::new(trained, network, figures))
    }
}

/// A linear layer that no experts have for themselves.
fn is_plain(part: &Part) -> bool {
    part.is("linear") && part.weights.get("weight").is_some_and(|w| w.shape.len() == 2)
}

struct Maker<'a> {
    knobs: &'a Knobs,
    noise: Stream,
    /// Random numbers used so far.
    drawn: u32,
}

impl Maker<'_> {
    /// `plain` frozen, and a change beside it; one for each of so many experts.
    fn beside(&mut self, plain: Part, experts: Option<usize>) -> Part {
        let rank = self.knobs.size("rank");
        let [inputs, outputs] = plain.weights.get("weight").map_or([0, 0], Tensor::extents);
        let shape = |sides: [usize; 2]| [experts.as_slice(), &sides].concat();
        // As linear layers begin: uniform, of variance 1 / inputs.
        let a = self.uniform(&shape([inputs, rank]), (3.0 / inputs.max(1) as f32).sqrt());
        let mut block = Choice::new("lora").with("rank", rank as i64).with("alpha", 2.0 * rank as f64);
        let mut part = Part { parts: vec![plain], ..Part::default() };
        if self.knobs.bool("selective") {
            let threshold = self.knobs.float("threshold");
            block = block.with("selective", true).with("threshold", threshold).with("price", self.knobs.float("price"));
            let score = Tensor::filled(&[experts.as_slice(), &[1]].concat(), 1.5 * threshold as f32);
            part.weights.insert("score".to_owned(), score);
        }
        part.block = block;
        part.with("a", a).with("b", Tensor::filled(&shape([rank, outputs]), 0.0))
    }

    /// Experts that are all `layer`, each with changes of its own.
    fn route(&mut self, layer: &FeedForward) -> Part {
        let experts = self.knobs.size("experts");
        let mut expert = layer.parts();
        for part in expert.iter_mut().filter(|part| is_plain(part)) {
            let plain = std::mem::take(part);
            *part = self.beside(plain, Some(experts));
        }
        let inputs = layer.rise.shape[0];
        let router = self.uniform(&[inputs, experts], (3.0 / inputs.max(1) as f32).sqrt());
        let block = Choice::new("route").with("experts", experts as i64);
        Part { block, routing: Some(Choice::new("top-k")), parts: expert, ..Part::default() }.with("router", router)
    }

    fn uniform(&mut self, shape: &[usize], bound: f32) -> Tensor {
        let count = shape.iter().product::<usize>() as u32;
        let draw = |i: u32| bound * (2.0 * self.noise.uniform(0, i) - 1.0);
        let data = (self.drawn..self.drawn + count).map(draw).collect();
        self.drawn += count;
        Tensor::new(shape, data)
    }
}

/// Which share of the weights in blocks is learned.
fn share(network: &Network) -> f64 {
    fn count(parts: &[Part], frozen: bool, counted: &mut [f64; 2]) {
        for part in parts {
            let own: usize = part.weights.values().map(|t| t.data.len()).sum();
            counted[usize::from(frozen)] += own as f64;
            count(&part.parts, frozen || part.is("lora"), counted);
        }
    }
    let mut counted = [0.0; 2];
    network.stages.iter().for_each(|stage| count(stage, false, &mut counted));
    counted[0] / (counted[0] + counted[1]).max(1.0)
}
