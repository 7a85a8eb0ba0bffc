//! A card's claims tried where the session lives. The page gives it a worker of its own, so that no run stands still.

use std::time::Duration;

use web_time::Instant;

use super::{SLICE, Session};
use crate::cards::CARDS;
use crate::diagnostic::Diagnostic;
use crate::exec::Device;
use crate::protocol::{Event, Message, Verdict};
use crate::registry::find;
use crate::trial::{Means, Trial};

/// How often the page hears how far a trial is, at most.
const TOLD: Duration = Duration::from_millis(150);

/// A trial that goes on.
pub(super) struct Verifying {
    card: String,
    quick: bool,
    trial: Trial,
    /// Assets by their file names.
    assets: Vec<(String, Vec<u8>)>,
    /// The name of the device, once something has been made ready on it.
    device: String,
    began: Instant,
    told: Option<Instant>,
}

impl Session {
    /// Begins the trial of a card; one that goes on is given up.
    pub(super) fn verify(&mut self, card: &str, quick: bool, assets: Vec<String>, files: Vec<Vec<u8>>) -> Vec<Message> {
        self.verifying = None;
        let found = match find(CARDS, card, "card") {
            Ok(found) => found,
            Err(fault) => return failed(vec![fault]),
        };
        let form = if quick { found.quick() } else { Some(found.full()) };
        let Some(form) = form else {
            return failed(vec![Diagnostic::new("card", format!("`{card}` has no quick form"), "try it in full")]);
        };
        self.verifying = Some(Verifying {
            card: card.to_owned(),
            quick,
            trial: Trial::new(form),
            assets: assets.into_iter().zip(files).collect(),
            device: String::new(),
            began: Instant::now(),
            told: None,
        });
        self.tell_standing()
    }

    /// Goes on for about a slice.
    pub(super) async fn go_on_verifying(&mut self) -> Vec<Message> {
        let Some(verifying) = &mut self.verifying else { return Vec::new() };
        let Verifying { trial, assets, .. } = verifying;
        let asset = |name: &str| assets.iter().find(|a| a.0 == name).map(|a| a.1.as_slice());
        let means = Means { assets: &asset, devices: self.devices.as_ref(), device: Device::Cpu };
        let began = Instant::now();
        loop {
            match trial.advance(&means).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(faults) => {
                    self.verifying = None;
                    return failed(faults);
                }
            }
            if let Some(name) = trial.device() {
                verifying.device = name;
            }
            if began.elapsed() >= SLICE {
                return self.tell_standing();
            }
        }
        let Some(done) = self.verifying.take() else { return Vec::new() };
        let verdict = Verdict {
            card: done.card,
            quick: done.quick,
            device: done.device,
            seconds: done.began.elapsed().as_secs_f64(),
            claims: done.trial.judge(),
        };
        vec![Event::Verified { verdict: Some(Box::new(verdict)), faults: Vec::new() }.into()]
    }

    /// How far it is, unless that has just been told.
    fn tell_standing(&mut self) -> Vec<Message> {
        let Some(verifying) = &mut self.verifying else { return Vec::new() };
        if verifying.told.is_some_and(|t| t.elapsed() < TOLD) {
            return Vec::new();
        }
        verifying.told = Some(Instant::now());
        let Some(at) = verifying.trial.standing() else { return Vec::new() };
        let (run, seed, step, steps, done, of) = (at.run.to_owned(), at.seed, at.step, at.steps, at.done, at.of);
        vec![Event::Verifying { run, seed, step, steps, done, of }.into()]
    }
}

fn failed(faults: Vec<Diagnostic>) -> Vec<Message> {
    vec![Event::Verified { verdict: None, faults }.into()]
}
