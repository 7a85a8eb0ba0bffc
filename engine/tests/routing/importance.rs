//! Importance routing: who is seated, in which order, and what that saves.

use engine::net::Mode;
use engine::registry::Setting;

use super::bench::Routed;
use super::support::*;

/// Six samples that all like the first of two experts, surer and surer.
const LOGITS: [f64; 12] = [0.1, 0.0, 0.2, 0.0, 0.3, 0.0, 0.4, 0.0, 0.5, 0.0, 0.6, 0.0];

fn seated(settings: &[(&str, Setting)]) -> (Vec<f64>, Vec<f64>) {
    let routed = Routed::new("importance", Mode::Train, [6, 6], 2, settings);
    let mut got = routed.at(&LOGITS, &[0.0; 2], &[routed.experts(), routed.weights()]);
    (got.remove(0), got.remove(0))
}

#[test]
fn the_most_important_are_seated() {
    let (experts, weights) = seated(&[]);
    assert_eq!(experts, [2.0, 2.0, 2.0, 0.0, 0.0, 0.0], "room for three: the surest");
    assert_eq!(weights[..3], [0.0; 3]);
    assert!((weights[5] - 1.0 / (1.0 + (-0.6f64).exp())).abs() < 1e-12, "the raw probability");
    let (experts, _) = seated(&[("order", word("arrival"))]);
    assert_eq!(experts, [0.0, 0.0, 0.0, 2.0, 2.0, 2.0]);
    // Of a sixth of an even share there is room for one, rounded up.
    assert_eq!(seated(&[("capacity", float(0.3))]).0, [2.0, 2.0, 2.0, 2.0, 2.0, 0.0]);
    assert_eq!(seated(&[("capacity", float(2.0))]).0, [0.0; 6]);
}

/// With all experts asked, weights sum to 1 for everyone, so that all are equally important and the first come first.
#[test]
fn the_sum_of_all_weights_says_nothing() {
    let (experts, _) = seated(&[("k", int(2)), ("score", word("sum")), ("capacity", float(0.5))]);
    let chosen: f64 = experts.iter().filter(|&&e| e < 2.0).count() as f64;
    assert_eq!(chosen, 6.0, "three seats at each of two experts: {experts:?}");
}

/// The seated carry more of the router's certainty than those who are seated as they arrive.
#[test]
fn importance_keeps_more_weight_than_arrival() {
    let logits = numbers(9, 64 * 4).iter().map(|v| 3.0 * v).collect::<Vec<_>>();
    let kept = |order: &str| {
        let settings = [("capacity", float(0.5)), ("order", word(order))];
        let routed = Routed::new("importance", Mode::Train, [64, 64], 4, &settings);
        assert_eq!(routed.assignment.limit, Some(32));
        let got = routed.at(&logits, &[0.0; 4], &[routed.weights()]);
        got[0].iter().sum::<f64>()
    };
    let (important, arriving) = (kept("importance"), kept("arrival"));
    assert!(important > 1.1 * arriving, "{important} and {arriving}");
}
