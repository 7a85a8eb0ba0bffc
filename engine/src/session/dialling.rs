//! The present run's network with more or less of it at work.

use super::Session;
use crate::dial::turned;
use crate::protocol::{Event, Message};
use crate::registry::Setting;

impl Session {
    /// Evaluates the run as it stands with the knob at `path` set to `value`. Training rests meanwhile.
    pub(super) async fn dial(&mut self, path: String, value: Setting) -> Vec<Message> {
        let Some(run) = &mut self.run else { return Vec::new() };
        let state = match run.checkpoint().await {
            Ok(state) => state,
            Err(fault) => return self.lost(fault).await,
        };
        let answered = turned(&run.spec, &run.data, (&run.lab, &state.memory), &path, &value).await;
        let (work, test, faults) = match answered {
            Ok(answered) => (answered.work, Some(answered.test), Vec::new()),
            Err(faults) => (0, None, faults),
        };
        let event = Event::Dialled { run: run.number, step: state.step, path, value, work, test, faults };
        self.restart_pace();
        vec![event.into()]
    }
}
