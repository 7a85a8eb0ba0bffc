//! The page: served while it is being worked on, or built for release.

use crate::{
    machine,
    step::{Done, program, run, step},
    tools, zip,
};

/// Serves the lab and rebuilds it on each change, until it is interrupted.
pub fn serve(args: &[String]) -> Done {
    tools::page()?;
    let mut trunk = program("trunk", ["serve"]);
    trunk.args(args);
    run(trunk)
}

/// Builds the page for release into `dist/`, with `--zip` also as one archive there.
pub fn build(args: &[String]) -> Done {
    let (own, args): (Vec<String>, Vec<String>) = args.iter().cloned().partition(|arg| arg == "--zip");
    step("tools", || {
        tools::page()?;
        // Without Node the page is built all the same, only larger; `finish` says so.
        machine::node().or_else(|reason| {
            println!("Going on without Node: {reason}.");
            Ok(())
        })
    })?;
    release(&args)?;
    if own.is_empty() { Ok(()) } else { step("zip", zip::zip) }
}

/// Fetches the crates, then builds offline, so that a missing tool is an error and never a download.
pub fn release(args: &[String]) -> Done {
    step("page", || {
        run(program("cargo", ["fetch", "--locked"]))?;
        let mut trunk = program("trunk", ["build", "--release", "--locked", "--offline"]);
        trunk.args(args);
        run(trunk)
    })
}
