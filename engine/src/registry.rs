//! What every block, rule, routing, dataset, probe and card says of itself.
//!
//! A registry is a list of entries, written by [`registry!`]. The page, the help, the link format and the command line are
//! generated from the [`Meta`] and [`Knob`]s found there.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diagnostic::{Diagnostic, instead};
use crate::sorting::collected;

/// How an entry presents itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// Stable identifier: lower case, hyphens; it stands in specs and links.
    pub id: &'static str,
    /// Name shown to people.
    pub name: &'static str,
    /// One sentence that says what it does.
    pub help: &'static str,
    /// Paper (authors, year) or data source.
    pub source: &'static str,
}

/// A value that a person may set on an entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knob {
    pub id: &'static str,
    pub name: &'static str,
    pub help: &'static str,
    pub kind: KnobKind,
}

/// The legal values of a knob and its default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KnobKind {
    /// `live` knobs are registers: they can change while training runs, and nothing is compiled anew.
    Float {
        default: f64,
        min: f64,
        max: f64,
        live: bool,
    },
    Int {
        default: i64,
        min: i64,
        max: i64,
    },
    Bool {
        default: bool,
    },
    Choice {
        default: &'static str,
        options: &'static [&'static str],
    },
    /// 1 to `most` of these letters.
    Text {
        default: &'static str,
        letters: &'static str,
        most: usize,
    },
}

/// One value of a knob, as it stands in a spec: in what people read the value alone, elsewhere with its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    Bool(bool),
    Int(i64),
    Float(f64),
    Choice(String),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Setting", untagged)]
enum Plain {
    Bool(bool),
    Int(i64),
    Float(f64),
    Choice(String),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Setting")]
enum Tagged {
    Bool(bool),
    Int(i64),
    Float(f64),
    Choice(String),
}

impl Serialize for Setting {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { Plain::serialize(self, to) } else { Tagged::serialize(self, to) }
    }
}

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() { Plain::deserialize(from) } else { Tagged::deserialize(from) }
    }
}

impl From<bool> for Setting {
    fn from(v: bool) -> Self {
        Setting::Bool(v)
    }
}

impl From<i64> for Setting {
    fn from(v: i64) -> Self {
        Setting::Int(v)
    }
}

impl From<f64> for Setting {
    fn from(v: f64) -> Self {
        Setting::Float(v)
    }
}

impl From<&str> for Setting {
    fn from(v: &str) -> Self {
        Setting::Choice(v.to_owned())
    }
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Setting::Bool(v) => write!(f, "{v}"),
            Setting::Int(v) => write!(f, "{v}"),
            Setting::Float(v) => write!(f, "{v}"),
            Setting::Choice(v) => f.write_str(v),
        }
    }
}

/// The settings that a person changed: what a spec stores. Absent knobs have their default.
pub type Settings = BTreeMap<String, Setting>;

/// What a block may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Nothing,
    /// A list of blocks.
    Blocks,
    /// A list of blocks that make up one expert, and a routing.
    Experts,
}

/// What every entry of a registry says of itself.
pub trait Entry: Sync + 'static {
    fn meta(&self) -> &'static Meta;
    fn knobs(&self) -> &'static [Knob] {
        &[]
    }
    /// What may stand inside it; for blocks.
    fn holds(&self) -> Holds {
        Holds::Nothing
    }
    /// Knobs that say how much of a trained network works, and leave its weights as they are: see [`crate::dial`].
    fn dials(&self) -> &'static [&'static str] {
        &[]
    }
}

impl KnobKind {
    pub fn default(&self) -> Setting {
        match *self {
            KnobKind::Float { default, .. } => Setting::Float(default),
            KnobKind::Int { default, .. } => Setting::Int(default),
            KnobKind::Bool { default } => Setting::Bool(default),
            KnobKind::Choice { default, .. } | KnobKind::Text { default, .. } => Setting::Choice(default.to_owned()),
        }
    }

