//! The text of a spec: versioned JSON, pleasant to write by hand.
//!
//! ```json
//! {
//!   "version": 1,
//!   "data": "mnist",
//!   "stages": [
//!     [{"block": "linear", "units": 256}, {"block": "activation", "function": "relu"}],
//!     [{"block": "linear"}]
//!   ],
//!   "optimizer": {"id": "sgd", "momentum": 0.9},
//!   "rate": 0.1
//! }
//! ```
//!
//! An entry of a registry is an object with its `id` beside its settings, or its id alone. `version`, `data` and
//! `stages` must be there; everything else has the default of [`Spec::new`]. It is read by hand rather than derived,
//! so that all faults are reported at once, each with its place and its mend.

use serde_json::{Map, Value};

use crate::blocks::BLOCK_ENTRIES;
use crate::data::DATASET_ENTRIES;
use crate::diagnostic::{Diagnostic, instead};
use crate::optim::{OPTIMIZER_ENTRIES, SCHEDULE_ENTRIES};
use crate::registry::{Entry, Knob, Knobs, Setting, Settings, find};
use crate::routing::ROUTING_ENTRIES;
use crate::rules::{Loss, RULE_ENTRIES};
use crate::spec::judge::{judge, place};
use crate::spec::{BlockSpec, Choice, Spec, VERSION, limits};

mod canonical;
mod lanes;
mod migrate;
mod sweep;
mod write;

pub use canonical::canonical;
pub use write::{compact, write};

const FIELDS: &[&str] = &[
    "version",
    "data",
    "stages",
    "rule",
    "optimizer",
    "schedule",
    "loss",
    "rate",
    "batch",
    "clip",
    "seed",
    "lanes",
    "sweep",
    "seeds",
    "steps",
];

pub(crate) const LOSSES: &[(&str, Loss)] =
    &[("cross-entropy", Loss::CrossEntropy), ("mean-squared", Loss::MeanSquared)];

/// Reads a spec and brings it into its [`canonical`] form.
///
/// # Errors
/// Every fault of the text: of its syntax with line and column, of its content with the path of the field.
pub fn read(text: &str) -> Result<Spec, Vec<Diagnostic>> {
    if text.len() > limits::TEXT {
        let message = format!("{:.1} MB of text", text.len() as f64 / 1e6);
        return Err(vec![Diagnostic::new("", message, format!("keep to {} MB", limits::TEXT >> 20))]);
    }
    // Some editors begin a text with a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(vec![Diagnostic::new("", "there is nothing in it", "begin with `{`")]);
    }
    let value: Value = serde_json::from_str(text).map_err(|e| vec![syntax(&e)])?;
    let Value::Object(mut fields) = value else {
        return Err(vec![Diagnostic::new("", format!("{} is no experiment", kind(&value)), "begin with `{`")]);
    };
    let mut reader = Reader { faults: Vec::new() };
    match reader.version(fields.get("version")) {
        Some(version) => migrate::migrate(&mut fields, version),
        // The fields of another version mean something else: to judge them would mislead.
        None => return Err(reader.faults),
    }
    let spec = reader.spec(&fields);
    // What could not be read at all was replaced by a default: what the registries say of that place is no news.
    let news: Vec<_> = judge(&spec).into_iter().filter(|j| reader.faults.iter().all(|f| f.path != j.path)).collect();
    reader.faults.extend(news);
    if reader.faults.is_empty() { Ok(canonical(&spec)) } else { Err(reader.faults) }
}

