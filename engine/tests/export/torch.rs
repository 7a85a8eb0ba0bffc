//! Scripts for PyTorch: each operation has its line, and one whole script is looked at. `tools/torch/scripts.py` runs
//! them beside our own losses.

use std::fs;
use std::path::Path;

use engine::export::torch::ops::{Term, line, number};
use engine::export::torch::{registers, script};
use engine::lab::STEP;
use engine::presets::PRESETS;
use engine::spec::text;

use crate::cases::cases;
use crate::networks::{of, presets, rules};

/// Writes the presets as files, for `tools/torch/scripts.py` to begin from.
#[test]
fn presets_are_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/presets");
    fs::create_dir_all(&folder).unwrap();
    for preset in PRESETS.iter().map(|make| make()) {
        let name = preset.name.to_lowercase().replace([' ', ','], "-");
        fs::write(folder.join(format!("{name}.json")), text::write(&preset.spec)).unwrap();
    }
}

/// Names of the functions that the script defines.
const OWN: &str = include_str!("../../src/export/torch/prelude.py");

#[test]
fn every_operation_of_every_block_has_a_line() {
    for case in cases() {
        let mut roots = case.roots();
        roots.extend(case.gradients.iter().flatten());
        for v in case.g.live(&roots) {
            let node = case.g.node(v);
            let args = vec![Term { text: "x".to_owned(), whole: true, number: false }; node.args.len()];
            let term = line(&node.op, &args, &node.shape, "register");
            assert!(!term.text.is_empty() && term.text != "None", "{}: {}", case.name, node.op);
            if let Some((name, _)) = term.text.split_once('(')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && !name.is_empty()
            {
                assert!(OWN.contains(&format!("def {name}(")), "{}: {name} is defined nowhere", case.name);
            }
        }
    }
}

/// Every line of a script reads what was made above it, and every register that it reads is in its file.
#[test]
fn every_rules_script_holds_together() {
    for experiment in rules().iter().chain(&presets()) {
        let text = script(&experiment.spec, &experiment.lab, "train.safetensors", &[]);
        let held = registers(&experiment.lab);
        for name in text.split("R[\"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(name, _)| name) {
            assert!(held.contains(name), "{}: {name}", experiment.name);
        }
        assert!(experiment.lab.programs[STEP].ticks().iter().all(|(_, writes)| !writes.is_empty()));
        let mut known: Vec<&str> = Vec::new();
        for row in text.lines().filter(|row| row.starts_with("    ")) {
            let (code, _) = row.split_once("  # ").unwrap_or((row, ""));
            if let Some((made, of)) = code.trim().split_once(" = ")
                && made.rsplit_once('_').is_some_and(|(_, n)| n.parse::<u32>().is_ok())
            {
                let words = of.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                for word in words.filter(|w| w.rsplit_once('_').is_some_and(|(_, n)| n.parse::<u32>().is_ok())) {
                    let own = OWN.contains(word) || word.starts_with(|c: char| c.is_ascii_digit());
                    assert!(own || known.contains(&word), "{}: {word} in `{row}`", experiment.name);
                }
                known.push(made);
            }
        }
    }
}

#[test]
fn numbers_are_written_so_that_python_reads_them_back() {
    for (v, text) in [(0.5, "0.5"), (-1.0, "-1.0"), (1e-30, "1e-30"), (65536.0, "65536.0"), (3.4e38, "3.4e38")] {
        assert_eq!(number(v), text);
    }
    assert_eq!(number(f32::NEG_INFINITY), "float(\"-inf\")");
    assert_eq!(number(0.1), "0.1");
}

/// What is written for one rule, but for the functions that all scripts share.
#[test]
fn a_script_is_as_it_was() {
    let experiment = of("direct-feedback-alignment");
    let text = script(&experiment.spec, &experiment.lab, "train.safetensors", &[]).replace(OWN, "");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/golden/direct_feedback_alignment.py");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "the script is another: look at it, then BLESS=1 cargo test -p engine --test export");
}
