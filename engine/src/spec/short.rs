//! A spec in few words: a preset, and what differs from it, as parts of an address that a person can read and write:
//! `preset=digits-backprop&rate=0.01&rule=forward-forward&1/1.linear/units=32`.
//!
//! What may differ is what a lane of a race may set, by the paths of [`Lane::set`](crate::spec::Lane), and `seed`, `seeds`
//! and `steps`. Other blocks or lanes need the long form.

use crate::blocks::BLOCK_ENTRIES;
use crate::data::DATASET_ENTRIES;
use crate::diagnostic::{Diagnostic, instead};
use crate::optim::{OPTIMIZER_ENTRIES, SCHEDULE_ENTRIES};
use crate::presets::PRESETS;
use crate::race;
use crate::registry::{Knob, Setting, find};
use crate::routing::ROUTING_ENTRIES;
use crate::rules::{Loss, RULE_ENTRIES};
use crate::sorting::Sorting as _;
use crate::spec::judge::judge;
use crate::spec::text::{LOSSES, canonical};
use crate::spec::{BlockSpec, Choice, Spec, percent};

/// What may differ, blocks apart.
const FIELDS: [&str; 11] =
    ["data", "rule", "optimizer", "schedule", "loss", "rate", "batch", "clip", "seed", "seeds", "steps"];

/// One difference: the key and the value, as they stand in an address, decoded.
pub type Change = (String, String);

/// Whether `key` is one of a difference, and no other part of an address.
pub fn is_change(key: &str) -> bool {
    let first = key.split('/').next().unwrap_or_default();
    FIELDS.contains(&first) || (key.contains('/') && first.parse::<usize>().is_ok())
}

/// The preset named `id` with `changes`.
///
/// # Errors
/// An unknown preset, and every change that fits nowhere or has a value that does not fit.
pub fn read(id: &str, changes: &[Change]) -> Result<Spec, Vec<Diagnostic>> {
    let presets: Vec<_> = PRESETS.iter().map(|make| make()).collect();
    let Some(preset) = presets.iter().find(|p| p.id == id) else {
        let known: Vec<_> = presets.iter().map(|p| p.id).collect();
        return Err(vec![Diagnostic::new("preset", format!("`{id}` is unknown"), instead(id, &known))]);
    };
    let mut spec = preset.spec.clone();
    // What names an entry comes before the knobs of that entry.
    let mut changes: Vec<&Change> = changes.iter().collect();
    changes.put_in_order();
    let mut faults = Vec::new();
    for (key, value) in changes {
        if let Err((message, mend)) = change(&mut spec, key, value) {
            faults.push(Diagnostic::new(key, message, mend));
        }
    }
    if faults.is_empty() {
        faults = judge(&spec);
    }
    if faults.is_empty() { Ok(canonical(&spec)) } else { Err(faults) }
}

fn change(spec: &mut Spec, key: &str, value: &str) -> Result<(), (String, String)> {
    let whole = || {
        let mend = || format!("give a whole number from 0 to {}", u32::MAX);
        value.parse::<u32>().map_err(|_| (format!("`{value}` is no such number"), mend()))
    };
    match key {
        "seed" => whole().map(|v| spec.seed = v),
        "seeds" => whole().map(|v| spec.seeds = v),
        "steps" => whole().map(|v| spec.steps = v),
        _ => race::set(spec, key, &setting(value)),
    }
}

fn setting(value: &str) -> Setting {
    match (value, value.parse::<i64>(), value.parse::<f64>()) {
        ("true", ..) => Setting::Bool(true),
        ("false", ..) => Setting::Bool(false),
        (_, Ok(whole), _) => Setting::Int(whole),
        (_, _, Ok(number)) if number.is_finite() => Setting::Float(number),
        (..) => Setting::Choice(value.to_owned()),
    }
}

/// The shortest way to write `spec` as parts of an address; `None` where no preset is near it.
pub fn write(spec: &Spec) -> Option<String> {
    let spec = canonical(spec);
    let near = PRESETS.iter().filter_map(|make| {
        let preset = make();
        let changes = changes(&preset.spec, &spec)?;
        (read(preset.id, &changes).as_ref() == Ok(&spec)).then(|| {
            let parts = changes.iter().map(|(k, v)| format!("&{}={}", percent::encode(k), percent::encode(v)));
            parts.fold(format!("preset={}", preset.id), |all, part| all + &part)
        })
    });
    near.min_by_key(String::len)
}

