//! Texts of older versions, brought step by step into the present form, so that every link that was ever given away opens.

use serde_json::{Map, Value};

use crate::spec::VERSION;

/// The fields of a text of one version, changed into those of the next.
type Migration = fn(&mut Map<String, Value>);

/// The first one leads from version 1 to 2, and so on: a new version does not compile without its migration.
const MIGRATIONS: [Migration; VERSION as usize - 1] = [];

/// Brings the fields of a text of `version`, 1 or more, into the present form.
pub fn migrate(fields: &mut Map<String, Value>, version: u32) {
    walk(fields, version, &MIGRATIONS);
}

fn walk(fields: &mut Map<String, Value>, version: u32, all: &[Migration]) {
    for step in all.iter().skip(version as usize - 1) {
        step(fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_later_steps_are_taken_and_in_order() {
        let rename: Migration = |fields| {
            let rate = fields.remove("lr").unwrap_or_default();
            fields.insert("rate".to_owned(), rate);
        };
        let double: Migration = |fields| {
            let rate = fields.get("rate").and_then(Value::as_f64).unwrap_or_default();
            fields.insert("rate".to_owned(), (2.0 * rate).into());
        };
        let from = |version: u32, text: &str| {
            let mut fields: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
            walk(&mut fields, version, &[rename, double]);
            Value::from(fields).to_string()
        };
        assert_eq!(from(1, r#"{"lr":1.5}"#), r#"{"rate":3.0}"#);
        assert_eq!(from(2, r#"{"rate":1.5}"#), r#"{"rate":3.0}"#);
        assert_eq!(from(3, r#"{"rate":1.5}"#), r#"{"rate":1.5}"#);
    }
}
