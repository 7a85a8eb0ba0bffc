//! Looking into the present run, and setting a weight of it by hand.

use super::Session;
use super::watching::kept;
use crate::diagnostic::{Diagnostic, instead};
use crate::exec::Executor;
use crate::ir::Role;
use crate::lens::query::{Query, near};
use crate::lens::{Blind, Figures, Kind, Lens, PhaseInfo, Standing, Subject, ValueInfo};
use crate::protocol::{Event, Message, finite};
use crate::touch;
use crate::weights::Weights;

/// Most values that one answer names.
const NAMED: usize = 200;
/// Most numbers of a value that one answer tells: 256 KiB.
const TOLD: usize = 1 << 16;

/// A lens over the present run, and where it computes.
pub(super) struct Looking {
    run: u32,
    alone: bool,
    pub(super) lens: Lens,
    executor: Box<dyn Executor>,
}

/// Why nothing is seen.
pub(super) enum Unseen {
    Faults(Vec<Diagnostic>),
    Blind(Blind),
}

impl From<Diagnostic> for Unseen {
    fn from(fault: Diagnostic) -> Self {
        Unseen::Faults(vec![fault])
    }
}

impl Session {
    /// What there is to look at, by a query.
    pub(super) fn find(&mut self, query: String, of: Subject) -> Vec<Message> {
        let run = self.run.as_ref().map_or(0, |r| r.number);
        let found = self.found(&query, of);
        let event = match found {
            Ok((mut values, phases)) => {
                let left = values.len().saturating_sub(NAMED);
                values.truncate(NAMED);
                Event::Found { run, query, values, left, phases, faults: Vec::new() }
            }
            Err(faults) => Event::Found { run, query, values: Vec::new(), left: 0, phases: Vec::new(), faults },
        };
        vec![event.into()]
    }

    fn found(&mut self, query: &str, of: Subject) -> Result<(Vec<ValueInfo>, Vec<PhaseInfo>), Vec<Diagnostic>> {
        let words = Query::read(query).map_err(|f| vec![f])?;
        let Looking { lens, .. } = self.lens(of)?;
        let values: Vec<ValueInfo> = lens.values().filter(|v| words.finds(v)).cloned().collect();
        if values.is_empty() {
            let near = near(query, lens.values().map(|v| v.name.as_str()));
            let message = format!("nothing here is called `{}`", query.trim());
            let mend = format!(
                "the nearest names are {}",
                near.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
            );
            return Err(vec![Diagnostic::new("query", message, mend)]);
        }
        Ok((values, lens.phases()))
    }

    /// The lens for a batch, or for one sample alone; it is kept as long as it is asked for.
    pub(super) fn lens(&mut self, of: Subject) -> Result<&mut Looking, Vec<Diagnostic>> {
        let Some(run) = &self.run else {
            return Err(vec![Diagnostic::new("microscope", "there is no run yet", "wait until the experiment runs")]);
        };
        let alone = of.sample.is_some();
        let known = self.looking.take().filter(|l| l.run == run.number && l.alone == alone);
        let looking = match known {
            Some(known) => known,
            None => {
                let lens = Lens::new(&run.spec, &run.data, alone)?;
                let executor = self.devices.cpu(lens.plan());
                Looking { run: run.number, alone, lens, executor }
            }
        };
        Ok(self.looking.insert(looking))
    }

    /// One value by its name. Training rests meanwhile.
    pub(super) async fn show(&mut self, name: String, from: u64, of: Subject) -> Vec<Message> {
        let Some((run, step)) = self.run.as_ref().map(|r| (r.number, r.step)) else { return Vec::new() };
        let seen = self.seen(&name, of).await;
        let (value, numbers, faults) = match seen {
            Ok((value, numbers)) => (Some(value), numbers, Vec::new()),
            Err(Unseen::Faults(faults)) => (None, Vec::new(), faults),
            Err(Unseen::Blind(Blind::Fault(fault))) => (None, Vec::new(), vec![fault]),
            Err(Unseen::Blind(Blind::Lost(fault))) => return self.lost(fault).await,
        };
        let figures = Box::new(Figures::of(&numbers));
        let begin = usize::try_from(from).unwrap_or(usize::MAX).min(numbers.len());
        let payload = numbers[begin..numbers.len().min(begin + TOLD)].to_vec();
        let event = Event::Shown { run, step, name, of, value, from: begin as u64, figures, faults };
        vec![Message { payload, ..event.into() }]
    }

