//! What was done to a run that its spec does not tell: another run of the same spec comes to other weights.
//!
//! As a text, touches stand in order between commas, each with its step first: `120:hand:300:3,400:carried:backprop`.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// Touches of one run that are read, at most.
const MOST: usize = 100;

/// Something that was done to a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// Of the run that it was done to.
    pub step: u64,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// So many numbers were set by hand, the last of them at step `last`.
    Hand { last: u64, numbers: u32 },
    /// Its weights, as they stood at the step, were carried over from this rule to another one.
    Carried { rule: String },
    /// This transform made a new network of it at the step.
    Transformed { by: String },
    /// It began with the weights of a link or of a file.
    Given,
}

/// Where a run stood, and what had been done to it by then.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Past {
    pub step: u64,
    #[serde(default)]
    pub touches: Vec<Touch>,
}

/// Notes that a number was set by hand at `step`.
pub fn set(touches: &mut Vec<Touch>, step: u64) {
    match touches.last_mut() {
        Some(Touch { what: What::Hand { last, numbers }, .. }) => {
            *last = step;
            *numbers = numbers.saturating_add(1);
        }
        Some(_) | None => touches.push(Touch { step, what: What::Hand { last: step, numbers: 1 } }),
    }
}

/// The touches as a text, which an address can hold as it is.
pub fn write(touches: &[Touch]) -> String {
    let one = |Touch { step, what }: &Touch| match what {
        What::Hand { last, numbers } => format!("{step}:hand:{last}:{numbers}"),
        What::Carried { rule } => format!("{step}:carried:{rule}"),
        What::Transformed { by } => format!("{step}:transformed:{by}"),
        What::Given => format!("{step}:given"),
    };
    touches.iter().map(one).collect::<Vec<_>>().join(",")
}

/// The touches of a text.
///
/// # Errors
/// It is not what [`write`] wrote, or has too many of them.
pub fn read(text: &str) -> Result<Vec<Touch>, Diagnostic> {
    let parts: Vec<&str> = text.split(',').filter(|part| !part.is_empty()).collect();
    if parts.len() > MOST {
        let message = format!("it names {} touches, and at most {MOST} are read", parts.len());
        return Err(Diagnostic::new("touched", message, "leave it away"));
    }
    let one = |part: &&str| {
        let odd = || Diagnostic::new("touched", format!("`{part}` is no touch"), "write one like `120:hand:120:1`");
        read_one(part).ok_or_else(odd)
    };
    parts.iter().map(one).collect()
}

fn read_one(part: &str) -> Option<Touch> {
    let fields: Vec<&str> = part.split(':').collect();
    let (step, fields) = fields.split_first()?;
    let id = |text: &str| {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
        (text.len() <= 60 && text.chars().all(legal)).then(|| text.to_owned())
    };
    let what = match *fields {
        ["hand", last, numbers] => What::Hand { last: last.parse().ok()?, numbers: numbers.parse().ok()? },
        ["carried", rule] => What::Carried { rule: id(rule)? },
        ["transformed", by] => What::Transformed { by: id(by)? },
        ["given"] => What::Given,
        _ => return None,
    };
    Some(Touch { step: step.parse().ok()?, what })
}

impl Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.step;
        match &self.what {
            What::Hand { numbers: 1, .. } => write!(f, "one number set by hand at step {step}"),
            What::Hand { last, numbers } if *last == step => write!(f, "{numbers} numbers set by hand at step {step}"),
            What::Hand { last, numbers } => write!(f, "{numbers} numbers set by hand at steps {step} to {last}"),
            What::Carried { rule } => write!(f, "weights carried over from {rule} at step {step}"),
            What::Transformed { by } => write!(f, "network changed by {by} at step {step}"),
            What::Given => f.write_str("begun with the weights of a link or a file"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_read_as_it_was_written() {
        let mut touches = vec![Touch { step: 0, what: What::Given }];
        set(&mut touches, 120);
        assert_eq!(touches[1].to_string(), "one number set by hand at step 120");
        set(&mut touches, 120);
        assert_eq!(touches[1].to_string(), "2 numbers set by hand at step 120");
        set(&mut touches, 300);
        assert_eq!(touches[1].to_string(), "3 numbers set by hand at steps 120 to 300");
        touches.push(Touch { step: 400, what: What::Carried { rule: "backprop".to_owned() } });
        touches.push(Touch { step: 9, what: What::Transformed { by: "magnitude".to_owned() } });
        let text = write(&touches);
        assert_eq!(text, "0:given,120:hand:300:3,400:carried:backprop,9:transformed:magnitude");
        assert_eq!(read(&text), Ok(touches));
        assert_eq!(read(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_touch_is_refused() {
        let crowd = ["0:given"; MOST + 1].join(",");
        for text in ["hand", "x:given", "1:hand", "1:hand:2", "1:hand:2:-3", "1:carried:<b>", "1:else:2", &crowd] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
