//! Changes of low rank beside what was learnt: nothing changes at first, and what was learnt stays as it is.

use engine::spec::{BlockSpec, Choice};

use super::bench::*;

fn attached(experts: i64) -> Choice {
    Choice::new("attach-lora").with("experts", experts).with("rank", 2)
}

#[test]
fn a_linear_layer_is_frozen_and_its_change_learns() {
    let case = Case::trained(layers(), 60);
    let (changed, figures) = case.transformed(attached(1));
    assert_eq!(figures["linear layers with a change"], 3.0);
    assert!(distance(&case.logits(), &changed.logits()) < 1e-6);
    let later = changed.on(40);
    let (first, b) = ("1/1.linear/weight", "1/1.lora/b");
    assert_eq!(later.weight("1/1.lora/1.linear/weight"), case.weight(first));
    assert_eq!(changed.weight(b).shape, [2, 32]);
    assert!(changed.weight(b).data.iter().all(|v| *v == 0.0) && later.weight(b).data.iter().any(|v| *v != 0.0));
    assert!(distance(&changed.logits(), &later.logits()) > 1e-3);
}

#[test]
fn experts_share_the_layer_and_have_changes_of_their_own() {
    let case = Case::trained(residuals(2, r#""layer-norm", "#), 60);
    let (changed, figures) = case.transformed(attached(4));
    assert_eq!((figures["feed-forward layers as experts"], figures["linear layers with a change"]), (2.0, 2.0));
    assert!(distance(&case.logits(), &changed.logits()) < 1e-5);
    let later = changed.on(40);
    let route = "1/2.residual/2.route";
    let held = later.weight(&format!("{route}/1.lora/1.linear/weight"));
    assert_eq!(held, case.weight("1/2.residual/2.linear/weight"), "one for all, as it was");
    let b = later.weight(&format!("{route}/1.lora/b"));
    assert_eq!(b.shape, [4, 2, 24]);
    let experts: Vec<&[f32]> = b.data.chunks(2 * 24).collect();
    assert!(experts.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn scores_come_along_where_they_are_wished() {
    let case = Case::trained(layers(), 10);
    let by = attached(1).with("selective", true).with("threshold", 0.2).with("price", 0.05);
    let (changed, _) = case.transformed(by);
    assert_eq!(changed.weight("2/1.lora/score").data, [0.3]);
    let of = |blocks: &[BlockSpec]| blocks[0].block.clone();
    assert_eq!(of(&changed.spec.stages[2]).settings.len(), 5, "{:?}", of(&changed.spec.stages[2]));
    assert!(distance(&case.logits(), &changed.logits()) < 1e-6);
}
