//! Weights of a run on their way into a link or a host's hands, and those that an experiment begins with.

use std::collections::VecDeque;

use engine::diagnostic::Diagnostic;
use engine::protocol::Command;
use engine::spec::{BlockSpec, Choice, Spec};
use engine::touch::{self, Touch};
use leptos::prelude::*;

use super::Lab;

/// Weights to begin with, and what they belong to.
#[derive(Clone)]
pub struct Origin {
    weights: String,
    /// What was done to the run that they are of.
    touches: Vec<Touch>,
    data: Choice,
    stages: Vec<Vec<BlockSpec>>,
}

/// The run's weights as text.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    pub step: u64,
    /// Whether no number was rounded.
    pub exact: bool,
    pub text: String,
    /// What was done to the run that its spec does not tell.
    pub touches: Vec<Touch>,
}

pub type Told = Result<Packed, Vec<Diagnostic>>;
pub type Waiting = VecDeque<Box<dyn FnOnce(Told)>>;

impl Lab {
    /// Has `spec` begin at these weights whenever it is loaded; or at its initial ones.
    pub(super) fn begin_at(self, weights: Option<String>, touches: Vec<Touch>, spec: &Spec) {
        let (data, stages) = (spec.data.clone(), spec.stages.clone());
        self.origin.set_value(weights.map(|weights| Origin { weights, touches, data, stages }));
    }

    /// The experiment of a link, or of the page around this one, which may change what is locked; with weights to begin at,
    /// and what was done to the run that they are of.
    pub fn receive(self, spec: Spec, weights: Option<String>, touches: Vec<Touch>) {
        self.dismiss("link");
        let anew = self.forget_origin() || weights.is_some();
        self.begin_at(weights, touches, &spec);
        if anew {
            // The same spec must be loaded too.
            self.line.update_value(|l| l.sent = None);
        }
        if anew && self.spec.with_untracked(|s| *s == spec) {
            self.load();
        } else {
            self.put(spec);
        }
    }

    /// The weights that `spec` begins with: those of the link, as long as it is about the same network on the same data;
    /// and what was done to the run that they are of.
    pub(super) fn origin_of(self, spec: &Spec) -> Option<(String, Vec<Touch>)> {
        self.origin.with_value(|o| {
            let fits = |o: &&Origin| o.data == spec.data && o.stages == spec.stages;
            o.as_ref().filter(fits).map(|o| (o.weights.clone(), o.touches.clone()))
        })
    }

    /// The same as a part of an address with a `&` before it.
    pub(super) fn origin_part(self, spec: &Spec) -> String {
        self.origin_of(spec).map(|(weights, touches)| part(&weights, &touches)).unwrap_or_default()
    }

    /// Forgets the weights to begin with; whether there were any.
    pub(super) fn forget_origin(self) -> bool {
        self.origin.try_update_value(|o| o.take().is_some()).unwrap_or(false)
    }

    /// Asks for the run's weights as a text of at most so many letters.
    pub fn pack(self, most: Option<usize>, told: impl FnOnce(Told) + 'static) {
        self.waiting.update_value(|w| w.push_back(Box::new(told)));
        if self.busy.get_untracked() {
            // The run that is meant is still being built.
            self.line.update_value(|l| l.waiting.push(Command::Pack { most }));
        } else {
            self.send(&Command::Pack { most });
        }
    }

    /// Asks for what was meant of a run that is not to be, of the one that stands.
    pub(super) fn pack_instead(self) {
        for command in self.line.try_update_value(|l| std::mem::take(&mut l.waiting)).unwrap_or_default() {
            if let (Command::Pack { .. }, true) = (&command, self.line.with_value(|l| l.current > 0)) {
                self.send(&command);
            } else {
                self.line.update_value(|l| l.waiting.push(command));
            }
        }
    }

    /// Hands over what was asked for first.
    pub(super) fn unpacked(self, told: Told) {
        if let Some(first) = self.waiting.try_update_value(VecDeque::pop_front).flatten() {
            first(told);
        }
    }

    /// Tells all who wait that nothing will come.
    pub(super) fn forsake(self, why: &Diagnostic) {
        for told in self.waiting.try_update_value(std::mem::take).unwrap_or_default() {
            told(Err(vec![why.clone()]));
        }
    }
}

/// Weights, and what was done to the run that they are of, as a part of an address with a `&` before it.
pub fn part(weights: &str, touches: &[Touch]) -> String {
    let touched = if touches.is_empty() { String::new() } else { format!("&touched={}", touch::write(touches)) };
    format!("{touched}&weights={weights}")
}
