//! What the page and the session say to each other.
//!
//! A message is a small header ([`wire`]) and, for events that carry many numbers, one run of 32-bit floats beside it
//! ([`Message::payload`]), which the browser hands over without copying. A file goes beside it as bytes. Every event
//! carries the number of the run it belongs to; a listener drops those of older runs.

pub mod wire;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bench::Measured;
use crate::data::{Answer, Look};
use crate::diagnostic::Diagnostic;
use crate::exec::Device;
use crate::export::Form;
use crate::lens::{Figures, PhaseInfo, Subject, ValueInfo};
use crate::plan::Order;
use crate::registry::{Entry, Holds, Knob, KnobKind, Setting};
use crate::rules::{Credit, Needs};
use crate::spec::{Choice, Spec};
use crate::touch::{Past, Touch};
use crate::trial::Judged;

/// What the page asks of the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Builds `spec` as run number `run`, on `device` or the better one. The dataset's files follow the header in
    /// binary, in the order in which the catalogue names them. Answered by `Loaded` or `Refused`; a refused spec
    /// leaves the present run as it is.
    ///
    /// With `from` the run does not begin at its initial weights but goes on from that step, touched as it was by then:
    /// the floats of a `Kept` of the same spec, little-endian, are the last of the files.
    Load {
        run: u32,
        spec: Box<Spec>,
        device: Option<Device>,
        from: Option<Past>,
    },
    /// As `Load`, but the run begins at these weights in the place of its initial ones: what a `Packed` told, and what
    /// had been done to the run that they are of.
    Begin {
        run: u32,
        spec: Box<Spec>,
        device: Option<Device>,
        weights: String,
        touches: Vec<Touch>,
    },
    /// Asks for the run's weights as a text of at most so many letters. Answered by `Packed`.
    Pack {
        most: Option<usize>,
    },
    Play,
    Pause,
    /// One step, then pause.
    Step,
    /// Back to the initial weights of the same seed.
    Reset,
    /// Back to the last checkpoint before the run diverged.
    Rewind,
    /// A live knob by its register's name: `optim/rate`, `rule/threshold`.
    Turn {
        knob: String,
        value: f64,
    },
    /// At most this many steps a second; `None` as fast as it goes.
    Pace {
        steps_per_second: Option<f64>,
    },
    /// Pauses when so many steps are done, and evaluates there; `None` goes on. A new run begins with `None`.
    Until {
        step: Option<u64>,
    },
    /// The probes to measure, and how many steps apart at least.
    Watch {
        probes: Vec<String>,
        every: u32,
    },
    /// Moves the run, with its weights, to this device or the better one.
    Move {
        device: Option<Device>,
    },
    /// Applies a transform to the present run's network, and goes on with what becomes of it as run number `run`, from its
    /// new weights and step 0, with the same data. Answered by `Loaded`, whose summary holds the new spec, or by
    /// `Refused`, which leaves the present run as it is.
    Transform {
        run: u32,
        by: Choice,
    },
    /// The run, as it stands, as a file. Answered by `Exported`.
    Export {
        form: Form,
    },
    /// Builds `spec`, on the present run's data, as run number `run` that begins with the weights of the file that
    /// follows. Answered by `Loaded`, or by `Refused`, which leaves the present run as it is.
    Bring {
        run: u32,
        spec: Box<Spec>,
    },
    /// Builds `spec`, on the present run's data, as run number `run` that begins with the present run's weights: another
    /// rule goes on where this one stands. Answered by `Loaded`, or by `Refused`, which leaves the present run as it is.
    Carry {
        run: u32,
        spec: Box<Spec>,
    },
    /// What the run, as it stands, answers with the knob at `path` set to `value`: see [`crate::dial`]. Answered by
    /// `Dialled`.
    Dial {
        path: String,
        value: Setting,
    },
    /// Measures a workload by its id on a device, apart from any run. Its dataset's files follow as those of a `Load`.
    /// Answered by `Benched`.
    Bench {
        workload: String,
        device: Device,
    },
    /// What there is to look at in the present run, by a query: see [`crate::lens::query`]. Answered by `Found`.
    Find {
        query: String,
        of: Subject,
    },
    /// One value by its name, its numbers from the element `from` on. Answered by `Shown`.
    Show {
        name: String,
        from: u64,
        of: Subject,
    },
    /// The arithmetic of unit number `unit` of the dense block `block`, `1/1.linear`, on row number `row` of what it is
    /// given. Answered by `Explained`.
    Explain {
        block: String,
        unit: u32,
        row: u32,
        of: Subject,
    },
    /// Sets one element of a register, counted row by row, by hand. Answered by `Put`, or by `Failed`.
    Put {
        register: String,
        element: u64,
        value: f64,
    },
    /// What the network, as it stands, answers to test sample number `test`; without it, to the sample that follows in
    /// binary, as floats, little-endian, row by row. Answered by `Answered`.
    Answer {
        test: Option<u32>,
    },
    /// Destroys the graphics device as if it had been lost: for tests of what follows.
    LoseDevice,
}

