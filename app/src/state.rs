//! The page's one store. What a person builds is the [`Spec`]; all else is either a wish (play, speed, device) or what
//! the session last said.

mod address;
mod answer;
mod curve;
mod edit;
mod export;
mod hear;
pub(crate) mod keep;
mod notice;
mod origin;
pub mod scope;
mod send;
mod stop;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use engine::diagnostic::Diagnostic;
use engine::exec::Device;
use engine::protocol::{Catalogue, Command, DeviceInfo, EntryInfo, Score, Summary, TensorInfo};
use engine::registry::Setting;
use engine::spec::Spec;
use engine::touch::Touch;
use js_sys::Float32Array;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

pub use answer::Asking;
pub use curve::{Curve, Point, Trace};
pub use notice::{Action, Notice, Tone, sentence};
pub use origin::Packed;
pub use origin::part as weights_part;
use origin::{Origin, Waiting};
pub use scope::Scope;
pub use stop::Stop;

use crate::catalogue::catalogue;
use crate::embed::frame::Frame;
use crate::files::Files;
use crate::fragment;
use crate::lesson::Place;
use crate::link::Link;
use crate::papers::Part;
use crate::rooms::Room;
use crate::tongue;
use crate::tongue::t;
use crate::ui::format::Mark;

/// The store: a handful of signals, to be copied freely.
#[derive(Clone, Copy)]
pub struct Lab {
    pub spec: RwSignal<Spec>,
    /// Where in the page one is.
    pub room: RwSignal<Room>,
    /// The lesson that is open beside the experiment, and where in it one is.
    pub lesson: RwSignal<Option<Place>>,
    /// The card that the experiment was opened from.
    pub card: RwSignal<Option<String>>,
    /// What of that card the experiment is, if it still is.
    pub of_card: RwSignal<Option<Part>>,
    /// Specs to go back to, and forward to again.
    pub past: RwSignal<Vec<Spec>>,
    pub future: RwSignal<Vec<Spec>>,
    /// Where to run; `None` is wherever it is faster.
    pub device: RwSignal<Option<Device>>,
    /// Whether the run is meant to move.
    pub playing: RwSignal<bool>,
    /// Whether it rests all the same, because nobody can see it.
    pub resting: RwSignal<bool>,
    /// Whether the page is not seen: its run goes on, and nothing is drawn.
    pub hidden: RwSignal<bool>,
    /// How often the browser was given something to keep.
    pub kept: RwSignal<u32>,
    /// What the link shows, locks and hides.
    pub frame: RwSignal<Frame>,
    /// Steps a second at most.
    pub pace: RwSignal<Option<f64>>,
    /// When it is to pause by itself.
    pub stop: RwSignal<Stop>,
    watched: StoredValue<stop::Watched>,
    /// Whether a run that is built anew for another rule or optimizer goes on from the weights of the one before.
    pub carry: RwSignal<bool>,
    /// How many steps apart probes measure at least.
    pub every: RwSignal<u32>,
    /// Probes whose pictures are on the screen, and how many pictures.
    pub seen: RwSignal<BTreeMap<&'static str, usize>>,
    /// Probes whose figures a text asks for.
    pub asked: RwSignal<BTreeSet<&'static str>>,
    /// Number of the test sample that is followed through the experts, among those that are shown.
    pub followed: RwSignal<usize>,

