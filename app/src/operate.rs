//! The deeds by which a text, or a page around this one, operates the lab: what an address that begins with `lab:` asks
//! for. Reading and fitting are pure; [`perform`] does them.
//!
//! ```text
//! lab:set?rule=feedback-alignment&rate=0.01&1/1.linear/units=32      the experiment, by the paths of a race's lanes
//! lab:set?routing=hash&routing/k=1                                   the routing of the first route, made if need be
//! lab:run   lab:run?steps=300   lab:pause   lab:step?n=5   lab:reset   lab:undo   lab:pace?to=10   lab:pace?to=free
//! lab:preset?name=digits-backprop   lab:open?spec=…   lab:card?id=top-k&run=…
//! lab:watch?view=curves   lab:room?to=papers   lab:room?to=lessons/neuron
//! lab:race?rule=backprop,feedback-alignment&seeds=3&steps=500        one lane for each value of one path
//! ```
//!
//! Several deeds stand in one address with `;` between them: `lab:set?rule=hebbian;run?steps=300`. Signs that have a
//! meaning here (`%&;,=`, spaces) are written `%26` and so on.

mod address;
mod fit;
mod perform;

use engine::diagnostic::{Diagnostic, instead};
use engine::presets::{PRESETS, Preset};
use engine::registry::Setting;
use engine::spec::{Spec, link};

use crate::rooms::Room;
use address::{Query, decode, encode};

/// How a deed's address begins.
pub const SCHEME: &str = "lab:";

/// The pictures and panels that can be brought onto the screen.
pub const VIEWS: &[&str] = &[
    "alignment-with-backprop",
    "attention",
    "confusion",
    "cost",
    "curves",
    "decision-surface",
    "experiment",
    "experts",
    "first-weights",
    "fit",
    "forecasts",
    "less-of-it",
    "microscope",
    "network",
    "race",
    "regions",
    "samples",
    "sequences",
    "signal-to-noise",
    "stage-by-stage",
    "the-rules-signals",
    "update-size",
    "what-the-units-see",
    "who-gets-what",
    "written-text",
];

/// Fields of a race that are not its path.
const OF_RACE: [&str; 2] = ["seeds", "steps"];

/// One thing to do with the lab.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Changes the experiment, in this order: each path of [`engine::spec::Lane::set`] with its value; or `routing`,
    /// `routing/KNOB` for the first route, `seed`.
    Set(Vec<(String, Setting)>),
    /// Trains; with `steps`, until so many more are done.
    Run {
        steps: Option<u32>,
    },
    Pause,
    /// Trains so many steps, then pauses.
    Step {
        n: u32,
    },
    /// Back to the initial weights.
    Reset,
    /// At most so many steps a second; `None` as fast as it goes.
    Pace {
        to: Option<u32>,
    },
    /// One of the experiments to begin with, by its [`slug`].
    Preset {
        name: String,
    },
    /// A paper's card; with `run`, its run of that name.
    Card {
        id: String,
        run: Option<String>,
    },
    /// Another experiment.
    Open {
        spec: Box<Spec>,
    },
    /// Brings one of the [`VIEWS`] onto the screen, open.
    Watch {
        view: String,
    },
    /// Runs the experiment with each of the values at `path` side by side.
    Race {
        path: String,
        to: Vec<Setting>,
        seeds: u32,
        steps: u32,
    },
    Undo,
    Room {
        to: Room,
    },
}

/// Every name of a deed, as addresses write it.
const DEEDS: &[&str] =
    &["set", "run", "pause", "step", "reset", "pace", "preset", "card", "open", "watch", "race", "undo", "room"];

/// Reads the deeds of an address.
///
/// # Errors
/// Every fault of the address, under the name of its deed. Whether it fits the present experiment is for
/// [`fit`](Deed::fit) to say.
pub fn read(address: &str) -> Result<Vec<Deed>, Vec<Diagnostic>> {
    let Some(deeds) = address.trim().strip_prefix(SCHEME) else {
        return Err(vec![Diagnostic::new(
            "",
            format!("`{address}` does not begin with `{SCHEME}`"),
            "write `lab:run`",
        )]);
    };
    let mut faults = Vec::new();
    let read = deeds.split(';').filter_map(|deed| Deed::read(deed.trim()).map_err(|wrong| faults.extend(wrong)).ok());
    let deeds = read.collect();
    if faults.is_empty() { Ok(deeds) } else { Err(faults) }
}

/// The address that [`read`] reads as these deeds.
pub fn write(deeds: &[Deed]) -> String {
    let deeds: Vec<_> = deeds.iter().map(ToString::to_string).collect();
    format!("{SCHEME}{}", deeds.join(";"))
}

/// A name as it stands in an address: lower case, with hyphens.
pub fn slug(name: &str) -> String {
    let kept = name.chars().filter(|c| *c != '\'' && *c != '’');
    let spaced: String = kept.map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join("-")
}

/// The preset of this slug.
pub fn preset(name: &str) -> Option<Preset> {
    PRESETS.iter().map(|make| make()).find(|p| slug(p.name) == slug(name))
}