/// What the page asks of the examiner: to try a card's claims on the CPU, in its quick form or its full one. The assets that
/// its datasets are made of follow, under these names. Answered by [`Event::Verifying`] again and again, then by
/// [`Event::Verified`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examine {
    pub card: String,
    pub quick: bool,
    pub assets: Vec<String>,
}

/// What the session, or the examiner, tells the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// First of all messages: what there is to choose from. `build` names the engine's build, so that a page can tell
    /// a worker of another deployment.
    Hello {
        build: String,
    },
    Loaded {
        run: u32,
        summary: Box<Summary>,
    },
    Refused {
        run: u32,
        faults: Vec<Diagnostic>,
    },
    /// What was done to the run that its spec does not tell, in order: told when it is loaded, and whenever it changes.
    Touched {
        run: u32,
        touches: Vec<Touch>,
    },
    /// Where the run is and whether it moves; sent at most once a frame. `loss` is `None` when it is not finite.
    Progress {
        run: u32,
        playing: bool,
        step: u64,
        epoch: f64,
        loss: Option<f32>,
        accuracy: Option<f32>,
        samples_per_second: f64,
    },
    /// Figures over up to 2,000 samples of each split.
    Evaluated {
        run: u32,
        step: u64,
        train: Score,
        test: Score,
    },
    /// A probe's measurement; the payload holds its tensors one after the other.
    Measured {
        run: u32,
        step: u64,
        probe: String,
        tensors: Vec<TensorInfo>,
    },
    /// The state at `step`, as the payload: what a session that dies cannot tell any more.
    Kept {
        run: u32,
        step: u64,
    },
    /// The run goes on somewhere else, or could not be where it was asked to be.
    Moved {
        run: u32,
        device: DeviceInfo,
    },
    /// The run stopped: its loss was no longer finite from `step` on.
    Diverged {
        run: u32,
        step: u64,
        message: String,
        good: u64,
    },
    /// How well the run of `step` answers with a dial at `value`, and the operations for one sample; or why that is not
    /// known.
    Dialled {
        run: u32,
        step: u64,
        path: String,
        value: Setting,
        work: u64,
        test: Option<Score>,
        faults: Vec<Diagnostic>,
    },
    /// The weights of `step` as text, see [`crate::weights::pack`]: `exact`, or rounded to half precision where that makes
    /// them short enough; or why they are not to be had.
    Packed {
        run: u32,
        step: u64,
        exact: bool,
        weights: Option<String>,
        faults: Vec<Diagnostic>,
    },
    /// The run of `step` as a file, which goes beside the header; or why it cannot be written.
    Exported {
        run: u32,
        step: u64,
        form: Form,
        faults: Vec<Diagnostic>,
    },
    /// How fast a workload is on a device, or why it could not be measured there.
    Benched {
        measured: Option<Box<Measured>>,
        faults: Vec<Diagnostic>,
    },
    /// How far the trial of a card is; sent at most some times a second.
    Verifying {
        run: String,
        seed: u32,
        /// Of this run with this seed.
        step: u64,
        steps: u64,
        /// Of all runs with all seeds.
        done: u64,
        of: u64,
    },
    /// What came of a card's trial, or why it could not be made.
    Verified {
        verdict: Option<Box<Verdict>>,
        faults: Vec<Diagnostic>,
    },
    /// What a query finds, the first of them and how many more there are, and of what phases a step is made; or why it
    /// finds nothing.
    Found {
        run: u32,
        query: String,
        values: Vec<ValueInfo>,
        left: usize,
        phases: Vec<PhaseInfo>,
        faults: Vec<Diagnostic>,
    },
    /// A value as it was at `step`. The payload holds its numbers, row by row, from the element `from` on, as many as
    /// one message takes; `figures` are of all of them. Or why it cannot be shown.
    Shown {
        run: u32,
        step: u64,
        name: String,
        of: Subject,
        value: Option<ValueInfo>,
        from: u64,
        figures: Box<Figures>,
        faults: Vec<Diagnostic>,
    },
    /// The arithmetic of a unit with `inputs` inputs: the payload holds these, its weights, what the rule has in the place
    /// of their gradients and what the step adds to them, `[inputs]` each; then its bias, the bias's gradient and change,
    /// its sum, and what the activation behind it makes of that: NaN where there is none. Or why it cannot be told.
    Explained {
        run: u32,
        step: u64,
        block: String,
        unit: u32,
        row: u32,
        inputs: usize,
        faults: Vec<Diagnostic>,
    },
    /// An element was set by hand; `was` is `None` where it was not finite.
    Put {
        run: u32,
        step: u64,
        register: String,
        element: u64,
        was: Option<f32>,
        now: f32,
    },
    /// What the network of `step` answers to a sample. The payload holds the tensors one after the other: `answer`, the
    /// probabilities of the classes (at each place) or the numbers; of a test sample also `sample`, itself, and `truth`,
    /// the label or numbers that it asks for. Or why there is no answer.
    Answered {
        run: u32,
        step: u64,
        test: Option<u32>,
        tensors: Vec<TensorInfo>,
        faults: Vec<Diagnostic>,
    },
    /// Something failed that the person should know of; the run stands.
    Failed {
        run: u32,
        fault: Diagnostic,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub loss: Option<f32>,
    /// Share of right answers, 0 to 1; for numbers R², which may be negative.
    pub accuracy: f32,
}

