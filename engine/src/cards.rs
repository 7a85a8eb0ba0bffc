//! Cards: papers as experiments. A card holds named runs and claims, inequalities over what the runs measure, that must
//! hold for every seed. One file each in `cards/`, one line in [`CARDS`].

use std::fmt;

use crate::registry::{Entry, Meta};
use crate::spec::{BlockSpec, Choice, Spec};

mod backprop;
mod block_coordinate_descent;
mod blockwise;
mod continual_backprop;
mod counter_current;
mod diffusion_blocks;
mod direct_feedback;
mod disinhibition;
mod dropout;
mod encouraging;
mod feedback_alignment;
mod feedback_scaling;
mod fixed_point;
mod flex_round;
mod forward_forward;
mod forward_gradient;
mod gradient_noise;
mod greedy_blocks;
mod guess;
mod highway_backprop;
mod icbs;
mod incremental_predictive_coding;
mod inference_learning;
mod input_gain;
mod kolen_pollack;
mod layer_collaboration;
mod lls;
mod local_classifiers;
mod magnitude;
mod model_building;
mod model_free;
mod moefication;
mod momentum_auxiliary;
mod mono_forward;
mod neuro_modulated_hebb;
mod nm_sparsity;
mod noprop;
mod pepita;
mod pipelined_backprop;
mod pipelined_feedback;
mod product_feedback;
mod proximal_blocks;
mod random_boosting;
mod scalable_forward;
mod sign_symmetric;
mod soft_hebb;
mod top_down;
mod top_k;
mod two_stage_backprop;
mod weight_perturbation;

/// The seeds with which every claim is tried.
pub const SEEDS: [u32; 3] = [1, 2, 3];

/// Accuracies are summed in single precision: one of exactly the bound may come out this much below it.
const SLACK: f64 = 1e-6;

/// An experiment by the name that the claims call it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub name: &'static str,
    pub spec: Spec,
    pub steps: u64,
    /// Transforms of the trained network, one after the other, each with the steps that it is trained for afterwards. What
    /// is measured is measured at the end.
    pub then: Vec<(Choice, u64)>,
}

/// What is measured of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Share of right answers on the whole test split after the last step, 0 to 1.
    Accuracy,
    /// Floating-point operations of one step, counted.
    Work,
    /// Operations of one step that must wait for each other, counted.
    Span,
    /// Operations until one step is through when every stage has a worker of its own, counted.
    Makespan,
    /// Bytes of temporaries at the fullest moment of a step, counted.
    Memory,
}

/// A measure of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub measure: Measure,
    pub run: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    AtLeast,
    Below,
}

/// `figure ≥ factor · other + offset`, or `<`; without `other`, a plain number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    pub figure: Figure,
    pub relation: Relation,
    pub factor: f64,
    pub other: Option<Figure>,
    pub offset: f64,
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
    &dropout::CARD,
    &magnitude::CARD,
    &nm_sparsity::CARD,
    &icbs::CARD,
    &moefication::CARD,
    &flex_round::CARD,
];

impl Entry for Card {
    fn meta(&self) -> &'static Meta {
        self.meta
    }
}

impl Claim {
    /// The two sides, where `of` gives the value of a figure.
    pub fn sides(&self, of: impl Fn(Figure) -> f64) -> (f64, f64) {
        (of(self.figure), self.other.map_or(0.0, |o| self.factor * of(o)) + self.offset)
    }

