//! Models in ONNX: every block with its derivatives, every routing, every rule's answer and every preset are written,
//! with inputs and what the definitions make of them, to `target/onnx/`, for `e2e/onnx.test.mjs` to run.

use std::fs;
use std::path::PathBuf;

use engine::data::Data;
use engine::exec::oracle::Oracle;
use engine::export::onnx::lower::lower;
use engine::export::onnx::model::{Extent, Model};
use engine::export::onnx::{Exported, model};
use engine::ir::{Graph, Init, Role, Shape, Slot, Value};
use engine::lesson::Learn;
use engine::net::Clock;
use engine::ops::Tensor;
use engine::spec::Spec;
use engine::spec::resolve::resolve;
use engine::touch::{Past, Touch, What};
use engine::weights::{self, Weights};
use serde_json::{Value as Json, json};

use crate::cases::cases;
use crate::networks::{self, Experiment};

/// Samples that a model is asked for, where it takes any number.
const SAMPLES: usize = 3;

fn folder() -> PathBuf {
    let folder = PathBuf::from(format!("{}/../target/onnx", env!("CARGO_MANIFEST_DIR")));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn told(name: &str, shape: &[usize], data: &[f64]) -> Json {
    let data: Vec<f32> = data.iter().map(|&v| v as f32).collect();
    assert!(data.iter().all(|v| v.is_finite()), "{name}");
    json!({ "name": name, "shape": shape, "data": data })
}

fn write(list: &str, models: &[(String, Vec<u8>, Json)]) {
    let folder = folder();
    let mut all = Vec::new();
    for (i, (name, bytes, values)) in models.iter().enumerate() {
        let file = format!("{list}-{i}.onnx");
        fs::write(folder.join(&file), bytes).unwrap();
        all.push(json!({ "name": name, "file": file, "values": values }));
    }
    fs::write(folder.join(format!("{list}.json")), Json::from(all).to_string()).unwrap();
}

/// Whether `model` reads only what was made before.
fn sound(name: &str, model: &Model) {
    let mut known: Vec<&str> = model.inputs.iter().map(|i| i.0.as_str()).collect();
    known.extend(model.constants.iter().map(|c| c.0.as_str()));
    for node in &model.nodes {
        for input in node.inputs.iter().filter(|i| !i.is_empty()) {
            assert!(known.contains(&input.as_str()), "{name}: a {} reads {input}", node.op);
        }
        for output in &node.outputs {
            assert!(!known.contains(&output.as_str()), "{name}: {output} is made twice");
            known.push(output);
        }
    }
}

/// Every block in both modes, every option of every choice, with all its derivatives: every operation that there is.
#[test]
fn every_block_is_written_with_its_derivatives() {
    let mut models = Vec::new();
    for case in cases() {
        let (g, oracle) = (&case.g, case.registers());
        let mut roots = case.roots();
        roots.extend(case.gradients.iter().flatten());
        let names: Vec<String> = (0..roots.len()).map(|i| format!("y{i}")).collect();
        let mut registers = Weights::new();
        for id in g.slot_ids() {
            let data = oracle.read(id).data.iter().map(|&v| v as f32).collect();
            registers.insert(g.slot(id).name.clone(), weights::Tensor::new(&g.slot(id).shape, data));
        }
        let x = g.find_slot("x").unwrap();
        let inputs: Vec<_> = g
            .live(&roots)
            .iter()
            .any(|&v| g.node(v).op == engine::ops::leaf::Read { slot: x }.into())
            .then_some((x, "x"))
            .into_iter()
            .collect();
        let named: Vec<(Value, &str)> = roots.iter().copied().zip(names.iter().map(String::as_str)).collect();
        let mut model = lower(g, &registers, &inputs, &named).unwrap_or_else(|f| panic!("{}: {f}", case.name));
        let fixed = |shape: &Shape| shape.iter().map(|&d| Extent::Fixed(d)).collect();
        model.inputs = inputs.iter().map(|(id, name)| ((*name).to_owned(), fixed(&g.slot(*id).shape))).collect();
        model.outputs = named.iter().map(|(v, name)| ((*name).to_owned(), fixed(g.shape(*v)))).collect();
        sound(&case.name, &model);
        let tensors = oracle.values(g, &roots);
        let outputs: Vec<Json> = names.iter().zip(&tensors).map(|(name, t)| told(name, &t.shape, &t.data)).collect();
        let given: Vec<Json> =
            inputs.iter().map(|(id, name)| told(name, &oracle.read(*id).shape, &oracle.read(*id).data)).collect();
        models.push((case.name, model.bytes(&registers), json!({ "inputs": given, "outputs": outputs })));
    }
    assert!(models.len() > 200, "{}", models.len());
    write("blocks", &models);
}

/// What the definitions answer to the first `samples` test samples.
fn answer(spec: &Spec, data: &Data, registers: &Weights, samples: usize) -> (Tensor, Tensor) {
    let resolved = resolve(spec).unwrap();
    let (net, mut task) = (resolved.net(data), resolved.task(data));
    task.batch = samples;
    let mut g = Graph::new();
    let mut declare = |name: &str, shape: Vec<usize>, role| {
        g.declare(Slot { name: name.into(), role, shape: Shape(shape), init: Init::Constant(0.0) })
    };
    let x = declare("x", [&[samples], data.input.as_slice()].concat(), Role::Input);
    let (seed, step) = (declare("seed", vec![2], Role::Knob), declare("step", vec![2], Role::State));
    let clock = Clock { seed: g.read(seed), step: g.read(step) };
    let read = g.read(x);
    let mut cx = Learn { g: &mut g, net: &net, task: &task, knobs: &resolved.rule.knobs, clock };
    let logits = resolved.rule.entry.predict(&mut cx, read);
    assert!(g.faults().is_empty());
    let each: usize = data.input.iter().product();
    let samples: Vec<f32> = match data.window {
        Some(_) => (0..samples).flat_map(|i| data.test.x[i * 3..][..each].to_vec()).collect(),
        None => data.test.x[..samples * each].to_vec(),
    };
    let oracle = Oracle::new(&g, |id| {
        let slot = g.slot(id);
        let given = g.given().iter().find(|(known, _)| *known == id).map(|(_, v)| v.clone());
        if id == x { samples.clone() } else { given.unwrap_or_else(|| registers[&slot.name].data.clone()) }
    });
    (oracle.read(x).clone(), oracle.values(&g, &[logits]).remove(0))
}

fn written(experiment: &Experiment) -> (Exported, (String, Vec<u8>, Json)) {
    let Experiment { name, spec, data, .. } = experiment;
    let registers = experiment.registers();
    let made = model(spec, data, &registers, &Past::default(), None).unwrap_or_else(|f| panic!("{name}: {f:?}"));
    let (x, y) = answer(spec, data, &registers, made.batch.unwrap_or(SAMPLES));
    let values = json!({
        "inputs": [told("input", &x.shape, &x.data)], "outputs": [told("logits", &y.shape, &y.data)],
    });
    (made.clone(), (name.clone(), made.bytes, values))
}

/// Models that take a fixed number of samples, and why.
const FIXED: &[(&str, &str)] = &[];

#[test]
fn every_preset_and_every_rules_answer_is_written() {
    let mut models = Vec::new();
    let mut fixed = Vec::new();
    for experiment in networks::presets().iter().chain(&networks::rules()) {
        let (made, model) = written(experiment);
        if made.batch.is_some() {
            fixed.push(experiment.name.clone());
        }
        models.push(model);
    }
    assert_eq!(fixed, FIXED.iter().map(|f| f.0).collect::<Vec<_>>());
    write("networks", &models);
}

#[test]
fn a_file_says_what_it_is_and_takes_as_many_samples_as_asked() {
    let experiment = networks::of("backprop");
    let registers = experiment.registers();
    let touches = vec![Touch { step: 3, what: What::Hand { last: 3, numbers: 1 } }];
    let past = Past { step: 7, touches };
    let made = |batch| model(&experiment.spec, &experiment.data, &registers, &past, batch).unwrap();
    assert_eq!((made(None).batch, made(Some(5)).batch), (None, Some(5)));
    let bytes = made(None).bytes;
    let holds = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    for text in ["logits", "1/1.linear/weight", "\"data\":\"moons\"", "Signalbox", "any", "touched", "3:hand:3:1"] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn a_register_that_the_run_lacks_is_a_fault() {
    let experiment = networks::of("backprop");
    let mut registers = experiment.registers();
    registers.remove("1/1.linear/weight");
    let faults = model(&experiment.spec, &experiment.data, &registers, &Past::default(), None).unwrap_err();
    assert_eq!(faults[0].path, "1/1.linear/weight");
}
