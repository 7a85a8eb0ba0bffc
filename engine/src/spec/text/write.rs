//! Writing: one block a line for people, or no blanks at all for links.

use std::fmt::Write;

use serde_json::Value;

use crate::registry::Setting;
use crate::spec::text::{LOSSES, canonical};
use crate::spec::{Axis, BlockSpec, Choice, Lane, Spec, VERSION};

/// The canonical text, for people and files.
pub fn write(spec: &Spec) -> String {
    let mut text = Writer { out: String::new(), pretty: true }.spec(&canonical(spec));
    text.push('\n');
    text
}

/// The canonical text without blanks, for links.
pub fn compact(spec: &Spec) -> String {
    Writer { out: String::new(), pretty: false }.spec(&canonical(spec))
}

struct Writer {
    out: String,
    pretty: bool,
}

impl Writer {
    fn spec(mut self, spec: &Spec) -> String {
        self.out.push('{');
        self.field("version", &VERSION.to_string(), true);
        let data = self.choice(&spec.data);
        self.field("data", &data, false);
        self.stages(&spec.stages);
        for (name, choice) in [("rule", &spec.rule), ("optimizer", &spec.optimizer), ("schedule", &spec.schedule)] {
            let text = self.choice(choice);
            self.field(name, &text, false);
        }
        let loss = LOSSES.iter().find(|l| l.1 == spec.loss).map_or("", |l| l.0);
        self.field("loss", &quoted(loss), false);
        self.field("rate", &number(spec.rate), false);
        self.field("batch", &spec.batch.to_string(), false);
        self.field("clip", &number(spec.clip), false);
        self.field("seed", &spec.seed.to_string(), false);
        let usual = Spec::new(Choice::default(), Vec::new());
        for (name, number, usual) in [("steps", spec.steps, usual.steps), ("seeds", spec.seeds, usual.seeds)] {
            if number != usual {
                self.field(name, &number.to_string(), false);
            }
        }
        if !spec.lanes.is_empty() {
            let lanes: Vec<_> = spec.lanes.iter().map(|lane| self.lane(lane)).collect();
            self.list("lanes", &lanes);
        }
        if !spec.sweep.is_empty() {
            let axes: Vec<_> = spec.sweep.iter().map(|axis| self.axis(axis)).collect();
            self.list("sweep", &axes);
        }
        self.line(0);
        self.out.push('}');
        self.out
    }

    /// A new line, indented, where there are lines at all.
    fn line(&mut self, depth: usize) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn name(&mut self, name: &str, first: bool) {
        if !first {
            self.out.push(',');
        }
        self.line(1);
        self.out.push_str(&quoted(name));
        self.out.push_str(self.colon());
    }

    fn field(&mut self, name: &str, value: &str, first: bool) {
        self.name(name, first);
        self.out.push_str(value);
    }

    fn colon(&self) -> &'static str {
        if self.pretty { ": " } else { ":" }
    }

    fn comma(&self) -> &'static str {
        if self.pretty { ", " } else { "," }
    }

    /// A list with a line for each of these.
    fn list(&mut self, name: &str, all: &[String]) {
        self.name(name, false);
        self.out.push('[');
        for (i, text) in all.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.line(2);
            self.out.push_str(text);
        }
        self.line(1);
        self.out.push(']');
    }

    fn axis(&self, axis: &Axis) -> String {
        let (colon, comma) = (self.colon(), self.comma());
        let values: Vec<_> = axis.values.iter().map(written).collect();
        format!("{{\"set\"{colon}{}{comma}\"values\"{colon}[{}]}}", quoted(&axis.place), values.join(comma))
    }

    fn lane(&self, lane: &Lane) -> String {
        let (colon, comma) = (self.colon(), self.comma());
        let mut parts = Vec::new();
        let mut part = |name: &str, value: String| parts.push(format!("{}{colon}{value}", quoted(name)));
        if let Some(name) = &lane.name {
            part("name", quoted(name));
        }
        if let Some(rule) = &lane.rule {
            part("rule", self.choice(rule));
        }
        if let Some(optimizer) = &lane.optimizer {
            part("optimizer", self.choice(optimizer));
        }
        if let Some(rate) = lane.rate {
            part("rate", number(rate));
        }
        if !lane.set.is_empty() {
            let set: Vec<_> = lane.set.iter().map(|(k, v)| format!("{}{colon}{}", quoted(k), written(v))).collect();
            part("set", format!("{{{}}}", set.join(comma)));
        }
        format!("{{{}}}", parts.join(comma))
    }

    /// An id alone where nothing is set.
    fn choice(&self, choice: &Choice) -> String {
        if choice.settings.is_empty() { quoted(&choice.id) } else { format!("{{{}}}", self.entry("id", choice)) }
    }

    fn entry(&self, key: &str, choice: &Choice) -> String {
        let (colon, comma) = (self.colon(), self.comma());
        let mut out = format!("{}{colon}{}", quoted(key), quoted(&choice.id));
        for (name, setting) in &choice.settings {
            let _ = write!(out, "{comma}{}{colon}{}", quoted(name), written(setting));
        }
        out
    }

    fn stages(&mut self, stages: &[Vec<BlockSpec>]) {
        self.name("stages", false);
        self.out.push('[');
        for (i, stage) in stages.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.line(2);
            self.blocks(stage, 2);
        }
        self.line(1);
        self.out.push(']');
    }

    fn blocks(&mut self, blocks: &[BlockSpec], depth: usize) {
        self.out.push('[');
        for (i, block) in blocks.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.line(depth + 1);
            self.block(block, depth + 1);
        }
        if !blocks.is_empty() {
            self.line(depth);
        }
        self.out.push(']');
    }

    fn block(&mut self, spec: &BlockSpec, depth: usize) {
        let (colon, comma) = (self.colon(), self.comma());
        let entry = self.entry("block", &spec.block);
        let _ = write!(self.out, "{{{entry}");
        if let Some(routing) = &spec.routing {
            let text = self.choice(routing);
            let _ = write!(self.out, "{comma}\"routing\"{colon}{text}");
        }
        if !spec.blocks.is_empty() {
            let _ = write!(self.out, "{comma}\"blocks\"{colon}");
            self.blocks(&spec.blocks, depth);
        }
        self.out.push('}');
    }
}

fn written(setting: &Setting) -> String {
    match setting {
        Setting::Bool(v) => v.to_string(),
        Setting::Int(v) => v.to_string(),
        Setting::Float(v) => number(*v),
        Setting::Choice(v) => quoted(v),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The shortest text that reads back as the same number. JSON knows no NaN and no infinity.
fn number(v: f64) -> String {
    if !v.is_finite() {
        "null".to_owned()
    } else if v.fract() == 0.0 && v.abs() < 1e15 {
        format!("{v:.0}")
    } else {
        format!("{v:?}")
    }
}
