//! Datasets: what a network is asked to learn. One file each in `data/`, one line in [`DATASETS`].

use serde::{Deserialize, Serialize};

use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knobs},
};

mod bytes;
mod circle;
mod csv;
mod digits;
mod gauss;
mod idx;
mod iris;
mod mnist;
mod mnist1d;
mod moons;
pub mod pack;
mod plane;
mod spiral;
mod split;
mod xor;

pub use bytes::FILE_MAX;

/// The most numbers that one dataset may hold in its training and test inputs together: 64 MiB of `f32`, half of what
/// WebGPU binds as one buffer by default.
pub const VALUES_MAX: usize = 1 << 24;

/// The most classes that a person's own file may have.
pub const CLASSES_MAX: usize = 100;

/// How the samples are best drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// Points in the plane, both coordinates within about ±1.
    Plane,
    /// Grey images, `height × width`, values 0 (paper) to 1 (ink).
    Image { height: usize, width: usize },
    /// One signal along time.
    Series,
    /// Named columns: [`Data::columns`].
    Table,
}

/// Samples with their labels: `x` is row-major, one row of the dataset's input shape a sample; `y[i] < classes`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Split {
    pub x: Vec<f32>,
    pub y: Vec<u32>,
}

impl Split {
    pub fn len(&self) -> usize {
        self.y.len()
    }

    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }
}

/// A loaded classification dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Shape of one sample: `[2]`, `[4]`, or `[height, width, 1]` for images.
    pub input: Vec<usize>,
    /// Names of the classes, in label order.
    pub classes: Vec<String>,
    /// Names of the features, for [`Look::Table`]; empty otherwise.
    pub columns: Vec<String>,
    pub train: Split,
    pub test: Split,
    pub look: Look,
}

/// One file that a person brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What it holds, such as `images`: shown at the file chooser, and the head of diagnostics about it.
    pub name: &'static str,
    /// File name endings for the chooser, as in HTML's `accept`.
    pub accept: &'static str,
}

/// Where a dataset's bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// No bytes: the samples follow from the knobs and the seed.
    Generated,
    /// This file in `assets/data/`: a [`pack`].
    Asset(&'static str),
    /// These files, from the person.
    Own(&'static [Part]),
}

impl Source {
    /// How many files [`Dataset::load`] takes.
    pub fn files(self) -> usize {
        match self {
            Source::Generated => 0,
            Source::Asset(_) => 1,
            Source::Own(parts) => parts.len(),
        }
    }
}

/// A dataset that can be chosen.
pub trait Dataset: Entry {
    fn source(&self) -> Source;

    /// Builds the dataset. `files` holds the content of each file of [`Dataset::source`], in order; the same files,
    /// knobs and `seed` give the same samples, order and split on every target. Assets have a fixed split and take no
    /// notice of `seed`.
    ///
    /// # Errors
    /// Files that cannot be read as this dataset: the diagnostic names the line or byte.
    fn load(&self, files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic>;
}

/// Every dataset: generated first, then packed, then a person's own.
pub const DATASETS: &[&dyn Dataset] = &[
    &circle::Circle,
    &xor::Xor,
    &gauss::Gauss,
    &moons::Moons,
    &spiral::Spiral,
    &iris::Iris,
    &digits::Digits,
    &mnist::Mnist,
    &mnist1d::Mnist1d,
    &csv::OwnCsv,
    &idx::OwnIdx,
];
