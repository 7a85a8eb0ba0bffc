//! Block coordinate descent only ever goes down, and each of its solves is the best there is.

use engine::exec::oracle::Oracle;
use engine::lesson::Lesson;
use engine::registry::Setting;

use crate::bench::*;
use crate::support::*;

fn relu(units: i64) -> Vec<engine::net::Node> {
    vec![linear(units), activation("relu")]
}

fn descent(settings: &[(&str, Setting)]) -> (Bench, Lesson, Oracle) {
    let layers = vec![relu(6), relu(5), read_out()];
    let mut bench = Bench::new("block-coordinate-descent", settings, net(3, layers), &[4], 9);
    let lesson = bench.learn();
    let oracle = bench.registers();
    (bench, lesson, oracle)
}

fn objective(bench: &Bench, lesson: &Lesson, oracle: &Oracle) -> Vec<f64> {
    let signal = lesson.signals.iter().find(|s| s.name == "objective").unwrap();
    oracle.values(&bench.g, &[signal.value])[0].data.clone()
}

/// No sweep raises the objective, whatever the weights of its terms; the first ones lower it.
#[test]
fn no_sweep_raises_the_objective() {
    for order in ["cyclic", "greedy"] {
        for (penalty, proximity) in [(1.0, 1.0), (1.0, 0.01), (0.1, 1.0), (30.0, 0.1), (0.01, 100.0)] {
            let settings = [
                ("order", word(order)),
                ("penalty", float(penalty)),
                ("proximity", float(proximity)),
                ("sweeps", int(6)),
            ];
            let (bench, lesson, oracle) = descent(&settings);
            let falls = objective(&bench, &lesson, &oracle);
            assert_eq!(falls.len(), 7);
            assert!(falls.windows(2).all(|o| o[1] <= o[0] * (1.0 + 1e-12)), "{order} {penalty} {proximity}: {falls:?}");
            assert!(falls[1] < 0.999 * falls[0], "{order} {penalty} {proximity}: {falls:?}");
        }
    }
}

/// What was learnt before holds the weights the more the greater the proximity.
#[test]
fn proximity_holds_the_weights() {
    let moved = |proximity: f64| {
        let (bench, lesson, oracle) = descent(&[("proximity", float(proximity))]);
        let far = lesson.writes.iter().filter(|w| bench.g.slot(w.0).name.ends_with("weight")).map(|&(slot, value)| {
            let (old, new) = (oracle.read(slot).data.clone(), oracle.values(&bench.g, &[value])[0].data.clone());
            old.iter().zip(&new).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
        });
        far.sum::<f64>().sqrt()
    };
    let (free, held, fixed) = (moved(0.01), moved(1.0), moved(1e4));
    assert!(free > 1.5 * held && held > 100.0 * fixed && fixed < 1e-3, "{free} {held} {fixed}");
}

#[test]
fn other_forms_are_refused() {
    let fits = |layers| Bench::new("block-coordinate-descent", &[], net(3, layers), &[4], 9).fits();
    assert!(fits(vec![relu(4), read_out()]).is_ok());
    assert!(fits(vec![read_out()]).is_ok());
    for layers in
        [vec![hidden(4), read_out()], vec![relu(4), vec![linear(4), linear(0)]], vec![vec![linear(4)], read_out()]]
    {
        assert!(fits(layers).unwrap_err().contains("closed form"));
    }
}
