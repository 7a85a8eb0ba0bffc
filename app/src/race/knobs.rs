//! What can be swept: the knobs of the experiment, by the paths of a race's lanes, and values for each.

use engine::protocol::{Catalogue, EntryInfo, KnobInfo, KnobInfoKind};
use engine::registry::Setting;
use engine::spec::{BlockSpec, Choice, Spec, limits};

use crate::state::Lab;

/// The knob that a first sweep turns.
pub const FIRST: &str = "rate";
/// Values that are offered to begin with, at most.
const OFFERED: usize = 5;

/// A knob of the experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Swept {
    pub place: String,
    pub name: String,
    /// What it belongs to.
    pub group: &'static str,
    pub values: Values,
}

/// The values that it can have.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    Numbers {
        now: f64,
        min: f64,
        max: f64,
        whole: bool,
    },
    /// Each with its name.
    Names {
        now: Setting,
        of: Vec<(Setting, String)>,
    },
}

/// Every knob of the experiment that can be swept.
pub fn all(lab: Lab, spec: &Spec) -> Vec<Swept> {
    lab.with_catalogue(|c| of(c, spec))
}

fn of(c: &Catalogue, spec: &Spec) -> Vec<Swept> {
    let mut out = vec![
        figure("rate", "Learning rate", spec.rate, (0.0, limits::RATE), false),
        figure("batch", "Batch", spec.batch.into(), (1.0, limits::BATCH.into()), true),
        figure("clip", "Clip the gradient at", spec.clip, (0.0, limits::CLIP), false),
    ];
    let parts = [
        ("rule", "Learning rule", "Rule", &c.rules, &spec.rule),
        ("optimizer", "Optimizer", "Optimizer", &c.optimizers, &spec.optimizer),
        ("schedule", "Schedule", "Schedule", &c.schedules, &spec.schedule),
        ("data", "Data", "Data", &c.datasets, &spec.data),
    ];
    for (place, name, group, registry, choice) in parts {
        // What needs a person's own files cannot be had for the asking.
        out.push(entries(place, name, group, registry.iter().filter(|e| !own_files(e)), choice));
        knobs(place, "", group, registry, choice, &mut out);
    }
    for (i, stage) in spec.stages.iter().enumerate() {
        blocks(c, &(i + 1).to_string(), stage, &mut out);
    }
    out
}

fn own_files(entry: &EntryInfo) -> bool {
    entry.files.iter().any(|f| matches!(f, engine::protocol::FileInfo::Own { .. }))
}

fn figure(place: &str, name: &str, now: f64, (min, max): (f64, f64), whole: bool) -> Swept {
    let values = Values::Numbers { now, min, max, whole };
    Swept { place: place.into(), name: name.into(), group: "Training", values }
}

fn entries<'a>(
    place: &str,
    name: &str,
    group: &'static str,
    registry: impl Iterator<Item = &'a EntryInfo>,
    now: &Choice,
) -> Swept {
    let of = registry.map(|e| (Setting::Choice(e.id.clone()), e.name.clone())).collect();
    let values = Values::Names { now: Setting::Choice(now.id.clone()), of };
    Swept { place: place.into(), name: name.into(), group, values }
}

fn blocks(c: &Catalogue, path: &str, all: &[BlockSpec], out: &mut Vec<Swept>) {
    for (i, block) in all.iter().enumerate() {
        let place = format!("{path}/{}.{}", i + 1, block.block.id);
        let called = place.replace('/', " › ");
        knobs(&place, &format!("{called} · "), "Network", &c.blocks, &block.block, out);
        if let Some(routing) = &block.routing {
            let at = format!("{place}/routing");
            out.push(entries(&at, &format!("{called} · Routing"), "Routing", c.routings.iter(), routing));
            knobs(&at, &format!("{called} · "), "Routing", &c.routings, routing, out);
        }
        blocks(c, &place, &block.blocks, out);
    }
}

