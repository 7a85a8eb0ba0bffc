//! PyTorch as an oracle from outside: blocks and routings read from a spec's text give its outputs and its gradients, on weights and
//! samples that both sides make by one formula. `tools/torch` writes the figures.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use engine::ad::{self, Exact};
use engine::blocks::BLOCKS;
use engine::exec::oracle::Oracle;
use engine::ir::{Graph, Role, SlotId, Value};
use engine::net::{Build, Mode, Net, stream};
use engine::noise;
use engine::ops::Tensor;
use engine::ops::random::halves;
use engine::routing::ROUTINGS;
use engine::spec::resolve::resolve;
use engine::spec::{BlockSpec, Spec, text};
use serde::Deserialize;

mod support;

use support::{clock, distance, input};

/// Blocks without a case, and why.
const EXCUSED: &[(&str, &str)] = &[];

/// Relative to the larger of 1 and the largest number of a register. The figures have 7 digits, and our constants 24
/// bits.
const TOLERANCE: f64 = 1e-5;
/// How far weights lie from 0, at most.
const SPREAD: f64 = 0.5;
const OUTPUTS: usize = 3;

#[derive(Deserialize)]
struct Family {
    torch: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// As it stands in a spec.
    block: serde_json::Value,
    sample: Vec<usize>,
    batch: usize,
    mode: String,
    /// More than 0 where samples are tokens.
    #[serde(default)]
    vocabulary: usize,
    /// Steps taken so far.
    #[serde(default)]
    step: u32,
    /// Centre and spread of weights that do not lie around 0.
    #[serde(default)]
    near: BTreeMap<String, (f64, f64)>,
    shape: Vec<usize>,
    y: Vec<f64>,
    /// Of `Σ c · y + loss`, by `x` and by every weight that learns.
    gradients: BTreeMap<String, Vec<f64>>,
    /// Sum of the auxiliary losses.
    #[serde(default)]
    loss: f64,
    /// What a step writes into running statistics.
    #[serde(default)]
    writes: BTreeMap<String, Vec<f64>>,
}

fn families() -> Vec<(String, Family)> {
    let folder = format!("{}/tests/torch", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let family = serde_json::from_str(&std::fs::read_to_string(&path).unwrap());
            (name.clone(), family.unwrap_or_else(|e| panic!("{name}: {e}")))
        })
        .collect()
}

/// What the register `name` holds.
fn numbers(name: &str, len: usize, (centre, spread): (f64, f64)) -> Vec<f64> {
    let word = |i| noise::pcg4d([i, stream(name), 0, 0])[0];
    (0..len as u32).map(|i| centre + spread * (2.0 * f64::from(noise::uniform(word(i))) - 1.0)).collect()
}

/// A slot's name within its stage, which is the first.
fn local(name: &str) -> &str {
    name.strip_prefix("1/").unwrap_or(name)
}

impl Case {
    fn spec(&self) -> Spec {
        let spec = serde_json::json!({"version": 1, "data": "moons", "stages": [[self.block]]});
        text::read(&spec.to_string()).unwrap_or_else(|e| panic!("{}: {e:?}", self.name))
    }

    fn registers(&self, g: &Graph) -> Oracle {
        let mut oracle = Oracle::new(g, |id| vec![0.0; g.slot(id).shape.size()]);
        for id in g.slot_ids() {
            let slot = g.slot(id);
            let (name, len) = (local(&slot.name), slot.shape.size());
            let data = match slot.role {
                Role::Input if name == "x" && self.vocabulary > 0 => {
                    let unit = numbers(name, len, (0.5, 0.5));
                    unit.into_iter().map(|v| (v * self.vocabulary as f64).floor()).collect()
                }
                Role::Input if let Some((_, given)) = g.given().iter().find(|(known, _)| *known == id) => {
                    given.iter().map(|&v| v.into()).collect()
                }
                Role::Input => numbers(name, len, (0.0, 1.0)),
                Role::State if name == "seed" => vec![0.0; len],
                Role::State if name == "step" => halves(self.step).map(f64::from).to_vec(),
                Role::Param | Role::State | Role::Feedback | Role::Knob | Role::Metric => {
                    numbers(name, len, self.near.get(name).copied().unwrap_or((0.0, SPREAD)))
                }
            };
            oracle.write(id, Tensor::new(slot.shape.clone(), data));
        }
        oracle
    }