    pub(super) async fn seen(&mut self, name: &str, of: Subject) -> Result<(ValueInfo, Vec<f32>), Unseen> {
        let Some(run) = &mut self.run else {
            return Err(Diagnostic::new("microscope", "there is no run yet", "wait until the experiment runs").into());
        };
        // What stands in a register between two steps need not be computed.
        let standing = run.lab.graph.slot_ids().map(|id| run.lab.graph.slot(id)).find(|s| s.name == name);
        if let Some(kind) = standing.and_then(|s| standing_kind(s.role)).filter(|_| of.phase.is_none()) {
            let read = run.registers(|slot| slot.name == name).await.map_err(|f| Unseen::Blind(Blind::Lost(f)))?;
            if let Some(tensor) = read.into_values().next() {
                return Ok((ValueInfo { name: name.to_owned(), kind, shape: tensor.shape }, tensor.data));
            }
        }
        let registers: Weights = run
            .registers(|slot| standing_kind(slot.role).is_some())
            .await
            .map_err(|f| Unseen::Blind(Blind::Lost(f)))?;
        let (seed, step, data) = (run.spec.seed, run.step, run.data.clone());
        let Looking { lens, executor, .. } = self.lens(of).map_err(Unseen::Faults)?;
        let Some(value) = lens.find(name).cloned() else {
            let near = near(name, lens.values().map(|v| v.name.as_str()));
            let near: Vec<&str> = near.iter().map(String::as_str).collect();
            return Err(Diagnostic::new(name, "is not to be seen in this run", instead(name, &near)).into());
        };
        let standing = Standing { seed, step, data: &data, registers: &registers };
        let numbers = lens.look(executor.as_mut(), name, of, &standing).await.map_err(Unseen::Blind)?;
        self.restart_pace();
        Ok((value, numbers))
    }

    /// Sets one element of a register by hand. The state with it is what the run goes back to from then on.
    pub(super) async fn put(&mut self, register: String, element: u64, value: f64) -> Vec<Message> {
        let (Some(run), Some(progress)) = (&mut self.run, &mut self.progress) else { return Vec::new() };
        let number = run.number;
        let refused = |message: String, mend: &str| {
            let fault = Diagnostic::new(&register, message, mend);
            vec![Event::Failed { run: number, fault }.into()]
        };
        let found = run
            .lab
            .graph
            .find_slot(&register)
            .filter(|&id| standing_kind(run.lab.graph.slot(id).role).is_some_and(Kind::editable));
        let Some(slot) = found.filter(|&id| id != run.lab.registers.step) else {
            return refused("cannot be set by hand".to_owned(), "choose a weight, or what is remembered between steps");
        };
        let now = value as f32;
        if !now.is_finite() {
            return refused(format!("{value} is no number that a weight can be"), "type a finite number");
        }
        let range = run.lab.plan.slot(slot);
        let Some(at) = usize::try_from(element).ok().filter(|&e| e < range.len()) else {
            return refused(format!("has no element {element}"), "choose one of those that are shown");
        };
        let at = range.start + at;
        let was = match run.executor.read(std::slice::from_ref(&(at..at + 1))).await {
            Ok(read) => read.first().and_then(|r| r.first()).and_then(|v| finite(*v)),
            Err(fault) => return self.lost(fault).await,
        };
        run.executor.write(at, &[now]);
        touch::set(&mut run.touches, run.step);
        match run.checkpoint().await {
            Ok(here) => progress.good = [here.clone(), here],
            Err(fault) => return self.lost(fault).await,
        }
        let mut out: Vec<Message> =
            vec![Event::Put { run: number, step: run.step, register, element, was, now }.into()];
        out.push(Event::Touched { run: number, touches: run.touches.clone() }.into());
        out.extend(kept(number, &progress.good[0]));
        out.extend(self.observe(true).await);
        out
    }
}

/// What a register is that stands between two steps; `None` for one that only counts within a step, and for data.
fn standing_kind(role: Role) -> Option<Kind> {
    match role {
        Role::Param => Some(Kind::Weight),
        Role::Feedback => Some(Kind::Feedback),
        Role::State => Some(Kind::Memory),
        Role::Knob => Some(Kind::Knob),
        Role::Metric | Role::Input => None,
    }
}
