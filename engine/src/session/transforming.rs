//! The present run's network changed, and the run gone on with.

use super::Session;
use super::loading::Start;
use crate::diagnostic::Diagnostic;
use crate::protocol::{Event, Message, Transformed};
use crate::spec::Choice;
use crate::touch::{Touch, What};
use crate::transforms::{Changed, transform};

impl Session {
    /// Applies the transform `by`, and loads what it made as run `number`.
    pub(super) async fn transform(&mut self, number: u32, by: &Choice) -> Vec<Message> {
        let refused = |faults| vec![Event::Refused { run: number, faults }.into()];
        let Some(run) = &mut self.run else {
            return refused(vec![Diagnostic::new("transform", "there is no run to change", "load an experiment")]);
        };
        let weights = match run.weights().await {
            Ok(weights) => weights,
            Err(fault) => return self.lost(fault).await,
        };
        let Changed { spec, weights, figures } = match transform(&run.spec, &run.data, &weights, by) {
            Ok(changed) => changed,
            Err(faults) => return refused(faults),
        };
        let mut touches = run.touches.clone();
        touches.push(Touch { step: run.step, what: What::Transformed { by: by.id.clone() } });
        let figures = figures.into_iter().map(|(name, v)| (name, v.is_finite().then_some(v))).collect();
        let transformed = Some(Box::new(Transformed { spec: spec.clone(), figures }));
        self.load(Start { weights, touches, transformed, ..Start::new(number, spec, self.wanted) }, &[]).await
    }
}
