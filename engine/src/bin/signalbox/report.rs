//! What a run leaves behind, as JSON. A figure that is not a number is `null`.

use std::time::Duration;

use engine::data::Answer;
use engine::lab::Lab;
use engine::spec::{Spec, text};
use serde_json::{Value, json};

use crate::score;
use crate::trainer::Figures;

/// A moment of a run.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub step: u64,
    /// Of the batch of that step.
    pub batch: Figures,
    /// Of the training and the test split, where they were looked at.
    pub splits: Option<[Figures; 2]>,
}

/// All that is kept of a run.
pub struct Report<'a> {
    pub spec: &'a Spec,
    pub lab: &'a Lab,
    pub device: Value,
    pub time: Duration,
    pub curve: &'a [Point],
    /// The first step whose loss was seen not to be finite.
    pub diverged: Option<u64>,
}

impl Report<'_> {
    pub fn json(&self) -> Value {
        let steps = self.curve.last().map_or(0, |p| p.step);
        let seconds = self.time.as_secs_f64();
        let last = self.curve.iter().rev().find_map(|p| p.splits);
        let asked = self.lab.task.answer;
        json!({
            "version": 1,
            "spec": serde_json::from_str::<Value>(&text::compact(self.spec)).unwrap_or_default(),
            "device": self.device,
            "steps": steps,
            "seconds": seconds,
            "samples_per_second": steps as f64 * self.lab.task.batch as f64 / seconds,
            "diverged": self.diverged,
            "final": last.map(|both| splits(both, asked)),
            "cost": self.lab.cost,
            "backprop": self.lab.backprop,
            "curve": self.curve.iter().map(|p| point(p, asked)).collect::<Vec<_>>(),
        })
    }
}

fn point(point: &Point, asked: Answer) -> Value {
    let mut value = figures(point.batch, asked);
    value["step"] = point.step.into();
    if let Some(both) = point.splits {
        value["train"] = figures(both[0], asked);
        value["test"] = figures(both[1], asked);
    }
    value
}

fn splits(both: [Figures; 2], asked: Answer) -> Value {
    json!({ "train": figures(both[0], asked), "test": figures(both[1], asked) })
}

fn figures(figures: Figures, asked: Answer) -> Value {
    json!({ "loss": number(figures.loss), score::name(asked): number(figures.accuracy) })
}

/// The shortest decimal that is this single, rather than all digits of the double it becomes.
fn number(v: f32) -> Value {
    v.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

/// JSON for people and files.
pub fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_null() {
        let one = Figures { loss: f32::NAN, accuracy: 0.1 };
        assert_eq!(figures(one, Answer::Class).to_string(), r#"{"accuracy":0.1,"loss":null}"#);
        assert_eq!(number(f32::INFINITY), Value::Null);
    }
}
