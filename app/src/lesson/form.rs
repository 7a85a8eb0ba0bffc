//! What a lesson is once its text is read: the reader writes it, the page shows it.

use serde::{Deserialize, Serialize};

/// A text, read as far as it goes, and all that is wrong with it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reading {
    pub lesson: Lesson,
    pub faults: Vec<Fault>,
    /// The addresses of its links to the lab, each with its line.
    pub deeds: Vec<(usize, String)>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Lesson {
    pub title: String,
    pub summary: String,
    pub minutes: u32,
    pub level: String,
    /// Language tag of the text: `en`, `es`.
    pub language: String,
    /// The deeds that set the lab up for it, as an address.
    pub begin: String,
    pub steps: Vec<Step>,
}

/// One page of a lesson.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Step {
    pub title: String,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// HTML that the reader itself has written, of a few harmless elements.
    Prose(String),
    Question(Question),
    Checkpoint(Checkpoint),
}

/// Something to predict or to answer; texts are HTML as in [`Part::Prose`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Question {
    pub id: String,
    pub text: String,
    pub choices: Vec<Choice>,
    /// Shown once it is answered.
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Choice {
    pub text: String,
    pub right: bool,
}

/// What the run must show; it lights up when all its tests hold at once.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Checkpoint {
    pub id: String,
    /// What is asked for, in words: HTML as in [`Part::Prose`].
    pub text: String,
    pub tests: Vec<Test>,
}

/// One line of a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Test {
    /// A figure of the run against a value; `within`: not after this step.
    Figure { figure: Figure, than: Than, value: f64, within: Option<u64> },
    /// The experiment has this at this path: `rule`, `routing`, `1/1.linear/units`.
    Setting { path: String, is: String },
    /// A race has run to its end.
    RaceDone,
}

/// What can be measured of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Figure {
    Step,
    Accuracy(Split),
    Loss(Split),
    /// Cosine between the rule's update and the gradient at a stage, counted from 1.
    Alignment(usize),
    /// Entropy of the router's choice at the first route, in nats.
    Entropy,
    /// Largest and least share that an expert of the first route receives.
    Busiest,
    Idlest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Split {
    Train,
    Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Than {
    Above,
    Below,
}

/// Something wrong with the text, at a line counted from 1.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Fault {
    pub line: usize,
    pub message: String,
    pub mend: String,
}

impl Figure {
    /// The probe that must measure for it.
    pub fn probe(self) -> Option<&'static str> {
        match self {
            Figure::Step | Figure::Accuracy(_) | Figure::Loss(_) => None,
            Figure::Alignment(_) => Some("alignment"),
            Figure::Entropy | Figure::Busiest | Figure::Idlest => Some("experts"),
        }
    }
}
