//! A run's weights on their way into a link, and out of one.

use super::Session;
use super::loading::Start;
use crate::diagnostic::Diagnostic;
use crate::protocol::{Event, Message};
use crate::touch::{Touch, What};
use crate::weights::pack::{Precision, pack, unpack};

impl Session {
    /// The run's weights as text: exact, or rounded to half precision where only that is no longer than `most` letters.
    pub(super) async fn pack(&mut self, most: Option<usize>) -> Vec<Message> {
        let most = most.unwrap_or(usize::MAX);
        let Some(run) = &mut self.run else {
            let fault = Diagnostic::new("weights", "there is no run yet", "wait until the experiment runs");
            return vec![packed(0, 0, Err(fault))];
        };
        let (number, step) = (run.number, run.step);
        let weights = match run.weights().await {
            Ok(weights) => weights,
            Err(fault) => return self.lost(fault).await,
        };
        let short = |precision| pack(&weights, precision).filter(|text| text.len() <= most);
        let numbers: usize = weights.values().map(|t| t.data.len()).sum();
        // The few bytes of each number decide early that a large network need not be tried.
        let told = if numbers > most.saturating_mul(2) {
            Err(too_long(numbers, most))
        } else {
            match (short(Precision::Single), short(Precision::Half)) {
                (Some(text), _) => Ok((true, text)),
                (None, Some(text)) => Ok((false, text)),
                (None, None) => Err(too_long(numbers, most)),
            }
        };
        vec![packed(number, step, told)]
    }

    /// Loads a run that begins at the weights of a text.
    pub(super) async fn unpack(&mut self, mut start: Start, text: &str, files: &[Vec<u8>]) -> Vec<Message> {
        match unpack(text) {
            Ok(weights) => {
                start.touches.push(Touch { step: 0, what: What::Given });
                self.load(Start { weights, ..start }, files).await
            }
            Err(fault) => vec![Event::Refused { run: start.number, faults: vec![fault] }.into()],
        }
    }
}

fn too_long(numbers: usize, most: usize) -> Diagnostic {
    let message = format!("{numbers} numbers are too many for {most} letters");
    Diagnostic::new("weights", message, "take a smaller network, or save the weights as a file")
}

fn packed(run: u32, step: u64, told: Result<(bool, String), Diagnostic>) -> Message {
    let event = match told {
        Ok((exact, text)) => Event::Packed { run, step, exact, weights: Some(text), faults: Vec::new() },
        Err(fault) => Event::Packed { run, step, exact: false, weights: None, faults: vec![fault] },
    };
    event.into()
}