    /// Whether it holds. A figure that is not a number holds nothing.
    pub fn holds(&self, of: impl Fn(Figure) -> f64) -> bool {
        let (left, right) = self.sides(of);
        match self.relation {
            Relation::AtLeast => left >= right - SLACK,
            Relation::Below => left < right,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measure = match self.measure {
            Measure::Accuracy => "accuracy",
            Measure::Work => "work",
            Measure::Span => "span",
            Measure::Makespan => "makespan",
            Measure::Memory => "memory",
        };
        write!(f, "{measure}({})", self.run)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relation = match self.relation {
            Relation::AtLeast => "≥",
            Relation::Below => "<",
        };
        write!(f, "{} {relation} ", self.figure)?;
        let Some(other) = self.other else { return write!(f, "{}", self.offset) };
        if self.factor != 1.0 {
            write!(f, "{} · ", self.factor)?;
        }
        write!(f, "{other}")?;
        if self.offset > 0.0 {
            write!(f, " + {}", self.offset)?;
        } else if self.offset < 0.0 {
            write!(f, " − {}", -self.offset)?;
        }
        Ok(())
    }
}

const fn accuracy(run: &'static str) -> Figure {
    Figure { measure: Measure::Accuracy, run }
}

const fn work(run: &'static str) -> Figure {
    Figure { measure: Measure::Work, run }
}

const fn span(run: &'static str) -> Figure {
    Figure { measure: Measure::Span, run }
}

const fn makespan(run: &'static str) -> Figure {
    Figure { measure: Measure::Makespan, run }
}

const fn memory(run: &'static str) -> Figure {
    Figure { measure: Measure::Memory, run }
}

/// `figure < factor · other`.
const fn below(figure: Figure, factor: f64, other: Figure) -> Claim {
    Claim { figure, relation: Relation::Below, factor, other: Some(other), offset: 0.0 }
}

/// `figure ≥ other + offset`.
const fn beside(figure: Figure, other: Figure, offset: f64) -> Claim {
    Claim { figure, relation: Relation::AtLeast, factor: 1.0, other: Some(other), offset }
}

const fn at_least(figure: Figure, number: f64) -> Claim {
    Claim { figure, relation: Relation::AtLeast, factor: 0.0, other: None, offset: number }
}

/// Stages of one rectified layer each, and a read-out.
fn layers(widths: &[i64]) -> Vec<Vec<BlockSpec>> {
    let hidden = |&w: &i64| vec![BlockSpec::new("linear").with("units", w), BlockSpec::new("activation")];
    let mut stages: Vec<_> = widths.iter().map(hidden).collect();
    stages.push(vec![BlockSpec::new("linear")]);
    stages
}

/// The small digits, under defaults, with two hidden layers of 64 and 32 units: quickly learnt.
fn digits(rule: Choice) -> Spec {
    Spec { rule, ..Spec::new(Choice::new("digits"), layers(&[64, 32])) }
}

/// One-dimensional digits, under defaults, with four hidden layers of 64 units: here it tells how credit travels.
fn deep(rule: Choice) -> Spec {
    Spec { rule, ..Spec::new(Choice::new("mnist1d"), layers(&[64; 4])) }
}

/// MNIST with the defaults for everything but `rule`.
fn mnist(stages: Vec<Vec<BlockSpec>>, rule: &str) -> Spec {
    Spec { rule: Choice::new(rule), ..Spec::new(Choice::new("mnist"), stages) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::registry::{Knobs, find};
    use crate::spec::resolve::resolve;
    use crate::spec::text::canonical;
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
                    let entry = find(TRANSFORMS, &by.id, card.meta.id).unwrap();
                    Knobs::resolve(entry.knobs(), &by.settings, card.meta.id).unwrap();
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

    #[test]
    fn claims_are_inequalities() {
        let near = Claim {
            figure: accuracy("a"),
            relation: Relation::AtLeast,
            factor: 1.0,
            other: Some(accuracy("b")),
            offset: -0.01,
        };
        let half = Claim { relation: Relation::Below, factor: 0.5, offset: 0.0, ..near };
        assert_eq!(near.to_string(), "accuracy(a) ≥ accuracy(b) − 0.01");
        assert_eq!(half.to_string(), "accuracy(a) < 0.5 · accuracy(b)");
        assert_eq!(at_least(accuracy("a"), 0.955).to_string(), "accuracy(a) ≥ 0.955");
        let of = |a: f64, b: f64| move |f: Figure| if f.run == "a" { a } else { b };
        assert!(near.holds(of(0.9, 0.905)) && !near.holds(of(0.89, 0.905)));
        assert!(half.holds(of(0.4, 0.9)) && !half.holds(of(0.45, 0.9)));
        assert!(!near.holds(of(f64::NAN, 0.9)) && !half.holds(of(0.1, f64::NAN)));
    }
}
