//! The command line as its users meet it: what it prints, where faults go, and its exit codes.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use engine::export::safetensors::touches;
use engine::touch::{Touch, What};
use serde_json::Value;

const XOR: &str = r#"{"version": 1, "data": "xor", "rate": 0.03, "batch": 32,
    "stages": [[{"block": "linear", "units": 16}, {"block": "activation", "function": "tanh"}], ["linear"]]}"#;

/// A stage so wide that many of them need more memory than is allowed.
const WIDE: &str = r#"[{"block": "linear", "units": 4096}], "#;

fn signalbox(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_signalbox")).args(arguments).output().unwrap()
}

/// An empty folder of this test's own.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{test}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn file(folder: &Path, name: &str, content: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.display().to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn what_asks_for_numbers_is_scored_by_r2() {
    let folder = folder("numbers");
    let curve = r#"{"version": 1, "data": {"id": "function", "frequency": 1}, "stages": [[{"block": "linear", "units": 32},
        {"block": "activation", "function": "tanh"}], ["linear"]], "rate": 0.03}"#;
    let spec = file(&folder, "curve.json", curve);
    let report = folder.join("out.json").display().to_string();
    let run = signalbox(&["run", &spec, "--steps", "400", "--device", "cpu", "--report", &report]);
    assert!(run.status.success() && text(&run.stdout).contains("  R² 0.9"), "{}", text(&run.stdout));
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let test = &report["final"]["test"];
    assert!(test["r2"].as_f64().unwrap() > 0.9 && test["accuracy"].is_null(), "{test}");
}

#[test]
fn a_run_learns_reports_and_keeps_its_weights() {
    let folder = folder("run");
    let spec = file(&folder, "xor.json", XOR);
    let (report, weights) = (folder.join("report.json"), folder.join("weights.safetensors"));
    let [report, weights] = [report, weights].map(|p| p.display().to_string());
    let run = signalbox(&[
        "run",
        &spec,
        "--steps",
        "600",
        "--seed",
        "5",
        "--device",
        "cpu",
        "--report",
        &report,
        "--weights",
        &weights,
    ]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(text(&run.stdout).contains("600 steps"), "{}", text(&run.stdout));

    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["steps"], 600);
    assert_eq!(report["spec"]["seed"], 5);
    assert_eq!(report["device"]["device"], "cpu");
    assert_eq!(report["diverged"], Value::Null);
    assert!(report["final"]["test"]["accuracy"].as_f64().unwrap() > 0.9, "{}", report["final"]);
    assert!(report["cost"]["work"].as_u64().unwrap() > 0);
    let curve = report["curve"].as_array().unwrap();
    assert_eq!(curve.len(), 200);
    assert!(curve[199]["loss"].as_f64().unwrap() < curve[0]["loss"].as_f64().unwrap());

    let bytes = std::fs::read(weights).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let count: usize = tensors.tensors().iter().map(|(_, t)| t.shape().iter().product::<usize>()).sum();
    assert_eq!(count, 2 * 16 + 16 + 16 * 2 + 2);
    let (_, about) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    assert!(about.metadata().as_ref().unwrap()["spec"].contains("\"xor\""));
}

/// Trained, pruned and trained on, from file to file.
#[test]
fn a_trained_network_is_transformed_and_goes_on() {
    let folder = folder("transform");
    let spec = file(&folder, "xor.json", XOR);
    let at = |name: &str| folder.join(name).display().to_string();
    let (weights, new, pruned, last) = (at("w.safetensors"), at("new.json"), at("p.safetensors"), at("l.safetensors"));
    let ran = |arguments: &[&str]| {
        let run = signalbox(arguments);
        assert!(run.status.success(), "{}", text(&run.stderr));
        text(&run.stdout)
    };
    ran(&["run", &spec, "--steps", "300", "--device", "cpu", "--weights", &weights]);
    let by = r#"{"id": "magnitude-pruning", "density": 0.5}"#;
    let start = ["transform", &spec, "--weights", &weights, "--by"];
    let told = ran(&[&start[..], &[by, "--spec-out", &new, "--weights-out", &pruned]].concat());
    assert!(told.contains("before") && told.contains("after") && told.contains("weights kept, share"), "{told}");
    let written = std::fs::read_to_string(&new).unwrap();
    assert!(written.contains("masked-linear"), "{written}");
    ran(&["run", &new, "--steps", "50", "--device", "cpu", "--from", &pruned, "--weights", &last]);
    let mask = |path: &str| {
        let bytes = std::fs::read(path).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        tensors.tensor("1/1.masked-linear/mask").unwrap().data().to_vec()
    };
    assert_eq!(mask(&pruned), mask(&last));
    let touched = |path: &str| touches(&std::fs::read(path).unwrap());
    assert_eq!((touched(&weights).len(), touched(&last)), (0, vec![Touch { step: 0, what: What::Given }]));

    for (arguments, said) in [
        (&["run", &new, "--from", &weights][..], "weights › 1/1.masked-linear/weight: it is missing from the weights"),
        (&["run", &new, "--from", &new], "give a file of weights that Signalbox wrote"),
        (&[&start[..], &["magnitude"]].concat(), "--by: `magnitude` is unknown"),
        (&[&start[..], &["moefication"]].concat(), "transform › stages: there is no feed-forward layer"),
    ] {
        let run = signalbox(arguments);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}");
        assert!(text(&run.stderr).contains(said), "{}", text(&run.stderr));
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let folder = folder("seed");
    let spec = file(&folder, "xor.json", XOR);
    let last = |seed: &str, name: &str| {
        let report = folder.join(name).display().to_string();
        let run = ["run", &spec, "--steps", "50", "--device", "cpu", "--seed", seed, "--report", &report];
        assert!(signalbox(&run).status.success());
        let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        report["curve"].clone()
    };
    assert_eq!(last("3", "a.json"), last("3", "b.json"));
    assert_ne!(last("3", "a.json"), last("4", "c.json"));
}