/// The number, unless it is NaN or infinite.
pub fn finite(v: f32) -> Option<f32> {
    v.is_finite().then_some(v)
}

/// One tensor of a payload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TensorInfo {
    pub name: String,
    pub shape: Vec<usize>,
}

/// Where a run is, and why there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceInfo {
    pub device: Device,
    pub name: String,
    /// One sentence: measured faster, asked for, WebGPU missing, lost …
    pub reason: String,
    /// What the person can do about it; empty when there is nothing to mend.
    pub advice: String,
    /// Measured milliseconds per step of each device tried.
    pub measured: Vec<(Device, f64)>,
}

/// What stands fixed when a run is loaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub device: DeviceInfo,
    pub stages: Vec<StageInfo>,
    pub rule: CostInfo,
    /// The same network and batch under backpropagation.
    pub backprop: CostInfo,
    pub data: DataInfo,
    /// Ids of the probes that fit this run.
    pub probes: Vec<String>,
    pub dials: Vec<DialInfo>,
    /// Steps in one epoch.
    pub steps_per_epoch: f64,
    /// Where the run came of a transform: what it made.
    #[serde(default)]
    pub transformed: Option<Box<Transformed>>,
}

/// What a transform made of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transformed {
    /// What the present run is.
    pub spec: Spec,
    /// What was counted or measured on the way, each with its name; `None` where it is not finite.
    pub figures: Vec<(String, Option<f64>)>,
}

/// What came of a card's trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub card: String,
    pub quick: bool,
    /// Where it was made: "2 threads".
    pub device: String,
    pub seconds: f64,
    pub claims: Vec<Judged>,
}

/// A knob that says how much of the trained network works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DialInfo {
    /// As in [`Lane::set`](crate::spec::Lane).
    pub path: String,
    pub name: String,
    /// Where it stands, and where else the network can be built.
    pub now: Setting,
    pub values: Vec<Setting>,
}

/// A stage or a block in it, for the builder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageInfo {
    /// Shape of one sample's output.
    pub output: Vec<usize>,
    pub parameters: u64,
    /// Parameters that one sample meets, or one place where places are routed: fewer where a route chooses.
    #[serde(default)]
    pub active_parameters: u64,
    /// Floating-point operations of one forward pass of one batch: experts that are not chosen have none.
    pub flops: u64,
    /// What they would be with every expert at work on every row.
    #[serde(default)]
    pub dense_flops: u64,
    /// The stage's blocks, likewise; empty for a block.
    pub blocks: Vec<StageInfo>,
}

/// Counted, not measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CostInfo {
    pub parameters: u64,
    /// Parameters that one sample meets: fewer where a route chooses.
    pub active_parameters: u64,
    /// Floating-point operations of a step.
    pub work: u64,
    /// Operations on the longest dependent chain of a step.
    pub span: u64,
    /// Operations of a step until the last stage is through, when each stage has a worker of its own.
    pub makespan: u64,
    /// Bytes of temporaries at the fullest moment of a step, and the order that reached it.
    pub memory: u64,
    pub order: Order,
    /// Bytes of registers: weights, optimizer state, data.
    pub registers: u64,
    pub dispatches: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataInfo {
    pub input: Vec<usize>,
    /// Names of the outputs: the classes in label order, or the numbers that are to be told.
    pub outputs: Vec<String>,
    pub answer: Answer,
    /// What each token is written as; empty where samples are not made of tokens.
    pub tokens: Vec<String>,
    pub look: Look,
    pub train: usize,
    pub test: usize,
}

