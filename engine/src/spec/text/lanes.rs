//! Reading the lanes of a race.

use serde_json::{Map, Value};

use super::{Reader, kind, setting};
use crate::diagnostic::instead;
use crate::optim::OPTIMIZER_ENTRIES;
use crate::registry::Settings;
use crate::rules::RULE_ENTRIES;
use crate::spec::Lane;

const FIELDS: &[&str] = &["name", "rule", "optimizer", "rate", "set"];

impl Reader {
    pub(super) fn lanes(&mut self, value: &Value) -> Vec<Lane> {
        let Value::Array(lanes) = value else {
            let mend = "write [{\"rule\": \"…\"}, …]";
            self.fault("lanes", format!("{} is no list of lanes", kind(value)), mend);
            return Vec::new();
        };
        lanes.iter().enumerate().map(|(i, lane)| self.lane(lane, &format!("lanes › {}", i + 1))).collect()
    }

    fn lane(&mut self, value: &Value, path: &str) -> Lane {
        let Value::Object(fields) = value else {
            self.fault(path, format!("{} is no lane", kind(value)), "write {\"rule\": \"…\"}");
            return Lane::default();
        };
        for name in fields.keys().filter(|k| !FIELDS.contains(&k.as_str())) {
            self.fault(&format!("{path} › {name}"), "unknown field", instead(name, FIELDS));
        }
        Lane {
            name: self.name(fields, path),
            rule: fields.get("rule").map(|v| self.choice(v, RULE_ENTRIES, &format!("{path} › rule"))),
            optimizer: fields
                .get("optimizer")
                .map(|v| self.choice(v, OPTIMIZER_ENTRIES, &format!("{path} › optimizer"))),
            rate: fields.get("rate").and_then(|v| {
                let rate = v.as_f64();
                if rate.is_none() {
                    self.fault(&format!("{path} › rate"), format!("{} is no number", kind(v)), "give a number");
                }
                rate
            }),
            set: fields.get("set").map(|v| self.changes(v, &format!("{path} › set"))).unwrap_or_default(),
        }
    }

    fn name(&mut self, fields: &Map<String, Value>, path: &str) -> Option<String> {
        match fields.get("name")? {
            Value::String(name) => Some(name.clone()),
            other => {
                self.fault(&format!("{path} › name"), format!("{} is no name", kind(other)), "give a text");
                None
            }
        }
    }

    fn changes(&mut self, value: &Value, path: &str) -> Settings {
        let Value::Object(fields) = value else {
            let mend = "write {\"1/1.linear/units\": 64}";
            self.fault(path, format!("{} is no set of changes", kind(value)), mend);
            return Settings::new();
        };
        let mut out = Settings::new();
        for (place, value) in fields {
            match setting(value) {
                Some(to) => {
                    out.insert(place.clone(), to);
                }
                None => self.fault(
                    &format!("{path} › {place}"),
                    format!("{} is no setting", kind(value)),
                    "give a number, a name, true or false",
                ),
            }
        }
        out
    }
}
