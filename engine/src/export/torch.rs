//! A run written out for PyTorch: a Python script that trains this network with this rule, one line for each operation.
//!
//! The script is the run's programs, the step and the evaluation, as functions. Derivatives are not left to autograd:
//! what the rule does in their place is what the script is about. It begins with the registers of a file in safetensors
//! (weights, state, knobs, data: see [`registers`]), draws the same random numbers and sees the same batches.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use crate::ir::{Graph, Program, SlotId, Stmt, Value};
use crate::lab::{Lab, STEP};
use crate::ops::{Op, Primitive};
use crate::sorting::collected;
use crate::spec::{Spec, text};
use crate::touch::Touch;
use ops::{Term, line};

pub mod ops;

const PRELUDE: &str = include_str!("torch/prelude.py");
/// The longest expression that is written into another one.
const INLINE: usize = 40;

/// The programs that a script has, without the evaluation's repetitions: the step, and the parts of an evaluation.
fn programs(lab: &Lab) -> Vec<&Program> {
    let parts: BTreeSet<usize> = collected(lab.evaluation.iter().copied());
    std::iter::once(STEP).chain(parts).map(|i| &lab.programs[i]).collect()
}

/// Names of the registers that the script reads or writes: what its file must hold.
pub fn registers(lab: &Lab) -> BTreeSet<&str> {
    let g = &lab.graph;
    let mut all: BTreeSet<SlotId> = BTreeSet::new();
    for program in programs(lab) {
        for (_, writes) in program.ticks() {
            let roots: Vec<Value> = writes.iter().map(|w| w.1).collect();
            all.extend(writes.iter().map(|w| w.0));
            for v in g.live(&roots) {
                if let Op::Read(read) = &g.node(v).op {
                    all.insert(read.slot);
                }
            }
        }
        flags(&program.body, &mut all);
    }
    collected(all.into_iter().map(|id| g.slot(id).name.as_str()))
}

fn flags(body: &[Stmt], into: &mut BTreeSet<SlotId>) {
    for stmt in body {
        match stmt {
            Stmt::When { flag, body } => {
                into.insert(*flag);
                flags(body, into);
            }
            Stmt::Repeat { body, .. } => flags(body, into),
            Stmt::Tick(_) | Stmt::Emit { .. } => {}
        }
    }
}

/// A program's name as Python's.
fn called(name: &str) -> String {
    name.replace([' ', '-'], "_")
}

/// The script of a run. `registers` is the name of the file beside it that it begins with, `touches` what was done to the
/// run that its spec does not tell.
pub fn script(spec: &Spec, lab: &Lab, registers: &str, touches: &[Touch]) -> String {
    let mut out = String::new();
    let title = format!("{} on {}", spec.rule.id, spec.data.id);
    // A string takes any text.
    let _ = writeln!(
        out,
        "\"\"\"{title}, as Signalbox trains it, for PyTorch.\n\n\
         Each line is one operation of the step that Signalbox ran; `R` holds the registers, under its names. Weights, state\n\
         and data come from {registers}, which lies beside this file.\n{}\n    \
         python3 {{this file}} --steps 100\n\"\"\"\n\n{PRELUDE}\n\nSPEC = json.loads({:?})\n",
        noted(touches),
        text::compact(spec)
    );
    for program in programs(lab) {
        let _ = writeln!(out, "\ndef {}():", called(&program.name));
        let mut writer = Writer { g: &lab.graph, out: &mut out, path: String::new() };
        writer.body(&program.body, 1);
        let _ = writeln!(out);
    }
    let order: Vec<String> = lab.evaluation.iter().map(|&i| called(&lab.programs[i].name)).collect();
    let scores = lab.scores.map(|of| of.map(|slot| format!("R[\"{}\"].item()", lab.graph.slot(slot).name)).join(", "));
    let loss = &lab.graph.slot(lab.registers.loss).name;
    let accuracy = &lab.graph.slot(lab.registers.accuracy).name;
    let _ = write!(
        out,
        r#"
def scores():
    """Loss and accuracy over samples of the training split, then of the test split."""
    for part in [{}]:
        part()
    return [{}]


if __name__ == "__main__":
    about = argparse.ArgumentParser()
    about.add_argument("--steps", type=int, default={})
    about.add_argument("--from", dest="origin", default=pathlib.Path(__file__).parent / "{registers}")
    asked = about.parse_args()
    load(asked.origin)
    for n in range(1, asked.steps + 1):
        step()
        print(f"step {{n}}: loss {{R['{loss}'].item():.9g}}, accuracy {{R['{accuracy}'].item():.9g}}")
    print("train loss {{:.9g}}, accuracy {{:.9g}}; test loss {{:.9g}}, accuracy {{:.9g}}".format(*scores()))
"#,
        shortened(&order),
        scores.join(", "),
        spec.steps,
    );
    out
}

