//! What checkpoints look at: the figures of the run as it stands.

use engine::race;
use engine::spec::Spec;
use engine::spec::text::canonical;
use leptos::prelude::*;

use super::form::{Figure, Split, Test, Than};
use crate::operate::setting;
use crate::race::{Race, Standing};
use crate::state::{Lab, Scores};
use crate::tree;

/// The figures of one moment.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub spec: Option<Spec>,
    pub step: u64,
    pub scores: Option<Scores>,
    /// Cosine at each stage.
    pub alignment: Vec<f32>,
    /// Share of each expert of the first route, and the entropy of its choice.
    pub loads: Vec<f32>,
    pub entropy: Option<f32>,
    pub race_done: bool,
}

/// The probe that must measure for a test.
pub fn probe(test: &Test) -> Option<&'static str> {
    match test {
        Test::Figure { figure, .. } => figure.probe(),
        Test::Setting { .. } | Test::RaceDone => None,
    }
}

impl Facts {
    /// As they are now; who asks is asked again when they change.
    pub fn of(lab: Lab, race: Race) -> Self {
        let busy = lab.busy.get();
        let first = |id: &str, what: &str| {
            lab.probe(id).with(|m| {
                let found = m.as_ref().and_then(|m| m.tensors().find(|t| t.0.starts_with(what)).map(|t| t.2.to_vec()));
                found.unwrap_or_default()
            })
        };
        let race_done =
            !race.going.get() && race.runs.with(|r| !r.is_empty() && r.iter().all(|r| r.standing == Standing::Done));
        // While a run is built, the figures are those of another experiment.
        Self {
            spec: (!busy).then(|| lab.spec.get()),
            step: if busy { 0 } else { lab.progress.with(|p| p.step) },
            scores: lab.scores.get().filter(|_| !busy),
            alignment: first("alignment", "cosine"),
            loads: first("experts", "load "),
            entropy: first("experts", "entropy ").first().copied(),
            race_done,
        }
    }

    /// The figure, with the step that it was measured at.
    pub fn value(&self, figure: Figure) -> Option<(f64, u64)> {
        let scores = self.scores;
        let score = |split| {
            scores.map(|s| match split {
                Split::Train => s.train,
                Split::Test => s.test,
            })
        };
        let at = scores.map_or(self.step, |s| s.step);
        let value = match figure {
            Figure::Step => return Some((self.step as f64, self.step)),
            Figure::Accuracy(split) => return score(split).map(|s| (s.accuracy.into(), at)),
            Figure::Loss(split) => return score(split)?.loss.map(|l| (l.into(), at)),
            Figure::Alignment(stage) => self.alignment.get(stage.checked_sub(1)?).copied(),
            Figure::Entropy => self.entropy,
            Figure::Busiest => self.loads.iter().copied().reduce(f32::max),
            Figure::Idlest => self.loads.iter().copied().reduce(f32::min),
        };
        value.map(|v| (v.into(), self.step))
    }

    pub fn hold(&self, test: &Test) -> bool {
        match test {
            Test::RaceDone => self.race_done,
            Test::Setting { path, is } => self.spec.as_ref().is_some_and(|spec| stands(spec, path, is)),
            Test::Figure { figure, than, value, within } => {
                self.spec.is_some()
                    && self.value(*figure).is_some_and(|(v, at)| {
                        let beyond = match than {
                            Than::Above => v > *value,
                            Than::Below => v < *value,
                        };
                        beyond && within.is_none_or(|w| at <= w)
                    })
            }
        }
    }
}

/// Whether `spec` has this at this path.
fn stands(spec: &Spec, path: &str, is: &str) -> bool {
    match path {
        "data" => spec.data.id == is,
        "rule" => spec.rule.id == is,
        "optimizer" => spec.optimizer.id == is,
        "schedule" => spec.schedule.id == is,
        "routing" => {
            let route = tree::first_route(spec).and_then(|place| tree::block(spec, &place)?.routing.clone());
            route.map_or(is == "none", |r| r.id == is)
        }
        path => {
            let route = || tree::first_route(spec).and_then(|place| tree::path(spec, &place));
            let path = match (path.strip_prefix("routing/"), route()) {
                (Some(knob), Some(route)) => format!("{route}/routing/{knob}"),
                (Some(_) | None, _) => path.to_owned(),
            };
            // What stands there already changes nothing.
            let plain = canonical(&Spec { lanes: Vec::new(), sweep: Vec::new(), seeds: 1, ..spec.clone() });
            race::with(&plain, &path, &setting(is)).is_ok_and(|same| same == plain)
        }
    }
}
