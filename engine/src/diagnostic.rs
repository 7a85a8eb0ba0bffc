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

/// What to write in the place of `word`: the known word that it was probably meant to be, or the list of all.
pub fn instead(word: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return "remove it: nothing is known here".to_owned();
    }
    let close = known.iter().map(|k| (distance(word, k), k)).min_by_key(|d| d.0);
    match close {
        Some((d, k)) if d <= k.chars().count().div_ceil(3) => format!("did you mean `{k}`?"),
        _ => format!("choose one of {}", known.join(", ")),
    }
}

/// Letters to insert, drop, replace or swap with their neighbour until `a` is `b` (optimal string alignment).
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_near() {
        assert_eq!(distance("unist", "units"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(instead("lineer", &["linear", "dropout"]), "did you mean `linear`?");
        assert_eq!(instead("zebra", &["linear", "dropout"]), "choose one of linear, dropout");
    }
}
