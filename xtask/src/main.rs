//! The project's chores, each one command: `cargo xtask serve | build | test`.
//!
//! What a chore needs and does not find, it installs: tools from crates.io, the browser and Node from the system's
//! packages. It says what it is about to do, and why, before it does it.

mod finish;
mod machine;
mod page;
mod step;
mod test;
mod tools;
mod zip;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask serve [ARGS…]   serves the lab at http://localhost:8080 and rebuilds it on each change; ARGS go to trunk
cargo xtask build [ARGS…]   builds the page for release into dist/; ARGS go to trunk, but for
                            --zip, which packs it as dist/signalbox-VERSION.zip
cargo xtask test [STEP…]    runs every test, or only these steps: format lint native cards wasm page e2e
cargo xtask finish          optimises a release page (trunk calls this)";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &args[..]),
    };
    let done = match command {
        "serve" => page::serve(rest),
        "build" => page::build(rest),
        "test" => test::test(rest),
        "finish" => finish::finish(),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("`{other}` is no command here\n{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("xtask: {reason}");
            ExitCode::FAILURE
        }
    }
}
