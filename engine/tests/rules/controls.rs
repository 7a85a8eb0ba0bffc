//! The controls assign no credit.

use crate::bench::*;
use crate::support::*;

/// Under the controls the read-out learns, exactly, and nothing else does.
#[test]
fn controls_teach_the_read_out_alone() {
    for rule in ["shallow", "random-features"] {
        let mut bench = Bench::new(rule, &[], net(3, vec![hidden(5), hidden(4), hidden(6), read_out()]), &[3], 6);
        let lesson = bench.learn();
        let target = bench.batch.target;
        let exact = bench.with(|cx| cx.reference(&lesson, target));
        let oracle = bench.registers();
        let names: Vec<&str> = lesson.updates.iter().map(|u| bench.g.slot(u.slot).name.as_str()).collect();
        assert_eq!(names, ["4/1.linear/weight", "4/1.linear/bias"]);
        for (update, exact) in lesson.updates.iter().zip(exact) {
            let both = oracle.values(&bench.g, &[update.gradient, exact]);
            assert!(distance(&both[0].data, &both[1].data) < 1e-14);
        }
        assert!(lesson.writes.is_empty() && lesson.before.is_empty());
    }
}
