//! Every rule's step on one small network, printed: as a program, as a plan, with its cost.
//!
//! A change of what a rule computes, of how it is fused or placed, or of what it costs shows as a difference in
//! `tests/programs/*.txt`, to be looked at and committed. `BLESS=1 cargo test --test programs` writes them anew.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::Path;

use engine::cost::figures;
use engine::lab::{Lab, STEP};
use engine::registry::Knobs;
use engine::rules::RULES;
use engine::spec::{resolve::resolve, text};

/// Second stages in order of preference: a rule is printed with the first that it fits.
const SECOND: [&str; 2] = [
    r#"{"block":"linear","units":8},{"block":"activation"}"#,
    r#"{"block":"residual","blocks":[{"block":"linear","units":8},{"block":"activation"}]}"#,
];

fn lab(rule: &str) -> Lab {
    let mut faults = Vec::new();
    for second in SECOND {
        let spec = text::read(&format!(
            r#"{{"version":1,"data":"xor","stages":[[{{"block":"linear","units":8}},{{"block":"activation"}}],
                [{second}],[{{"block":"linear"}}]],"rule":"{rule}","optimizer":"sgd","batch":4}}"#
        ))
        .unwrap();
        let resolved = resolve(&spec).unwrap();
        let data = resolved.data.entry.load(&[], &Knobs::defaults(resolved.data.entry.knobs()), 1).unwrap();
        match Lab::new(&spec, &data) {
            Ok(lab) => return lab,
            Err(fault) => faults.extend(fault),
        }
    }
    panic!("{rule} fits no network: {faults:?}")
}

fn printed(rule: &str) -> String {
    let lab = lab(rule);
    let program = &lab.programs[STEP];
    let mut out = program.to_string();
    let figures = figures(program);
    writeln!(
        out,
        "\nwork {} span {} traffic {} parameters {}",
        figures.work, figures.span, figures.traffic, figures.parameters
    )
    .unwrap();
    for (stage, work) in &figures.by_stage {
        writeln!(out, "  {work:>8} {stage}").unwrap();
    }
    let plan = engine::plan::compile(&lab.graph, std::slice::from_ref(program));
    writeln!(out, "\n{plan}").unwrap();
    out
}

#[test]
fn every_rule_prints_as_it_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
    for rule in RULES {
        let id = rule.meta().id;
        let path = folder.join(format!("{id}.txt"));
        let now = printed(id);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &now).unwrap();
        }
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        let first = before.lines().zip(now.lines()).position(|(a, b)| a != b);
        assert!(before == now, "{} differs from line {first:?} on: look at it, then BLESS=1", path.display());
    }
}
