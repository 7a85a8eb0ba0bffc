//! Where a run is: trying devices, going from one to another, going on when one is lost.

use std::time::Duration;

use web_time::Instant;

use super::Session;
use super::devices::Unavailable;
use super::run::Checkpoint;
use crate::diagnostic::Diagnostic;
use crate::exec::{Device, Executor, Fault};
use crate::protocol::{DeviceInfo, Event, Message};

/// How long steps are timed for, at least, unless that would be too many of them.
const TIMED: Duration = Duration::from_millis(8);
const MOST_TIMED: u32 = 1 << 14;

/// A time in milliseconds, as people read it.
pub(super) fn spoken(milliseconds: f64) -> String {
    if milliseconds < 0.1 { format!("{:.1} µs", milliseconds * 1e3) } else { format!("{milliseconds:.2} ms") }
}

impl Session {
    /// Milliseconds a step takes where the run is; the run is left as it was.
    pub(super) async fn time_steps(&mut self) -> Result<f64, Fault> {
        let Some(run) = &mut self.run else { return Ok(0.0) };
        let before = run.checkpoint().await?;
        // The first step is not like the others: caches are cold, and a graphics device may still be compiling.
        run.steps(1).await?;
        run.settle().await?;
        let mut times = 1;
        let per_step = loop {
            let start = Instant::now();
            run.steps(times).await?;
            run.settle().await?;
            let took = start.elapsed();
            // A browser's clock is coarse: only what took long enough counts.
            if took >= TIMED || times >= MOST_TIMED {
                break took.as_secs_f64() * 1e3 / f64::from(times);
            }
            times *= 4;
        };
        run.restore(&before);
        Ok(per_step)
    }

    pub(super) fn on_cpu(&self, reason: String, advice: &str) -> DeviceInfo {
        let name = self.run.as_ref().map_or(String::new(), |r| r.executor.name());
        DeviceInfo {
            device: Device::Cpu,
            name,
            reason,
            advice: advice.to_owned(),
            measured: self.device.measured.clone(),
        }
    }

    /// Goes to the device that was opened, or says why it cannot.
    pub(super) async fn arrive(&mut self, opened: Result<Box<dyn Executor>, Unavailable>, reason: &str) {
        let executor = match opened {
            Ok(executor) => executor,
            Err(Unavailable { reason, advice }) => {
                self.device = self.on_cpu(reason, &advice);
                return;
            }
        };
        let Some(run) = &mut self.run else { return };
        let Ok(here) = run.checkpoint().await else { return };
        let name = executor.name();
        let device = executor.device();
        run.moved(executor, &here);
        match self.time_steps().await {
            Ok(per_step) => {
                let mut measured = std::mem::take(&mut self.device.measured);
                measured.retain(|m| m.0 != device);
                measured.push((device, per_step));
                self.device = DeviceInfo { device, name, reason: reason.to_owned(), advice: String::new(), measured };
            }
            Err(fault) => self.fall_back(&here, &fault),
        }
    }

    /// Back to the CPU from a state that is known.
    fn fall_back(&mut self, from: &Checkpoint, fault: &Fault) {
        let Some(run) = &mut self.run else { return };
        let executor = self.devices.cpu(run.lab.plan.clone());
        run.moved(executor, from);
        let advice = "choose WebGPU again to go back to it";
        self.device = self.on_cpu(format!("{fault}; the run goes on here from step {}", from.step), advice);
    }

    /// What a graphics device is worth for this run, once it has been opened.
    pub(super) async fn finish_trial(&mut self, opened: Result<Box<dyn Executor>, Unavailable>) -> Vec<Message> {
        self.arrive(opened, "").await;
        let time = |d| self.device.measured.iter().find(|m| m.0 == d).map(|m| m.1);
        if let (Some(cpu), Some(gpu)) = (time(Device::Cpu), time(Device::Gpu)) {
            let compared = format!("a step takes {} on WebGPU and {} on the CPU, measured", spoken(gpu), spoken(cpu));
            if gpu < cpu || self.device.device == Device::Cpu {
                self.device.reason = compared;
            } else if let Some(run) = &mut self.run {
                match run.checkpoint().await {
                    Ok(here) => {
                        let executor = self.devices.cpu(run.lab.plan.clone());
                        run.moved(executor, &here);
                        self.device = self.on_cpu(compared, "");
                    }
                    Err(fault) => return self.lost(fault).await,
                }
            }
        }
        self.announce()
    }

    fn announce(&mut self) -> Vec<Message> {
        if let (Some(progress), Some((_, per_step))) =
            (&mut self.progress, self.device.measured.iter().find(|m| m.0 == self.device.device))
        {
            progress.milliseconds_per_step = *per_step;
            progress.stride = 1;
        }
        self.restart_pace();
        let Some(run) = &self.run else { return Vec::new() };
        vec![Event::Moved { run: run.number, device: self.device.clone() }.into()]
    }

    pub(super) async fn relocate(&mut self, device: Option<Device>) -> Vec<Message> {
        self.wanted = device;
        self.trial = None;
        let Some(run) = &mut self.run else { return Vec::new() };
        let plan = run.lab.plan.clone();
        match device {
            Some(Device::Cpu) => match run.checkpoint().await {
                Ok(here) => {
                    let executor = self.devices.cpu(plan);
                    run.moved(executor, &here);
                    self.device = self.on_cpu("asked for".to_owned(), "");
                }
                Err(fault) => return self.lost(fault).await,
            },
            Some(Device::Gpu) => {
                let opened = self.devices.gpu(plan).await;
                self.arrive(opened, "asked for").await;
            }
            None => {
                self.trial = Some(self.devices.gpu(plan));
                return Vec::new();
            }
        }
        self.announce()
    }

    /// The device is gone: the run goes on from the last state that was kept.
    pub(super) async fn lost(&mut self, fault: Fault) -> Vec<Message> {
        let Some(good) = self.progress.as_ref().map(|p| p.good[0].clone()) else {
            let Some(run) = &mut self.run else { return Vec::new() };
            run.executor = self.devices.cpu(run.lab.plan.clone());
            let number = run.number;
            let fault = Diagnostic::new("device", fault.to_string(), "load the experiment anew");
            return vec![Event::Failed { run: number, fault }.into()];
        };
        self.fall_back(&good, &fault);
        if let Some(progress) = &mut self.progress {
            progress.sent_step = good.step;
        }
        self.announce()
    }
}
