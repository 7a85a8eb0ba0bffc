//! The network as it answers, as a model in ONNX (opset 18): what `rule.predict` builds, with the weights in it.
//!
//! One input, `input [batch, …]`, and one output, `logits [batch, …]`: features and channels are the last axis, tokens
//! whole numbers in floats, as everywhere here. The file says of itself (`metadata_props`): `spec`, the experiment's
//! text; `step`, how long it was trained; `outputs`, their names; `batch`, `any` or the number of samples that it takes.
//! It takes any number where the network can be written for any: not where a routing's capacity or a table of noise
//! depends on how many there are.
//!
//! Noise in an answer is a function of seed and step, and stands in the file as numbers.

mod batch;
pub mod lower;
pub mod model;
mod protobuf;

use std::collections::BTreeMap;

use crate::data::Data;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Init, Role, Shape, Slot, SlotId, Value};
use crate::lesson::Learn;
use crate::net::Clock;
use crate::sorting::collected;
use crate::spec::resolve::{Resolved, resolve};
use crate::spec::{Spec, text};
use crate::weights::{Tensor, Weights};
use model::Model;

const INPUT: &str = "input";
const LOGITS: &str = "logits";

/// A model's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    pub bytes: Vec<u8>,
    /// How many samples it takes; `None` for any number.
    pub batch: Option<usize>,
}

/// The answer to so many samples.
struct Prediction {
    g: Graph,
    input: SlotId,
    logits: Value,
}

/// The network of `spec` with what `registers` hold after `step` steps. Where it cannot take any number of samples, or
/// where `batch` says so, it takes a fixed one: `batch`, else 1.
///
/// # Errors
/// The network cannot be built, or has what ONNX cannot say.
pub fn model(
    spec: &Spec,
    data: &Data,
    registers: &Weights,
    step: u64,
    batch: Option<usize>,
) -> Result<Exported, Vec<Diagnostic>> {
    let resolved = resolve(spec)?;
    let lowered = |samples: usize| {
        let mut prediction = predict(&resolved, data, samples)?;
        let registers = filled(&mut prediction, registers)?;
        let Prediction { g, input, logits } = prediction;
        let lowered = lower::lower(&g, &registers, &[(input, INPUT)], &[(logits, LOGITS)]);
        lowered.map(|m| (m, g.shape(logits).clone(), registers)).map_err(|f| vec![f])
    };
    let any = || {
        let tried: Vec<Model> = batch::TRIED.iter().map(|&n| Some(lowered(n).ok()?.0)).collect::<Option<_>>()?;
        batch::any(&tried, INPUT)
    };
    let open = if batch.is_none() { any() } else { None };
    let samples = open.is_none().then(|| batch.unwrap_or(1).max(1));
    let (fixed, logits, registers) = lowered(samples.unwrap_or(1))?;
    let mut model = open.unwrap_or(fixed);
    let input = [&[samples.unwrap_or(1)], data.input.as_slice()].concat();
    model.inputs = vec![(INPUT.to_owned(), batch::extents(&input, samples.is_none()))];
    model.outputs = vec![(LOGITS.to_owned(), batch::extents(&logits, samples.is_none()))];
    model.about = vec![
        ("spec", text::compact(spec)),
        ("step", step.to_string()),
        ("outputs", data.outputs.join("\n")),
        ("batch", samples.map_or_else(|| "any".to_owned(), |n| n.to_string())),
    ];
    Ok(Exported { bytes: model.bytes(&registers), batch: samples })
}

fn predict(resolved: &Resolved, data: &Data, samples: usize) -> Result<Prediction, Vec<Diagnostic>> {
    let (net, mut task) = (resolved.net(data), resolved.task(data));
    task.batch = samples;
    let mut g = Graph::new();
    let mut declare = |name: &str, role, shape: Vec<usize>| {
        g.declare(Slot { name: name.to_owned(), role, shape: Shape(shape), init: Init::Constant(0.0) })
    };
    let input = declare(INPUT, Role::Input, [&[samples], data.input.as_slice()].concat());
    let (seed, step) = (declare("seed", Role::Knob, vec![2]), declare("step", Role::State, vec![2]));
    let clock = Clock { seed: g.read(seed), step: g.read(step) };
    let x = g.read(input);
    let mut cx = Learn { g: &mut g, net: &net, task: &task, knobs: &resolved.rule.knobs, clock };
    let logits = resolved.rule.entry.predict(&mut cx, x);
    if g.faults().is_empty() { Ok(Prediction { g, input, logits }) } else { Err(g.faults().to_vec()) }
}

/// What the registers hold that the prediction reads.
fn filled(prediction: &mut Prediction, registers: &Weights) -> Result<Weights, Vec<Diagnostic>> {
    let g = &prediction.g;
    let given: BTreeMap<&str, &Vec<f32>> = collected(g.given().iter().map(|(id, v)| (g.slot(*id).name.as_str(), v)));
    let mut all = Weights::new();
    for v in g.live(&[prediction.logits]) {
        let crate::ops::Op::Read(read) = &g.node(v).op else { continue };
        let slot = g.slot(read.slot);
        if read.slot == prediction.input {
            continue;
        }
        let held = registers.get(&slot.name).filter(|t| t.shape == slot.shape.0);
        let given = given.get(slot.name.as_str()).map(|data| Tensor::new(&slot.shape, (*data).clone()));
        let Some(tensor) = held.cloned().or(given) else {
            let mend = "load the experiment anew";
            return Err(vec![Diagnostic::new(&slot.name, "the run does not have this register", mend)]);
        };
        all.insert(slot.name.clone(), tensor);
    }
    Ok(all)
}
