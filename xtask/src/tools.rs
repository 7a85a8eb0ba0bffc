//! The Rust side of the tool chest: the wasm target, trunk and wasm-bindgen, at pinned versions.

use crate::step::{Done, ask, program, run, target};

/// A tool that cargo can install.
struct Tool {
    /// The program whose `--version` is asked.
    program: &'static str,
    package: &'static str,
    version: &'static str,
    /// Whether the package builds from its own lock file.
    locked: bool,
    why: &'static str,
}

const TRUNK: Tool =
    Tool { program: "trunk", package: "trunk", version: "0.21.14", locked: true, why: "it builds and serves the page" };

/// Not locked: the lock file in its package names a dependency version that crates.io no longer offers.
const WASM_BINDGEN: Tool = Tool {
    program: "wasm-bindgen",
    package: "wasm-bindgen-cli",
    version: "0.2.130",
    locked: false,
    why: "it joins wasm and JavaScript, and must equal the wasm-bindgen crate that the page is built with",
};

/// Everything that building the page takes.
pub fn page() -> Done {
    wasm_target()?;
    install(&TRUNK)?;
    install(&WASM_BINDGEN)
}

/// Everything that testing takes beyond [`page`].
pub fn checks() -> Done {
    component("rustfmt", "fmt")?;
    component("clippy", "clippy")
}

fn wasm_target() -> Done {
    let triple = "wasm32-unknown-unknown";
    let libraries = ask(program("rustc", ["--print", "target-libdir", "--target", triple]));
    if libraries.is_some_and(|dir| std::path::Path::new(&dir).is_dir()) {
        return Ok(());
    }
    println!("The Rust target {triple} is missing; the page is built for it. rustup adds it now.");
    run(program("rustup", ["target", "add", triple]))
}

fn component(name: &str, subcommand: &str) -> Done {
    if ask(program("cargo", [subcommand, "--version"])).is_some() {
        return Ok(());
    }
    println!("The Rust component {name} is missing; the tests begin with it. rustup adds it now.");
    run(program("rustup", ["component", "add", name]))
}

fn install(tool: &Tool) -> Done {
    let Tool { package, version, why, .. } = tool;
    let present = ask(program(tool.program, ["--version"]));
    // The answer reads “trunk 0.21.14”.
    let present = present.as_deref().and_then(|answer| answer.split_whitespace().nth(1));
    if present == Some(version) {
        return Ok(());
    }
    let mut install = program("cargo", ["install", package, "--version", version]);
    if tool.locked {
        install.arg("--locked");
    }
    if let Some(other) = present {
        println!("{package} {version} is needed ({why}), and {other} was found.");
        println!("cargo installs the needed one in target/tools; the other stays as it is. This takes some minutes.");
        install.arg("--root").arg(target().join("tools"));
    } else {
        println!("{package} {version} is missing; {why}. cargo installs it now, which takes some minutes.");
    }
    // These are short-lived tools: a quick build of them is worth more than a fast one.
    for (key, value) in [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "1"), ("STRIP", "true")] {
        install.env(format!("CARGO_PROFILE_RELEASE_{key}"), value);
    }
    run(install)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::step::root;

    /// A command line tool that differs from the crate by one digit refuses the page, with a message about schemas.
    #[test]
    fn wasm_bindgen_is_one_version_everywhere() {
        let read = |file: &str| std::fs::read_to_string(root().join(file)).unwrap();
        let version = WASM_BINDGEN.version;
        assert!(read("Cargo.toml").contains(&format!("wasm-bindgen = \"={version}\"")), "Cargo.toml");
        assert!(read("Trunk.toml").contains(&format!("wasm_bindgen = \"{version}\"")), "Trunk.toml");
        assert!(
            read("Cargo.lock").contains(&format!("name = \"wasm-bindgen\"\nversion = \"{version}\"\n")),
            "Cargo.lock"
        );
    }
}