#[test]
fn faults_are_one_line_each_and_exit_with_2() {
    let folder = folder("faults");
    let spec =
        file(&folder, "bad.json", r#"{"version": 1, "data": "xxor", "stages": [[{"block": "linear", "unit": 3}]]}"#);
    let run = signalbox(&["run", &spec]);
    assert_eq!(run.status.code(), Some(2));
    assert!(run.stdout.is_empty());
    let faults = text(&run.stderr);
    let lines: Vec<_> = faults.lines().collect();
    assert_eq!(lines.len(), 2, "{faults}");
    assert!(
        lines[0].ends_with("bad.json › stages › 1 › 1.linear › unit: unknown field (did you mean `units`?)"),
        "{faults}"
    );
    assert!(lines[1].ends_with("bad.json › data: `xxor` is unknown (did you mean `xor`?)"), "{faults}");

    let good = file(&folder, "good.json", XOR);
    let own = file(&folder, "own.json", &XOR.replace("\"xor\"", "\"own-csv\""));
    let table = file(&folder, "table.csv", "a,b\n1,x\nNaN,y\n");
    let bad = |name: &str, content: &str| file(&folder, name, content);
    let (cut, empty, list) = (bad("cut.json", "{\"version\": 1,"), bad("empty.json", ""), bad("list.json", "[1]"));
    let wide = bad(
        "wide.json",
        &XOR.replace("16", "4096").replace("32", "16384").replace("[\"linear\"]", &(WIDE.repeat(60) + "[\"linear\"]")),
    );
    let place = folder.display().to_string();
    let nowhere = folder.join("none/out.json").display().to_string();
    for (arguments, said) in [
        (&["run", "no-such-file.json"][..], "no-such-file.json: cannot be read"),
        (&["explain", &place], "cannot be read: Is a directory"),
        (&["explain", &cut], "cut.json › line 1, column 14: the text ends too early"),
        (&["explain", &empty], "empty.json: there is nothing in it"),
        (&["explain", &list], "list.json: a list is no experiment"),
        (&["explain", &wide], "MB of memory, the limit is"),
        (&["explain", &own], "data: files given: 0, needed: 1 (give --file for each of: table)"),
        (&["run", &own, "--file", &table], "data › line 3 › column 1 (a): `NaN` is no finite number"),
        (&["run", &good, "--report", &nowhere], "none/out.json: cannot be written"),
        (&["run", &good, "--weights", &place], "cannot be written: Is a directory"),
        (&["run", &good, "--steps", "many"], "command line: invalid value 'many' for '--steps <STEPS>'"),
        (&["run", &good, "--device", "abacus"], "[possible values: cpu, gpu, auto]"),
        (&["run", &good, "--seed", "-1"], "command line: invalid value '-1'"),
        (&["list", "everything"], "[possible values: rules, blocks"),
        (&["link", "--open", "#nonsense"], "link: it is damaged or incomplete (copy the whole link again)"),
        (&["link"], "command line: the following required arguments were not provided: <SPEC>"),
        (&["verify", "backdrop"], "card: `backdrop` is unknown (did you mean `backprop`?)"),
        (&["bench", "W0"], "workload: there is no `W0`"),
        (&["learn"], "command line: unrecognized subcommand 'learn'"),
    ] {
        let run = signalbox(arguments);
        let faults = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {faults}");
        assert_eq!(faults.lines().count(), 1, "{faults}");
        assert!(faults.contains(said) && run.stdout.is_empty(), "{arguments:?}: {faults}");
    }
    assert!(std::fs::metadata(folder.join("none")).is_err());
}

#[test]
fn a_reader_may_have_enough() {
    let spec = file(&folder("pipe"), "xor.json", XOR);
    let mut explain = Command::new(env!("CARGO_BIN_EXE_signalbox"));
    let mut explain = explain.args(["explain", &spec]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _ = explain.stdout.take();
    let done = explain.wait_with_output().unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{}", text(&done.stderr));
}

#[test]
fn a_run_that_diverges_says_when_and_exits_with_1() {
    let folder = folder("diverge");
    let wild = XOR
        .replace("0.03", "1000")
        .replace("\"tanh\"", "\"relu\"")
        .replace("\"data\"", "\"optimizer\": \"sgd\", \"loss\": \"mean-squared\", \"data\"");
    let spec = file(&folder, "wild.json", &wild);
    let report = folder.join("report.json").display().to_string();
    let run = signalbox(&["run", &spec, "--device", "cpu", "--report", &report]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    assert!(text(&run.stderr).contains("the loss is no longer finite"), "{}", text(&run.stderr));
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert!(report["diverged"].is_u64());
}

#[test]
fn a_link_leads_back_to_the_spec() {
    let folder = folder("link");
    let spec = file(&folder, "xor.json", XOR);
    let link = signalbox(&["link", &spec, "--base", "https://example.org/lab/"]);
    let link = text(&link.stdout).trim().to_owned();
    assert!(link.starts_with("https://example.org/lab/#"), "{link}");
    let opened = signalbox(&["link", "--open", &link]);
    let again = file(&folder, "again.json", &text(&opened.stdout));
    assert_eq!(text(&signalbox(&["link", &again]).stdout).trim(), &link[link.find('#').unwrap()..]);
}

#[test]
fn everything_is_listed() {
    for what in ["rules", "blocks", "routing", "datasets", "optimizers", "schedules", "cards", "probes"] {
        let list = signalbox(&["list", what, "--json"]);
        let list: Value = serde_json::from_slice(&list.stdout).unwrap();
        let entries = list.as_array().unwrap();
        assert!(!entries.is_empty(), "{what}");
        let people = text(&signalbox(&["list", what]).stdout);
        assert!(entries.iter().all(|e| people.contains(e["name"].as_str().unwrap())), "{what}");
    }
}

#[test]
fn a_spec_is_explained() {
    let folder = folder("explain");
    let spec = file(&folder, "xor.json", XOR);
    let out = text(&signalbox(&["explain", &spec]).stdout);
    for part in ["tick", "matmul", "plan step:", "work of a step", "parameters"] {
        assert!(out.contains(part), "{part} is missing in\n{out}");
    }
}

#[test]
fn a_race_tells_of_every_lane() {
    let folder = folder("race");
    let lanes = r#""seeds": 2, "lanes": [{}, {"rule": "direct-feedback-alignment"}, {"name": "slow", "rate": 0.0001}]"#;
    let spec = file(&folder, "race.json", &XOR.replacen("\"batch\": 32", &format!("\"batch\": 32, {lanes}"), 1));
    let report = folder.join("report.json").display().to_string();
    let run = signalbox(&["run", &spec, "--steps", "200", "--device", "cpu", "--report", &report]);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let out = text(&run.stdout);
    assert!(out.contains("Direct feedback alignment") && out.contains("what differs") && out.contains('±'), "{out}");
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let lanes = report["lanes"].as_array().unwrap();
    assert_eq!(lanes.len(), 3);
    let mean = |i: usize| lanes[i]["accuracy"]["mean"].as_f64().unwrap();
    assert!(mean(0) > mean(2), "a three-hundredth of the rate learns less: {} and {}", mean(0), mean(2));
    // Runs of one seed begin at the same weights and see the same batches; a run alone gives the same curve.
    let runs = lanes[0]["runs"].as_array().unwrap();
    assert_eq!((runs.len(), runs[1]["spec"]["seed"].as_u64()), (2, Some(2)));
    let single = folder.join("single.json").display().to_string();
    let plain = file(&folder, "plain.json", XOR);
    signalbox(&["run", &plain, "--steps", "200", "--seed", "2", "--device", "cpu", "--report", &single]);
    let single: Value = serde_json::from_slice(&std::fs::read(single).unwrap()).unwrap();
    assert_eq!(single["curve"], runs[1]["curve"]);

    let refused = signalbox(&["run", &spec, "--weights", "w.safetensors"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).starts_with("--weights: "), "{}", text(&refused.stderr));
}
