//! Reading a sweep: which knobs, and their values.

use serde_json::Value;

use super::{Reader, kind, setting};
use crate::diagnostic::instead;
use crate::spec::Axis;

const FIELDS: &[&str] = &["set", "values"];

impl Reader {
    pub(super) fn sweep(&mut self, value: &Value) -> Vec<Axis> {
        let Value::Array(axes) = value else {
            let mend = "write [{\"set\": \"rate\", \"values\": [0.001, 0.01]}]";
            self.fault("sweep", format!("{} is no sweep", kind(value)), mend);
            return Vec::new();
        };
        axes.iter().enumerate().filter_map(|(i, axis)| self.axis(axis, &format!("sweep › {}", i + 1))).collect()
    }

    fn axis(&mut self, value: &Value, path: &str) -> Option<Axis> {
        let Value::Object(fields) = value else {
            let mend = "write {\"set\": \"rate\", \"values\": [0.001, 0.01]}";
            self.fault(path, format!("{} names no knob", kind(value)), mend);
            return None;
        };
        for name in fields.keys().filter(|k| !FIELDS.contains(&k.as_str())) {
            self.fault(&format!("{path} › {name}"), "unknown field", instead(name, FIELDS));
        }
        let place = self.id(fields, "set", path)?;
        let path = format!("{path} › values");
        let Some(Value::Array(values)) = fields.get("values") else {
            self.fault(&path, "there is no list of values", "write [0.001, 0.01]");
            return None;
        };
        let mut read = Vec::new();
        for (i, value) in values.iter().enumerate() {
            match setting(value) {
                Some(value) => read.push(value),
                None => self.fault(
                    &format!("{path} › {}", i + 1),
                    format!("{} is no setting", kind(value)),
                    "give a number, a name, true or false",
                ),
            }
        }
        // What could not be read is told already.
        (read.len() == values.len()).then_some(Axis { place, values: read })
    }
}
