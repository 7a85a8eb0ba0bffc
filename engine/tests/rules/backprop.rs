//! Backpropagation follows the loss.

use engine::net::Mode;

use crate::bench::*;
use crate::support::*;

/// Backpropagation's updates are the differences of its loss, auxiliary losses included.
#[test]
fn backprop_follows_the_loss() {
    let routed = vec![route(3, "top-k", &[("balance", float(0.5))], vec![linear(4)]), activation("gelu")];
    let mut bench = Bench::new("backprop", &[], net(3, vec![hidden(4), routed, read_out()]), &[3], 5);
    let lesson = bench.learn();
    assert_eq!(lesson.taps.len(), 1);
    let x = bench.batch.x;
    let balance = bench.with(|cx| cx.series(Mode::Train, x)).passes[1].losses[0];
    let objective = bench.g.add(lesson.loss, balance);
    let oracle = bench.registers();
    for update in &lesson.updates {
        let got = oracle.values(&bench.g, &[update.gradient])[0].data.clone();
        for (i, got) in got.iter().enumerate() {
            let at = |by: f64| {
                let mut moved = oracle.clone();
                let mut t = oracle.read(update.slot).clone();
                t.data[i] += by;
                moved.write(update.slot, t);
                moved.values(&bench.g, &[objective])[0].data[0]
            };
            let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((got - expected).abs() < 1e-6, "{}: {got} and {expected}", bench.g.slot(update.slot).name);
        }
    }
}

/// The reference gradient of a rule without detached stages is its own.
#[test]
fn reference_is_backprop() {
    let mut bench = Bench::new("backprop", &[], net(3, vec![hidden(5), read_out()]), &[3], 6);
    let lesson = bench.learn();
    let target = bench.batch.target;
    let exact = bench.with(|cx| cx.reference(&lesson, target));
    let oracle = bench.registers();
    for (update, exact) in lesson.updates.iter().zip(exact) {
        let both = oracle.values(&bench.g, &[update.gradient, exact]);
        assert!(distance(&both[0].data, &both[1].data) < 1e-12);
    }
}