/// Reads an entry of `registry` and its settings: its id alone, or an object of both.
///
/// # Errors
/// As [`read`], with places under `path`.
pub fn read_choice<T: Entry + ?Sized>(
    text: &str,
    registry: &[&'static T],
    path: &str,
) -> Result<Choice, Vec<Diagnostic>> {
    // An id may stand without quotes, as it is written at a command line.
    let plain = text.trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let value = if plain { Ok(Value::from(text.trim())) } else { serde_json::from_str(text) };
    let value = value.map_err(|e| vec![syntax(&e).within(path)])?;
    let mut reader = Reader { faults: Vec::new() };
    let choice = reader.choice(&value, registry, path);
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    let entry = find(registry, &choice.id, path).map_err(|fault| vec![fault])?;
    Knobs::resolve(entry.knobs(), &choice.settings, path)?;
    Ok(choice)
}

fn syntax(error: &serde_json::Error) -> Diagnostic {
    let text = error.to_string();
    let (message, mend) = if error.is_eof() {
        ("the text ends too early", "close what is still open")
    } else {
        (text.split(" at line ").next().unwrap_or_default(), "mend the JSON there")
    };
    Diagnostic::new(format!("line {}, column {}", error.line(), error.column()), message, mend)
}

/// What a person calls this kind of value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A knob's value as it stands in the text: a number without a fraction is whole, however it is written.
fn setting(value: &Value) -> Option<Setting> {
    match value {
        Value::Bool(v) => Some(Setting::Bool(*v)),
        Value::String(v) => Some(Setting::Choice(v.clone())),
        Value::Number(n) => n.as_i64().map(Setting::Int).or_else(|| {
            let v = n.as_f64()?;
            let whole = v.fract() == 0.0 && v.abs() < 9e15 && !(v == 0.0 && v.is_sign_negative());
            Some(if whole { Setting::Int(v as i64) } else { Setting::Float(v) })
        }),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

struct Reader {
    faults: Vec<Diagnostic>,
}

impl Reader {
    fn fault(&mut self, path: &str, message: impl Into<String>, mend: impl Into<String>) {
        self.faults.push(Diagnostic::new(path, message, mend));
    }

    /// The version of the text, if it is one that can be read.
    fn version(&mut self, value: Option<&Value>) -> Option<u32> {
        let Some(value) = value else {
            self.fault("version", "missing", format!("add \"version\": {VERSION}"));
            return None;
        };
        match value.as_u64() {
            Some(v) if (1..=VERSION.into()).contains(&v) => return u32::try_from(v).ok(),
            Some(v) if v > VERSION.into() => {
                let message = format!("version {v} is newer than this Signalbox, which reads up to {VERSION}");
                self.fault("version", message, "open it with a newer Signalbox");
            }
            Some(_) | None => self.fault("version", format!("{value} is no version"), format!("write {VERSION}")),
        }
        None
    }

    fn spec(&mut self, fields: &Map<String, Value>) -> Spec {
        for name in fields.keys().filter(|k| !FIELDS.contains(&k.as_str())) {
            self.fault(name, "unknown field", instead(name, FIELDS));
        }
        let data = match fields.get("data") {
            Some(v) => self.choice(v, DATASET_ENTRIES, "data"),
            None => {
                self.fault("data", "missing", "name a dataset: \"data\": \"mnist\"");
                Choice::default()
            }
        };
        let stages = match fields.get("stages") {
            Some(Value::Array(stages)) => stages.iter().enumerate().map(|(i, s)| self.stage(s, i)).collect(),
            Some(other) => {
                self.fault("stages", format!("{} is no list of stages", kind(other)), "write [[…], […]]");
                Vec::new()
            }
            None => {
                self.fault("stages", "missing", "add a list of stages, each a list of blocks");
                Vec::new()
            }
        };
        let mut spec = Spec::new(data, stages);
        if let Some(v) = fields.get("rule") {
            spec.rule = self.choice(v, RULE_ENTRIES, "rule");
        }
        if let Some(v) = fields.get("optimizer") {
            spec.optimizer = self.choice(v, OPTIMIZER_ENTRIES, "optimizer");
        }
        if let Some(v) = fields.get("schedule") {
            spec.schedule = self.choice(v, SCHEDULE_ENTRIES, "schedule");
        }
        if let Some(v) = fields.get("loss") {
            spec.loss = self.loss(v).unwrap_or(spec.loss);
        }
        spec.rate = self.number(fields, "rate").unwrap_or(spec.rate);
        spec.clip = self.number(fields, "clip").unwrap_or(spec.clip);
        spec.batch = self.whole(fields, "batch").unwrap_or(spec.batch);
        spec.seed = self.whole(fields, "seed").unwrap_or(spec.seed);
        spec.steps = self.whole(fields, "steps").unwrap_or(spec.steps);
        spec.seeds = self.whole(fields, "seeds").unwrap_or(spec.seeds);
        if let Some(v) = fields.get("lanes") {
            spec.lanes = self.lanes(v);
        }
        if let Some(v) = fields.get("sweep") {
            spec.sweep = self.sweep(v);
        }
        spec
    }

    fn number(&mut self, fields: &Map<String, Value>, name: &str) -> Option<f64> {
        let value = fields.get(name)?;
        let number = value.as_f64();
        if number.is_none() {
            self.fault(name, format!("{} is no number", kind(value)), "give a number");
        }
        number
    }

    fn whole(&mut self, fields: &Map<String, Value>, name: &str) -> Option<u32> {
        let value = fields.get(name)?;
        let whole = match setting(value) {
            Some(Setting::Int(v)) => u32::try_from(v).ok(),
            Some(Setting::Bool(_) | Setting::Float(_) | Setting::Choice(_)) | None => None,
        };
        if whole.is_none() {
            let said = if value.is_number() { value.to_string() } else { kind(value).to_owned() };
            let message = format!("{said} is no whole number from 0 to {}", u32::MAX);
            self.fault(name, message, "give a whole number");
        }
        whole
    }

    fn loss(&mut self, value: &Value) -> Option<Loss> {
        let known: Vec<_> = LOSSES.iter().map(|l| l.0).collect();
        let Value::String(id) = value else {
            self.fault("loss", format!("{} is no name", kind(value)), format!("choose one of {}", known.join(", ")));
            return None;
        };
        let loss = LOSSES.iter().find(|l| l.0 == id).map(|l| l.1);
        if loss.is_none() {
            self.fault("loss", format!("`{id}` is unknown"), instead(id, &known));
        }
        loss
    }

    /// An entry by its id alone, or an object of its id and its settings.
    fn choice<T: Entry + ?Sized>(&mut self, value: &Value, registry: &[&'static T], path: &str) -> Choice {
        let fields = match value {
            Value::String(id) => return Choice::new(id),
            Value::Object(fields) => fields,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                let message = format!("{} names nothing", kind(value));
                self.fault(path, message, "write a name, or an object with an `id`");
                return Choice::default();
            }
        };
        let Some(id) = self.id(fields, "id", path) else { return Choice::default() };
        let settings = match find(registry, &id, path) {
            Ok(entry) => self.settings(fields, &["id"], entry.knobs(), path),
            Err(_) => Settings::new(),
        };
        Choice { id, settings }
    }

    fn id(&mut self, fields: &Map<String, Value>, name: &str, path: &str) -> Option<String> {
        match fields.get(name) {
            Some(Value::String(id)) if !id.is_empty() => return Some(id.clone()),
            Some(other) => self.fault(path, format!("`{name}`: {other} is no name"), "give a name in quotes"),
            None => self.fault(path, format!("`{name}` is missing"), format!("add \"{name}\": \"…\"")),
        }
        None
    }

    /// The fields that are knobs of an entry; `taken` have another meaning.
    fn settings(&mut self, fields: &Map<String, Value>, taken: &[&str], knobs: &[Knob], path: &str) -> Settings {
        let mut settings = Settings::new();
        for (name, value) in fields.iter().filter(|f| !taken.contains(&f.0.as_str())) {
            let place = format!("{path} › {name}");
            if !knobs.iter().any(|k| k.id == name) {
                let known: Vec<_> = knobs.iter().map(|k| k.id).chain(taken.iter().copied()).collect();
                self.fault(&place, "unknown field", instead(name, &known));
            } else if let Some(setting) = setting(value) {
                settings.insert(name.clone(), setting);
            } else {
                self.fault(&place, format!("{} is no setting", kind(value)), "give a number, a name, true or false");
            }
        }
        settings
    }

    fn stage(&mut self, value: &Value, i: usize) -> Vec<BlockSpec> {
        self.blocks(value, &format!("stages › {}", i + 1))
    }

    fn blocks(&mut self, value: &Value, path: &str) -> Vec<BlockSpec> {
        let Value::Array(blocks) = value else {
            let mend = "write [{\"block\": \"…\"}, …]";
            self.fault(path, format!("{} is no list of blocks", kind(value)), mend);
            return Vec::new();
        };
        blocks.iter().enumerate().map(|(i, b)| self.block(b, path, i)).collect()
    }

    fn block(&mut self, value: &Value, outer: &str, i: usize) -> BlockSpec {
        let fields = match value {
            Value::String(id) => return BlockSpec::new(id),
            Value::Object(fields) => fields,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                let mend = "write {\"block\": \"…\"}";
                self.fault(&place(outer, i, ""), format!("{} is no block", kind(value)), mend);
                return BlockSpec::default();
            }
        };
        let id = self.id(fields, "block", &place(outer, i, "")).unwrap_or_default();
        let path = place(outer, i, &id);
        let settings = match find(BLOCK_ENTRIES, &id, &path) {
            Ok(entry) => self.settings(fields, &["block", "routing", "blocks"], entry.knobs(), &path),
            Err(_) => Settings::new(),
        };
        let routing = fields.get("routing").map(|v| self.choice(v, ROUTING_ENTRIES, &format!("{path} › routing")));
        let blocks = fields.get("blocks").map(|v| self.blocks(v, &path)).unwrap_or_default();
        BlockSpec { block: Choice { id, settings }, routing, blocks }
    }
}

#[cfg(test)]
mod tests;
