//! Whole layers that go or come together.

use engine::registry::Setting;
use engine::spec::{BlockSpec, Choice, Spec};
use engine::weights::{Tensor, Weights};

use super::bench::*;

fn way(hidden: i64) -> BlockSpec {
    BlockSpec::new("chain").holding(vec![
        BlockSpec::new("linear").with("units", hidden),
        BlockSpec::new("activation").with("function", "gelu"),
        BlockSpec::new("linear").with("units", 16),
    ])
}

#[test]
fn layers_side_by_side_are_one_wide_layer() {
    let ways = vec![way(8), BlockSpec::new("linear").with("units", 16), way(24), way(4)];
    let stages = vec![vec![BlockSpec::new("parallel").holding(ways)], vec![BlockSpec::new("linear")]];
    let case = Case::trained(Spec::new(Choice::new("digits"), stages), 40);
    let (fused, figures) = case.transformed(Choice::new("ffn-fusion").with("layers", "parallel"));
    let inside = &fused.spec.stages[0][0].blocks;
    assert_eq!(ids(inside), ["chain", "linear"]);
    assert_eq!(inside[0].blocks[0].block.settings["units"], Setting::Int(36));
    assert_eq!(figures["layers fused"], 3.0);
    assert!(distance(&case.logits(), &fused.logits()) < 1e-5);
}

/// Fusing layers in turn gives what the same layers give side by side behind the first one's norm.
#[test]
fn layers_in_turn_are_fused_as_if_they_were_side_by_side() {
    for norm in ["", r#""rms-norm", "#] {
        let case = Case::trained(residuals(2, norm), 60);
        let (fused, figures) = case.transformed(Choice::new("ffn-fusion"));
        assert_eq!(ids(&fused.spec.stages[0]), ["linear", "residual"]);
        assert!(figures["dependency of 1/3.residual"] >= 0.0);

        // By hand: the second block's layer beside the first one's.
        let mut spec = case.spec.clone();
        let second = spec.stages[0].remove(2);
        let skip = usize::from(!norm.is_empty());
        let chain = |part: &BlockSpec| BlockSpec::new("chain").holding(part.blocks[skip..].to_vec());
        let first = &mut spec.stages[0][1];
        let both = BlockSpec::new("parallel").holding(vec![chain(first), chain(&second)]);
        first.blocks.truncate(skip);
        first.blocks.push(both);
        let mut weights = Weights::new();
        for (name, tensor) in &case.weights {
            let mut parts: Vec<&str> = name.split('/').collect();
            if let ["1", residual @ ("2.residual" | "3.residual"), block, which] = parts[..] {
                if block.contains("norm") {
                    if residual == "2.residual" {
                        weights.insert(name.clone(), tensor.clone());
                    }
                    continue;
                }
                let (number, id) = block.split_once('.').unwrap();
                let inner = format!("{}.{id}", number.parse::<usize>().unwrap() - skip);
                let chain = if residual == "2.residual" { "1.chain" } else { "2.chain" };
                let outer = format!("{}.parallel", skip + 1);
                parts = vec!["1", "2.residual", &outer, chain, &inner, which];
                weights.insert(parts.join("/"), tensor.clone());
                continue;
            }
            weights.insert(name.clone(), tensor.clone());
        }
        let by_hand = Case { spec, data: case.data.clone(), weights };
        assert!(distance(&by_hand.logits(), &fused.logits()) < 1e-5);
        println!("fusing 2 of 2, digits: {:.4} before, {:.4} after", case.accuracy(), fused.accuracy());
        let none = case.refused(Choice::new("ffn-fusion").with("dependency", 0.0));
        assert!(none.contains("can be fused"), "{none}");
    }
}

fn silent(case: &mut Case, names: &[&str]) {
    for name in names {
        let tensor = case.weights.get_mut(*name).unwrap();
        *tensor = Tensor::filled(&tensor.shape, 0.0);
    }
}

