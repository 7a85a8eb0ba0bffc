//! What runs on the track: how thick each stage's line, each stage's credit and each expert's track is drawn.

use std::collections::BTreeMap;

use engine::sorting::collected;
use leptos::prelude::*;

use crate::state::{Lab, Measured};
use crate::tree::{self, Place};

/// Width of a line of which nothing is known, in the page's pixels.
pub const PLAIN: f32 = 2.5;
/// The widest a line gets beyond the thinnest, for activations and for credit.
const FORWARD: (f32, f32) = (1.5, 4.5);
const CREDIT: (f32, f32) = (1.25, 3.25);
/// Powers of ten between the weakest credit that is told from none, and the strongest.
const DECADES: f32 = 3.0;
/// Widths are drawn to such parts of a pixel, so that what hardly changes is not drawn anew.
const PART: f32 = 4.0;

/// Widths by stage.
pub type Widths = Vec<f32>;

/// What is measured of the run, as widths.
#[derive(Clone, Copy)]
pub struct Flow {
    /// What leaves each stage, on a linear scale.
    pub forward: Memo<Widths>,
    /// What each stage is taught, on a logarithmic scale; 0 for nothing.
    pub credit: Memo<Widths>,
    /// By route: the share of each expert, 1 being an even one, in twentieths.
    pub loads: Memo<BTreeMap<Place, Vec<u16>>>,
}

impl Flow {
    pub fn of(lab: Lab) -> Self {
        let (flow, experts) = (lab.probe("flow"), lab.probe("experts"));
        let credit = flow.clone();
        Self {
            forward: Memo::new(move |_| flow.with(|m| tensor(m.as_deref(), "forward").map_or_else(Vec::new, linear))),
            credit: Memo::new(move |_| {
                credit.with(|m| tensor(m.as_deref(), "learning").map_or_else(Vec::new, logarithmic))
            }),
            loads: Memo::new(move |_| experts.with(|m| m.as_deref().map(loads).unwrap_or_default())),
        }
    }
}

fn tensor<'a>(m: Option<&'a Measured>, name: &str) -> Option<&'a [f32]> {
    m?.tensor(name).map(|t| t.1)
}

fn most(values: &[f32]) -> f32 {
    values.iter().copied().filter(|v| v.is_finite()).fold(1e-30, f32::max)
}

fn rough(width: f32) -> f32 {
    (width * PART).round() / PART
}

fn linear(values: &[f32]) -> Widths {
    let most = most(values);
    let share = |v: &f32| if v.is_finite() { (v / most).clamp(0.0, 1.0) } else { 1.0 };
    values.iter().map(|v| rough(FORWARD.0 + FORWARD.1 * share(v))).collect()
}

fn logarithmic(values: &[f32]) -> Widths {
    let most = most(values);
    let width = |v: &f32| {
        if *v <= 0.0 {
            return 0.0;
        }
        let share = if v.is_finite() { (1.0 + (v / most).log10() / DECADES).clamp(0.0, 1.0) } else { 1.0 };
        rough(CREDIT.0 + CREDIT.1 * share)
    };
    values.iter().map(width).collect()
}

fn loads(m: &Measured) -> BTreeMap<Place, Vec<u16>> {
    let of = |(name, _, load): (&str, &[usize], &[f32])| {
        let path = name.strip_prefix("load ")?;
        // Rounds of a loop are told apart by what follows the path; the first one is drawn.
        (!path.ends_with(')')).then(|| {
            let even = 1.0 / load.len().max(1) as f32;
            (tree::place_of(path).0, load.iter().map(|l| (l / even * 20.0).round().clamp(0.0, 400.0) as u16).collect())
        })
    };
    collected(m.tensors().filter_map(of))
}

#[cfg(test)]
mod tests {
    use super::{linear, logarithmic};

    #[test]
    fn lines_are_as_thick_as_what_runs_on_them() {
        assert_eq!(linear(&[1.0, 2.0, 0.0]), [3.75, 6.0, 1.5]);
        assert_eq!(logarithmic(&[1.0, 1e-3, 1e-9, 0.0]), [4.5, 1.25, 1.25, 0.0]);
        assert_eq!(linear(&[f32::NAN, 1.0])[0], 6.0);
    }
}