    /// The setting in this knob's own type, or why it is not legal and the mend.
    pub fn accept(&self, setting: &Setting) -> Result<Setting, (String, String)> {
        match (*self, setting) {
            (KnobKind::Float { min, max, .. }, Setting::Float(_) | Setting::Int(_)) => {
                let v = if let Setting::Int(i) = setting {
                    *i as f64
                } else if let Setting::Float(f) = setting {
                    *f
                } else {
                    f64::NAN
                };
                if v >= min && v <= max {
                    Ok(Setting::Float(v))
                } else {
                    Err((format!("{v} is out of range"), format!("choose {min} to {max}")))
                }
            }
            (KnobKind::Int { min, max, .. }, Setting::Int(v)) => {
                if (min..=max).contains(v) {
                    Ok(setting.clone())
                } else {
                    Err((format!("{v} is out of range"), format!("choose {min} to {max}")))
                }
            }
            (KnobKind::Bool { .. }, Setting::Bool(_)) => Ok(setting.clone()),
            (KnobKind::Choice { options, .. }, Setting::Choice(v)) => {
                if options.contains(&v.as_str()) {
                    Ok(setting.clone())
                } else {
                    Err((format!("`{v}` is unknown"), format!("choose one of {}", options.join(", "))))
                }
            }
            (KnobKind::Text { letters, most, .. }, Setting::Choice(v)) => {
                if (1..=most).contains(&v.chars().count()) && v.chars().all(|c| letters.contains(c)) {
                    Ok(setting.clone())
                } else {
                    let mend = format!("write 1 to {most} letters out of {letters}");
                    Err((format!("`{v}` cannot be read"), mend))
                }
            }
            (KnobKind::Float { .. }, other) => Err((format!("`{other}` is no number"), "give a number".into())),
            (KnobKind::Int { .. }, other) => {
                Err((format!("`{other}` is no whole number"), "give a whole number".into()))
            }
            (KnobKind::Bool { .. }, other) => {
                Err((format!("`{other}` is neither true nor false"), "give true or false".into()))
            }
            (KnobKind::Choice { options, .. }, other) => {
                Err((format!("`{other}` is no name"), format!("choose one of {}", options.join(", "))))
            }
            (KnobKind::Text { letters, .. }, other) => {
                Err((format!("`{other}` is no text"), format!("write letters out of {letters}")))
            }
        }
    }
}

/// Every knob of one entry with its value: defaults filled in, types and ranges checked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Knobs(BTreeMap<&'static str, Setting>);

impl Knobs {
    /// Reads `given` against the entry's knobs; every fault is reported, with `path` before the knob's name.
    pub fn resolve(knobs: &'static [Knob], given: &Settings, path: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let mut values: BTreeMap<_, _> = collected(knobs.iter().map(|k| (k.id, k.kind.default())));
        for (name, setting) in given {
            let Some(knob) = knobs.iter().find(|k| k.id == name) else {
                let known: Vec<_> = knobs.iter().map(|k| k.id).collect();
                faults.push(Diagnostic::new(format!("{path} › {name}"), "unknown field", instead(name, &known)));
                continue;
            };
            match knob.kind.accept(setting) {
                Ok(v) => {
                    values.insert(knob.id, v);
                }
                Err((message, mend)) => faults.push(Diagnostic::new(format!("{path} › {name}"), message, mend)),
            }
        }
        if faults.is_empty() { Ok(Self(values)) } else { Err(faults) }
    }

    /// The defaults of an entry.
    pub fn defaults(knobs: &'static [Knob]) -> Self {
        Self(knobs.iter().map(|k| (k.id, k.kind.default())).collect())
    }

    /// The same with one value that a block gives to a part of it. An unknown id or a value of another type is a bug of
    /// the block, caught by the registry walk.
    pub fn with(mut self, id: &'static str, value: impl Into<Setting>) -> Self {
        self.0.insert(id, value.into());
        self
    }

    /// A float knob's value. An id that the entry does not declare is a bug of the entry, caught by the registry walk.
    pub fn float(&self, id: &str) -> f64 {
        match self.0.get(id) {
            Some(Setting::Float(v)) => *v,
            other => panic!("knob `{id}` is no float: {other:?}"),
        }
    }

    pub fn int(&self, id: &str) -> i64 {
        match self.0.get(id) {
            Some(Setting::Int(v)) => *v,
            other => panic!("knob `{id}` is no integer: {other:?}"),
        }
    }

    pub fn size(&self, id: &str) -> usize {
        usize::try_from(self.int(id)).unwrap_or(0)
    }

    pub fn bool(&self, id: &str) -> bool {
        match self.0.get(id) {
            Some(Setting::Bool(v)) => *v,
            other => panic!("knob `{id}` is no switch: {other:?}"),
        }
    }

    /// The value of a choice or of a text.
    pub fn choice(&self, id: &str) -> &str {
        match self.0.get(id) {
            Some(Setting::Choice(v)) => v,
            other => panic!("knob `{id}` is no choice: {other:?}"),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Setting)> {
        self.0.iter().map(|(k, v)| (*k, v))
    }
}

/// A registry as two slices: of what its entries do, and of what they say of themselves. Reading and judging a spec needs
/// the second alone. So the page, which trains nothing, has none of what entries do in its download.
macro_rules! registry {
    ($all:ident: $kind:ident, $said:ident; $($entry:expr),* $(,)?) => {
        pub const $all: &[&dyn $kind] = &[$(&$entry),*];

        /// The same entries, as what they say of themselves.
        pub const $said: &[&dyn $crate::registry::Entry] = &[$(&$entry),*];
    };
}
pub(crate) use registry;

/// The entry with this id, or a diagnostic that lists what there is.
pub fn find<T: Entry + ?Sized>(registry: &[&'static T], id: &str, path: &str) -> Result<&'static T, Diagnostic> {
    registry.iter().copied().find(|e| e.meta().id == id).ok_or_else(|| {
        let known: Vec<_> = registry.iter().map(|e| e.meta().id).collect();
        Diagnostic::new(path, format!("`{id}` is unknown"), instead(id, &known))
    })
}