/// A block that adds nothing is the first to go, and is not missed.
#[test]
fn the_block_that_is_missed_least_goes_first() {
    let mut case = Case::trained(residuals(3, ""), 100);
    silent(&mut case, &["1/3.residual/3.linear/weight", "1/3.residual/3.linear/bias"]);
    let one = 24 * 16 * 2 + 24 + 16;
    let whole: usize = case.weights.values().map(|t| t.data.len()).sum();
    let remove = f64::from(one) / whole as f64 + 1e-3;
    let by = Choice::new("multi-pruner").with("remove", remove).with("blocks", 0.5);
    let (pruned, figures) = case.transformed(by);
    assert_eq!(figures["blocks removed"], 1.0);
    assert!(figures["weights removed, share"] >= remove);
    // One step of channels is left to go after the block.
    assert_eq!(figures["steps of channels removed"], 1.0);
    assert_eq!(ids(&pruned.spec.stages[0]), ["linear", "residual", "residual"]);
    // By blocks alone: without the silent one the loss is the same, so that without the best one it is no more.
    let (_, figures) = case.transformed(Choice::new("multi-pruner").with("remove", remove).with("blocks", 1.0));
    assert_eq!(figures["steps of channels removed"], 0.0);
    assert!(figures["training loss after"] <= figures["training loss before"] + 1e-6);
}

#[test]
fn channels_go_in_steps() {
    let case = Case::trained(residuals(2, ""), 100);
    let by = Choice::new("multi-pruner").with("remove", 0.2).with("blocks", 0.0);
    let (pruned, figures) = case.transformed(by);
    assert_eq!(figures["blocks removed"], 0.0);
    assert!(figures["steps of channels removed"] > 0.0 && figures["weights removed, share"] >= 0.2);
    let width = |case: &Case, name: &str| case.weight(name).shape[1];
    let narrow = ["1/2.residual/1.linear/weight", "1/3.residual/1.linear/weight"];
    assert!(narrow.iter().any(|n| width(&pruned, n) < width(&case, n)));
    println!("channels, digits, 20 %: {:.4} before, {:.4} after", case.accuracy(), pruned.accuracy());
}

#[test]
fn attention_that_says_nothing_is_taken_out_unnoticed() {
    let mut case = Case::trained(attention(), 30);
    silent(&mut case, &["1/3.residual/2.attention/out", "1/3.residual/2.attention/out-bias"]);
    let (without, figures) = case.transformed(Choice::new("attention-removal"));
    assert_eq!((figures["attention layers"], figures["attention layers removed"]), (2.0, 1.0));
    assert!(figures["transfer entropy, nats a channel"] < 1e-6);
    assert_eq!(ids(&without.spec.stages[0]), ["patches", "residual", "flatten"]);
    assert!(distance(&case.logits(), &without.logits()) < 1e-5);
    for by in ["spread", "chance"] {
        let (without, _) = case.transformed(Choice::new("attention-removal").with("by", by).with("remove", 1.0));
        assert_eq!(ids(&without.spec.stages[0]), ["patches", "flatten"]);
    }
}

/// Where all places are looked at alike, the spread is the logarithm of their number, and that layer goes first.
#[test]
fn the_most_spread_attention_goes_first() {
    let mut case = Case::trained(attention(), 60);
    silent(&mut case, &["1/2.residual/2.attention/query", "1/2.residual/2.attention/query-bias"]);
    let kept = case.weight("1/3.residual/2.attention/value").clone();
    let (without, _) = case.transformed(Choice::new("attention-removal").with("by", "spread"));
    assert_eq!(*without.weight("1/2.residual/2.attention/value"), kept);
}

/// What has faded is gone: the answer is that of the network without it.
#[test]
fn attention_fades_and_is_then_taken_out() {
    let case = Case::trained(attention(), 60);
    let by = Choice::new("attention-removal").with("remove", 1.0).with("when", "gradually").with("steps", 100);
    let (fading, _) = case.transformed(by);
    assert_eq!(ids(&fading.spec.stages[0][1].blocks), ["fade"]);
    let end = fading.on(150);
    let (without, _) = end.transformed(Choice::new("attention-removal").with("by", "faded"));
    assert_eq!(ids(&without.spec.stages[0]), ["patches", "flatten"]);
    let at_once = case.transformed(Choice::new("attention-removal").with("remove", 1.0)).0;
    println!(
        "both attentions out, digits: {:.4} before, {:.4} at once, {:.4} faded",
        case.accuracy(),
        at_once.accuracy(),
        without.accuracy()
    );
    assert!(without.accuracy() > at_once.accuracy());
}
