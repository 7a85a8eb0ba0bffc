//! What is said to a person when something they gave us cannot be used: where, what, and how to mend it.

use serde::{Deserialize, Serialize};

/// One fault: the place, what is wrong there, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Where: a path such as `net › 2 › linear` or `digits.csv › line 7`.
    pub path: String,
    /// What is wrong, with the offending figure or word.
    pub message: String,
    /// What the person can do; empty when the message says it already.
    pub mend: String,
}

impl Diagnostic {
    pub fn new(path: impl Into<String>, message: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), mend: mend.into() }
    }

    /// The same fault seen from one level further out.
    pub fn within(mut self, outer: &str) -> Self {
        self.path = if self.path.is_empty() { outer.to_owned() } else { format!("{outer} › {}", self.path) };
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if !self.mend.is_empty() {
            write!(f, " ({})", self.mend)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}
