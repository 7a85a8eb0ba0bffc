//! Datasets: what a network is asked to learn. One file each in `data/`, one line in [`DATASETS`].

use serde::{Deserialize, Serialize};

use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knobs, registry},
};

mod arrays;
mod boolean;
mod breast_cancer;
mod bytes;
mod circle;
mod csv;
mod digits;
mod function;
mod gauss;
mod idx;
mod iris;
mod list_ops;
mod mnist;
mod mnist1d;
mod moons;
mod needle;
mod npy;
mod own_text;
pub mod pack;
mod penguins;
mod photo;
mod places;
mod plane;
pub mod points;
mod rearrange;
mod recall;
mod restyled;
mod series;
mod spiral;
mod split;
mod state;
pub(crate) mod take;
mod text;
mod wine;
mod xor;
mod zip;

pub use bytes::FILE_MAX;

/// The most numbers that one dataset may hold in its training and test inputs together: 64 MiB of `f32`, half of what
/// WebGPU binds as one buffer by default.
pub const VALUES_MAX: usize = 1 << 24;

/// The most classes that a person's own file may have.
pub const CLASSES_MAX: usize = 100;

/// The most tokens whose neighbours are counted.
pub const NEIGHBOURS_MAX: usize = 256;

/// How the samples are best drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// Points in the plane, both coordinates within about ±1.
    Plane,
    /// Images, `height × width`, values 0 (paper) to 1 (ink); of one colour, or of three where the input's last side is 3.
    Image { height: usize, width: usize },
    /// One signal along time.
    Series,
    /// Named columns: [`Data::columns`].
    Table,
    /// Tokens, written one after the other.
    Text,
}

/// What is to be answered to a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// One of the classes.
    Class,
    /// One of the classes at each of so many places. A label of [`UNCOUNTED`] counts for nothing.
    ClassAtPlaces(usize),
    /// A number for each output.
    Numbers,
}

/// The label of a place that nothing is asked of.
pub const UNCOUNTED: f32 = -1.0;

impl Answer {
    /// Shape of the answer to one sample, when there are `outputs` outputs.
    pub fn shape(self, outputs: usize) -> Vec<usize> {
        match self {
            Answer::Class | Answer::Numbers => vec![outputs],
            Answer::ClassAtPlaces(places) => vec![places, outputs],
        }
    }
}

/// Samples that are windows over one long series, which is `x` of a [`Split`]; `y` is empty, since the answers stand in
/// the same series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Values of the series that a sample shows.
    pub length: usize,
    /// How far behind the beginning of the sample its answer begins, and how long it is: 1 and `length` where at every
    /// place the next value is to be told, `length` and some where what follows is.
    pub offset: usize,
    pub answer: usize,
    /// How far apart samples begin.
    pub stride: usize,
}

impl Window {
    /// How many samples a series of `values` values has.
    pub fn samples(self, values: usize) -> usize {
        let reach = self.length.max(self.offset + self.answer);
        if values < reach { 0 } else { (values - reach) / self.stride.max(1) + 1 }
    }
}

/// Samples with their answers: `x` is row-major, one row of the dataset's input shape a sample. `y` holds a label for
/// each sample or place, or a row of numbers for each sample.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Split {
    pub x: Vec<f32>,
    pub y: Vec<f32>,
    /// How many samples there are; of windows, see [`Data::samples`].
    pub len: usize,
}

/// A loaded dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Shape of one sample: `[2]`, `[4]`, `[height, width, 1]` for images, `[T]` for tokens.
    pub input: Vec<usize>,
    /// Names of the outputs: the classes in label order, or the numbers that are to be told.
    pub outputs: Vec<String>,
    pub answer: Answer,
    /// What each token is written as; empty where samples are not made of tokens.
    pub tokens: Vec<String>,
    pub window: Option<Window>,
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

impl Data {
    /// A dataset that asks for one of the classes `outputs`.
    pub fn of_classes(input: Vec<usize>, outputs: Vec<String>, train: Split, test: Split, look: Look) -> Self {
        let (answer, tokens, window, columns) = (Answer::Class, Vec::new(), None, Vec::new());
        Self { input, outputs, answer, tokens, window, columns, train, test, look }
    }

    /// The share of each token in the training samples: `[tokens]`; empty where samples are not made of tokens.
    pub fn frequencies(&self) -> Vec<f32> {
        let mut counts = vec![0.0f32; self.tokens.len()];
        if counts.is_empty() {
            return counts;
        }
        for &token in &self.train.x {
            if let Some(count) = counts.get_mut(token as usize) {
                *count += 1.0;
            }
        }
        let total = counts.iter().sum::<f32>().max(1.0);
        counts.iter_mut().for_each(|count| *count /= total);
        counts
    }

    /// How often each token follows each other one in the training samples: `[tokens, tokens]`, rows by the one before.
    /// Empty where samples are not made of tokens, and where there are more than [`NEIGHBOURS_MAX`].
    pub fn neighbours(&self) -> Vec<f32> {
        let tokens = self.tokens.len();
        if tokens == 0 || tokens > NEIGHBOURS_MAX {
            return Vec::new();
        }
        let mut counts = vec![0.0f32; tokens * tokens];
        // A series is one long sample.
        let length = if self.window.is_some() { self.train.x.len() } else { self.input.iter().product() };
        for pair in self.train.x.chunks(length.max(1)).flat_map(|sample| sample.windows(2)) {
            if let Some(count) = counts.get_mut(pair[0] as usize * tokens + pair[1] as usize) {
                *count += 1.0;
            }
        }
        counts
    }

    /// How many samples `split` has.
    pub fn samples(&self, split: &Split) -> usize {
        self.window.map_or(split.len, |window| window.samples(split.x.len()))
    }
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

registry! {
    DATASETS: Dataset, DATASET_ENTRIES;
    circle::Circle,
    xor::Xor,
    gauss::Gauss,
    moons::Moons,
    spiral::Spiral,
    points::Points,
    boolean::Boolean,
    function::Function,
    rearrange::COPY,
    rearrange::REVERSE,
    rearrange::SORT,
    state::Parity,
    state::Words,
    recall::Recall,
    list_ops::ListOps,
    needle::Needle,
    mnist1d::Mnist1d,
    iris::Iris,
    penguins::Penguins,
    wine::Wine,
    breast_cancer::BreastCancer,
    digits::Digits,
    restyled::Restyled,
    mnist::Mnist,
    photo::Photo,
    series::Series,
    text::Text,
    csv::OwnCsv,
    idx::OwnIdx,
    arrays::OWN_NPY,
    arrays::OWN_NPZ,
    arrays::OWN_IMAGES,
    own_text::OwnText,
}
