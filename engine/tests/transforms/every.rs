//! What holds of every transform.

use engine::blocks::BLOCKS;
use engine::lab::Lab;
use engine::registry::{Knobs, find};
use engine::spec::Choice;
use engine::transforms::TRANSFORMS;
use engine::weights::{Weights, placed};

use super::bench::*;

/// A network that each transform fits, by the transform's id.
fn fitting(id: &str) -> Case {
    let spec = match id {
        "ffn-fusion" | "multi-pruner" => residuals(3, r#""layer-norm", "#),
        "moefication" => feed_forward(32),
        "expert-pruning" => experts(TWO),
        "attention-removal" => attention(),
        _ => layers(),
    };
    Case::trained(spec, 30)
}

#[test]
fn each_makes_a_network_that_runs_on_with_its_weights() {
    for entry in TRANSFORMS {
        let id = entry.meta().id;
        let case = fitting(id);
        let (changed, figures) = case.transformed(Choice::new(id));
        let lab = Lab::new(&changed.spec, &changed.data).unwrap();
        let fits = placed(&lab.graph, &changed.weights).unwrap();
        assert_eq!(fits.len(), changed.weights.len(), "{id}: every weight has its register");
        assert!(!figures.is_empty() && figures.values().all(|v| v.is_finite()), "{id}: {figures:?}");
        assert!(changed.on(3).logits().iter().all(|v| v.is_finite()), "{id}");
    }
}

#[test]
fn what_keeps_the_function_gives_the_same_answers() {
    let kept = [
        ("moefication", Choice::new("moefication").with("active", 16)),
        ("nm-sparsity", Choice::new("nm-sparsity").with("when", "gradually")),
        ("nm-sparsity", Choice::new("nm-sparsity").with("when", "gradually").with("decay", "structure")),
        ("attention-removal", Choice::new("attention-removal").with("when", "gradually")),
        ("attach-lora", Choice::new("attach-lora")),
    ];
    for (id, by) in kept {
        let entry = find(TRANSFORMS, id, "").unwrap();
        let knobs = Knobs::resolve(entry.knobs(), &by.settings, id).unwrap();
        assert!(entry.keeps_function(&knobs), "{id}");
        let case = fitting(id);
        let (changed, _) = case.transformed(by);
        assert_ne!(changed.spec, case.spec, "{id}");
        let far = distance(&case.logits(), &changed.logits());
        assert!(far < 1e-5, "{id}: {far}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_mend() {
    let read_out = Case::trained(digits(r#"[["linear"]]"#), 1);
    for (id, said) in [
        ("ffn-fusion", "no feed-forward layers lie so that they can be fused"),
        ("moefication", "there is no feed-forward layer"),
        ("expert-pruning", "there is no route with a linear router"),
        ("attention-removal", "there is no attention that can be taken out"),
        ("multi-pruner", "there is nothing small enough to remove"),
    ] {
        let fault = read_out.refused(Choice::new(id));
        assert!(fault.contains(said) && fault.ends_with(')'), "{fault}");
    }
    assert!(read_out.refused(Choice::new("pruning")).contains("unknown"));
    assert!(read_out.refused(Choice::new("icbs").with("density", 2.0)).contains("out of range"));
    let lost = Case { weights: Weights::new(), ..read_out };
    assert!(lost.refused(Choice::new("magnitude-pruning")).contains("no linear layer"));
}

#[test]
fn ids_of_blocks_that_transforms_write_exist() {
    for id in ["linear", "masked-linear", "nm-linear", "route", "fade", "activation", "lora"] {
        assert!(find(BLOCKS, id, "").is_ok(), "{id}");
    }
}
