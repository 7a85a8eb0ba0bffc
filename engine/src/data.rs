//! Datasets: what a network is asked to learn. One file each in `data/`, one line in [`DATASETS`].

use serde::{Deserialize, Serialize};

use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knobs},
};

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
    /// Named columns.
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
    pub train: Split,
    pub test: Split,
    pub look: Look,
}

/// Where a dataset comes from. Generated ones need no bytes.
pub trait Dataset: Entry {
    /// The file in `assets/data/` whose bytes [`Dataset::load`] needs; `None` when it is generated.
    fn file(&self) -> Option<&'static str> {
        None
    }

    /// Builds the dataset. `bytes` is the content of [`Dataset::file`] (empty for generated ones); the same `seed`
    /// gives the same samples, order and split on every target.
    ///
    /// # Errors
    /// Bytes that are not this dataset's file: the diagnostic names the line or byte.
    fn load(&self, bytes: &[u8], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic>;
}

pub const DATASETS: &[&dyn Dataset] = &[];
