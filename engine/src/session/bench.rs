//! Measuring the workloads where the session lives, in between or instead of runs.

use super::Session;
use crate::bench::{Measured, Place, measure};
use crate::diagnostic::{Diagnostic, instead};
use crate::exec::Device;
use crate::protocol::{Event, Message};
use crate::workloads::workloads;

impl Session {
    /// Measures a workload; the device's ceiling was found when it was first asked for. A run stands still meanwhile.
    pub(super) async fn bench(&mut self, id: &str, device: Device, files: &[Vec<u8>]) -> Vec<Message> {
        let event = match self.measured(id, device, files).await {
            Ok(measured) => Event::Benched { measured: Some(Box::new(measured)), faults: Vec::new() },
            Err(faults) => Event::Benched { measured: None, faults },
        };
        self.restart_pace();
        vec![event.into()]
    }

    async fn measured(&mut self, id: &str, device: Device, files: &[Vec<u8>]) -> Result<Measured, Vec<Diagnostic>> {
        let all = workloads();
        let Some(workload) = all.iter().find(|w| w.id == id) else {
            let known: Vec<_> = all.iter().map(|w| w.id).collect();
            return Err(vec![Diagnostic::new("workload", format!("there is no `{id}`"), instead(id, &known))]);
        };
        let place = match self.places.iter().find(|p| p.device == device) {
            Some(place) => place.clone(),
            None => {
                let place = Place::open(self.devices.as_ref(), device).await?;
                self.places.push(place.clone());
                place
            }
        };
        let data = self.data(&workload.spec, files)?;
        measure(self.devices.as_ref(), &place, workload, &data).await
    }
}
