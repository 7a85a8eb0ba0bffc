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
