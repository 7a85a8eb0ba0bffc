//! NoProp's blocks learn apart from each other, and its answer knows no label.

use std::collections::HashSet;

use engine::ir::Value;
use engine::ops::{Op, Tensor};

use crate::bench::*;
use crate::support::*;

/// The blocks' registers that `roots` are made of, by the block they belong to: `1`, `rule/head 1`.
fn owners(bench: &Bench, roots: &[Value]) -> HashSet<String> {
    let read = |v: &Value| match &bench.g.node(*v).op {
        Op::Read(r) => Some(bench.g.slot(r.slot).name.clone()),
        _ => None,
    };
    let names = bench.g.live(roots).iter().filter_map(read).collect::<Vec<_>>();
    names.iter().filter_map(|n| n.rsplit_once('/').map(|p| p.0.split("/1.").next().unwrap_or(p.0).to_owned())).collect()
}

/// No block's update is made of another's weights in any way, so that no gradient can pass between them.
#[test]
fn blocks_learn_apart() {
    let layers = vec![hidden(6), hidden(5), hidden(4), read_out()];
    let mut bench = Bench::new("noprop", &[], net(3, layers), &[4], 6);
    let lesson = bench.learn();
    assert_eq!(lesson.updates.len(), 4 * 2 + 3 * 2);
    for update in &lesson.updates {
        let name = bench.g.slot(update.slot).name.clone();
        let own = name.trim_start_matches("rule/head ").split('/').next().unwrap().to_owned();
        for owner in owners(&bench, &[update.gradient]) {
            assert!(owner == own || owner == format!("rule/head {own}"), "{name} depends on {owner}");
        }
    }
}

/// The answer, in training as in use, does not depend on the labels; what the blocks learn does.
#[test]
fn the_answer_knows_no_label() {
    for inference in ["mean", "sampled"] {
        let settings = [("inference", word(inference))];
        let mut bench = Bench::new("noprop", &settings, net(3, vec![hidden(6), hidden(5), read_out()]), &[4], 6);
        let lesson = bench.learn();
        let (rule, x) = (bench.rule, bench.batch.x);
        let answer = bench.with(|cx| rule.predict(cx, x));
        let labels = bench.batch.labels;
        assert!(!bench.g.live(&[lesson.logits, answer]).contains(&labels));
        assert_eq!(lesson.logits, answer, "what is shown while it learns is its answer");
        assert!(lesson.updates.iter().all(|u| bench.g.live(&[u.gradient]).contains(&labels)));
        let oracle = bench.registers();
        let mut later = oracle.clone();
        later.write(bench.step, Tensor::new([2], vec![1.0, 0.0]));
        let both = [&oracle, &later].map(|o| o.values(&bench.g, &[answer])[0].clone());
        assert_eq!(both[0] == both[1], inference == "mean", "noise is new at every step, or absent");
    }
}

/// A stage that must have an image sees the noisy label as planes behind the image's channels; others see rows.
#[test]
fn labels_stand_beside_the_input() {
    let conv = vec![node("conv2d", &[("channels", int(3))], vec![]), activation("relu")];
    let mut bench = Bench::new("noprop", &[], net(5, vec![conv, hidden(6), read_out()]), &[4, 4, 2], 3);
    bench.learn();
    let shape = |name: &str| bench.g.slot(bench.slot(name)).shape.to_vec();
    assert_eq!(shape("1/1.conv2d/weight"), [3, 3, 2 + 5, 3]);
    assert_eq!(shape("2/1.linear/weight"), [4 * 4 * 2 + 5, 6]);
    assert_eq!(shape("3/1.linear/weight"), [5, 5]);
}
