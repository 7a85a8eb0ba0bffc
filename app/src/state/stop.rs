//! When the run is to pause by itself: at a step, at an aim, or where it gets no better.

use engine::protocol::Score;
use leptos::prelude::*;

use super::{Lab, Notice};
use crate::ui::format::{self, Mark};

/// What the run waits for; the number is that of its field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stop {
    Never,
    /// At this step.
    Step(u64),
    /// At this share of right answers, or R², on test samples.
    Mark(f64),
    /// At this loss, or less, on test samples.
    Loss(f64),
    /// When so many steps have brought no less loss on test samples; where there is no loss, no better answers.
    Patience(u64),
}

/// What is remembered for it of the present run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Watched {
    /// Whether it has been met: whoever plays on wants to go on.
    met: bool,
    /// The best so far, less being better, and its step.
    best: Option<(f64, u64)>,
}

impl Stop {
    /// Looks at an evaluation. Says why the run is to pause, if it is.
    fn look(self, seen: &mut Watched, step: u64, test: Score, mark: Mark) -> Option<String> {
        let (loss, how) = (test.loss.map(f64::from), f64::from(test.accuracy));
        let value = loss.unwrap_or(-how);
        // A run that was rewound begins to look anew.
        if seen.best.is_none_or(|(best, at)| value < best || step < at) {
            seen.best = Some((value, step));
        }
        let (_, best_at) = seen.best?;
        match self {
            Stop::Never | Stop::Step(_) => None,
            Stop::Mark(aim) => (how >= aim)
                .then(|| format!("Test {} is {}: the aim was {}.", mark.name(), mark.write(how), mark.write(aim))),
            Stop::Loss(aim) => loss.filter(|l| *l <= aim).map(|l| {
                format!("The test loss is {}: the aim was {}.", format::loss(l as f32), format::loss(aim as f32))
            }),
            Stop::Patience(steps) => (step >= best_at.saturating_add(steps)).then(|| {
                let what = if loss.is_some() { "The test loss" } else { "The answer to test samples" };
                format!("{what} has been no better since step {}.", format::thousands(best_at as f64))
            }),
        }
    }
}

impl Lab {
    /// Has the run pause by itself from now on.
    pub fn set_stop(self, stop: Stop) {
        self.stop.set(stop);
        self.watched.set_value(Watched::default());
        if self.playing.get_untracked() {
            // What it was to pause at holds no longer.
            self.forget_goal();
            self.aim();
        }
    }

    /// Tells a session that plays at which step it is to pause, if it is to at one that lies ahead.
    pub(super) fn aim(self) {
        if let Stop::Step(at) = self.stop.get_untracked()
            && at > self.progress.with_untracked(|p| p.step)
        {
            self.go_until(at);
        }
    }

    /// A run begins, or begins again.
    pub(super) fn forget_watched(self) {
        self.watched.set_value(Watched::default());
    }

    /// An evaluation: the run pauses if that is what it waited for.
    pub(super) fn look_whether_to_stop(self, step: u64, test: Score) {
        let (stop, mark) = (self.stop.get_untracked(), untrack(|| self.mark()));
        let mut seen = self.watched.get_value();
        let why = stop.look(&mut seen, step, test, mark).filter(|_| self.playing.get_untracked() && !seen.met);
        seen.met |= why.is_some();
        self.watched.set_value(seen);
        if let Some(why) = why {
            self.pause();
            let title = format!("The run stopped at step {}", format::thousands(step as f64));
            self.tell(Notice::plain("stop", title, format!("{why} Play goes on.")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stop: Stop, readings: &[(u64, f32, f32)]) -> Option<u64> {
        let mut seen = Watched::default();
        let mut looks = readings.iter().map(|&(step, loss, accuracy)| {
            (step, stop.look(&mut seen, step, Score { loss: Some(loss), accuracy }, Mark::Accuracy))
        });
        looks.find(|(_, why)| why.is_some()).map(|(step, _)| step)
    }

    const RUN: [(u64, f32, f32); 5] =
        [(0, 2.0, 0.1), (100, 1.0, 0.6), (200, 0.5, 0.95), (300, 0.6, 0.96), (400, 0.7, 0.94)];

    #[test]
    fn an_aim_is_met_when_it_is_reached() {
        assert_eq!(told(Stop::Mark(0.95), &RUN), Some(300), "95 % in single precision is a little less");
        assert_eq!(told(Stop::Mark(0.9), &RUN), Some(200));
        assert_eq!(told(Stop::Loss(0.5), &RUN), Some(200));
        assert_eq!(told(Stop::Loss(0.4), &RUN), None);
        assert_eq!(told(Stop::Never, &RUN), None);
    }

    #[test]
    fn patience_ends_where_nothing_gets_better() {
        assert_eq!(told(Stop::Patience(200), &RUN), Some(400));
        assert_eq!(told(Stop::Patience(100), &RUN), Some(300));
        assert_eq!(told(Stop::Patience(300), &RUN), None);
        let rewound = [(0, 2.0, 0.1), (400, 0.5, 0.9), (50, 1.5, 0.3), (140, 1.4, 0.3), (230, 1.3, 0.3)];
        assert_eq!(told(Stop::Patience(100), &rewound), None, "a run that was rewound begins anew");
    }
}
