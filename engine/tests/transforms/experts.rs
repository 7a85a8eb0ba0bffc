//! Layers divided into experts, and experts that become fewer.

use engine::spec::Choice;
use engine::weights::Tensor;

use super::bench::*;

const SPLITS: [&str; 3] = ["random", "weights", "co-activation"];
const SCORES: [&str; 3] = ["similarity", "mlp", "activations"];

fn moefication(split: &str, score: &str, active: i64) -> Choice {
    Choice::new("moefication").with("split", split).with("score", score).with("experts", 8).with("active", active)
}

#[test]
fn a_divided_layer_with_all_experts_is_the_layer() {
    let case = Case::trained(feed_forward(32), 60);
    for split in SPLITS {
        for score in SCORES {
            let (divided, _) = case.transformed(moefication(split, score, 8).with("epochs", 2));
            let far = distance(&case.logits(), &divided.logits());
            assert!(far < 1e-5, "{split} {score}: {far}");
        }
    }
    let case =
        Case::trained(digits(r#"[["flatten", {"block": "ffn", "hidden": 32, "function": "relu"}], ["linear"]]"#), 30);
    let (divided, _) = case.transformed(moefication("co-activation", "mlp", 8).with("epochs", 2));
    assert_eq!(ids(&divided.spec.stages[0]), ["flatten", "route"]);
    assert!(distance(&case.logits(), &divided.logits()) < 1e-5);
    // Places of a sequence, a layer without a bias at its end.
    let sequence = digits(
        r#"[[{"block": "patches", "size": 4}, {"block": "linear", "units": 16}, "activation",
             {"block": "linear", "units": 8, "bias": false}, "flatten"], ["linear"]]"#,
    );
    let case = Case::trained(sequence, 30);
    let (divided, _) = case.transformed(moefication("weights", "similarity", 8));
    assert!(distance(&case.logits(), &divided.logits()) < 1e-5);
}

/// No router captures more of the activation than that which is told the sums; it keeps nearly all of the accuracy.
#[test]
fn the_best_choice_captures_most() {
    let case = Case::trained(feed_forward(128), 400);
    for split in SPLITS {
        let captured = |score: &str| {
            let (divided, figures) = case.transformed(moefication(split, score, 2));
            let (share, density) =
                (figures["1/1.linear: activation captured, share"], figures["1/1.linear: activations above 0, share"]);
            println!(
                "moefication {split} {score}, 2 of 8, density {density:.3}: captured {share:.3}, accuracy {:.4} of {:.4}",
                divided.accuracy(),
                case.accuracy()
            );
            share
        };
        let [similarity, mlp, best] = SCORES.map(captured);
        assert!(best >= similarity && best >= mlp, "{split}: {similarity} {mlp} {best}");
        assert!(mlp > 0.25 && best <= 1.0, "{split}: {mlp}");
    }
    assert!(case.refused(moefication("random", "mlp", 9)).contains("9 of 8"));
    assert!(case.refused(Choice::new("moefication").with("experts", 7)).contains("do not divide"));
}

fn set(case: &mut Case, name: &str, change: impl Fn(&mut Tensor)) {
    change(case.weights.get_mut(name).unwrap());
}

/// An expert that the router never chooses can be dropped, and nothing changes.
#[test]
fn an_expert_without_use_is_not_missed() {
    let mut case = Case::trained(experts(TWO), 60);
    // A negative column: its logit is below the others for inputs that are nowhere negative.
    set(&mut case, "1/1.route/router", |router| {
        let [rows, columns] = router.extents();
        (0..rows).for_each(|i| router.data[i * columns + 1] = -5.0);
    });
    let by = Choice::new("expert-pruning").with("by", "drop").with("keep", 3).with("samples", 1000);
    let (dropped, figures) = case.transformed(by);
    assert_eq!((figures["1/1.route: experts in use"], figures["1/1.route: experts kept"]), (3.0, 3.0));
    assert!(distance(&case.logits(), &dropped.logits()) < 1e-5);
    let whole = case.transformed(Choice::new("expert-pruning").with("by", "drop").with("keep", 4)).0;
    assert_eq!(whole.logits(), case.logits());
    assert!(case.refused(Choice::new("expert-pruning").with("keep", 5)).contains("5 of 4"));
}

/// Experts that are the same but for the order of their neurons merge, two and two, into what they were together.
#[test]
fn alike_experts_merge_without_loss() {
    let mut case = Case::trained(experts(r#""dense""#), 60);
    let parts = [
        ("1.linear/weight", Some(1)),
        ("1.linear/bias", Some(0)),
        ("3.linear/weight", Some(0)),
        ("3.linear/bias", None),
    ];
    for (name, axis) in parts {
        set(&mut case, &format!("1/1.route/{name}"), |tensor| {
            let shape = tensor.shape[1..].to_vec();
            let each: usize = shape.iter().product();
            for e in 2..4 {
                let model = Tensor::new(&shape, tensor.data[(e - 2) * each..(e - 1) * each].to_vec());
                let turned: Vec<usize> = (0..12).map(|j| (j + 3 * e) % 12).collect();
                let copy = match axis {
                    Some(0) if shape.len() == 2 => model.slices(&turned),
                    Some(_) => model.columns(&turned),
                    None => model,
                };
                tensor.data[e * each..(e + 1) * each].copy_from_slice(&copy.data);
            }
        });
    }
    set(&mut case, "1/1.route/router", |router| {
        let [rows, columns] = router.extents();
        for i in 0..rows {
            let row = &mut router.data[i * columns..(i + 1) * columns];
            (row[2], row[3]) = (row[0], row[1]);
        }
    });
    let (merged, figures) = case.transformed(Choice::new("expert-pruning").with("keep", 2));
    assert_eq!(figures["1/1.route: experts kept"], 2.0);
    assert_eq!(merged.weight("1/1.route/1.linear/weight").shape, [2, 64, 12]);
    let far = distance(&case.logits(), &merged.logits());
    assert!(far < 1e-5, "{far}");
}

#[test]
fn merging_keeps_more_than_chance() {
    let case = Case::trained(experts(TWO), 300);
    let by = |by: &str| Choice::new("expert-pruning").with("keep", 2).with("by", by);
    let [merged, dropped] = ["merge", "drop"].map(|how| case.transformed(by(how)).0);
    println!(
        "4 experts to 2, digits: {:.4} before, {:.4} merged, {:.4} dropped, {:.4} merged and trained on",
        case.accuracy(),
        merged.accuracy(),
        dropped.accuracy(),
        merged.on(100).accuracy()
    );
    assert!(merged.on(100).accuracy() > 0.9);
}
