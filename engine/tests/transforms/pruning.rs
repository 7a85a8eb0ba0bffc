//! Single weights that go: how many, which, and that they stay away.

use engine::spec::Choice;
use engine::weights::Tensor;

use super::bench::*;

const LAYERS: [&str; 3] = ["1/1.masked-linear", "2/1.masked-linear", "3/1.masked-linear"];

fn kept(mask: &Tensor) -> usize {
    mask.data.iter().filter(|m| **m != 0.0).count()
}

#[test]
fn magnitude_keeps_the_largest_share_of_every_layer() {
    let case = Case::trained(layers(), 100);
    let (pruned, figures) = case.transformed(Choice::new("magnitude-pruning").with("density", 0.25));
    for name in LAYERS {
        let mask = pruned.weight(&format!("{name}/mask"));
        assert_eq!(kept(mask), (0.25 * mask.data.len() as f64).round() as usize, "{name}");
        let before = case.weight(&format!("{}/weight", name.replace("masked-linear", "linear")));
        let sizes = |which: f32| {
            let of = before.data.iter().zip(&mask.data).filter(move |(_, m)| **m == which);
            of.map(|(w, _)| w.abs()).collect::<Vec<_>>()
        };
        let least = sizes(1.0).into_iter().fold(f32::MAX, f32::min);
        assert!(sizes(0.0).into_iter().all(|w| w <= least), "{name}");
    }
    assert!((figures["weights kept, share"] - 0.25).abs() < 1e-3);

    let together = Choice::new("magnitude-pruning").with("density", 0.25).with("by", "network");
    let (pruned, _) = case.transformed(together);
    let masks: Vec<&Tensor> = LAYERS.iter().map(|n| pruned.weight(&format!("{n}/mask"))).collect();
    let all: usize = masks.iter().map(|m| m.data.len()).sum();
    assert_eq!(masks.iter().map(|m| kept(m)).sum::<usize>(), (0.25 * all as f64).round() as usize);
    let whole = case.transformed(Choice::new("magnitude-pruning").with("density", 1.0)).0;
    assert_eq!(whole.logits(), case.logits());
}

/// Fresh weights are uniform: of these 1 − 1/√3 lie beyond one deviation.
#[test]
fn deviations_take_what_theory_says() {
    let case = Case::trained(layers(), 0);
    let (_, figures) = case.transformed(Choice::new("magnitude-pruning").with("by", "deviations"));
    let share = figures["weights kept, share"];
    assert!((share - (1.0 - 1.0 / 3f64.sqrt())).abs() < 0.03, "{share}");
}

#[test]
fn what_is_pruned_stays_so_and_the_rest_learns() {
    let case = Case::trained(layers(), 200);
    let (pruned, _) = case.transformed(Choice::new("magnitude-pruning").with("density", 0.3));
    let after = pruned.on(300);
    for name in LAYERS {
        let (mask, name) = (format!("{name}/mask"), format!("{name}/weight"));
        assert_eq!(pruned.weight(&mask), after.weight(&mask));
        assert_ne!(pruned.weight(&name), after.weight(&name));
    }
    // The answer does not depend on the weights under the mask.
    let mut other = Case { spec: after.spec.clone(), data: after.data.clone(), weights: after.weights.clone() };
    let mask = after.weight(&format!("{}/mask", LAYERS[0])).data.clone();
    let weight = other.weights.get_mut(&format!("{}/weight", LAYERS[0])).unwrap();
    weight.data.iter_mut().zip(mask).filter(|(_, m)| *m == 0.0).for_each(|(w, _)| *w = 7.0);
    assert_eq!(other.logits(), after.logits());
    println!(
        "magnitude, digits, density 0.3: {:.4} before, {:.4} after, {:.4} trained on",
        case.accuracy(),
        pruned.accuracy(),
        after.accuracy()
    );
    assert!(after.accuracy() > pruned.accuracy() && after.accuracy() > 0.85, "{}", after.accuracy());
}

/// Exactly `n` of every `m` along the inputs of a unit.
fn groups(mask: &Tensor, n: usize, m: usize) {
    let [inputs, units] = mask.extents();
    for group in 0..inputs / m {
        for unit in 0..units {
            let count = (0..m).filter(|i| mask.data[(group * m + i) * units + unit] != 0.0).count();
            assert_eq!(count, n);
        }
    }
}

