//! Feedback through other weights than those of the way forward.

use engine::ops::Tensor;

use crate::bench::*;
use crate::support::*;

/// With the transposed read-out as feedback, the last hidden stage learns as by backpropagation.
#[test]
fn true_feedback_is_backprop() {
    let build = || net(3, vec![hidden(5), hidden(4), read_out()]);
    let mut dfa = Bench::new("direct-feedback-alignment", &[], build(), &[3], 6);
    let lesson = dfa.learn();
    let target = dfa.batch.target;
    let exact = dfa.with(|cx| cx.reference(&lesson, target));
    let mut oracle = dfa.registers();
    let weight = oracle.read(dfa.slot("3/1.linear/weight")).data.clone();
    let transposed = (0..3).flat_map(|c| (0..4).map(move |h| (c, h))).map(|(c, h)| weight[h * 3 + c]).collect();
    oracle.write(dfa.slot("rule/feedback 2"), Tensor::new([3, 4], transposed));
    let mut alike = Vec::new();
    for (update, exact) in lesson.updates.iter().zip(exact) {
        let both = oracle.values(&dfa.g, &[update.gradient, exact]);
        if distance(&both[0].data, &both[1].data) < 1e-12 {
            alike.push(dfa.g.slot(update.slot).name.clone());
        }
    }
    let expected = ["2/1.linear/weight", "2/1.linear/bias", "3/1.linear/weight", "3/1.linear/bias"];
    assert_eq!(alike, expected, "the first stage alone is taught otherwise");
}
