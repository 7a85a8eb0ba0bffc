//! Every test of the project, in the order in which they are quickest to fail.

use std::process::Command;

use crate::{
    machine, page,
    step::{Done, program, root, run, step},
    tools,
};

const STEPS: &[&str] = &["format", "lint", "native", "cards", "wasm", "page", "e2e"];

/// Runs the steps named, or all of them.
pub fn test(names: &[String]) -> Done {
    if let Some(name) = names.iter().find(|name| !STEPS.contains(&name.as_str())) {
        return Err(format!("`{name}` is no step of the tests: choose from {}", STEPS.join(" ")));
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);

    step("tools", || {
        tools::checks()?;
        if ["lint", "wasm", "page"].into_iter().any(wanted) {
            tools::page()?;
        }
        if wanted("native") {
            machine::vulkan()?;
        }
        if ["page", "e2e"].into_iter().any(wanted) {
            machine::node()?;
        }
        if ["wasm", "e2e"].into_iter().any(wanted) {
            machine::browser()?;
        }
        Ok(())
    })?;

    if wanted("format") {
        step("format", || run(program("cargo", ["fmt", "--all", "--check"])))?;
    }
    if wanted("lint") {
        step("lint", lint)?;
    }
    if wanted("native") {
        step("native tests", native)?;
    }
    if wanted("cards") {
        step("the cards' claims, in their quick forms", cards)?;
    }
    if wanted("wasm") {
        step("wasm tests in the browser", wasm)?;
    }
    if wanted("page") {
        page::release(&[])?;
    }
    if wanted("e2e") {
        step("end-to-end tests on the release page", end_to_end)?;
    }
    println!("\nAll steps passed.");
    Ok(())
}

fn cargo(args: &str) -> Command {
    program("cargo", args.split_whitespace())
}

/// The page is linted for wasm only: it runs nowhere else.
fn lint() -> Done {
    run(cargo("clippy --locked --workspace --exclude app --all-targets --all-features -- -D warnings"))?;
    run(cargo(
        "clippy --locked -p kernels -p engine -p app --no-default-features --all-targets --target wasm32-unknown-unknown -- -D warnings",
    ))
}

fn native() -> Done {
    let mut tests = cargo("test --locked --workspace --exclude app --all-features");
    if std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Mesa complains at each device without it.
        tests.env("XDG_RUNTIME_DIR", std::env::temp_dir());
    }
    run(tests)?;
    // What of the page needs no browser: texts, links, lessons, edits.
    run(cargo("test --locked -p app --bin app"))
}

fn cards() -> Done {
    run(cargo("run --locked --quiet -p engine --bin signalbox -- verify --quick --device cpu"))
}

fn wasm() -> Done {
    let browser = machine::browser()?;
    let mut tests =
        cargo("test --locked -p engine -p app --no-default-features --tests --target wasm32-unknown-unknown");
    tests
        .env("CHROMEDRIVER", &browser.driver)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", machine::webdriver(&browser)?)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "1200");
    run(tests)
}

/// One file after the other: each starts a browser of its own, and several at once would time one another out.
fn end_to_end() -> Done {
    let folder = root().join("e2e");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.file_name()))
        .filter(|name| name.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    let mut node = program("node", ["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    node.args(files).current_dir(folder).env("CHROMIUM", machine::browser()?.program);
    run(node)
}
