//! A card's claims, tried: every run trained with every seed, one after the other, and the claims judged by what they
//! came to.
//!
//! It goes on in slices, so that a command line can draw a bar and a worker can say how far it is, and be told to stop.
//! How long a slice takes has no part in the figures: the loss is looked at after fixed numbers of steps.

use std::rc::Rc;

use crate::cards::{Form, SEEDS};
use crate::data::{DATASETS, Data, Source};
use crate::diagnostic::Diagnostic;
use crate::exec::{Device, Executor, Fault};
use crate::lab::Lab;
use crate::registry::{Knobs, find};
use crate::session::devices::Devices;
use crate::session::run::Run;
use crate::spec::{Choice, Spec};
use crate::transforms::{Changed, transform};
use crate::weights::{Weights, placed};

mod verdict;

pub use verdict::{Judged, Line, Tried, judge, shown};

/// Into how many parts a training is cut. After each the loss must be finite, or the training ends there.
const PARTS: u64 = 200;

/// What a trial is given to work with.
pub struct Means<'a> {
    /// The bytes of a dataset's asset, by its file name.
    pub assets: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    pub devices: &'a dyn Devices,
    pub device: Device,
}

/// See the head of this file.
pub struct Trial {
    form: Form,
    runs: Vec<crate::cards::Run>,
    now: Option<Attempt>,
    /// What has come of the attempts so far, in their order: run by run, and within each by seed.
    pub tried: Vec<Tried>,
}

/// Where a trial stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub run: &'static str,
    pub seed: u32,
    /// Steps of this attempt, taken and in all, those after transforms with them.
    pub step: u64,
    pub steps: u64,
    /// Steps of all attempts, likewise.
    pub done: u64,
    pub of: u64,
}

/// One run with one seed.
struct Attempt {
    run: Run,
    /// What is still to come, each with the steps that follow.
    then: std::vec::IntoIter<(Choice, u64)>,
    /// Steps at which the present training ends, and those before it.
    end: u64,
    before: u64,
    /// The part of the evaluation that comes next, once the training has ended.
    evaluating: Option<usize>,
}

impl Trial {
    pub fn new(form: Form) -> Self {
        Self { runs: (form.runs)(), form, now: None, tried: Vec::new() }
    }

    /// The run and the seed that are being tried or come next; `None` when all have been.
    pub fn next(&self) -> Option<(&crate::cards::Run, u32)> {
        let at = self.tried.len();
        self.runs.get(at / SEEDS.len()).map(|run| (run, SEEDS[at % SEEDS.len()]))
    }

    /// Where it stands; `None` when all has been tried.
    pub fn standing(&self) -> Option<Standing> {
        let (run, seed) = self.next()?;
        let step = self.now.as_ref().map_or(0, |a| a.before + a.run.step);
        let each = SEEDS.len() as u64;
        let of = each * self.runs.iter().map(steps).sum::<u64>();
        let at = self.tried.len();
        let past: u64 = (0..at).filter_map(|i| self.runs.get(i / SEEDS.len())).map(steps).sum();
        Some(Standing { run: run.name, seed, step, steps: steps(run), done: past + step, of })
    }

    /// The name of the device of the attempt that goes on.
    pub fn device(&self) -> Option<String> {
        self.now.as_ref().map(|a| a.run.executor.name())
    }

    /// What the claims have come to. One whose figures are not all there holds not.
    pub fn judge(&self) -> Vec<Judged> {
        judge(self.form.claims, &self.tried)
    }

    /// Goes on by one slice: an attempt made ready, a part of a training, or of an evaluation. False when there is
    /// nothing left to do.
    ///
    /// # Errors
    /// A dataset that is not there, a run that cannot be built, a device that is absent or lost.
    pub async fn advance(&mut self, means: &Means<'_>) -> Result<bool, Vec<Diagnostic>> {
        let at = self.tried.len();
        let Some(run) = self.runs.get(at / SEEDS.len()) else { return Ok(false) };
        let (name, seed) = (run.name, SEEDS[at % SEEDS.len()]);
        let Some(attempt) = &mut self.now else {
            let begun = Attempt::begin(run, seed, means).await?;
            self.now = Some(begun);
            return Ok(true);
        };
        if let Some([loss, accuracy]) = attempt.advance(means).await? {
            let cost = attempt.run.lab.cost.clone();
            self.tried.push(Tried { run: name, seed, loss, accuracy, cost });
            self.now = None;
        }
        Ok(self.tried.len() < self.runs.len() * SEEDS.len())
    }
}

