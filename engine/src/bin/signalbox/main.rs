//! Signalbox at the command line: the page's engine without the page.
//!
//! What is asked for goes to standard output, progress and faults to standard error, one line a fault: the place, what
//! is wrong, the mend. Exit code 2 for faults, 1 for a run that diverged or a claim that does not hold.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use engine::diagnostic::Diagnostic;

mod bench;
mod device;
mod explain;
mod export;
mod files;
mod link;
mod list;
mod race;
mod report;
mod routes;
mod run;
mod say;
mod score;
mod table;
mod tabulate;
mod trainer;
mod transform;
mod verify;
mod weights;

/// What a command came to, when nothing was wrong with what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// The run diverged, or a claim does not hold.
    Failed,
}

type Answer = Result<Outcome, Vec<Diagnostic>>;

/// How networks learn, and how signals find their way: experiments from the command line.
#[derive(Parser)]
#[command(version, name = "signalbox")]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// What is wrong with the words after the program's name, in one line.
fn misread(fault: &clap::Error) -> Diagnostic {
    let text = fault.render().to_string();
    let said = text.trim().trim_start_matches("error: ").split("\n\n").next().unwrap_or_default();
    let mut parts = said.split('\n').map(str::trim).filter(|p| !p.is_empty());
    let message = parts.next().unwrap_or_default().trim_end_matches(':');
    let more: Vec<_> = parts.collect();
    let message = if more.is_empty() { message.to_owned() } else { format!("{message}: {}", more.join(" ")) };
    Diagnostic::new("command line", message, "`signalbox help` tells what there is")
}

#[derive(Subcommand)]
enum Command {
    /// Train what a spec describes: one run, or a race of its lanes over its seeds
    Run(run::Args),
    /// Change a trained network: prune it, divide it into experts, fuse its layers
    Transform(transform::Args),
    /// Take a run away: as a model in ONNX, as a script for PyTorch
    Export(export::Args),
    /// What there is to choose from
    List(list::Args),
    /// Print a spec's step as a program and as a plan, and what it costs
    Explain {
        spec: PathBuf,
        #[command(flatten)]
        own: files::Own,
    },
    /// A spec as the fragment of a link, or a link as a spec
    Link(link::Args),
    /// Train what the cards claim, and check the claims
    Verify(verify::Args),
    /// Every rule on the same tasks, as docs/rules.md
    Tabulate(tabulate::Args),
    /// Every routing on the same tasks, as docs/routing.md
    Routes(routes::Args),
    /// Milliseconds of a training step, beside what the machine can do
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        // Help and version are asked for, and are no faults; and one who says nothing is helped too.
        Err(asked) if !asked.use_stderr() || asked.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            asked.exit()
        }
        Err(fault) => {
            eprintln!("{}", misread(&fault));
            return ExitCode::from(2);
        }
    };
    let answer = match line.command {
        Command::Run(args) => run::run(&args),
        Command::Transform(args) => transform::transform(&args),
        Command::Export(args) => export::export(&args),
        Command::List(args) => list::list(&args),
        Command::Explain { spec, own } => explain::explain(&spec, &own),
        Command::Link(args) => link::link(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Tabulate(args) => tabulate::tabulate(&args),
        Command::Routes(args) => routes::routes(&args),
        Command::Bench(args) => bench::bench(&args),
    };
    match answer {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(faults) => {
            for fault in faults {
                eprintln!("{fault}");
            }
            ExitCode::from(2)
        }
    }
}
