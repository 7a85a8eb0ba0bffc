//! Whether a deed fits the experiment that it would change, and what becomes of it.

use engine::diagnostic::{Diagnostic, instead};
use engine::protocol::{Catalogue, EntryInfo};
use engine::race;
use engine::registry::Setting;
use engine::spec::judge::judge;
use engine::spec::{Choice, Lane, Spec};

use super::{Deed, preset};
use crate::tree;

impl Deed {
    /// The experiment after this deed; `None` if it leaves it as it is.
    ///
    /// # Errors
    /// Everything in the deed that does not fit `spec`, or that the catalogue does not know.
    pub fn fit(&self, spec: &Spec, catalogue: &Catalogue) -> Result<Option<Spec>, Vec<Diagnostic>> {
        let after = match self {
            Deed::Set(all) => set(spec, all, catalogue)?,
            Deed::Preset { name } => match preset(name) {
                Some(preset) => preset.spec,
                None => return Err(vec![Diagnostic::new("lab:preset", format!("`{name}` is unknown"), "")]),
            },
            Deed::Open { spec } => (**spec).clone(),
            Deed::Race { path, to, seeds, steps } => race(spec, path, to, (*seeds, *steps), catalogue),
            Deed::Card { id, .. } => {
                let known: Vec<_> = catalogue.cards.keys().map(String::as_str).collect();
                let fault = || Diagnostic::new("lab:card › id", format!("`{id}` is no card"), instead(id, &known));
                return if known.contains(&id.as_str()) { Ok(None) } else { Err(vec![fault()]) };
            }
            Deed::Run { .. }
            | Deed::Pause
            | Deed::Step { .. }
            | Deed::Reset
            | Deed::Pace { .. }
            | Deed::Watch { .. }
            | Deed::Undo
            | Deed::Room { .. } => return Ok(None),
        };
        let faults = judge(&after);
        if faults.is_empty() { Ok(Some(after)) } else { Err(within(self, faults)) }
    }
}

fn within(deed: &Deed, faults: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let name = deed.to_string();
    let place = format!("lab:{}", name.split('?').next().unwrap_or_default());
    faults.into_iter().map(|f| f.within(&place)).collect()
}

fn set(spec: &Spec, all: &[(String, Setting)], catalogue: &Catalogue) -> Result<Spec, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut after = spec.clone();
    for (path, value) in all {
        match change(&after, path, value, catalogue) {
            // A change of the experiment is a change of all its lanes.
            Ok(next) => {
                let (lanes, sweep) = (after.lanes, after.sweep);
                after = Spec { lanes, sweep, seeds: after.seeds, steps: after.steps, ..next };
            }
            Err(wrong) => faults.extend(wrong.into_iter().map(|f| f.within("lab:set"))),
        }
    }
    if faults.is_empty() { Ok(after) } else { Err(faults) }
}

/// `spec` with one thing changed, as its control in the page would change it.
fn change(spec: &Spec, path: &str, value: &Setting, catalogue: &Catalogue) -> Result<Spec, Vec<Diagnostic>> {
    let fault = |message: String, mend: &str| vec![Diagnostic::new(path, message, mend)];
    let mut after = spec.clone();
    if path == "seed" {
        let Setting::Int(seed) = value else { return Err(fault(format!("`{value}` is no whole number"), "give one")) };
        after.seed =
            u32::try_from(*seed).map_err(|_| fault(format!("{seed} is out of range"), "give a smaller one"))?;
        return Ok(after);
    }
    if path == "routing" {
        let Setting::Choice(id) = value else { return Err(fault(format!("`{value}` is no routing"), "name one")) };
        let route = catalogue.blocks.iter().find(|b| b.holds == "experts").map(|b| b.id.as_str());
        tree::set_routing(&mut after, (id != "none").then_some(id.as_str()), route);
        return Ok(after);
    }
    if let Some(knob) = path.strip_prefix("routing/") {
        let route = tree::first_route(spec).and_then(|place| tree::path(spec, &place));
        let route = route.ok_or_else(|| fault("nothing here has a routing".into(), "set `routing` first"))?;
        return race::with(spec, &format!("{route}/routing/{knob}"), value);
    }
    let mut after = race::with(spec, path, value)?;
    after.rate = suggested(path, value, catalogue).unwrap_or(after.rate);
    Ok(after)
}

/// The rate with which an entry is begun.
fn suggested(path: &str, value: &Setting, catalogue: &Catalogue) -> Option<f64> {
    let registry: &[EntryInfo] = match path {
        "rule" => &catalogue.rules,
        "optimizer" => &catalogue.optimizers,
        _ => return None,
    };
    let Setting::Choice(id) = value else { return None };
    registry.iter().find(|e| e.id == *id)?.rate
}

/// The experiment with a lane for each of the values.
fn race(spec: &Spec, path: &str, to: &[Setting], (seeds, steps): (u32, u32), catalogue: &Catalogue) -> Spec {
    let route = || tree::first_route(spec).and_then(|place| tree::path(spec, &place));
    // As in `set`, the first route's routing need not say where it stands.
    let path = match (path.strip_prefix("routing"), route()) {
        (Some(rest), Some(route)) if rest.is_empty() || rest.starts_with('/') => format!("{route}/routing{rest}"),
        (Some(_) | None, _) => path.to_owned(),
    };
    let lane = |value: &Setting| match (path.as_str(), value) {
        ("rule", Setting::Choice(id)) => {
            let rate = suggested("rule", value, catalogue);
            Lane { rule: Some(Choice::new(id)), rate, ..Lane::default() }
        }
        ("rate", Setting::Float(rate)) => Lane { rate: Some(*rate), ..Lane::default() },
        ("rate", Setting::Int(rate)) => Lane { rate: Some(*rate as f64), ..Lane::default() },
        (_, value) => Lane { set: [(path.clone(), value.clone())].into(), ..Lane::default() },
    };
    Spec { lanes: to.iter().map(lane).collect(), sweep: Vec::new(), seeds, steps, ..spec.clone() }
}