/// What makes `to` of `from`, if their blocks are the same.
fn changes(from: &Spec, to: &Spec) -> Option<Vec<Change>> {
    let mut out = Vec::new();
    let of = |registry: &dyn Fn(&str) -> Option<&'static [Knob]>, id: &str| registry(id).unwrap_or_default();
    let datasets = |id: &str| find(DATASET_ENTRIES, id, "").ok().map(|e| e.knobs());
    let rules = |id: &str| find(RULE_ENTRIES, id, "").ok().map(|e| e.knobs());
    let optimizers = |id: &str| find(OPTIMIZER_ENTRIES, id, "").ok().map(|e| e.knobs());
    let schedules = |id: &str| find(SCHEDULE_ENTRIES, id, "").ok().map(|e| e.knobs());
    choice("data", &from.data, &to.data, of(&datasets, &to.data.id), &mut out);
    choice("rule", &from.rule, &to.rule, of(&rules, &to.rule.id), &mut out);
    choice("optimizer", &from.optimizer, &to.optimizer, of(&optimizers, &to.optimizer.id), &mut out);
    choice("schedule", &from.schedule, &to.schedule, of(&schedules, &to.schedule.id), &mut out);
    let loss = |loss: Loss| LOSSES.iter().find(|l| l.1 == loss).map(|l| l.0.to_owned()).unwrap_or_default();
    let numbers = |s: &Spec| {
        [
            ("loss", loss(s.loss)),
            ("rate", s.rate.to_string()),
            ("batch", s.batch.to_string()),
            ("clip", s.clip.to_string()),
            ("seed", s.seed.to_string()),
            ("seeds", s.seeds.to_string()),
            ("steps", s.steps.to_string()),
        ]
    };
    let differ = numbers(from).into_iter().zip(numbers(to)).filter(|(a, b)| a != b);
    out.extend(differ.map(|(_, (key, value))| (key.to_owned(), value)));
    if from.stages.len() != to.stages.len() {
        return None;
    }
    for (i, (a, b)) in from.stages.iter().zip(&to.stages).enumerate() {
        blocks(&(i + 1).to_string(), a, b, &mut out)?;
    }
    Some(out)
}

fn blocks(path: &str, from: &[BlockSpec], to: &[BlockSpec], out: &mut Vec<Change>) -> Option<()> {
    if from.len() != to.len() {
        return None;
    }
    for (i, (a, b)) in from.iter().zip(to).enumerate() {
        if a.block.id != b.block.id {
            return None;
        }
        let path = format!("{path}/{}.{}", i + 1, b.block.id);
        choice(&path, &a.block, &b.block, find(BLOCK_ENTRIES, &b.block.id, "").ok()?.knobs(), out);
        match (&a.routing, &b.routing) {
            (Some(a), Some(b)) => {
                choice(&format!("{path}/routing"), a, b, find(ROUTING_ENTRIES, &b.id, "").ok()?.knobs(), out);
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => return None,
        }
        blocks(&path, &a.blocks, &b.blocks, out)?;
    }
    Some(())
}

fn choice(path: &str, from: &Choice, to: &Choice, knobs: &[Knob], out: &mut Vec<Change>) {
    let same = from.id == to.id;
    if !same {
        out.push((path.to_owned(), to.id.clone()));
    }
    for knob in knobs {
        let had = same.then(|| from.settings.get(knob.id)).flatten();
        let has = to.settings.get(knob.id);
        if had != has {
            let value = has.map_or_else(|| knob.kind.default().to_string(), Setting::to_string);
            out.push((format!("{path}/{}", knob.id), value));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::spec::link;

    fn preset(id: &str) -> Spec {
        PRESETS.iter().map(|make| make()).find(|p| p.id == id).unwrap().spec
    }

    #[test]
    fn a_preset_is_its_id_and_what_differs_is_told() {
        for make in PRESETS {
            let preset = make();
            assert_eq!(write(&preset.spec), Some(format!("preset={}", preset.id)));
        }
        let mut spec = preset("experts-on-digits");
        spec.rate = 0.01;
        spec.rule = Choice::new("forward-forward").with("threshold", 3.5);
        spec.stages[0][0] = BlockSpec::new("linear").with("units", 16_i64);
        spec.stages[1][0].routing = Some(Choice::new("top-k").with("k", 1_i64));
        let short = write(&spec).unwrap();
        assert_eq!(
            short,
            "preset=experts-on-digits&rule=forward-forward&rule/threshold=3.5&rate=0.01&1/1.linear/units=16\
             &2/1.route/routing/k=1"
        );
        assert_eq!(link::decode(&format!("https://example.org/?embed#{short}&device=cpu")), Ok(spec));
    }

    #[test]
    fn a_knob_goes_back_to_its_default() {
        let mut spec = preset("spiral");
        spec.stages[0][1] = BlockSpec::new("activation");
        let short = write(&spec).unwrap();
        assert!(short.starts_with("preset=spiral&1/2.activation/function="), "{short}");
        assert_eq!(link::decode(&short), Ok(spec));
    }

    #[test]
    fn other_blocks_and_lanes_have_no_short_form() {
        let mut spec = preset("digits-backprop");
        spec.stages.remove(0);
        assert_eq!(write(&spec), None);
        let mut spec = preset("digits-backprop");
        spec.lanes = vec![crate::spec::Lane::default()];
        assert_eq!(write(&spec), None);
    }

    #[test]
    fn every_fault_of_a_short_link_is_told() {
        let said = |link: &str| {
            let faults = link::decode(link).unwrap_err();
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            said("preset=digits-backprob"),
            "preset: `digits-backprob` is unknown (did you mean `digits-backprop`?)"
        );
        let many = said("preset=digits-backprop&rate=fast&batch=-1&7/1.linear/units=3&loss=huge&seed/x=1");
        for part in ["rate: `fast`", "batch: `-1`", "there is no stage `7`", "loss: `huge`"] {
            assert!(many.contains(part), "{many}");
        }
        assert!(said("preset=digits-backprop&rule=magic").contains("magic"));
        assert!(said("preset=digits-backprop&rule/magic=1").contains("magic"));
        assert!(said("preset=digits-backprop&rate=NaN").contains("rate"));
        assert!(said("preset=digits-backprop&batch=0").contains("batch"));
        assert!(said("preset=digits-backprop&1/1.linear/units=many").contains("units"));
    }
}
