//! Experiments as lanes of one race: what each changes of the first.

use super::changed;
use crate::blocks::BLOCK_ENTRIES;
use crate::registry::{Entry, Setting, Settings, find};
use crate::routing::ROUTING_ENTRIES;
use crate::spec::text::canonical;
use crate::spec::{BlockSpec, Choice, Lane, Spec};

/// The race of these experiments, each a lane under its name. `None` where one differs from the first in more than a
/// lane can change: its data, its blocks, its batch.
pub fn joined(experiments: &[(&str, &Spec)]) -> Option<Spec> {
    let (_, first) = experiments.first()?;
    let base = canonical(&Spec { lanes: Vec::new(), sweep: Vec::new(), ..(*first).clone() });
    let lanes = experiments.iter().map(|(name, spec)| {
        let lane = between(&base, &canonical(spec))?;
        Some(Lane { name: Some((*name).to_owned()), ..lane })
    });
    let lanes = lanes.collect::<Option<Vec<Lane>>>()?;
    Some(Spec { lanes, ..base })
}

/// The lane that makes `to` of `from`, both canonical.
fn between(from: &Spec, to: &Spec) -> Option<Lane> {
    let mut lane = Lane {
        name: None,
        rule: (from.rule != to.rule).then(|| to.rule.clone()),
        optimizer: (from.optimizer != to.optimizer).then(|| to.optimizer.clone()),
        rate: (from.rate != to.rate).then_some(to.rate),
        set: Settings::new(),
    };
    for (i, (a, b)) in from.stages.iter().zip(&to.stages).enumerate() {
        blocks(&(i + 1).to_string(), a, b, &mut lane.set);
    }
    // Whatever a lane cannot change shows here.
    (changed(from, &lane, "", &mut Vec::new()) == *to).then_some(lane)
}

/// Notes what the blocks of `b` have otherwise than those of `a`, as far as they are of the same kinds.
fn blocks(path: &str, a: &[BlockSpec], b: &[BlockSpec], set: &mut Settings) {
    for (i, (a, b)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| a.block.id == b.block.id) {
        let path = format!("{path}/{}.{}", i + 1, a.block.id);
        knobs(&path, BLOCK_ENTRIES, &a.block, &b.block, set);
        if let (Some(a), Some(b)) = (&a.routing, &b.routing) {
            let path = format!("{path}/routing");
            if a.id == b.id {
                knobs(&path, ROUTING_ENTRIES, a, b, set);
            } else {
                set.insert(path.clone(), Setting::Choice(b.id.clone()));
                set.extend(b.settings.iter().map(|(knob, v)| (format!("{path}/{knob}"), v.clone())));
            }
        }
        blocks(&path, &a.blocks, &b.blocks, set);
    }
}

/// The settings of `b` that are not those of `a`, with the default where `b` has none.
fn knobs(path: &str, registry: &[&'static dyn Entry], a: &Choice, b: &Choice, set: &mut Settings) {
    let Ok(entry) = find(registry, &b.id, path) else { return };
    for knob in entry.knobs() {
        let of = |choice: &Choice| choice.settings.get(knob.id).cloned().unwrap_or_else(|| knob.kind.default());
        if of(a) != of(b) {
            set.insert(format!("{path}/{}", knob.id), of(b));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::race::lanes;

    fn experiment(units: i64, routing: Choice) -> Spec {
        let expert = vec![BlockSpec::new("linear").with("units", units)];
        let route = BlockSpec::new("route").with("experts", 4).routed(routing).holding(expert);
        canonical(&Spec::new(Choice::new("digits"), vec![vec![route], vec![BlockSpec::new("linear")]]))
    }

    #[test]
    fn a_race_runs_the_experiments_that_it_joins() {
        let first = experiment(16, Choice::new("top-k").with("k", 1));
        let others = [
            experiment(8, Choice::new("top-k")),
            experiment(32, Choice::new("expert-choice")),
            Spec { rule: Choice::new("direct-feedback-alignment"), rate: 0.01, ..first.clone() },
        ];
        let all: Vec<(&str, &Spec)> =
            ["a", "b", "c", "d"].into_iter().zip(std::iter::once(&first).chain(&others)).collect();
        let race = joined(&all).unwrap();
        let told = lanes(&race).unwrap();
        for ((name, spec), (told, lane)) in all.iter().zip(&told) {
            assert_eq!((name, *spec), (&told.as_str(), lane));
        }
    }

    #[test]
    fn what_no_lane_can_change_is_no_race() {
        let first = experiment(16, Choice::new("top-k"));
        let mut deeper = first.clone();
        deeper.stages.insert(0, vec![BlockSpec::new("linear")]);
        let elsewhere = Spec { data: Choice::new("mnist"), ..first.clone() };
        let smaller = Spec { batch: 8, ..first.clone() };
        let mut other = first.clone();
        other.stages[0] = vec![BlockSpec::new("layer-norm")];
        for second in [deeper, elsewhere, smaller, other] {
            assert_eq!(joined(&[("a", &first), ("b", &second)]), None);
        }
        assert_eq!(joined(&[]), None);
    }
}
