//! The cards' claims, tried.

use std::time::{Duration, Instant};

use clap::Args as Arguments;
use engine::cards::{CARDS, Card, Form, Measure, Run, SEEDS};
use engine::diagnostic::Diagnostic;
use engine::exec::Device;
use engine::registry::find;
use engine::session::devices::Machine;
use engine::spec::Spec;
use engine::trial::{Judged, Means, Trial, shown};

use crate::device::{Where, settle};
use crate::run::bar;
use crate::say::say;
use crate::table::{grouped, table};
use crate::trainer::Trainer;
use crate::{Answer, Outcome, files};

#[derive(Debug, Arguments)]
pub struct Args {
    /// Ids of cards; all when none is given
    cards: Vec<String>,
    #[arg(long, value_enum, default_value_t = Where::Auto)]
    device: Where,
    /// The cards' quick forms, 20 seconds at most each, in the place of their full ones
    #[arg(long)]
    quick: bool,
}

pub fn verify(args: &Args) -> Answer {
    let chosen = args.cards.iter().map(|id| find(CARDS, id, "card"));
    let (cards, faults): (Vec<_>, Vec<_>) = chosen.partition(Result::is_ok);
    let faults: Vec<Diagnostic> = faults.into_iter().filter_map(Result::err).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    let cards: Vec<&Card> = if args.cards.is_empty() { CARDS.to_vec() } else { cards.into_iter().flatten().collect() };
    let machine = Machine::default();
    let mut all = true;
    for card in cards {
        match if args.quick { card.quick() } else { Some(card.full()) } {
            Some(form) => all &= holds(card, form, args.quick, &machine, args.device)?,
            None => eprintln!("{}: has no quick form", card.meta.id),
        }
    }
    Ok(if all { Outcome::Done } else { Outcome::Failed })
}

/// Tries a card's form with every seed, tells what came of it, and whether all that it claims holds.
fn holds(card: &Card, form: Form, quick: bool, machine: &Machine, asked: Where) -> Result<bool, Vec<Diagnostic>> {
    let begin = Instant::now();
    let mut trial = Trial::new(form);
    let assets = |name: &str| files::asset(name).ok();
    let mut chosen = None;
    while let Some((run, seed)) = trial.next() {
        let run = run.clone();
        // The device found for a run's first seed serves the others.
        let device = match chosen.take_if(|_| seed != SEEDS[0]) {
            Some(device) => device,
            None => place(&run, seed, machine, asked)?,
        };
        chosen = Some(device);
        let start = Instant::now();
        let means = Means { assets: &assets, devices: machine, device };
        let bar = bar(u32::try_from(trial.standing().map_or(0, |s| s.steps)).unwrap_or(u32::MAX));
        let tried = trial.tried.len();
        while trial.tried.len() == tried {
            pollster::block_on(trial.advance(&means))?;
            bar.set_position(trial.standing().map_or(0, |s| s.step));
        }
        bar.finish_and_clear();
        eprintln!(
            "{}: {} with seed {seed}, {} steps: accuracy {} in {:.1} s",
            card.meta.id,
            run.name,
            grouped(run.steps),
            shown(Measure::Accuracy, trial.tried[tried].accuracy),
            start.elapsed().as_secs_f64(),
        );
    }
    let judged = trial.judge();
    say(told(card, form.seconds, quick, &judged, begin.elapsed()))?;
    Ok(judged.iter().all(Judged::holds))
}

/// The device that is asked for, or the faster one.
fn place(run: &Run, seed: u32, machine: &Machine, asked: Where) -> Result<Device, Vec<Diagnostic>> {
    match asked {
        Where::Cpu => Ok(Device::Cpu),
        Where::Gpu => Ok(Device::Gpu),
        Where::Auto => {
            let spec = Spec { seed, ..run.spec.clone() };
            let mut trainer = Trainer::new(&spec, files::data(&spec, &files::Own::default())?)?;
            Ok(settle(&mut trainer, machine, asked)?.device)
        }
    }
}

