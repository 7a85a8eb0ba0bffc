//! Tries cards' claims: a question in, events out, slice by slice. The page gives it a worker of its own, so that no run
//! stands still, and that nobody downloads the cards who asks for none.

use std::time::Duration;

use web_time::Instant;

use crate::cards::CARDS;
use crate::diagnostic::Diagnostic;
use crate::exec::Device;
use crate::protocol::{Event, Examine, Message, Verdict};
use crate::registry::find;
use crate::session::SLICE;
use crate::session::devices::Devices;
use crate::trial::{Means, Trial};

/// How often the page hears how far a trial is, at most.
const TOLD: Duration = Duration::from_millis(150);

/// Where cards are tried.
pub struct Examiner {
    devices: Box<dyn Devices>,
    going: Option<Going>,
}

/// A trial that goes on.
struct Going {
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

impl Examiner {
    pub fn new(devices: Box<dyn Devices>) -> Self {
        Self { devices, going: None }
    }

    /// Whether there is nothing to do until a question comes.
    pub fn idle(&self) -> bool {
        self.going.is_none()
    }

    /// Begins the trial of a card; one that goes on is given up.
    pub fn handle(&mut self, asked: Examine, files: Vec<Vec<u8>>) -> Vec<Message> {
        let Examine { card, quick, assets } = asked;
        self.going = None;
        let found = match find(CARDS, &card, "card") {
            Ok(found) => found,
            Err(fault) => return failed(vec![fault]),
        };
        let form = if quick { found.quick() } else { Some(found.full()) };
        let Some(form) = form else {
            return failed(vec![Diagnostic::new("card", format!("`{card}` has no quick form"), "try it in full")]);
        };
        self.going = Some(Going {
            card,
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
    pub async fn advance(&mut self) -> Vec<Message> {
        let Some(going) = &mut self.going else { return Vec::new() };
        let Going { trial, assets, .. } = going;
        let asset = |name: &str| assets.iter().find(|a| a.0 == name).map(|a| a.1.as_slice());
        let means = Means { assets: &asset, devices: self.devices.as_ref(), device: Device::Cpu };
        let began = Instant::now();
        loop {
            match trial.advance(&means).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(faults) => {
                    self.going = None;
                    return failed(faults);
                }
            }
            if let Some(name) = trial.device() {
                going.device = name;
            }
            if began.elapsed() >= SLICE {
                return self.tell_standing();
            }
        }
        let Some(done) = self.going.take() else { return Vec::new() };
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
        let Some(going) = &mut self.going else { return Vec::new() };
        if going.told.is_some_and(|t| t.elapsed() < TOLD) {
            return Vec::new();
        }
        going.told = Some(Instant::now());
        let Some(at) = going.trial.standing() else { return Vec::new() };
        let (run, seed, step, steps, done, of) = (at.run.to_owned(), at.seed, at.step, at.steps, at.done, at.of);
        vec![Event::Verifying { run, seed, step, steps, done, of }.into()]
    }
}

fn failed(faults: Vec<Diagnostic>) -> Vec<Message> {
    vec![Event::Verified { verdict: None, faults }.into()]
}