    /// All that there is to choose from. The page knows it by itself: it need not wait for the worker.
    catalogue: StoredValue<Catalogue>,
    pub summary: RwSignal<Option<Arc<Summary>>>,
    /// The spec that `summary` describes.
    pub loaded: RwSignal<Option<Arc<Spec>>>,
    pub place: RwSignal<Option<DeviceInfo>>,
    /// What keeps `spec` from running.
    pub faults: RwSignal<Vec<Diagnostic>>,
    /// Whether the session is building the spec.
    pub busy: RwSignal<bool>,
    pub progress: RwSignal<Progress>,
    /// The status line, which moves slowly enough to be read.
    pub status: RwSignal<String>,
    pub scores: RwSignal<Option<Scores>>,
    pub curve: RwSignal<Curve>,
    /// The run before this one, to compare with.
    pub ghost: RwSignal<Option<Ghost>>,
    /// How well the run answered at other values of its dials.
    pub dialled: RwSignal<Vec<Dialled>>,
    pub measured: StoredValue<BTreeMap<String, Reading>>,
    /// What the microscope is set to, and what it sees.
    pub scope: Scope,
    /// What the network is asked by hand.
    pub asking: Asking,
    pub notices: RwSignal<Vec<Notice>>,
    /// What was done to the run that its spec does not tell.
    pub touches: RwSignal<Vec<Touch>>,
    /// Steps of the states that the run can go back to.
    pub marks: RwSignal<Vec<u64>>,
    /// Datasets' files, fetched or chosen by the person.
    pub files: Files,
    /// The weights that the experiment of the link begins with.
    origin: StoredValue<Option<Origin>>,
    /// Those who wait for the run's weights, in order.
    waiting: StoredValue<Waiting, LocalStorage>,
    line: StoredValue<Line, LocalStorage>,
    keeping: StoredValue<keep::Keeping, LocalStorage>,
}

/// Where the run is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Progress {
    pub playing: bool,
    pub step: u64,
    pub epoch: f64,
    pub loss: Option<f32>,
    pub accuracy: Option<f32>,
    pub samples_per_second: f64,
}

/// The last evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    pub step: u64,
    pub train: Score,
    pub test: Score,
}

/// A curve that is over, under the name of what made it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ghost {
    pub name: String,
    pub curve: Curve,
}

/// A probe's last measurement, if there was one in this run.
pub type Reading = ArcRwSignal<Option<Arc<Measured>>>;

/// One measurement.
#[derive(Debug, PartialEq)]
pub struct Measured {
    pub step: u64,
    tensors: Vec<TensorInfo>,
    payload: Vec<f32>,
}

/// How well the run of a step answered with one of its dials elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialled {
    pub step: u64,
    pub path: String,
    pub value: Setting,
    /// Floating-point operations of the answer to one sample.
    pub work: u64,
    pub test: Score,
}

/// A state of the present run, in the page's hands in case the worker dies.
#[derive(Clone)]
struct Kept {
    spec: Arc<Spec>,
    step: u64,
    memory: Float32Array,
    /// What had been done to the run by then.
    touches: Vec<Touch>,
}

/// The line to the worker, and what is counted on it.
#[derive(Default)]
struct Line {
    link: Option<Link>,
    /// Whether the worker has said hello: it hears nothing before.
    ready: bool,
    /// What was asked before there was a run.
    waiting: Vec<Command>,
    /// Number of the last run asked for.
    run: u32,
    /// Number of the run that the session is in.
    current: u32,
    /// Workers that died in this experiment.
    deaths: u32,
    /// Seconds for which the worker was not heard, though it should train.
    silence: u32,
    /// The last state that the worker told of.
    kept: Option<Kept>,
    /// Whether a worker has died and no other has taken its run up yet.
    orphaned: bool,
    /// The run that goes on from where a dead worker's stood.
    heir: Option<u32>,
    /// The step at which the run is to pause.
    until: Option<u64>,
    /// How many steps the run that is being built is to take before it pauses.
    ahead: Option<u32>,
    /// The run that a transform of the present one was asked for as.
    changing: Option<u32>,
    /// The run that was to begin with the weights of the one before.
    carried: Option<u32>,
    /// The run that weights of a file were given for.
    weighed: Option<u32>,
    /// The spec sent last, unless another is on its way.
    sent: Option<Spec>,
    /// When the status line, and the curves, were last brought up to date.
    status_at: f64,
    curve_at: f64,
}

impl Measured {
    /// A tensor by its name: its shape and its numbers, row-major.
    pub fn tensor(&self, name: &str) -> Option<(&[usize], &[f32])> {
        self.tensors().find(|(n, ..)| *n == name).map(|(_, shape, data)| (shape, data))
    }

    /// Every tensor: name, shape, numbers.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &[usize], &[f32])> {
        let mut at = 0;
        self.tensors.iter().map_while(move |t| {
            let data = self.payload.get(at..at + t.shape.iter().product::<usize>())?;
            at += data.len();
            Some((t.name.as_str(), t.shape.as_slice(), data))
        })
    }
}