/// Steps of a run, those after its transforms with them.
fn steps(run: &crate::cards::Run) -> u64 {
    run.steps + run.then.iter().map(|t| t.1).sum::<u64>()
}

impl Attempt {
    async fn begin(run: &crate::cards::Run, seed: u32, means: &Means<'_>) -> Result<Self, Vec<Diagnostic>> {
        let spec = Spec { seed, ..run.spec.clone() };
        let data = Rc::new(data(&spec, means)?);
        let then = run.then.clone().into_iter();
        let end = run.steps;
        let run = ready(spec, data, Weights::new(), means).await?;
        Ok(Self { run, then, end, before: 0, evaluating: None })
    }

    /// One slice. At the end of all: the loss on the training split and the accuracy on the test split.
    async fn advance(&mut self, means: &Means<'_>) -> Result<Option<[f64; 2]>, Vec<Diagnostic>> {
        let Some(part) = self.evaluating else {
            let left = self.end.saturating_sub(self.run.step);
            if left == 0 {
                self.evaluating = Some(0);
                return Ok(None);
            }
            let times = self.end.div_ceil(PARTS).max(1).min(left);
            self.run.steps(u32::try_from(times).unwrap_or(u32::MAX)).await.map_err(lost)?;
            let reading = self.run.settle().await.map_err(lost)?;
            if reading.is_some_and(|r| !r.loss.is_finite()) {
                self.evaluating = Some(0);
            }
            return Ok(None);
        };
        if part < self.run.lab.evaluation.len() {
            self.run.evaluate(part).await.map_err(lost)?;
            self.evaluating = Some(part + 1);
            return Ok(None);
        }
        if let Some((by, steps)) = self.then.next() {
            let weights = self.run.weights().await.map_err(lost)?;
            self.before += self.end;
            self.run = if is_dataset(&by) {
                let spec = Spec { data: by, ..self.run.spec.clone() };
                let data = Rc::new(data(&spec, means)?);
                ready(spec, data, weights, means).await?
            } else {
                let Changed { spec, weights, .. } = transform(&self.run.spec, &self.run.data, &weights, &by)?;
                ready(spec, self.run.data.clone(), weights, means).await?
            };
            (self.end, self.evaluating) = (steps, None);
            return Ok(None);
        }
        let [train, test] = self.run.scores().await.map_err(lost)?;
        Ok(Some([train.loss.map_or(f64::NAN, f64::from), test.accuracy.into()]))
    }
}

/// `spec` on the device asked for, with `weights`, or its initial ones where there are none.
async fn ready(spec: Spec, data: Rc<Data>, weights: Weights, means: &Means<'_>) -> Result<Run, Vec<Diagnostic>> {
    let lab = Rc::new(Lab::new(&spec, &data)?);
    placed(&lab.graph, &weights).map_err(|fault| vec![fault.within("weights")])?;
    let executor: Box<dyn Executor> = match means.device {
        Device::Cpu => means.devices.cpu(lab.plan.clone()),
        Device::Gpu => {
            let absent = |a: crate::session::devices::Unavailable| vec![Diagnostic::new("device", a.reason, a.advice)];
            means.devices.gpu(lab.plan.clone()).await.map_err(absent)?
        }
    };
    Ok(Run::new(0, spec, data, lab, executor, weights))
}

fn data(spec: &Spec, means: &Means<'_>) -> Result<Data, Vec<Diagnostic>> {
    let dataset = find(DATASETS, &spec.data.id, "data").map_err(|f| vec![f])?;
    let knobs = Knobs::resolve(dataset.knobs(), &spec.data.settings, "data")?;
    let missing = |file: &str| vec![Diagnostic::new("data", format!("`{file}` was not given"), "")];
    let files: Vec<&[u8]> = match dataset.source() {
        Source::Generated => Vec::new(),
        Source::Asset(file) => vec![(means.assets)(file).ok_or_else(|| missing(file))?],
        Source::Own(_) => return Err(missing("a file of your own")),
    };
    dataset.load(&files, &knobs, spec.seed).map_err(|f| vec![f.within("data")])
}

/// Whether the choice of what comes next is of a dataset, and not of a transform.
fn is_dataset(by: &Choice) -> bool {
    DATASETS.iter().any(|dataset| dataset.meta().id == by.id)
}

fn lost(fault: Fault) -> Vec<Diagnostic> {
    vec![Diagnostic::new("device", fault.to_string(), "try it on the CPU")]
}
