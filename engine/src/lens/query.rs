//! The words by which values are found.
//!
//! ```text
//! query = word { " " word }       all of them must hold
//! word  = [ "-" ] ( "is:" kind | pattern )
//! ```
//!
//! A pattern is a part of the name, in any case; with `*` (any letters) or `?` (any one letter) it is the whole name. `-`
//! turns a word into its contrary. `is:weight` names a kind (see [`Kind`]). An empty query finds everything.

use super::{Kind, ValueInfo};
use crate::diagnostic::{Diagnostic, distance, instead};
use crate::sorting::Sorting as _;

/// Names that are offered where a query finds nothing.
const NEAR: usize = 3;

/// A query, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    /// Whether it must hold, or must not.
    holds: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Kind(Kind),
    Part(String),
    Whole(Vec<char>),
}

impl Query {
    /// # Errors
    /// A kind that there is not, with the nearest one.
    pub fn read(text: &str) -> Result<Self, Diagnostic> {
        text.split_whitespace().map(word).collect::<Result<_, _>>().map(|words| Self { words })
    }

    pub fn finds(&self, value: &ValueInfo) -> bool {
        let name = value.name.to_lowercase();
        self.words.iter().all(|word| {
            let met = match &word.test {
                Test::Kind(kind) => value.kind == *kind,
                Test::Part(part) => name.contains(part),
                Test::Whole(pattern) => whole(pattern, &name.chars().collect::<Vec<_>>()),
            };
            met == word.holds
        })
    }
}

fn word(text: &str) -> Result<Word, Diagnostic> {
    let (holds, rest) = match text.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (false, rest),
        Some(_) | None => (true, text),
    };
    let lower = rest.to_lowercase();
    let test = match lower.strip_prefix("is:") {
        Some(kind) => Test::Kind(kind_of(kind)?),
        None if lower.contains(['*', '?']) => Test::Whole(lower.chars().collect()),
        None => Test::Part(lower),
    };
    Ok(Word { holds, test })
}

fn kind_of(word: &str) -> Result<Kind, Diagnostic> {
    let kind = Kind::ALL.into_iter().find(|k| k.word() == word);
    kind.ok_or_else(|| {
        let known = Kind::ALL.map(Kind::word);
        Diagnostic::new("query", format!("there is no kind `{word}`"), instead(word, &known))
    })
}

/// Whether `name` is what `pattern` says from its beginning to its end.
fn whole(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where the last `*` stands, and up to where in the name it reaches: it reaches one letter further when what follows
    // does not fit.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                star = Some((p, n));
                p += 1;
            }
            (Some(letter), _) if *letter == '?' || *letter == name[n] => {
                p += 1;
                n += 1;
            }
            (_, Some((at, reach))) => {
                star = Some((at, reach + 1));
                p = at + 1;
                n = reach + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

/// The names that come nearest to what was asked for.
pub fn near<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let pattern =
        text.split_whitespace().filter(|w| !w.to_lowercase().starts_with("is:")).collect::<Vec<_>>().join(" ");
    let asked = pattern.to_lowercase();
    // A name counts by its nearest part, so that a slip in one of them finds it.
    let far = |name: &str| {
        let whole = distance(&asked, name);
        name.split(['/', ':', '.', ' ']).map(|part| distance(&asked, part)).fold(whole, usize::min)
    };
    let mut all: Vec<(usize, &str)> = names.map(|n| (far(&n.to_lowercase()), n)).collect();
    all.put_in_order();
    all.into_iter().take(NEAR).map(|(_, n)| n.to_owned()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn finds(query: &str, name: &str, kind: Kind) -> bool {
        Query::read(query).unwrap().finds(&ValueInfo { name: name.to_owned(), kind, shape: Vec::new() })
    }

    #[test]
    fn words_name_parts_wholes_and_kinds() {
        let weight = ("1/1.linear/weight", Kind::Weight);
        let held = ["", "linear", "LINEAR weight", "1/*", "*/weight", "?/1.linear/*", "is:weight", "-bias", "-is:knob"];
        for query in held {
            assert!(finds(query, weight.0, weight.1), "{query}");
        }
        for query in ["bias", "2/*", "weight*", "linear -weight", "is:gradient", "-is:weight", "linear/?"] {
            assert!(!finds(query, weight.0, weight.1), "{query}");
        }
    }

    #[test]
    fn slips_are_answered_by_what_comes_nearest() {
        let fault = Query::read("is:wieght").unwrap_err().to_string();
        assert_eq!(fault, "query: there is no kind `wieght` (did you mean `weight`?)");
        let names = ["1/1.linear/weight", "1/1.linear/bias", "2/1.linear/weight"];
        assert_eq!(near("baas", names.into_iter())[0], "1/1.linear/bias");
        assert_eq!(near("1/1.linear/wiegt is:weight", names.into_iter())[0], "1/1.linear/weight");
    }
}