impl Lab {
    /// The store for the experiment in the address, or the default one.
    pub fn new() -> Self {
        let address = fragment::present();
        let asked = address.spec.clone();
        let lab = Self {
            room: RwSignal::new(address.room.unwrap_or(Room::Lab)),
            lesson: RwSignal::new(address.lesson),
            card: RwSignal::new(address.card),
            of_card: RwSignal::default(),
            spec: RwSignal::new(address.spec.unwrap_or_else(|| engine::presets::default().spec)),
            past: RwSignal::default(),
            future: RwSignal::default(),
            device: RwSignal::new(address.device),
            playing: RwSignal::new(!address.frame.paused),
            resting: RwSignal::new(false),
            hidden: RwSignal::new(document().hidden()),
            kept: RwSignal::new(0),
            frame: RwSignal::new(address.frame),
            pace: RwSignal::new(None),
            stop: RwSignal::new(Stop::Never),
            watched: StoredValue::default(),
            carry: RwSignal::new(false),
            every: RwSignal::new(10),
            seen: RwSignal::default(),
            asked: RwSignal::default(),
            followed: RwSignal::default(),
            catalogue: StoredValue::new(tongue::translate(catalogue())),
            summary: RwSignal::default(),
            loaded: RwSignal::default(),
            place: RwSignal::default(),
            faults: RwSignal::default(),
            busy: RwSignal::new(true),
            progress: RwSignal::default(),
            status: RwSignal::new(t("starting").into()),
            scores: RwSignal::default(),
            curve: RwSignal::default(),
            ghost: RwSignal::default(),
            dialled: RwSignal::default(),
            measured: StoredValue::default(),
            scope: Scope::new(),
            asking: Asking::new(),
            notices: RwSignal::default(),
            touches: RwSignal::default(),
            marks: RwSignal::default(),
            files: Files::new(),
            origin: StoredValue::default(),
            waiting: StoredValue::new_local(Waiting::new()),
            line: StoredValue::new_local(Line::default()),
            keeping: StoredValue::new_local(keep::Keeping::default()),
        };
        if let Some((faults, text)) = address.fault {
            lab.tell(Notice::bad_link(&faults, text));
        }
        if !address.notes.is_empty() {
            lab.tell(Notice::odd_link(&address.notes));
        }
        lab.spec.with_untracked(|s| lab.begin_at(address.weights, address.touches, s));
        lab.fetch();
        lab.wake(asked);
        lab.keep_address();
        lab.keep_watch();
        lab.keep_alive();
        lab.keep_looking();
        lab.keep_asking();
        lab
    }

    /// The store of the component that asks.
    pub fn get() -> Self {
        expect_context()
    }

    /// The last measurement of a probe in this run.
    pub fn probe(self, id: &str) -> Reading {
        self.measured.try_update_value(|m| m.entry(id.to_owned()).or_default().clone()).unwrap_or_default()
    }

    /// The entries of one registry.
    pub fn entries(self, registry: fn(&Catalogue) -> &Vec<EntryInfo>) -> Vec<EntryInfo> {
        self.catalogue.with_value(|c| registry(c).clone())
    }

    /// All that there is to choose from.
    pub fn with_catalogue<T>(self, read: impl FnOnce(&Catalogue) -> T) -> T {
        self.catalogue.with_value(read)
    }

    /// One entry of a registry.
    pub fn entry(self, registry: fn(&Catalogue) -> &Vec<EntryInfo>, id: &str) -> Option<EntryInfo> {
        self.catalogue.with_value(|c| registry(c).iter().find(|e| e.id == id).cloned())
    }

    /// How good the present run's answers are is told as this.
    pub fn mark(self) -> Mark {
        self.summary.with(|s| s.as_ref().map_or(Mark::Accuracy, |s| Mark::of(s.data.answer)))
    }

    /// Whether the figures on the screen belong to the network on the screen.
    pub fn is_current(self) -> bool {
        self.loaded.with(|l| l.as_ref().is_some_and(|l| self.spec.with(|s| s.stages == l.stages && s.data == l.data)))
    }
}
