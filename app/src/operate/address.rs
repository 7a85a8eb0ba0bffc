//! What follows the `?` of a deed.

use engine::diagnostic::{Diagnostic, instead};
use engine::registry::Setting;

use super::setting;

/// Most fields of one deed.
const FIELDS: usize = 64;

/// The fields of a deed that are not yet read, and what is wrong with the others.
pub struct Query {
    fields: Vec<(String, String)>,
    path: String,
    /// Fields that the deed may have.
    known: Vec<&'static str>,
    pub faults: Vec<Diagnostic>,
}

impl Query {
    /// `path` is the name of the deed, for its faults.
    pub fn read(text: &str, path: &str) -> Self {
        let mut query = Self { fields: Vec::new(), path: path.to_owned(), known: Vec::new(), faults: Vec::new() };
        for part in text.split('&').filter(|p| !p.is_empty()) {
            match part.split_once('=') {
                Some((name, _)) if query.fields.iter().any(|f| f.0 == decode(name)) => {
                    query.fault(&decode(name), "is given twice", "keep one of them");
                }
                Some((name, value)) if query.fields.len() < FIELDS => {
                    query.fields.push((decode(name), value.to_owned()));
                }
                Some((name, _)) => query.fault(&decode(name), "is one field too many", format!("keep to {FIELDS}")),
                None => query.fault(&decode(part), "has no value", format!("write `{part}=…`")),
            }
        }
        query
    }

    pub fn fault(&mut self, field: &str, message: impl Into<String>, mend: impl Into<String>) {
        self.faults.push(Diagnostic::new(format!("{} › {field}", self.path), message, mend));
    }

    /// The field of this name, if it is there.
    pub fn take(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let at = self.fields.iter().position(|f| f.0 == name)?;
        Some(decode(&self.fields.remove(at).1))
    }

    /// The field of this name, which must be there and say `what`.
    pub fn need(&mut self, name: &'static str, what: &str) -> Option<String> {
        let value = self.take(name).filter(|v| !v.is_empty());
        if value.is_none() && self.faults.is_empty() {
            self.fault(name, "is missing", format!("give {what}"));
        }
        value
    }

    /// A whole number from 1 on.
    pub fn count(&mut self, name: &str, value: &str) -> Option<u32> {
        let number = value.parse().ok().filter(|n| *n > 0);
        if number.is_none() {
            self.fault(name, format!("`{value}` is no whole number from 1 on"), "give one");
        }
        number
    }

    /// All fields, as settings.
    pub fn settings(&mut self) -> Vec<(String, Setting)> {
        if self.fields.is_empty() && self.faults.is_empty() {
            self.fault("", "sets nothing", "name a field and its value: `lab:set?rate=0.01`");
        }
        std::mem::take(&mut self.fields).into_iter().map(|(name, value)| (name, setting(&decode(&value)))).collect()
    }

    /// The one field that is left: a path, and its values with commas between them.
    pub fn values(&mut self) -> (String, Vec<Setting>) {
        if self.fields.len() > 1 {
            let names: Vec<_> = self.fields.iter().map(|f| f.0.clone()).collect();
            self.fault(&names.join(", "), "a race changes one thing only", "keep one of them");
        }
        let Some((path, values)) = self.fields.pop() else {
            if self.faults.is_empty() {
                self.fault("", "changes nothing", "name a path and its values: `lab:race?rule=backprop,hebbian`");
            }
            return (String::new(), Vec::new());
        };
        self.fields.clear();
        (path, values.split(',').filter(|v| !v.is_empty()).map(|v| setting(&decode(v))).collect())
    }

    /// Refuses by name what has not been read.
    pub fn end(&mut self) {
        for (name, _) in std::mem::take(&mut self.fields) {
            let known = self.known.clone();
            self.fault(&name, "unknown field", instead(&name, &known));
        }
    }
}

/// `text` with the signs that mean something in an address written as `%XX`.
pub fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

/// What [`encode`] wrote. A `%` that no two digits follow stands for itself.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|d| std::str::from_utf8(d).ok());
        match digits.filter(|d| byte == b'%' && d.bytes().all(|b| b.is_ascii_hexdigit())) {
            Some(digits) => {
                out.push(u8::from_str_radix(digits, 16).unwrap_or(byte));
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