/// The registries as data: the page's menus, help and forms are made from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalogue {
    pub datasets: Vec<EntryInfo>,
    pub blocks: Vec<EntryInfo>,
    pub routings: Vec<EntryInfo>,
    pub rules: Vec<EntryInfo>,
    pub optimizers: Vec<EntryInfo>,
    pub schedules: Vec<EntryInfo>,
    pub probes: Vec<EntryInfo>,
    /// The names of the cards by their ids.
    pub cards: BTreeMap<String, String>,
    pub transforms: Vec<EntryInfo>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryInfo {
    pub id: String,
    pub name: String,
    pub help: String,
    pub source: String,
    pub knobs: Vec<KnobInfo>,
    /// For datasets: the assets to fetch, or what the person is asked for.
    pub files: Vec<FileInfo>,
    /// For blocks: what they may hold (`nothing`, `blocks`, `experts`).
    pub holds: String,
    /// For optimizers: the learning rate to begin with.
    pub rate: Option<f64>,
    /// For rules: from where a hidden stage's credit comes.
    pub credit: Option<Credit>,
    /// For rules: what they ask for, at their defaults.
    pub needs: Option<Needs>,
}

/// A file that a dataset needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileInfo {
    /// Under `assets/data/`.
    Asset(String),
    /// The person's own: what it is called, and what a browser may offer for it.
    Own { name: String, accept: String },
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KnobInfo {
    pub id: String,
    pub name: String,
    pub help: String,
    pub kind: KnobInfoKind,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum KnobInfoKind {
    Float { default: f64, min: f64, max: f64, live: bool },
    Int { default: i64, min: i64, max: i64 },
    Bool { default: bool },
    Choice { default: String, options: Vec<String> },
    Text { default: String, letters: String, most: usize },
}

impl From<&Knob> for KnobInfo {
    fn from(k: &Knob) -> Self {
        let kind = match k.kind {
            KnobKind::Float { default, min, max, live } => KnobInfoKind::Float { default, min, max, live },
            KnobKind::Int { default, min, max } => KnobInfoKind::Int { default, min, max },
            KnobKind::Bool { default } => KnobInfoKind::Bool { default },
            KnobKind::Choice { default, options } => KnobInfoKind::Choice {
                default: default.to_owned(),
                options: options.iter().map(|o| (*o).to_owned()).collect(),
            },
            KnobKind::Text { default, letters, most } => {
                KnobInfoKind::Text { default: default.to_owned(), letters: letters.to_owned(), most }
            }
        };
        Self { id: k.id.to_owned(), name: k.name.to_owned(), help: k.help.to_owned(), kind }
    }
}

impl KnobInfoKind {
    pub fn default(&self) -> Setting {
        match self {
            KnobInfoKind::Float { default, .. } => Setting::Float(*default),
            KnobInfoKind::Int { default, .. } => Setting::Int(*default),
            KnobInfoKind::Bool { default } => Setting::Bool(*default),
            KnobInfoKind::Choice { default, .. } | KnobInfoKind::Text { default, .. } => {
                Setting::Choice(default.clone())
            }
        }
    }
}

impl EntryInfo {
    pub fn new<T: Entry + ?Sized>(entry: &T) -> Self {
        let meta = entry.meta();
        let holds = match entry.holds() {
            Holds::Nothing => "nothing",
            Holds::Blocks => "blocks",
            Holds::Experts => "experts",
        };
        Self {
            id: meta.id.to_owned(),
            name: meta.name.to_owned(),
            help: meta.help.to_owned(),
            source: meta.source.to_owned(),
            knobs: entry.knobs().iter().map(KnobInfo::from).collect(),
            files: Vec::new(),
            holds: holds.to_owned(),
            rate: None,
            credit: None,
            needs: None,
        }
    }
}

/// An event with what goes beside its header.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub event: Event,
    /// The tensors of an [`Event::Measured`] or [`Event::Answered`], one after the other, a state that was kept, or the numbers of an
    /// [`Event::Shown`] or [`Event::Explained`]; empty for all other events.
    pub payload: Vec<f32>,
    /// The file of an [`Event::Exported`]; empty for all other events.
    pub file: Vec<u8>,
}

impl From<Event> for Message {
    fn from(event: Event) -> Self {
        Self { event, payload: Vec::new(), file: Vec::new() }
    }
}