impl Deed {
    /// Reads one deed, without the `lab:`.
    fn read(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let (name, query) = text.split_once('?').unwrap_or((text, ""));
        let mut q = Query::read(query, &format!("{SCHEME}{name}"));
        let deed = match name {
            "set" => Deed::Set(q.settings()),
            "run" => Deed::Run { steps: q.take("steps").and_then(|v| q.count("steps", &v)) },
            "pause" => Deed::Pause,
            "step" => Deed::Step { n: q.take("n").and_then(|v| q.count("n", &v)).unwrap_or(1) },
            "reset" => Deed::Reset,
            "pace" => match q.need("to", "a number of steps a second, or `free`") {
                Some(v) if v == "free" => Deed::Pace { to: None },
                v => Deed::Pace { to: v.and_then(|v| q.count("to", &v)) },
            },
            "preset" => {
                let name = q.need("name", "the name of an experiment to begin with").unwrap_or_default();
                let known: Vec<_> = PRESETS.iter().map(|make| slug(make().name)).collect();
                if preset(&name).is_none() {
                    let known: Vec<_> = known.iter().map(String::as_str).collect();
                    q.fault("name", format!("`{name}` is no experiment to begin with"), instead(&slug(&name), &known));
                }
                Deed::Preset { name: slug(&name) }
            }
            "card" => Deed::Card { id: q.need("id", "the id of a card").unwrap_or_default(), run: q.take("run") },
            "open" => match q.need("spec", "an experiment as links hold it").map(|text| link::decode(&text)) {
                Some(Ok(spec)) => Deed::Open { spec: Box::new(spec) },
                Some(Err(wrong)) => return Err(wrong.into_iter().map(|f| f.within("lab:open")).collect()),
                None => return Err(q.faults),
            },
            "watch" => {
                let view = q.need("view", "the name of a picture").unwrap_or_default();
                if !VIEWS.contains(&view.as_str()) {
                    q.fault("view", format!("`{view}` is no picture"), instead(&view, VIEWS));
                }
                Deed::Watch { view }
            }
            "race" => {
                let [seeds, steps] = OF_RACE.map(|name| q.take(name).and_then(|v| q.count(name, &v)));
                let (path, to) = q.values();
                Deed::Race { path, to, seeds: seeds.unwrap_or(3), steps: steps.unwrap_or(500) }
            }
            "undo" => Deed::Undo,
            "room" => {
                let to = q.need("to", "`lab`, `papers` or `lessons`").unwrap_or_default();
                match Room::read(&to) {
                    Some(to) => Deed::Room { to },
                    None => {
                        q.fault("to", format!("there is no room `{to}`"), "choose `lab`, `papers` or `lessons`");
                        Deed::Room { to: Room::Lab }
                    }
                }
            }
            other => {
                return Err(vec![Diagnostic::new(format!("{SCHEME}{other}"), "unknown deed", instead(other, DEEDS))]);
            }
        };
        q.end();
        if q.faults.is_empty() { Ok(deed) } else { Err(q.faults) }
    }
}

impl std::fmt::Display for Deed {
    /// As in an address, without the `lab:`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs = |all: &[(String, Setting)]| {
            let pairs: Vec<_> = all.iter().map(|(k, v)| format!("{}={}", encode(k), encode(&v.to_string()))).collect();
            pairs.join("&")
        };
        match self {
            Deed::Set(all) => write!(f, "set?{}", pairs(all)),
            Deed::Run { steps: Some(n) } => write!(f, "run?steps={n}"),
            Deed::Run { steps: None } => f.write_str("run"),
            Deed::Pause => f.write_str("pause"),
            Deed::Step { n } => write!(f, "step?n={n}"),
            Deed::Reset => f.write_str("reset"),
            Deed::Pace { to: Some(n) } => write!(f, "pace?to={n}"),
            Deed::Pace { to: None } => f.write_str("pace?to=free"),
            Deed::Preset { name } => write!(f, "preset?name={}", encode(name)),
            Deed::Card { id, run: Some(run) } => write!(f, "card?id={}&run={}", encode(id), encode(run)),
            Deed::Card { id, run: None } => write!(f, "card?id={}", encode(id)),
            Deed::Open { spec } => write!(f, "open?spec={}", link::encode(spec)),
            Deed::Watch { view } => write!(f, "watch?view={}", encode(view)),
            Deed::Race { path, to, seeds, steps } => {
                let to: Vec<_> = to.iter().map(|v| encode(&v.to_string())).collect();
                write!(f, "race?{}={}&seeds={seeds}&steps={steps}", encode(path), to.join(","))
            }
            Deed::Undo => f.write_str("undo"),
            Deed::Room { to } => write!(f, "room?to={}", encode(&to.write())),
        }
    }
}

/// A value as it stands in an address: a truth value, a number, or a name.
pub fn setting(text: &str) -> Setting {
    match text {
        "true" => Setting::Bool(true),
        "false" => Setting::Bool(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(v), _) => Setting::Int(v),
            (Err(_), Ok(v)) if v.is_finite() => Setting::Float(v),
            (Err(_), Ok(_) | Err(_)) => Setting::Choice(decode(text)),
        },
    }
}

#[cfg(test)]
mod tests;
