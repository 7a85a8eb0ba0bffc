//! The cards' claims, tried.

use std::time::{Duration, Instant};

use clap::Args as Arguments;
use engine::cards::{CARDS, Card, Figure, Form, Measure, Run, SEEDS};
use engine::diagnostic::Diagnostic;
use engine::exec::Device;
use engine::protocol::CostInfo;
use engine::registry::find;
use engine::session::devices::Machine;
use engine::spec::Spec;
use engine::transforms::transform;

use crate::device::{Where, settle};
use crate::run::train;
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

/// What one run with one seed came to.
struct Tried {
    run: &'static str,
    seed: u32,
    loss: f64,
    accuracy: f64,
    cost: CostInfo,
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
fn holds(card: &Card, form: Form, quick: bool, machine: &Machine, device: Where) -> Result<bool, Vec<Diagnostic>> {
    let begin = Instant::now();
    let mut tried = Vec::new();
    for run in (form.runs)() {
        // The device found for the first seed serves the others.
        let mut asked = device;
        for seed in SEEDS {
            let start = Instant::now();
            let (one, device) = attempt(&run, seed, machine, asked)?;
            eprintln!(
                "{}: {} with seed {seed}, {} steps: accuracy {} in {:.1} s",
                card.meta.id,
                run.name,
                grouped(run.steps),
                shown(Measure::Accuracy, one.accuracy),
                start.elapsed().as_secs_f64(),
            );
            tried.push(one);
            asked = match device {
                Device::Cpu => Where::Cpu,
                Device::Gpu => Where::Gpu,
            };
        }
    }
    let (text, holds) = told(card, form, quick, &tried, begin.elapsed());
    say(text)?;
    Ok(holds)
}

fn attempt(run: &Run, seed: u32, machine: &Machine, asked: Where) -> Result<(Tried, Device), Vec<Diagnostic>> {
    let spec = Spec { seed, ..run.spec.clone() };
    let data = files::data(&spec, &files::Own::default())?;
    let mut trainer = Trainer::new(&spec, data)?;
    let place = settle(&mut trainer, machine, asked)?;
    let mut figures = trained(&mut trainer, run.steps)?;
    let mut spec = spec;
    for (by, steps) in &run.then {
        let weights = trainer.weights()?;
        let changed = transform(&spec, &trainer.data, &weights, by)?;
        spec = changed.spec;
        trainer = Trainer::begun(&spec, trainer.data, changed.weights)?;
        settle(&mut trainer, machine, asked)?;
        figures = trained(&mut trainer, *steps)?;
    }
    let [loss, accuracy] = figures;
    Ok((Tried { run: run.name, seed, loss, accuracy, cost: trainer.lab.cost.clone() }, place.device))
}

/// Loss on the training split and accuracy on the test split after `steps` more steps.
fn trained(trainer: &mut Trainer, steps: u64) -> Result<[f64; 2], Vec<Diagnostic>> {
    let both = if steps > 0 {
        let curve = train(trainer, u32::try_from(steps).unwrap_or(u32::MAX), usize::MAX)?.curve;
        curve.last().and_then(|p| p.splits)
    } else {
        Some(trainer.evaluate()?)
    };
    Ok(both.map_or([f64::NAN; 2], |[train, test]| [train.loss.into(), test.accuracy.into()]))
}

/// The card's table, and whether all of it holds.
fn told(card: &Card, form: Form, quick: bool, tried: &[Tried], took: Duration) -> (String, bool) {
    let of = |figure: Figure, seed: u32| {
        let run = tried.iter().find(|t| t.run == figure.run && t.seed == seed);
        run.map_or(f64::NAN, |t| match figure.measure {
            Measure::Accuracy => t.accuracy,
            Measure::Loss => t.loss,
            Measure::Parameters => t.cost.parameters as f64,
            Measure::Work => t.cost.work as f64,
            Measure::Span => t.cost.span as f64,
            Measure::Makespan => t.cost.makespan as f64,
            Measure::Memory => t.cost.memory as f64,
        })
    };
    let which = if quick { ", quick form" } else { "" };
    let mut rows = vec![vec![format!("{} ({}){which}", card.meta.name, card.meta.source)]];
    rows[0].extend(SEEDS.iter().map(|s| format!("seed {s}")));
    let mut all = true;
    for claim in form.claims {
        let holds = SEEDS.iter().all(|&s| claim.holds(|f| of(f, s)));
        all &= holds;
        for figure in std::iter::once(claim.figure).chain(claim.other) {
            let mut row = vec![format!("  {figure}")];
            row.extend(SEEDS.iter().map(|&s| shown(figure.measure, of(figure, s))));
            rows.push(row);
        }
        rows.push(vec![format!("  {claim}: {}", if holds { "holds" } else { "FAILS" })]);
    }
    let late = if took.as_secs() > form.seconds.into() {
        format!(", over its budget of {} s", form.seconds)
    } else {
        String::new()
    };
    (format!("{}  {:.0} s{late}\n", table(&rows), took.as_secs_f64()), all)
}

fn shown(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Accuracy | Measure::Loss => format!("{value:.4}"),
        Measure::Work | Measure::Makespan => format!("{:.1} M", value / 1e6),
        Measure::Span | Measure::Parameters => format!("{value}"),
        Measure::Memory => format!("{:.0} kB", value / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use engine::cards::{Claim, Relation};
    use engine::plan::Order;
    use engine::spec::{BlockSpec, Choice};

    use super::*;

    fn tried(accuracy: [f64; 3]) -> Vec<Tried> {
        let order = Order::AsBuilt;
        let cost = CostInfo {
            parameters: 0,
            active_parameters: 0,
            work: 0,
            span: 0,
            makespan: 0,
            memory: 0,
            order,
            registers: 0,
            dispatches: 0,
        };
        SEEDS
            .iter()
            .zip(accuracy)
            .map(|(&seed, accuracy)| Tried { run: "backprop", seed, loss: 0.1, accuracy, cost: cost.clone() })
            .collect()
    }

    #[test]
    fn a_claim_must_hold_for_every_seed() {
        let told = |accuracy, took| told(CARDS[0], CARDS[0].full(), false, &tried(accuracy), took);
        let (text, holds) = told([0.96, 0.97, 0.98], Duration::from_secs(3));
        assert!(holds && text.contains("accuracy(backprop) ≥ 0.955: holds") && text.ends_with("3 s\n"), "{text}");
        let (text, holds) = told([0.96, 0.95, 0.98], Duration::from_secs(3));
        assert!(!holds && text.contains("FAILS"), "{text}");
        assert!(!told([0.96, f64::NAN, 0.98], Duration::ZERO).1);
        assert!(told([1.0; 3], Duration::from_secs(10_000)).0.contains("over its budget"));
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

    const fn bound(offset: f64) -> Claim {
        let figure = Figure { measure: Measure::Accuracy, run: "xor" };
        Claim { figure, relation: Relation::AtLeast, factor: 0.0, other: None, offset }
    }
}