/// The card's table.
fn told(card: &Card, seconds: u32, quick: bool, judged: &[Judged], took: Duration) -> String {
    let which = if quick { ", quick form" } else { "" };
    let mut rows = vec![vec![format!("{} ({}){which}", card.meta.name, card.meta.source)]];
    rows[0].extend(SEEDS.iter().map(|s| format!("seed {s}")));
    for claim in judged {
        for line in &claim.figures {
            rows.push(std::iter::once(format!("  {}", line.figure)).chain(line.values.iter().cloned()).collect());
        }
        rows.push(vec![format!("  {}: {}", claim.claim, if claim.holds() { "holds" } else { "FAILS" })]);
    }
    let late =
        if took.as_secs() > seconds.into() { format!(", over its budget of {seconds} s") } else { String::new() };
    format!("{}  {:.0} s{late}\n", table(&rows), took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use engine::cards::{Claim, Figure, Relation};
    use engine::spec::{BlockSpec, Choice};
    use engine::transforms::transform;
    use engine::trial::Line;

    use super::*;
    use crate::run::train;

    #[test]
    fn a_claim_is_told_with_its_figures() {
        let line = Line { figure: "accuracy(a)".into(), values: ["0.96", "0.97", "0.98"].map(String::from).into() };
        let judged = |seeds| Judged {
            claim: "accuracy(a) ≥ 0.955".into(),
            seeds: Vec::from(seeds),
            figures: vec![line.clone()],
        };
        let text = told(CARDS[0], 5, false, &[judged([true; 3])], Duration::from_secs(3));
        assert!(text.contains("accuracy(a) ≥ 0.955: holds") && text.ends_with("3 s\n"), "{text}");
        let text = told(CARDS[0], 5, true, &[judged([true, false, true])], Duration::from_secs(10));
        assert!(text.contains("FAILS") && text.contains("quick form") && text.contains("over its budget"), "{text}");
    }

    /// A card that trains for a moment, and claims what nothing reaches or what everything does.
    #[test]
    fn verifying_fails_where_a_bound_is_out_of_reach() {
        fn runs() -> Vec<Run> {
            let stages = vec![vec![BlockSpec::new("linear")]];
            vec![Run { name: "xor", spec: Spec::new(Choice::new("xor"), stages), steps: 3, then: Vec::new() }]
        }
        static REACHED: [Claim; 1] = [bound(0.0)];
        static IMPOSSIBLE: [Claim; 1] = [bound(1.01)];
        let machine = Machine::default();
        for (claims, expected) in [(&REACHED, true), (&IMPOSSIBLE, false)] {
            let form = Form { runs, claims, seconds: 1 };
            assert_eq!(holds(CARDS[0], form, true, &machine, Where::Cpu), Ok(expected));
        }
    }

    /// As `signalbox run` and `signalbox transform` give them, one after the other.
    #[test]
    fn figures_are_those_of_runs_by_themselves() {
        fn runs() -> Vec<Run> {
            let hidden = vec![BlockSpec::new("linear").with("units", 8), BlockSpec::new("activation")];
            let spec = Spec::new(Choice::new("moons"), vec![hidden, vec![BlockSpec::new("linear")]]);
            vec![Run { name: "moons", spec, steps: 30, then: vec![(Choice::new("magnitude-pruning"), 20)] }]
        }
        static CLAIMS: [Claim; 1] = [bound(0.0)];
        let (form, machine) = (Form { runs, claims: &CLAIMS, seconds: 1 }, Machine::default());
        let mut trial = Trial::new(form);
        let means = Means { assets: &|_| None, devices: &machine, device: Device::Cpu };
        while pollster::block_on(trial.advance(&means)).is_ok_and(|more| more) {}
        assert_eq!(trial.tried.len(), SEEDS.len());
        let run = &runs()[0];
        for tried in &trial.tried {
            let spec = Spec { seed: tried.seed, ..run.spec.clone() };
            let alone = || -> Result<_, Vec<Diagnostic>> {
                let mut trainer = Trainer::new(&spec, files::data(&spec, &files::Own::default())?)?;
                train(&mut trainer, 30, usize::MAX)?;
                let weights = trainer.weights()?;
                let changed = transform(&spec, &trainer.data, &weights, &run.then[0].0)?;
                let mut trainer = Trainer::begun(&changed.spec, trainer.data, changed.weights)?;
                train(&mut trainer, 20, usize::MAX)?;
                trainer.evaluate()
            };
            let figures = alone().map(|[train, test]| [f64::from(train.loss), f64::from(test.accuracy)]);
            assert_eq!(figures, Ok([tried.loss, tried.accuracy]), "seed {}", tried.seed);
        }
    }

    const fn bound(offset: f64) -> Claim {
        let figure = Figure { measure: Measure::Accuracy, run: "xor" };
        Claim { figure, relation: Relation::AtLeast, factor: 0.0, other: None, offset }
    }
}
