//! Cards: papers as experiments. A card holds named runs and claims, inequalities over what the runs measure, that must
//! hold for every seed. One file each in `cards/`, one line in [`CARDS`].

use crate::registry::{Entry, Meta};
use crate::spec::text::canonical;
use crate::spec::{Choice, Spec};

mod ada_fnn;
mod af_kan;
mod attention;
mod attention_removal;
mod autoregression;
mod backprop;
mod balanced_tree;
mod batch_normalization;
mod biophysical_synapses;
mod block_coordinate_descent;
mod block_recurrent;
mod blockwise;
mod brainformer;
mod claim;
mod continual_backprop;
mod conv_bn;
mod coordinate_modulation;
mod counter_current;
mod deep_fsmn;
mod deep_rectifiers;
mod delta_net;
mod delta_product;
mod diffusion_blocks;
mod dilated_convolutions;
mod direct_feedback;
mod disinhibition;
mod drop_block;
mod dropout;
mod encouraging;
mod expert_choice;
mod expert_merging;
mod fast_feedforward;
mod feedback_alignment;
mod feedback_scaling;
mod ffn_fusion;
mod ffn_skip;
mod filter_mlp;
mod fixed_point;
mod flex_round;
mod forgetting;
mod forward_forward;
mod forward_gradient;
mod fourier_features;
mod gated_perceptron;
mod global_query;
mod glu_variants;
mod gradient_noise;
mod greedy_blocks;
mod guess;
mod hash_layers;
mod highway_backprop;
mod hypernetworks;
mod icbs;
mod identity_mappings;
mod illusion_of_state;
mod incremental_predictive_coding;
mod inference_learning;
mod inhibition;
mod input_gain;
mod iterated_encoder;
mod kolen_pollack;
mod label_smoothing;
mod layer_collaboration;
mod learned_delays;
pub mod library;
mod linear_recurrence;
mod lls;
mod local_classifiers;
mod long_short_term_memory;
mod low_rank_training;
mod magnitude;
mod mask_prediction;
mod mat_former;
mod mix_lora;
mod mlp_mixer;
mod model_building;
mod model_free;
mod moefication;
mod momentum_auxiliary;
mod mono_forward;
mod multi_pruner;
mod multiplet;
mod n_beats;
mod networks;
mod neural_modules;
mod neuro_modulated_hebb;
mod nin_former;
mod nm_sparsity;
mod noprop;
mod one_wide_ffn;
pub mod papers;
mod parallel_blocks;
mod pay_attention;
mod pepita;
mod pipelined_backprop;
mod pipelined_feedback;
mod product_feedback;
mod progressive_encoding;
mod proximal_blocks;
mod raft_mlp;
mod random_boosting;
mod random_features;
mod random_hypernetworks;
mod res_mlp;
mod s_kan;
mod scalable_forward;
mod scaling_down;
mod selective_lora;
mod separable_time;
mod sign_symmetric;
mod simba;
mod simplified_blocks;
mod skip_middle;
mod soft_hebb;
mod sparse_mlp;
mod squeeze_excitation;
mod structured_ffn;
mod surrogate_gradients;
mod three_layers;
mod top_down;
mod top_k;
mod tslanet;
mod two_stage_backprop;
mod weight_perturbation;
mod wide_and_sparse;

pub use claim::{Claim, Figure, Measure, Relation};
use claim::{accuracy, at_least, below, beside, loss, makespan, memory, parameters, span, work};
use networks::{deep, digits, layers, mnist};

/// The seeds with which every claim is tried.
pub const SEEDS: [u32; 3] = [1, 2, 3];

/// An experiment by the name that the claims call it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub name: &'static str,
    pub spec: Spec,
    pub steps: u64,
    /// What comes then, one after the other: a transform of the trained network, or another dataset for it; each with the
    /// steps that it is trained for afterwards. What is measured is measured at the end.
    pub then: Vec<(Choice, u64)>,
}

/// A paper's experiments and what they must show.
#[derive(Debug, Clone, Copy)]
pub struct Card {
    pub meta: &'static Meta,
    pub runs: fn() -> Vec<Run>,
    pub claims: &'static [Claim],
    /// What to look at while it runs.
    pub watch: &'static str,
    /// How long all runs with all seeds may take on two cores.
    pub seconds: u32,
    /// The same in short, where that takes longer than [`QUICK`]: fewer steps or a smaller task, and what still holds.
    pub quick: Option<Form>,
}

/// Runs and what they must show.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    pub runs: fn() -> Vec<Run>,
    pub claims: &'static [Claim],
    pub seconds: u32,
}

/// Seconds that a quick form takes at most.
pub const QUICK: u32 = 20;

impl Run {
    /// A run with nothing after it.
    fn of(name: &'static str, spec: Spec, steps: u64) -> Self {
        Self { name, spec: canonical(&spec), steps, then: Vec::new() }
    }
}

impl Card {
    pub fn full(&self) -> Form {
        Form { runs: self.runs, claims: self.claims, seconds: self.seconds }
    }

    /// The form that is quick: the full one, where that is.
    pub fn quick(&self) -> Option<Form> {
        self.quick.or_else(|| (self.seconds <= QUICK).then(|| self.full()))
    }
}