/// A paragraph on what was done to a run; nothing where that is nothing.
fn noted(touches: &[Touch]) -> String {
    let lines: Vec<String> = touches.iter().map(|touch| format!("    {touch}\n")).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("\nThe spec alone does not tell how its weights came to be:\n\n{}", lines.concat())
}

/// A list of names in which each run of the same one is counted.
fn shortened(names: &[String]) -> String {
    let runs = names.chunk_by(|a, b| a == b);
    let parts: Vec<String> =
        runs.map(|run| if run.len() > 1 { format!("*[{}] * {}", run[0], run.len()) } else { run[0].clone() }).collect();
    parts.join(", ")
}

/// A function's body being written.
struct Writer<'a> {
    g: &'a Graph,
    out: &'a mut String,
    /// Path of the block that the last line belongs to.
    path: String,
}

impl Writer<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.out, "{}{text}", "    ".repeat(depth));
    }

    fn body(&mut self, body: &[Stmt], depth: usize) {
        let mut empty = true;
        for stmt in body {
            match stmt {
                Stmt::Tick(writes) => self.tick(writes, depth),
                Stmt::Repeat { times, body } => {
                    self.line(depth, &format!("for _ in range({times}):"));
                    self.body(body, depth + 1);
                }
                Stmt::When { flag, body } => {
                    let flag = self.g.slot(*flag).name.clone();
                    self.line(depth, &format!("if R[\"{flag}\"].any():"));
                    self.body(body, depth + 1);
                }
                Stmt::Emit { .. } => continue,
            }
            empty = false;
        }
        if empty {
            self.line(depth, "pass");
        }
    }

    /// Every value is computed from the registers as they stand; then all of them are written.
    fn tick(&mut self, writes: &[(SlotId, Value)], depth: usize) {
        let g = self.g;
        let roots: Vec<Value> = writes.iter().map(|w| w.1).collect();
        let live = g.live(&roots);
        let mut uses: HashMap<Value, usize> = HashMap::new();
        let mut user: HashMap<Value, &str> = HashMap::new();
        for &v in &live {
            for &a in &g.node(v).args {
                *uses.entry(a).or_default() += 1;
                user.insert(a, g.path(v));
            }
        }
        for root in &roots {
            *uses.entry(*root).or_default() += 1;
        }
        self.path = "\n".to_owned();
        let mut terms: HashMap<Value, Term> = HashMap::new();
        for (i, &v) in live.iter().enumerate() {
            let node = g.node(v);
            let args: Vec<Term> = node.args.iter().map(|a| terms[a].clone()).collect();
            let name = if let Op::Read(read) = &node.op { g.slot(read.slot).name.as_str() } else { "" };
            let mut term = line(&node.op, &args, &node.shape, name);
            let leaf = matches!(node.op, Op::Read(_) | Op::Const(_));
            let inner = uses[&v] == 1 && user.get(&v) == Some(&g.path(v)) && term.text.len() <= INLINE;
            if !leaf && !inner {
                self.section(g.path(v), depth);
                let made = format!("{}_{i}", word(&node.op));
                self.line(depth, &format!("{made} = {}  # {}", term.text, node.shape));
                term = Term { text: made, whole: true, number: false };
            }
            terms.insert(v, term);
        }
        self.line(depth, "# what the step leaves");
        // A register may be written from another one's old content.
        let olds = writes.iter().any(|(_, v)| matches!(g.node(*v).op, Op::Read(_)));
        if olds {
            let made: Vec<String> = writes.iter().map(|(_, v)| terms[v].tensor()).collect();
            let into: Vec<String> = writes.iter().map(|(slot, _)| format!("R[\"{}\"]", g.slot(*slot).name)).collect();
            self.line(depth, &format!("{}, = {},", into.join(", "), made.join(", ")));
            return;
        }
        for (slot, v) in writes {
            let name = &g.slot(*slot).name;
            let made = if terms[v].number { terms[v].tensor() } else { terms[v].text.clone() };
            self.line(depth, &format!("R[\"{name}\"] = {made}"));
        }
    }

    /// A heading, where the lines begin to belong to another block.
    fn section(&mut self, path: &str, depth: usize) {
        if self.path != path {
            self.path = path.to_owned();
            let heading = if path.is_empty() { "the run" } else { path };
            self.line(depth, &format!("# {heading}"));
        }
    }
}

/// A word for what an operation gives, to name its result by.
fn word(op: &Op) -> String {
    let name = op.name();
    let word: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
    if word == "max" || word == "sum" || word == "min" || word == "abs" { format!("{word}_of") } else { word }
}
