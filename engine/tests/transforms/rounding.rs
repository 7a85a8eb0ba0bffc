//! Weights on a grid.

use engine::spec::Choice;

use super::bench::*;

const LAYERS: [&str; 3] = ["1/1.linear", "2/1.linear", "3/1.linear"];

#[test]
fn learned_rounding_is_on_the_grid_and_no_worse_than_to_nearest() {
    let case = Case::trained(layers(), 300);
    for bits in [2, 3, 4] {
        let by = Choice::new("flex-round").with("bits", bits);
        let (rounded, figures) = case.transformed(by.clone());
        let (nearest, _) = case.transformed(by.with("steps", 0));
        for name in LAYERS {
            let mut values = rounded.weight(&format!("{name}/weight")).data.clone();
            values.sort_by(f32::total_cmp);
            values.dedup();
            assert!(values.len() <= 1 << bits, "{name}: {values:?}");
            // All are whole multiples of the smallest that is not 0.
            let grid = values.iter().map(|v| v.abs()).filter(|v| *v > 0.0).fold(f32::MAX, f32::min);
            let step = (1..=8)
                .map(|d| grid / d as f32)
                .find(|s| values.iter().all(|v| ((v / s) - (v / s).round()).abs() < 1e-3));
            assert!(step.is_some(), "{name}: {values:?}");
            let (error, near) =
                (figures[&format!("{name}: error")], figures[&format!("{name}: error of rounding to nearest")]);
            assert!(error <= near && error >= -1e-5, "{name}: {error} {near}");
        }
        println!(
            "flex-round {bits} bits, digits: {:.4} before, {:.4} to nearest, {:.4} learned; largest shift {}",
            case.accuracy(),
            nearest.accuracy(),
            rounded.accuracy(),
            figures["1/1.linear: largest shift, cells"],
        );
        assert!(rounded.accuracy() > 0.9, "{bits} bits: {}", rounded.accuracy());
    }
}

/// Eight bits are nearly enough to say what a weight is.
#[test]
fn many_bits_change_little() {
    let case = Case::trained(layers(), 100);
    let (rounded, figures) = case.transformed(Choice::new("flex-round").with("bits", 8).with("steps", 0));
    assert!(figures["1/1.linear: error"] < 1e-3);
    assert!((case.accuracy() - rounded.accuracy()).abs() < 0.02);
}