#[test]
fn n_of_m_stay() {
    let case = Case::trained(layers(), 100);
    for (n, m) in [(2, 4), (1, 8), (4, 4)] {
        let (pruned, figures) = case.transformed(Choice::new("nm-sparsity").with("n", n).with("m", m));
        LAYERS.iter().for_each(|name| groups(pruned.weight(&format!("{name}/mask")), n as usize, m as usize));
        assert!((figures["weights kept, share"] - n as f64 / m as f64).abs() < 1e-9);
    }
    assert!(case.refused(Choice::new("nm-sparsity").with("n", 5)).contains("5 of every 4"));
    assert!(case.refused(Choice::new("nm-sparsity").with("m", 7)).contains("groups of 7"));
}

/// Once the decay is over, only the n largest of every m weights count: masking the others changes nothing.
#[test]
fn gradual_sparsity_ends_where_pruning_would() {
    let case = Case::trained(layers(), 100);
    for decay in ["mask", "structure", "sr-ste"] {
        let by = Choice::new("nm-sparsity").with("n", 1).with("m", 8).with("when", "gradually");
        let (begun, _) = case.transformed(by.with("decay", decay).with("decay-steps", 200));
        let end = begun.on(300);
        let mut spec = end.spec.clone();
        for block in spec.stages.iter_mut().flatten().filter(|b| b.block.id == "nm-linear") {
            block.block.id = "linear".to_owned();
            block.block.settings.retain(|name, _| name == "units");
        }
        let weights = end.weights.iter().map(|(n, t)| (n.replace("nm-linear", "linear"), t.clone())).collect();
        let dense = Case { spec, data: end.data.clone(), weights };
        let (pruned, _) = dense.transformed(Choice::new("nm-sparsity").with("n", 1).with("m", 8));
        // The rank at step 0 of a new run is that before the decay: hold the pruned network against one whose decay is
        // over from the first step on.
        let mut over = Case { spec: end.spec.clone(), data: end.data.clone(), weights: end.weights.clone() };
        for block in over.spec.stages.iter_mut().flatten().filter(|b| b.block.id == "nm-linear") {
            block.block = block.block.clone().with("decay", "sr-ste");
        }
        assert!(distance(&over.logits(), &pruned.logits()) < 1e-5, "{decay}");
        let at_once = case.transformed(Choice::new("nm-sparsity").with("n", 1).with("m", 8)).0.accuracy();
        let (before, after) = (case.accuracy(), pruned.accuracy());
        println!("1:8 {decay}, digits: {before:.4} before, {at_once:.4} at once, {after:.4} after the decay");
        assert!(after > at_once + 0.1, "{decay}: {after}");
    }
}

#[test]
fn blocks_of_weights_never_raise_what_they_lower() {
    let case = Case::trained(layers(), 200);
    let count = |case: &Case| LAYERS.iter().map(|n| kept(case.weight(&format!("{n}/mask")))).sum::<usize>();
    let expected = "expected change of the loss, first estimate";
    for start in ["magnitude", "fisher"] {
        let by = |blocks: i64| Choice::new("icbs").with("density", 0.2).with("start", start).with("blocks", blocks);
        let (first, figures) = case.transformed(by(0));
        let mut last = figures[expected];
        assert_eq!(last, 0.0);
        for blocks in [1, 10, 60] {
            let (pruned, figures) = case.transformed(by(blocks).with("estimates", 1));
            assert!(figures[expected] <= last + 1e-6, "{start}, {blocks} blocks: {} after {last}", figures[expected]);
            last = figures[expected];
            assert_eq!(count(&pruned), count(&first));
            assert!(figures["training loss, end"] <= figures["training loss, start"]);
        }
        assert!(last < 0.0, "{start}: something is gained");
        let (pruned, figures) = case.transformed(by(100));
        assert_eq!(count(&pruned), count(&first));
        let (before, after) = (figures["training loss, start"], figures["training loss, end"]);
        assert!(after < before, "{start}: {before} {after}");
        println!(
            "icbs from {start}, digits, density 0.2: loss {before:.3} to {after:.3}, accuracy {:.4} to {:.4} of {:.4}",
            first.accuracy(),
            pruned.accuracy(),
            case.accuracy()
        );
    }
    // Without blocks it is magnitude pruning of the whole network.
    let (first, _) = case.transformed(Choice::new("icbs").with("blocks", 0));
    let by = Choice::new("magnitude-pruning").with("by", "network");
    assert_eq!(first.weights, case.transformed(by).0.weights);
}
