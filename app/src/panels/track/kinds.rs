//! What a kind of block looks like on the track: its name, how it holds others, its main figure.

use std::collections::BTreeMap;

use crate::tongue::t;
use engine::protocol::{EntryInfo, KnobInfo, KnobInfoKind};
use engine::registry::Setting;
use engine::sorting::collected;
use engine::spec::BlockSpec;

/// How a block leads the track through what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It holds nothing: a box on the line.
    Box,
    /// A track past what it holds.
    Bypass,
    /// A track back to where what it holds begins.
    Loop,
    /// As many tracks as there are experts, side by side, each through its own copy of what it holds.
    Experts,
    /// A track for each block that it holds.
    Branches,
    /// Around what it holds.
    Around,
}

impl Course {
    fn of(entry: &EntryInfo) -> Self {
        match (entry.id.as_str(), entry.holds.as_str()) {
            (_, "" | "nothing") => Course::Box,
            (_, "experts") => Course::Experts,
            ("residual" | "stochastic-depth" | "skip-saturated" | "lora", _) => Course::Bypass,
            ("repeat" | "module-sequence", _) => Course::Loop,
            ("parallel", _) => Course::Branches,
            (_, _) => Course::Around,
        }
    }

    pub fn holds(self) -> bool {
        self != Course::Box
    }
}

/// A kind of block.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    pub name: String,
    pub course: Course,
    /// The knob that says most.
    first: Option<KnobInfo>,
}

/// The kinds that there are, by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Kinds(BTreeMap<String, Kind>);

impl Kinds {
    pub fn of(entries: Vec<EntryInfo>) -> Self {
        let kind = |entry: EntryInfo| {
            let course = Course::of(&entry);
            (entry.id, Kind { name: entry.name, course, first: entry.knobs.into_iter().next() })
        };
        Self(collected(entries.into_iter().map(kind)))
    }

    /// The name of the kind `id`, or the id itself where it is unknown.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, |k| &k.name)
    }

    /// A kind that is unknown holds nothing.
    pub fn course(&self, id: &str) -> Course {
        self.0.get(id).map_or(Course::Box, |k| k.course)
    }

    /// What is said of a block in a word: `64 units`, `relu`, `top-k · 8 experts`; empty where its knobs say nothing
    /// that is worth it.
    pub fn figure(&self, block: &BlockSpec) -> String {
        let Some(first) = self.0.get(&block.block.id).and_then(|k| k.first.as_ref()) else {
            return String::new();
        };
        let set = block.block.settings.get(&first.id);
        let default = first.kind.default();
        let name = first.name.to_lowercase();
        let said = match (&first.kind, set.unwrap_or(&default)) {
            (_, Setting::Int(0)) if first.help.contains(t("; 0 takes ")) => String::new(),
            (_, Setting::Int(v)) if name.ends_with('s') => format!("{v} {name}"),
            (_, Setting::Int(v)) => format!("{name} {v}"),
            // A small number that nobody chose, as what is added under a root.
            (_, Setting::Float(v)) if set.is_some() || *v >= 0.01 => format!("{name} {v}"),
            (_, Setting::Float(_) | Setting::Bool(_)) => String::new(),
            (KnobInfoKind::Choice { .. } | KnobInfoKind::Text { .. }, Setting::Choice(v)) => v.replace('-', " "),
            (_, Setting::Choice(v)) => v.clone(),
        };
        match &block.routing {
            Some(routing) => format!("{} · {said}", routing.id),
            None => said,
        }
    }
}