/// The knobs of the entry that is chosen at `place`.
fn knobs(
    place: &str,
    before: &str,
    group: &'static str,
    registry: &[EntryInfo],
    choice: &Choice,
    out: &mut Vec<Swept>,
) {
    let Some(entry) = registry.iter().find(|e| e.id == choice.id) else { return };
    out.extend(entry.knobs.iter().filter_map(|knob| {
        let values = values(knob, choice)?;
        Some(Swept { place: format!("{place}/{}", knob.id), name: format!("{before}{}", knob.name), group, values })
    }));
}

fn values(knob: &KnobInfo, choice: &Choice) -> Option<Values> {
    let now = choice.settings.get(&knob.id).cloned().unwrap_or_else(|| knob.kind.default());
    let number = match now {
        Setting::Int(v) => v as f64,
        Setting::Float(v) => v,
        Setting::Bool(_) | Setting::Choice(_) => 0.0,
    };
    match &knob.kind {
        KnobInfoKind::Float { min, max, .. } => {
            Some(Values::Numbers { now: number, min: *min, max: *max, whole: false })
        }
        KnobInfoKind::Int { min, max, .. } => {
            Some(Values::Numbers { now: number, min: *min as f64, max: *max as f64, whole: true })
        }
        KnobInfoKind::Bool { .. } => {
            let of = vec![(Setting::Bool(true), "on".into()), (Setting::Bool(false), "off".into())];
            Some(Values::Names { now, of })
        }
        KnobInfoKind::Choice { options, .. } => {
            let of = options.iter().map(|o| (Setting::Choice(o.clone()), o.replace('-', " "))).collect();
            Some(Values::Names { now, of })
        }
        KnobInfoKind::Text { .. } => None,
    }
}

impl Swept {
    /// Values to begin with: some around the present one, or some of the names.
    pub fn first(&self) -> Vec<Setting> {
        match &self.values {
            Values::Names { now, of } => {
                let others = of.iter().map(|o| &o.0).filter(|o| *o != now);
                std::iter::once(now).chain(others).take(OFFERED).cloned().collect()
            }
            Values::Numbers { now, min, max, whole } => {
                let factors = if *whole { [0.25, 0.5, 1.0, 2.0, 4.0] } else { [0.1, 0.3, 1.0, 3.0, 10.0] };
                let mut all: Vec<f64> = if *now > 0.0 {
                    factors.iter().map(|f| rounded(now * f, *whole)).collect()
                } else {
                    spread(*min, if *max > 10.0 { 1.0_f64.max(*min) } else { *max }, OFFERED, false, *whole)
                };
                all.retain(|v| (*min..=*max).contains(v));
                all.dedup();
                all.into_iter().map(setting).collect()
            }
        }
    }

    /// The values that a text lists.
    ///
    /// # Errors
    /// What in it is no value of this knob.
    pub fn read(&self, text: &str) -> Result<Vec<Setting>, String> {
        let Values::Numbers { min, max, whole, .. } = self.values else { return Ok(Vec::new()) };
        let words = text.split([',', ';', ' ']).map(str::trim).filter(|w| !w.is_empty());
        let read = |word: &str| match word.parse::<f64>() {
            Ok(v) if !v.is_finite() => Err(format!("{word} is no number")),
            Ok(v) if whole && v.fract() != 0.0 => Err(format!("{word} is no whole number")),
            Ok(v) if !(min..=max).contains(&v) => Err(format!("{word} is out of range: choose {min} to {max}")),
            Ok(v) => Ok(setting(v)),
            Err(_) => Err(format!("“{word}” is no number")),
        };
        let all = words.map(read).collect::<Result<Vec<_>, _>>()?;
        if all.is_empty() { Err("give one or more numbers".into()) } else { Ok(all) }
    }