pub const CARDS: &[&Card] = &[
    &backprop::CARD,
    &direct_feedback::CARD,
    &feedback_scaling::CARD,
    &pipelined_feedback::CARD,
    &feedback_alignment::CARD,
    &sign_symmetric::CARD,
    &kolen_pollack::CARD,
    &product_feedback::CARD,
    &pepita::CARD,
    &top_down::CARD,
    &forward_forward::CARD,
    &layer_collaboration::CARD,
    &scalable_forward::CARD,
    &model_free::CARD,
    &mono_forward::CARD,
    &local_classifiers::CARD,
    &lls::CARD,
    &momentum_auxiliary::CARD,
    &counter_current::CARD,
    &forward_gradient::CARD,
    &guess::CARD,
    &weight_perturbation::CARD,
    &fixed_point::CARD,
    &model_building::CARD,
    &gradient_noise::CARD,
    &encouraging::CARD,
    &blockwise::CARD,
    &input_gain::CARD,
    &block_coordinate_descent::CARD,
    &greedy_blocks::CARD,
    &proximal_blocks::CARD,
    &random_boosting::CARD,
    &random_features::CARD,
    &noprop::CARD,
    &diffusion_blocks::CARD,
    &pipelined_backprop::CARD,
    &two_stage_backprop::CARD,
    &highway_backprop::CARD,
    &continual_backprop::CARD,
    &incremental_predictive_coding::CARD,
    &inference_learning::CARD,
    &soft_hebb::CARD,
    &neuro_modulated_hebb::CARD,
    &disinhibition::CARD,
    &top_k::CARD,
    &sparse_mlp::CARD,
    &hash_layers::CARD,
    &expert_choice::CARD,
    &fast_feedforward::CARD,
    &balanced_tree::CARD,
    &mat_former::CARD,
    &skip_middle::CARD,
    &ffn_skip::CARD,
    &mix_lora::CARD,
    &mask_prediction::CARD,
    &dropout::CARD,
    &drop_block::CARD,
    &label_smoothing::CARD,
    &magnitude::CARD,
    &nm_sparsity::CARD,
    &icbs::CARD,
    &moefication::CARD,
    &expert_merging::CARD,
    &multi_pruner::CARD,
    &ffn_fusion::CARD,
    &attention_removal::CARD,
    &neural_modules::CARD,
    &flex_round::CARD,
    &selective_lora::CARD,
    &identity_mappings::CARD,
    &deep_rectifiers::CARD,
    &batch_normalization::CARD,
    &gated_perceptron::CARD,
    &multiplet::CARD,
    &inhibition::CARD,
    &glu_variants::CARD,
    &three_layers::CARD,
    &structured_ffn::CARD,
    &low_rank_training::CARD,
    &simba::CARD,
    &af_kan::CARD,
    &wide_and_sparse::CARD,
    &simplified_blocks::CARD,
    &parallel_blocks::CARD,
    &pay_attention::CARD,
    &brainformer::CARD,
    &one_wide_ffn::CARD,
    &res_mlp::CARD,
    &mlp_mixer::CARD,
    &nin_former::CARD,
    &raft_mlp::CARD,
    &squeeze_excitation::CARD,
    &global_query::CARD,
    &conv_bn::CARD,
    &scaling_down::CARD,
    &random_hypernetworks::CARD,
    &progressive_encoding::CARD,
    &fourier_features::CARD,
    &coordinate_modulation::CARD,
    &filter_mlp::CARD,
    &tslanet::CARD,
    &s_kan::CARD,
    &separable_time::CARD,
    &dilated_convolutions::CARD,
    &autoregression::CARD,
    &ada_fnn::CARD,
    &n_beats::CARD,
    &hypernetworks::CARD,
    &long_short_term_memory::CARD,
    &delta_net::CARD,
    &delta_product::CARD,
    &illusion_of_state::CARD,
    &linear_recurrence::CARD,
    &biophysical_synapses::CARD,
    &forgetting::CARD,
    &attention::CARD,
    &deep_fsmn::CARD,
    &iterated_encoder::CARD,
    &surrogate_gradients::CARD,
    &learned_delays::CARD,
    &block_recurrent::CARD,
];

impl Entry for Card {
    fn meta(&self) -> &'static Meta {
        self.meta
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::data::DATASETS;
    use crate::registry::{Knobs, find};
    use crate::spec::resolve::resolve;
    use crate::transforms::TRANSFORMS;

    #[test]
    fn every_card_names_what_it_claims() {
        for (card, form) in
            CARDS.iter().flat_map(|c| [Some(c.full()), c.quick].into_iter().flatten().map(move |f| (c, f)))
        {
            let runs = (form.runs)();
            for run in &runs {
                assert!(resolve(&run.spec).is_ok(), "{}: {:?}", card.meta.id, resolve(&run.spec).err());
                assert_eq!(canonical(&run.spec), run.spec, "{}", card.meta.id);
                assert!(run.steps > 0);
                for (by, _) in &run.then {
                    let dataset = find(DATASETS, &by.id, card.meta.id).map(|d| d.knobs());
                    let transform = find(TRANSFORMS, &by.id, card.meta.id).map(|t| t.knobs());
                    assert!(dataset.is_ok() != transform.is_ok(), "{} is the name of two things", by.id);
                    Knobs::resolve(dataset.or(transform).unwrap(), &by.settings, card.meta.id).unwrap();
                }
            }
            assert!(!form.claims.is_empty() && !card.watch.is_empty() && form.seconds > 0);
            for claim in form.claims {
                for figure in std::iter::once(claim.figure).chain(claim.other) {
                    assert!(runs.iter().any(|r| r.name == figure.run), "{claim}");
                }
            }
        }
    }

    #[test]
    fn every_card_has_a_quick_form() {
        for card in CARDS {
            assert!(card.quick().is_some_and(|f| f.seconds <= QUICK), "{}", card.meta.id);
        }
    }
}
