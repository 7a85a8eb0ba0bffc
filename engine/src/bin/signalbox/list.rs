//! The registries, for people or as JSON.

use clap::{Args as Arguments, ValueEnum};
use engine::cards::CARDS;
use engine::catalogue::catalogue;
use engine::protocol::{Catalogue, EntryInfo, KnobInfo, KnobInfoKind};

use crate::say::say;
use crate::{Answer, Outcome};

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Rules,
    Blocks,
    Routing,
    Datasets,
    Optimizers,
    Schedules,
    Cards,
    Probes,
    Transforms,
}

#[derive(Debug, Arguments)]
pub struct Args {
    what: What,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub fn list(args: &Args) -> Answer {
    let entries = entries(catalogue(), args.what);
    if args.json {
        say(crate::report::pretty(&serde_json::json!(entries)))?;
    } else {
        say(entries.iter().map(described).collect::<String>().trim_end())?;
    }
    Ok(Outcome::Done)
}

fn entries(all: Catalogue, what: What) -> Vec<EntryInfo> {
    match what {
        What::Rules => all.rules,
        What::Blocks => all.blocks,
        What::Routing => all.routings,
        What::Datasets => all.datasets,
        What::Optimizers => all.optimizers,
        What::Schedules => all.schedules,
        What::Cards => CARDS.iter().map(|c| EntryInfo::new(*c)).collect(),
        What::Probes => all.probes,
        What::Transforms => all.transforms,
    }
}

fn described(entry: &EntryInfo) -> String {
    let EntryInfo { id, name, help, source, knobs, .. } = entry;
    let mut out = format!("{id}: {name}\n    {help}\n    {source}\n");
    for knob in knobs {
        let KnobInfo { id, help, kind, .. } = knob;
        let range = match kind {
            KnobInfoKind::Float { min, max, .. } => format!("{min} to {max}"),
            KnobInfoKind::Int { min, max, .. } => format!("{min} to {max}"),
            KnobInfoKind::Bool { .. } => "true or false".to_owned(),
            KnobInfoKind::Choice { options, .. } => options.join(", "),
            KnobInfoKind::Text { letters, most, .. } => format!("1 to {most} letters out of {letters}"),
        };
        out += &format!("    {id} = {} ({range}): {help}\n", kind.default());
    }
    out
}
