//! Golden links: every link that a release gave away opens in every later one, and learns the same.
//!
//! `links/VERSION.json` holds the links of one release: each preset, in its short and its long form, and some cards' runs,
//! with the loss after a few steps on the CPU. A new release adds its file by `BLESS=1 cargo test -p engine --test links`,
//! which writes that of the present version alone. The files of older versions are never written again: where one fails,
//! the reading of old texts needs a migration (`spec/text/migrate.rs`), or a change of the numbers must be owned up to by
//! a new version.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use engine::cards::CARDS;
use engine::exec::Executor;
use engine::exec::cpu::Cpu;
use engine::ir::Role;
use engine::lab::{Lab, STEP};
use engine::presets::PRESETS;
use engine::spec::{Spec, link, short};
use serde::{Deserialize, Serialize};

mod assets;

const STEPS: u32 = 5;
/// Relative distance of losses: another processor may fuse a multiplication and an addition, or not.
const TOLERANCE: f32 = 1e-6;
const OF_CARDS: [&str; 10] = [
    "backprop",
    "direct-feedback-alignment",
    "forward-forward",
    "top-k-experts",
    "dropout",
    "highway-backprop",
    "delta-net",
    "res-mlp",
    "noprop",
    "glu-variants",
];

#[derive(Serialize, Deserialize)]
struct Golden {
    name: String,
    /// The fragment of the link.
    link: String,
    steps: u32,
    loss: f32,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/links")
}

/// The loss of the last of `steps` steps from the initial weights.
fn loss(spec: &Spec, steps: u32) -> f32 {
    let data = assets::load(spec);
    let lab = Lab::new(spec, &data).unwrap();
    let mut cpu = Cpu::new(lab.plan.clone());
    for id in lab.graph.slot_ids().filter(|&id| lab.graph.slot(id).role != Role::Input) {
        cpu.write(lab.plan.slot(id).start, &lab.initial(id, spec.seed));
    }
    for (id, values) in lab.inputs(&data) {
        cpu.write(lab.plan.slot(id).start, &values);
    }
    cpu.run(STEP, steps);
    pollster::block_on(cpu.read(&[lab.plan.slot(lab.registers.loss)])).unwrap()[0][0]
}

/// The present version's links.
fn present() -> Vec<Golden> {
    let golden = |name: String, link: String, spec: &Spec| Golden { name, link, steps: STEPS, loss: loss(spec, STEPS) };
    let presets = PRESETS.iter().map(|make| make()).flat_map(|preset| {
        let long = format!("spec={}", link::encode(&preset.spec));
        let short = short::write(&preset.spec).unwrap();
        [long, short].map(|link| (format!("preset {}", preset.id), link, preset.spec.clone()))
    });
    let cards = OF_CARDS.iter().map(|id| {
        let card = CARDS.iter().find(|c| c.meta.id == *id).unwrap_or_else(|| panic!("there is no card {id}"));
        let spec = (card.runs)().remove(0).spec;
        (format!("card {id}"), format!("spec={}", link::encode(&spec)), spec)
    });
    presets.chain(cards).map(|(name, link, spec)| golden(name, link, &spec)).collect()
}

#[test]
fn links_of_every_release_open_and_learn_the_same() {
    let own = folder().join(concat!(env!("CARGO_PKG_VERSION"), ".json"));
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(&own, serde_json::to_string_pretty(&present()).unwrap() + "\n").unwrap();
    }
    assert!(own.is_file(), "this version has no links yet: BLESS=1 writes {}", own.display());
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in files {
        let all: Vec<Golden> = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert!(all.len() > 20, "{}", file.display());
        for Golden { name, link, steps, loss: recorded } in all {
            let name = format!("{}: {name}", file.file_stem().unwrap().display());
            match link::decode(&link) {
                Ok(spec) => {
                    let now = loss(&spec, steps);
                    if (now - recorded).abs() > TOLERANCE * recorded.abs().max(1.0) {
                        wrong.push(format!("{name}: loss {now} in the place of {recorded}"));
                    }
                }
                Err(faults) => wrong.push(format!("{name}: {faults:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A link of a release to come is refused in words that say so.
#[test]
fn a_newer_link_is_refused_with_a_clear_sentence() {
    use engine::spec::text;
    let spec = PRESETS[0]().spec;
    let newer = text::compact(&spec).replace(r#""version":1"#, r#""version":2"#);
    let fault = text::read(&newer).unwrap_err().remove(0);
    assert_eq!(
        fault.to_string(),
        "version: version 2 is newer than this Signalbox, which reads up to 1 (open it with a newer Signalbox)"
    );
}
