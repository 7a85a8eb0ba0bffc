//! Every shader, written or generated, is valid WGSL.
//!
//! Drivers differ in what they let pass; naga holds all shaders to the standard, on machines without any adapter too.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use engine::exec::gpu::{Kernel, SHADERS, Tuning, Variant, lower};
use engine::plan::{Command, Step};

mod conformance;

fn validate(name: &str, source: &str) {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|e| panic!("{name}: {}\n{source}", e.emit_to_string(source)));
    let mut validator = naga::valid::Validator::new(Default::default(), Default::default());
    if let Err(e) = validator.validate(&module) {
        panic!("{name}: {}\n{source}", e.emit_to_string(source));
    }
}

#[test]
fn written_shaders_are_valid() {
    for (name, source) in SHADERS {
        validate(name, source);
    }
}

fn commands(body: &[Step]) -> Vec<&Command> {
    body.iter()
        .flat_map(|step| match step {
            Step::Tick(commands) => commands.iter().collect(),
            Step::Repeat { body, .. } | Step::When { body, .. } => commands(body),
        })
        .collect()
}

/// All kernels of the conformance cases, by either matrix product.
fn kernels() -> Vec<(String, Kernel)> {
    let mut all = Vec::new();
    for case in conformance::cases() {
        for matmul in [Variant::Registers, Variant::Shared] {
            for command in commands(&case.plan.programs[0].body) {
                let lowered = lower(command, case.plan.size, Tuning { matmul, ..Tuning::SLOW });
                all.extend(lowered.kernels.into_iter().map(|k| (case.name.clone(), k)));
            }
        }
    }
    all
}

#[test]
fn generated_shaders_are_valid() {
    let mut seen = std::collections::HashSet::new();
    for (name, kernel) in kernels() {
        if seen.insert(kernel.source.clone()) {
            validate(&name, &kernel.source);
        }
    }
    assert!(seen.len() > 20);
}

/// The default limits of WebGPU, which every browser grants.
#[test]
fn kernels_keep_to_the_default_limits() {
    for (name, kernel) in kernels() {
        assert!(kernel.groups.iter().all(|&g| (1..=65_535).contains(&g)), "{name}: {:?}", kernel.groups);
        assert!(kernel.params.len() * 4 <= 65_536, "{name}: {} parameters", kernel.params.len());
    }
}

/// Layers that differ only in where their numbers lie share a pipeline.
#[test]
fn offsets_are_no_part_of_the_text() {
    let case = conformance::cases().into_iter().find(|c| c.name == "map over strided views").unwrap();
    let mut command = commands(&case.plan.programs[0].body)[0].clone();
    let sources = |command: &Command| -> Vec<_> {
        lower(command, 0, Tuning::SLOW).kernels.into_iter().map(|k| k.source).collect()
    };
    let before = sources(&command);
    if let Command::Map(map) = &mut command {
        map.inputs.iter_mut().for_each(|v| v.offset += 1000);
        map.inputs[4].strides[..2].iter_mut().for_each(|s| *s *= 2);
    }
    assert_eq!(sources(&command), before);
}
