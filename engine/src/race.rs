//! A race: one network, one initial weight set, one stream of batches; several *lanes*, each with something changed, and
//! several seeds.
//!
//! A spec with lanes stands for as many plain ones as it has lanes and seeds. Weights and batches depend on the seed and
//! on names alone, so lanes of one seed begin at the same weights (where they have the same) and see the same batches.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, instead};
use crate::registry::Setting;
use crate::rules::RULE_ENTRIES;
use crate::sorting::{Sorting as _, collected};
use crate::spec::text::{LOSSES, canonical};
use crate::spec::{BlockSpec, Choice, Lane, Spec};

mod joined;
mod sweep;

pub use joined::joined;
pub use sweep::{Cell, cells};

/// What one lane runs, at one seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrant {
    pub lane: usize,
    pub seed: u32,
    /// The experiment, without lanes.
    pub spec: Spec,
}

/// The lanes of `spec`, or the cells of its sweep, as plain experiments, by name, at its first seed. Without any it is its
/// own only one.
///
/// # Errors
/// Every change that fits nowhere, with its lane.
pub fn lanes(spec: &Spec) -> Result<Vec<(String, Spec)>, Vec<Diagnostic>> {
    if !spec.sweep.is_empty() {
        return swept(spec);
    }
    let own = [Lane::default()];
    let all = if spec.lanes.is_empty() { &own[..] } else { &spec.lanes[..] };
    let mut faults = Vec::new();
    let mut out: Vec<(String, Spec)> = Vec::new();
    for (i, lane) in all.iter().enumerate() {
        let plain = changed(spec, lane, &format!("lanes › {}", i + 1), &mut faults);
        let name = lane.name.clone().unwrap_or_else(|| name(spec, &plain, lane));
        out.push((name, plain));
    }
    for i in 1..out.len() {
        let name = out[i].0.clone();
        if out[..i].iter().any(|other| other.0 == name) {
            out[i].0 = format!("{name}, lane {}", i + 1);
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

fn swept(spec: &Spec) -> Result<Vec<(String, Spec)>, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut out = Vec::new();
    for cell in cells(spec) {
        match cell.spec {
            Ok(plain) => out.push((cell.name, plain)),
            Err(why) => faults.extend(why.into_iter().map(|f| f.within(&cell.name))),
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

/// Every run of the race, lane by lane within each seed, so that all lanes are soon seen.
///
/// # Errors
/// As [`lanes`].
pub fn entrants(spec: &Spec) -> Result<Vec<Entrant>, Vec<Diagnostic>> {
    let lanes = lanes(spec)?;
    let seeds = (0..spec.seeds).map(|i| spec.seed.wrapping_add(i));
    Ok(seeds
        .flat_map(|seed| {
            lanes.iter().enumerate().map(move |(lane, (_, plain))| Entrant {
                lane,
                seed,
                spec: Spec { seed, ..plain.clone() },
            })
        })
        .collect())
}

/// `spec` with what stands at `path` set to `value`, see [`Lane::set`], and without lanes.
///
/// # Errors
/// The path leads nowhere.
pub fn with(spec: &Spec, path: &str, value: &Setting) -> Result<Spec, Vec<Diagnostic>> {
    let lane = Lane { set: collected([(path.to_owned(), value.clone())]), ..Lane::default() };
    let mut faults = Vec::new();
    let changed = changed(spec, &lane, path, &mut faults);
    if faults.is_empty() { Ok(changed) } else { Err(faults) }
}

/// What differs between experiments: a line for each field that is not the same in all, with its text in each.
pub fn differences(specs: &[&Spec]) -> Vec<(String, Vec<String>)> {
    let flat: Vec<BTreeMap<String, String>> = specs.iter().map(|s| fields(s)).collect();
    let mut names: Vec<&String> = flat.iter().flat_map(BTreeMap::keys).collect();
    names.put_in_order();
    names.dedup();
    let row = |name: &String| {
        let texts: Vec<String> = flat.iter().map(|f| f.get(name).cloned().unwrap_or_default()).collect();
        texts.iter().any(|t| *t != texts[0]).then(|| (name.clone(), texts))
    };
    names.into_iter().filter_map(row).collect()
}

/// Every field of an experiment under its path, but for the lanes.
fn fields(spec: &Spec) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut choice = |path: &str, choice: &Choice| {
        out.insert(path.to_owned(), choice.id.clone());
        for (knob, setting) in &choice.settings {
            out.insert(format!("{path}/{knob}"), setting.to_string());
        }
    };
    choice("data", &spec.data);
    choice("rule", &spec.rule);
    choice("optimizer", &spec.optimizer);
    choice("schedule", &spec.schedule);
    fn blocks(path: &str, all: &[BlockSpec], choice: &mut impl FnMut(&str, &Choice)) {
        for (i, block) in all.iter().enumerate() {
            let path = format!("{path}/{}.{}", i + 1, block.block.id);
            choice(&path, &block.block);
            if let Some(routing) = &block.routing {
                choice(&format!("{path}/routing"), routing);
            }
            blocks(&path, &block.blocks, choice);
        }
    }
    for (i, stage) in spec.stages.iter().enumerate() {
        blocks(&(i + 1).to_string(), stage, &mut choice);
    }
    out.insert("rate".to_owned(), spec.rate.to_string());
    out.insert("batch".to_owned(), spec.batch.to_string());
    out.insert("clip".to_owned(), spec.clip.to_string());
    out
}

/// The lane's experiment: `spec` with what the lane changes, without lanes.
fn changed(spec: &Spec, lane: &Lane, path: &str, faults: &mut Vec<Diagnostic>) -> Spec {
    let mut out = Spec { lanes: Vec::new(), sweep: Vec::new(), seeds: 1, ..spec.clone() };
    if let Some(rule) = &lane.rule {
        out.rule = rule.clone();
    }
    if let Some(optimizer) = &lane.optimizer {
        out.optimizer = optimizer.clone();
    }
    out.rate = lane.rate.unwrap_or(out.rate);
    for (place, setting) in &lane.set {
        if let Err((message, mend)) = set(&mut out, place, setting) {
            faults.push(Diagnostic::new(format!("{path} › set › {place}"), message, mend));
        }
    }
    canonical(&out)
}

/// Sets a knob of a block, or the routing of one, by its path: `2/1.route/routing`, `1/1.linear/units`; or what belongs to
/// no block, see [`whole`].
pub(crate) fn set(spec: &mut Spec, place: &str, setting: &Setting) -> Result<(), (String, String)> {
    if let Some(done) = whole(spec, place, setting) {
        return done;
    }
    let mut parts: Vec<&str> = place.split('/').collect();
    let known = || "write stage, blocks and knob as in `1/1.linear/units` or `2/1.route/routing`".to_owned();
    let (Some(stage), Some(knob)) = ((!parts.is_empty()).then(|| parts.remove(0)), parts.pop()) else {
        return Err((format!("`{place}` is no path"), known()));
    };
    let of_routing = parts.last() == Some(&"routing");
    if of_routing {
        parts.pop();
    }
    let count = spec.stages.len();
    let number = stage.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    let Some(mut blocks) = number.and_then(|n| spec.stages.get_mut(n)) else {
        return Err((format!("there is no stage `{stage}`"), format!("choose 1 to {count}")));
    };
    let Some((last, outer)) = parts.split_last() else {
        return Err((format!("`{place}` names no block"), known()));
    };
    for part in outer {
        blocks = &mut find(blocks, part)?.blocks;
    }
    let block = find(blocks, last)?;
    match (of_routing, knob, &mut block.routing) {
        (false, "routing", Some(routing)) => match setting {
            Setting::Choice(id) => *routing = Choice::new(id),
            other => return Err((format!("`{other}` is no routing"), "give the name of one".to_owned())),
        },
        (true, _, Some(routing)) => {
            routing.settings.insert(knob.to_owned(), setting.clone());
        }
        (true, _, None) | (false, "routing", None) => {
            return Err((format!("`{last}` has no routing"), "name a `route` block".to_owned()));
        }
        (false, _, _) => {
            block.block.settings.insert(knob.to_owned(), setting.clone());
        }
    }
    Ok(())
}

/// Sets what belongs to the experiment as a whole: `rate`, `batch`, `clip`, `loss`; `data`, `rule`, `optimizer`,
/// `schedule`, and their knobs as in `rule/threshold`. `None` for a place in the network.
fn whole(spec: &mut Spec, place: &str, setting: &Setting) -> Option<Result<(), (String, String)>> {
    let (head, knob) = place.split_once('/').map_or((place, None), |(head, knob)| (head, Some(knob)));
    let choice = match head {
        "data" => &mut spec.data,
        "rule" => &mut spec.rule,
        "optimizer" => &mut spec.optimizer,
        "schedule" => &mut spec.schedule,
        _ => return figure(spec, place, setting),
    };
    Some(match (knob, setting) {
        (Some(knob), _) => {
            choice.settings.insert(knob.to_owned(), setting.clone());
            Ok(())
        }
        (None, Setting::Choice(id)) => {
            *choice = Choice::new(id);
            Ok(())
        }
        (None, other) => Err((format!("`{other}` is no name"), "give the name of one".to_owned())),
    })
}

/// Sets one of the experiment's plain figures, or its loss.
fn figure(spec: &mut Spec, place: &str, setting: &Setting) -> Option<Result<(), (String, String)>> {
    let number = match setting {
        Setting::Int(v) => Some(*v as f64),
        Setting::Float(v) => Some(*v),
        Setting::Bool(_) | Setting::Choice(_) => None,
    };
    let no_number = || (format!("`{setting}` is no number"), "give a number".to_owned());
    Some(match place {
        "rate" => number.map(|v| spec.rate = v).ok_or_else(no_number),
        "clip" => number.map(|v| spec.clip = v).ok_or_else(no_number),
        "batch" => match setting {
            Setting::Int(v) => u32::try_from(*v).map(|v| spec.batch = v).map_err(|_| no_number()),
            Setting::Float(_) | Setting::Bool(_) | Setting::Choice(_) => {
                Err((format!("`{setting}` is no whole number"), "give a whole number".to_owned()))
            }
        },
        "loss" => match LOSSES.iter().find(|l| setting == &Setting::from(l.0)) {
            Some((_, loss)) => {
                spec.loss = *loss;
                Ok(())
            }
            None => {
                let known: Vec<_> = LOSSES.iter().map(|l| l.0).collect();
                Err((format!("`{setting}` is unknown"), instead(&setting.to_string(), &known)))
            }
        },
        _ => return None,
    })
}

/// The block that `part` names: its number and its kind, `1.linear`.
fn find<'a>(blocks: &'a mut [BlockSpec], part: &str) -> Result<&'a mut BlockSpec, (String, String)> {
    let names: Vec<String> = blocks.iter().enumerate().map(|(i, b)| format!("{}.{}", i + 1, b.block.id)).collect();
    match names.iter().position(|n| n == part) {
        Some(i) => Ok(&mut blocks[i]),
        None => Err((format!("there is no block `{part}`"), format!("choose one of {}", names.join(", ")))),
    }
}

/// A name for a lane that has none: its rule, and what else it changes.
fn name(spec: &Spec, plain: &Spec, lane: &Lane) -> String {
    let rule =
        RULE_ENTRIES.iter().find(|r| r.meta().id == plain.rule.id).map_or(plain.rule.id.as_str(), |r| r.meta().name);
    let mut parts = vec![rule.to_owned()];
    parts.extend(plain.rule.settings.iter().map(|(knob, v)| format!("{knob} {v}")));
    if plain.optimizer != spec.optimizer {
        parts.push(plain.optimizer.id.clone());
    }
    if plain.rate != spec.rate {
        parts.push(format!("rate {}", plain.rate));
    }
    parts.extend(lane.set.iter().map(|(place, v)| format!("{} {v}", place.rsplit('/').next().unwrap_or_default())));
    parts.join(", ")
}

/// Mean of `values`, and half the distance between the least and the greatest; `None` where there is no value or one is
/// not finite.
pub fn spread(values: &[f64]) -> Option<(f64, f64)> {
    if values.is_empty() || !values.iter().all(|v| v.is_finite()) {
        return None;
    }
    let (least, most) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    Some((values.iter().sum::<f64>() / values.len() as f64, (most - least) / 2.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::spec::text::read;

    fn race() -> Spec {
        read(
            r#"{"version": 1, "data": "digits", "seed": 7, "seeds": 2, "stages": [
                [{"block": "linear", "units": 32}, "activation"],
                [{"block": "route", "experts": 4, "routing": "top-k", "blocks": [{"block": "linear", "units": 8}]}],
                ["linear"]],
              "lanes": [
                {},
                {"rule": "direct-feedback-alignment", "rate": 0.001},
                {"name": "all experts", "set": {"2/1.route/routing": "dense", "2/1.route/1.linear/units": 16}},
                {"set": {"2/1.route/routing/k": 1}}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn lanes_are_plain_experiments() {
        let spec = race();
        let lanes = lanes(&spec).unwrap();
        let names: Vec<_> = lanes.iter().map(|l| l.0.as_str()).collect();
        assert_eq!(
            names,
            ["Backpropagation", "Direct feedback alignment, rate 0.001", "all experts", "Backpropagation, k 1"]
        );
        assert!(lanes.iter().all(|l| l.1.lanes.is_empty() && l.1.seeds == 1 && l.1.seed == 7));
        assert_eq!(lanes[0].1.rule.id, "backprop");
        assert_eq!((lanes[1].1.rule.id.as_str(), lanes[1].1.rate), ("direct-feedback-alignment", 0.001));
        let route = &lanes[2].1.stages[1][0];
        assert_eq!(route.routing, Some(Choice::new("dense")));
        assert_eq!(route.blocks[0], BlockSpec::new("linear").with("units", 16));
        assert_eq!(lanes[3].1.stages[1][0].routing, Some(Choice::new("top-k").with("k", 1)));
        let seeds: Vec<_> = entrants(&spec).unwrap().iter().map(|e| (e.lane, e.seed)).collect();
        assert_eq!(seeds, [(0, 7), (1, 7), (2, 7), (3, 7), (0, 8), (1, 8), (2, 8), (3, 8)]);
    }

    #[test]
    fn only_what_differs_is_told() {
        let lanes = lanes(&race()).unwrap();
        let specs: Vec<&Spec> = lanes.iter().map(|l| &l.1).collect();
        let told = differences(&specs);
        let names: Vec<_> = told.iter().map(|d| d.0.as_str()).collect();
        assert_eq!(names, ["2/1.route/1.linear/units", "2/1.route/routing", "2/1.route/routing/k", "rate", "rule"]);
        assert_eq!(told[2].1, ["", "", "", "1"]);
    }

    #[test]
    fn a_change_that_fits_nowhere_is_a_fault() {
        let mut spec = race();
        let lane = |place: &str, to: Setting| Lane { set: [(place.to_owned(), to)].into(), ..Lane::default() };
        spec.lanes = vec![
            lane("9/1.linear/units", 3i64.into()),
            lane("1/1.lineer/units", 3i64.into()),
            lane("1/1.linear/routing", "dense".into()),
            lane("units", 3i64.into()),
            lane("2/1.route/routing", 3i64.into()),
            lane("", 3i64.into()),
        ];
        let faults = lanes(&spec).unwrap_err();
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert_eq!(faults[0].to_string(), "lanes › 1 › set › 9/1.linear/units: there is no stage `9` (choose 1 to 3)");
        assert!(faults[1].mend.contains("1.linear, 2.activation"));
    }

    #[test]
    fn what_belongs_to_the_whole_experiment_has_paths_too() {
        let mut spec = race();
        spec.lanes.clear();
        let with = |path: &str, value: Setting| with(&spec, path, &value);
        assert_eq!(with("rule", "forward-forward".into()).unwrap().rule, Choice::new("forward-forward"));
        let knob = with("rule/threshold", 3i64.into()).unwrap().rule.settings;
        assert_eq!(knob.get("threshold"), Some(&Setting::Int(3)), "backprop has no threshold: the judge says so");
        assert_eq!(with("batch", 16i64.into()).unwrap().batch, 16);
        assert_eq!(with("rate", 1i64.into()).unwrap().rate, 1.0);
        assert_eq!(with("loss", "mean-squared".into()).unwrap().loss, crate::rules::Loss::MeanSquared);
        for (path, value) in [("batch", Setting::Int(-1)), ("rate", "fast".into()), ("rule", 2i64.into())] {
            assert_eq!(with(path, value).unwrap_err()[0].path, format!("{path} › set › {path}"));
        }
        assert!(with("loss", "mean-square".into()).unwrap_err()[0].mend.contains("mean-squared"));
    }

    #[test]
    fn spreads() {
        assert_eq!(spread(&[1.0, 3.0]), Some((2.0, 1.0)));
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[1.0, f64::NAN]), None);
    }
}