    /// What a person calls this value.
    pub fn called(&self, value: &Setting) -> String {
        match &self.values {
            Values::Names { of, .. } => {
                of.iter().find(|o| o.0 == *value).map_or_else(|| value.to_string(), |o| o.1.clone())
            }
            Values::Numbers { .. } => value.to_string(),
        }
    }
}

/// `count` numbers from one to the other, by equal steps or by equal factors.
pub fn spread(from: f64, to: f64, count: usize, log: bool, whole: bool) -> Vec<f64> {
    let share = |i: usize| i as f64 / (count.max(2) - 1) as f64;
    let at = |i: usize| if log { from * (to / from).powf(share(i)) } else { from + (to - from) * share(i) };
    let mut all: Vec<f64> = (0..count).map(|i| rounded(at(i), whole)).collect();
    all.dedup();
    all
}

/// To three places that count.
fn rounded(v: f64, whole: bool) -> f64 {
    if whole {
        return v.round();
    }
    format!("{v:.2e}").parse().unwrap_or(v)
}

/// A number as the text of a spec has it: one without a fraction is whole.
pub fn setting(v: f64) -> Setting {
    if v.fract() == 0.0 && v.abs() < 9e15 { Setting::Int(v as i64) } else { Setting::Float(v) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue() -> Catalogue {
        crate::catalogue::catalogue()
    }

    fn knob(spec: &Spec, place: &str) -> Swept {
        let all = of(&catalogue(), spec);
        all.into_iter().find(|k| k.place == place).unwrap_or_else(|| panic!("no {place}"))
    }

    #[test]
    fn every_place_that_is_offered_can_be_set() {
        for make in engine::presets::PRESETS {
            let spec = make().spec;
            let all = of(&catalogue(), &spec);
            assert!(all.len() > 10);
            for knob in all {
                for value in knob.first() {
                    let to = engine::race::with(&spec, &knob.place, &value);
                    assert!(to.is_ok(), "{}: {value}: {to:?}", knob.place);
                }
            }
        }
    }

    #[test]
    fn values_to_begin_with_lie_around_the_present_one() {
        let spec = engine::presets::default().spec;
        let rate = Spec { rate: 0.003, ..spec.clone() };
        let texts = |k: &Swept| k.first().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts(&knob(&rate, "rate")), ["0.0003", "0.0009", "0.003", "0.009", "0.03"]);
        assert_eq!(texts(&knob(&Spec { batch: 2, ..spec.clone() }, "batch")), ["1", "2", "4", "8"]);
        let rules = knob(&spec, "rule").first();
        assert_eq!((rules.len(), rules[0].to_string()), (OFFERED, spec.rule.id.clone()));
        assert!(!knob(&spec, "clip").first().is_empty());
    }

    #[test]
    fn a_list_of_values_is_read_or_told_what_is_wrong() {
        let spec = engine::presets::default().spec;
        let (rate, batch) = (knob(&spec, "rate"), knob(&spec, "batch"));
        assert_eq!(rate.read("0.1, 1e-3;2"), Ok(vec![Setting::Float(0.1), Setting::Float(1e-3), Setting::Int(2)]));
        assert_eq!(rate.read("fast"), Err("“fast” is no number".into()));
        assert_eq!(batch.read("1.5"), Err("1.5 is no whole number".into()));
        assert_eq!(batch.read("0"), Err("0 is out of range: choose 1 to 16384".into()));
        assert!(rate.read(" ").is_err());
    }

    #[test]
    fn numbers_are_spread_by_steps_or_factors() {
        assert_eq!(spread(0.001, 0.1, 3, true, false), [0.001, 0.01, 0.1]);
        assert_eq!(spread(0.0, 1.0, 3, false, false), [0.0, 0.5, 1.0]);
        assert_eq!(spread(1.0, 3.0, 5, false, true), [1.0, 2.0, 3.0], "whole numbers are not told twice");
        assert_eq!(spread(2.0, 8.0, 1, true, false), [2.0]);
    }
}
