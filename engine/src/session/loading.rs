//! From a spec and its files to a run.

use std::rc::Rc;

use super::run::{Checkpoint, Run};
use super::{Session, TINY_STEP, moving};
use crate::data::Data;
use crate::diagnostic::Diagnostic;
use crate::dial::dials;
use crate::exec::Device;
use crate::lab::{Lab, summary};
use crate::protocol::{DataInfo, Event, Message, Summary, Transformed};
use crate::spec::Spec;
use crate::spec::resolve::resolve;
use crate::touch::Touch;
use crate::weights::{Weights, placed};

/// How a run begins.
pub(super) struct Start {
    pub number: u32,
    pub spec: Spec,
    pub device: Option<Device>,
    /// The state to go on from, and what had been done to the run by then.
    pub from: Option<(Checkpoint, Vec<Touch>)>,
    /// The weights to begin with, in the place of the initial ones; empty for these.
    pub weights: Weights,
    /// What was done to the run that these are of.
    pub touches: Vec<Touch>,
    /// What the transform made that it begins with.
    pub transformed: Option<Box<Transformed>>,
}

impl Start {
    /// At the initial weights.
    pub fn new(number: u32, spec: Spec, device: Option<Device>) -> Self {
        Self { number, spec, device, from: None, weights: Weights::new(), touches: Vec::new(), transformed: None }
    }
}

impl Session {
    pub(super) async fn load(&mut self, start: Start, files: &[Vec<u8>]) -> Vec<Message> {
        let Start { number, spec, device, from, weights, touches, transformed } = start;
        let refused = |faults| vec![Event::Refused { run: number, faults }.into()];
        let data = match self.data(&spec, files) {
            Ok(data) => data,
            Err(faults) => return refused(faults),
        };
        let lab = match Lab::new(&spec, &data) {
            Ok(lab) => Rc::new(lab),
            Err(faults) => return refused(faults),
        };
        if let Err(fault) = placed(&lab.graph, &weights) {
            return refused(vec![fault.within("weights")]);
        }
        let dials = dials(&spec, &data);
        self.trial = None;
        self.until = None;
        self.looking = None;
        self.answering = None;
        self.wanted = device;
        let executor = self.devices.cpu(lab.plan.clone());
        let run = self.run.insert(Run::new(number, spec, data.clone(), lab.clone(), executor, weights));
        run.touches = touches;
        // A state of another network is no place to go on from.
        if let Some((from, touches)) = from.filter(|(f, _)| f.memory.len() == lab.plan.checkpoint().len()) {
            run.restore(&from);
            run.touches = touches;
        }
        let per_step = self.time_steps().await.unwrap_or(0.0);
        self.device = self.on_cpu(format!("{} a step, measured", moving::spoken(per_step)), "");
        self.device.measured = vec![(Device::Cpu, per_step)];
        let mut out = Vec::new();
        match device {
            Some(Device::Cpu) => self.device.reason = "asked for".to_owned(),
            Some(Device::Gpu) => {
                let opened = self.devices.gpu(lab.plan.clone()).await;
                self.arrive(opened, "asked for").await;
            }
            None if per_step < TINY_STEP => {
                let step = moving::spoken(per_step);
                self.device.reason =
                    format!("a step takes {step} here; starting a graphics processor's kernels would take longer");
            }
            None => self.trial = Some(self.devices.gpu(lab.plan.clone())),
        }
        let summary = Summary {
            device: self.device.clone(),
            stages: summary::stages(&lab.net, &lab.task),
            rule: lab.cost.clone(),
            backprop: lab.backprop.clone(),
            data: DataInfo {
                input: data.input.clone(),
                outputs: data.outputs.clone(),
                answer: data.answer,
                tokens: data.tokens.clone(),
                look: data.look,
                train: data.samples(&data.train),
                test: data.samples(&data.test),
            },
            probes: lab.measurements.iter().map(|m| m.probe.to_owned()).collect(),
            dials,
            steps_per_epoch: lab.steps_per_epoch(),
            transformed,
        };
        out.push(Event::Loaded { run: number, summary: Box::new(summary) }.into());
        out.extend(self.touched());
        out.extend(self.begin().await);
        out.extend(self.measure_once().await);
        out
    }

    /// What was done to the present run.
    pub(super) fn touched(&self) -> Vec<Message> {
        let told = |run: &Run| Event::Touched { run: run.number, touches: run.touches.clone() }.into();
        self.run.iter().map(told).collect()
    }

    /// The spec's dataset: the present run's when nothing it depends on has changed.
    pub(super) fn data(&self, spec: &Spec, files: &[Vec<u8>]) -> Result<Rc<Data>, Vec<Diagnostic>> {
        if let Some(run) = &self.run
            && files.is_empty()
            && run.spec.data == spec.data
            && run.spec.seed == spec.seed
        {
            return Ok(run.data.clone());
        }
        let resolved = resolve(spec)?;
        let expected = resolved.data.entry.source().files();
        if files.len() != expected {
            let message = format!("needs {expected} files, {} came", files.len());
            return Err(vec![Diagnostic::new("data", message, "choose the files")]);
        }
        let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        let data = resolved.data.entry.load(&files, &resolved.data.knobs, spec.seed);
        data.map(Rc::new).map_err(|f| vec![f.within("data")])
    }
}
