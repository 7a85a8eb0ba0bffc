//! Probes measure what they say.

#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use engine::exec::{Executor, cpu::Cpu};
use engine::lab::{Lab, STEP};
use engine::registry::Knobs;
use engine::spec::{Spec, resolve::resolve, text};

/// Registers of a probe after `steps` steps, by tensor.
fn measured(spec: &Spec, probe: &str, steps: u32) -> Vec<(String, Vec<f32>)> {
    let resolved = resolve(spec).unwrap();
    let data = resolved.data.entry.load(&[], &Knobs::defaults(resolved.data.entry.knobs()), spec.seed).unwrap();
    let lab = Lab::new(spec, &data).unwrap();
    let mut cpu = Cpu::new(lab.plan.clone());
    for id in lab.graph.slot_ids() {
        cpu.write(lab.plan.slot(id).start, &lab.initial(id, spec.seed));
    }
    for (id, values) in lab.inputs(&data) {
        cpu.write(lab.plan.slot(id).start, &values);
    }
    cpu.run(STEP, steps);
    let measurement = lab.measurements.iter().find(|m| m.probe == probe).unwrap();
    cpu.run(measurement.program, 1);
    let read = |(name, slot): &(String, engine::ir::SlotId)| {
        let values = pollster::block_on(cpu.read(&[lab.plan.slot(*slot)])).unwrap();
        (name.clone(), values.concat())
    };
    measurement.tensors.iter().map(read).collect()
}

fn moons(rule: &str, batch: u32) -> Spec {
    text::read(&format!(
        r#"{{"version":1,"data":{{"id":"moons"}},"rule":"{rule}","batch":{batch},"seed":5,
            "stages":[[{{"block":"linear","units":12}},{{"block":"activation","function":"tanh"}}],[{{"block":"linear"}}]]}}"#
    ))
    .unwrap()
}

/// Two batches that hold nearly the same samples agree; two of a single sample each hardly do.
#[test]
fn larger_batches_have_more_signal() {
    let ratio = |batch| measured(&moons("backprop", batch), "signal-to-noise", 20)[0].1.clone();
    let (all, one) = (ratio(4096), ratio(1));
    assert_eq!(all.len(), 2);
    for (all, one) in all.iter().zip(&one) {
        assert!(*all > 30.0 && *one < 5.0, "{all} and {one}");
    }
}

/// Backpropagation points where it points itself.
#[test]
fn backprop_is_aligned_with_itself() {
    for cosine in &measured(&moons("backprop", 16), "alignment", 5)[0].1 {
        assert!((cosine - 1.0).abs() < 1e-5, "{cosine}");
    }
}

/// The errors that direct feedback sends have a size at each hidden stage.
#[test]
fn signals_are_named_by_stage() {
    let signals = measured(&moons("direct-feedback-alignment", 16), "signals", 5);
    assert_eq!(signals.len(), 1);
    assert_eq!(signals[0].0, "error received/1");
    assert!(signals[0].1[0] > 0.0);
}

/// Of stages whose weights the rule moves, and of activations of a known size: tanh gives at most 1. A stage with nothing
/// to learn is taught nothing.
#[test]
fn flow_has_a_size_at_every_stage() {
    let flow = measured(&moons("backprop", 16), "flow", 5);
    assert_eq!(flow.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["learning", "forward"]);
    let [learning, forward] = [&flow[0].1, &flow[1].1];
    assert!(forward[0] > 0.1 && forward[0] <= 1.0 && forward[1] > 0.0, "{forward:?}");
    assert!(learning.iter().all(|l| *l > 0.0 && l.is_finite()), "{learning:?}");
    let mut still = moons("backprop", 16);
    still.stages.insert(1, vec![engine::spec::BlockSpec::new("activation")]);
    let learning = measured(&still, "flow", 5)[0].1.clone();
    assert!(learning[0] > 0.0 && learning[1] == 0.0 && learning[2] > 0.0, "{learning:?}");
}

/// A read-out that hears all hidden stages is no stage in series: what leaves the stages is not told then.
#[test]
fn flow_leaves_out_what_does_not_run_in_series() {
    let flow = measured(&moons("forward-forward", 16), "flow", 5);
    assert!(flow.iter().any(|f| f.0 == "learning" && f.1.len() == 2));
}

/// Two of eight experts: a quarter of their weights meets a sample and a quarter of their operations is done; the router
/// and what stands outside count in full.
#[test]
fn of_experts_a_part_is_active() {
    let spec = text::read(
        r#"{"version":1,"data":{"id":"moons"},"batch":32,"stages":[
            [{"block":"linear","units":8}],
            [{"block":"route","experts":8,"routing":{"id":"top-k","k":2},"blocks":[{"block":"linear","units":16,"bias":false}]}],
            [{"block":"linear"}]]}"#,
    )
    .unwrap();
    let resolved = resolve(&spec).unwrap();
    let data = resolved.data.entry.load(&[], &Knobs::defaults(resolved.data.entry.knobs()), spec.seed).unwrap();
    let stages = engine::lab::summary::stages(&resolved.net(&data), &resolved.task(&data));
    let [first, route, last] = &stages[..] else { panic!("three stages") };
    for plain in [first, last] {
        assert_eq!(plain.active_parameters, plain.parameters);
        assert_eq!(plain.dense_flops, plain.flops);
    }
    let expert = &route.blocks[0].blocks[0];
    assert_eq!((expert.parameters, expert.active_parameters), (8 * 8 * 16, 2 * 8 * 16));
    assert_eq!(expert.dense_flops, 4 * expert.flops);
    let idle = 6 * 8 * 16;
    assert_eq!(route.active_parameters, route.parameters - idle);
    assert_eq!(route.dense_flops - route.flops, expert.dense_flops - expert.flops);
}