    fn faults(&self) -> Vec<String> {
        let stages = resolve(&self.spec()).unwrap_or_else(|e| panic!("{}: {e:?}", self.name)).stages;
        let mode = match &*self.mode {
            "train" => Mode::Train,
            "eval" => Mode::Eval,
            other => panic!("{}: `{other}` is no mode", self.name),
        };
        let mut g = Graph::new();
        let (_, clock) = clock(&mut g);
        let x_slot = input(&mut g, "x", &[&[self.batch], &self.sample[..]].concat());
        let x = g.read(x_slot);
        let (frequencies, neighbours) = (Rc::default(), Rc::default());
        let net = Net { stages, outputs: OUTPUTS, vocabulary: self.vocabulary, frequencies, neighbours };
        let mut b = Build::new(&mut g, mode, clock, net.outputs).reading(net.vocabulary);
        let pass = net.stage(&mut b, 0, x);
        let writes = std::mem::take(&mut b.writes);
        if !g.faults().is_empty() {
            return g.faults().iter().map(|f| format!("{}: {f}", self.name)).collect();
        }
        let shape = g.shape(pass.output).clone();
        if shape.0 != self.shape {
            return vec![format!("{}: torch gives {:?}, not {shape}", self.name, self.shape)];
        }
        let cotangent = input(&mut g, "cotangent", &shape);
        let tokens = self.vocabulary > 0;
        let by: Vec<SlotId> = (!tokens).then_some(x_slot).into_iter().chain(pass.params).collect();
        let wrt: Vec<Value> = by.iter().map(|&s| g.read(s)).collect();
        let (c, one) = (g.read(cotangent), g.constant(1.0));
        let seeds: Vec<_> = std::iter::once((pass.output, c)).chain(pass.losses.iter().map(|&l| (l, one))).collect();
        let gradients = ad::vjp(&mut g, &seeds, &wrt, &Exact);
        let oracle = self.registers(&g);
        let value = |v: Value| oracle.values(&g, &[v]).remove(0).data;

        let mut wrong = Vec::new();
        let mut compare = |what: &str, want: Option<&Vec<f64>>, got: Vec<f64>| match want {
            None => wrong.push(format!("{}: torch has no {what}", self.name)),
            Some(want) if want.len() != got.len() => {
                wrong.push(format!("{}: {} numbers of {what}, not {}", self.name, want.len(), got.len()));
            }
            Some(want) => {
                let far = distance(want, &got);
                if far.is_nan() || far > TOLERANCE {
                    wrong.push(format!("{}: {what} is off by {far:.1e}", self.name));
                }
            }
        };
        compare("y", Some(&self.y), value(pass.output));
        compare("loss", Some(&vec![self.loss]), vec![pass.losses.iter().flat_map(|&l| value(l)).sum()]);
        for (&slot, gradient) in by.iter().zip(&gradients) {
            let got = gradient.map_or_else(|| vec![0.0; g.slot(slot).shape.size()], value);
            let name = local(&g.slot(slot).name);
            compare(&format!("derivative by {name}"), self.gradients.get(name), got);
        }
        for &(slot, v) in &writes {
            let name = local(&g.slot(slot).name);
            compare(&format!("new {name}"), self.writes.get(name), value(v));
        }
        if (by.len(), writes.len()) != (self.gradients.len(), self.writes.len()) {
            let have: Vec<_> = by.iter().chain(writes.iter().map(|w| &w.0)).map(|&s| &g.slot(s).name).collect();
            wrong.push(format!("{}: torch has more registers than {have:?}", self.name));
        }
        wrong
    }
}

#[test]
fn blocks_give_what_torch_gives() {
    let mut wrong = Vec::new();
    for (name, family) in families() {
        assert!(!family.torch.is_empty() && !family.cases.is_empty(), "{name}");
        wrong.extend(family.cases.iter().flat_map(|c| c.faults()).map(|f| format!("{name}: {f}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ids of the blocks and of the routings that the figures are of.
fn met() -> [BTreeSet<String>; 2] {
    fn walk(block: &BlockSpec, into: &mut [BTreeSet<String>; 2]) {
        into[0].insert(block.block.id.clone());
        into[1].extend(block.routing.iter().map(|r| r.id.clone()));
        block.blocks.iter().for_each(|b| walk(b, into));
    }
    let mut met = [BTreeSet::new(), BTreeSet::new()];
    for (_, family) in families() {
        for case in &family.cases {
            case.spec().stages.iter().flatten().for_each(|b| walk(b, &mut met));
        }
    }
    met
}

#[test]
fn every_block_and_every_routing_has_a_case() {
    let [blocks, routings] = met();
    let excused = |id: &str| EXCUSED.iter().any(|e| e.0 == id);
    let known: Vec<&str> = BLOCKS.iter().map(|b| b.meta().id).collect();
    let missing = known.iter().filter(|id| !blocks.contains(**id) && !excused(id));
    let unrouted = ROUTINGS.iter().map(|r| r.meta().id).filter(|id| !routings.contains(*id));
    let missing: Vec<&str> = missing.copied().chain(unrouted).collect();
    assert!(missing.is_empty(), "tools/torch has no case for {missing:?}");
    for (id, why) in EXCUSED {
        assert!(known.contains(id) && !blocks.contains(*id), "{id} needs no excuse: {why}");
    }
}
