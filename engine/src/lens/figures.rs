//! A value in figures: its extremes, its mean and spread, what is no number in it, and how its numbers are distributed.

use serde::{Deserialize, Serialize};

/// Bars of the histogram.
pub const BARS: usize = 48;

/// Of all elements, not only of those that are told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    pub count: u64,
    pub nan: u64,
    pub infinite: u64,
    /// Exact zeros.
    pub zero: u64,
    /// Of the finite elements, where there are any.
    pub finite: Option<Spread>,
    /// How many finite elements lie in each of [`BARS`] equal parts from the least to the greatest; one part where all
    /// are the same; empty where there are none.
    pub bars: Vec<u64>,
}

/// How numbers lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub min: f32,
    pub max: f32,
    pub mean: f64,
    /// Standard deviation, all elements being the whole population.
    pub std: f64,
    /// Root of the sum of squares.
    pub norm: f64,
}

impl Figures {
    pub fn of(values: &[f32]) -> Self {
        let count = |is: fn(f32) -> bool| values.iter().filter(|v| is(**v)).count() as u64;
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let sum = || finite().map(f64::from);
        let n = finite().count();
        let figures = Self {
            count: values.len() as u64,
            nan: count(f32::is_nan),
            infinite: count(f32::is_infinite),
            zero: count(|v| v == 0.0),
            ..Self::default()
        };
        if n == 0 {
            return figures;
        }
        let mean = sum().sum::<f64>() / n as f64;
        let variance = sum().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n as f64;
        let (min, max) = finite().fold((f32::MAX, f32::MIN), |(a, b), v| (a.min(v), b.max(v)));
        let norm = sum().map(|v| v * v).sum::<f64>().sqrt();
        let width = f64::from(max) - f64::from(min);
        let mut bars = vec![0; if width > 0.0 { BARS } else { 1 }];
        let last = bars.len() - 1;
        for v in sum() {
            let at = if width > 0.0 { (v - f64::from(min)) / width * BARS as f64 } else { 0.0 };
            bars[(at as usize).min(last)] += 1;
        }
        Self { finite: Some(Spread { min, max, mean, std: variance.sqrt(), norm }), bars, ..figures }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_counted_apart() {
        let figures = Figures::of(&[1.0, f32::NAN, 3.0, f32::INFINITY, 0.0, -4.0]);
        assert_eq!([figures.count, figures.nan, figures.infinite, figures.zero], [6, 1, 1, 1]);
        let spread = figures.finite.unwrap();
        assert_eq!((spread.min, spread.max, spread.mean), (-4.0, 3.0, 0.0));
        assert!((spread.std - 6.5_f64.sqrt()).abs() < 1e-12 && (spread.norm - 26.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!((figures.bars.len(), figures.bars.iter().sum::<u64>()), (BARS, 4));
        assert_eq!((figures.bars[0], figures.bars[BARS - 1]), (1, 1));
        assert_eq!(Figures::of(&[2.0, 2.0]).bars, [2]);
        assert_eq!(Figures::of(&[f32::NAN]).finite, None);
    }
}
