//! WGSL for elementwise programs and for reductions.
//!
//! What decides the text is the program, the extents of merged axes and which strides are 0 or 1; offsets and other
//! strides are parameters. Layers of one kind and size therefore share a pipeline, wherever their numbers lie.

use std::fmt::Write;

use super::finish::statements;
use super::kernel::{Fields, Kernel, LANES, Lowered, Space, grid, invocations, word};
use crate::ops::reduce::Kind;
use crate::plan::{Fold, Instr, Map, Reduce, View};

/// What generated code may call beside what WGSL has; there are texts in `ops/scalar.rs` that do.
const FUNCTIONS: &str = include_str!("../shaders/functions.wgsl");

/// One line for each instruction, named by `name` and its position; `input` gives the text that reads an input.
pub fn body(
    code: &[Instr],
    name: &str,
    fields: &mut Fields,
    input: impl Fn(usize) -> String,
    results: &[String],
) -> String {
    let mut text = String::new();
    let of = |i: usize| format!("{name}{i}");
    for (i, instr) in code.iter().enumerate() {
        let value = match *instr {
            Instr::Input(n) => input(n),
            Instr::Result(n) => results[n].clone(),
            // WGSL refuses constants that are not finite, so those come from outside.
            Instr::Const(c) if !c.is_finite() => {
                format!("bitcast<f32>({})", fields.push(&format!("{name}_bits{i}"), c.to_bits()))
            }
            Instr::Const(c) => format!("{c:?}f"),
            Instr::Unary(op, x) => op.wgsl().replace("{x}", &of(x)),
            Instr::Binary(op, a, b) => op.wgsl().replace("{a}", &of(a)).replace("{b}", &of(b)),
            Instr::Select(c, a, b) => format!("select({}, {}, {} != 0.0)", of(b), of(a), of(c)),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    let {name}{i} = {value};");
    }
    text
}

/// The functions that a generated text calls beside what WGSL has, if it does.
pub fn functions(text: &str) -> &'static str {
    let called = ["exponential(", "erf(", "turned_sine("].iter().any(|name| text.contains(name));
    if called { FUNCTIONS } else { "" }
}

fn module(fields: &Fields, rest: &str) -> String {
    format!("{}{}{rest}", fields.head(), functions(rest))
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

/// One invocation an element.
pub fn map(m: &Map) -> Lowered {
    let size = m.shape.iter().product();
    if size == 0 {
        return Lowered::default();
    }
    let outputs = m.outputs.iter().map(|o| &o.1);
    let space = Space::of(&m.shape, 0..m.shape.len(), m.inputs.iter().chain(outputs));
    let mut fields = Fields::default();
    let bound = fields.push("size", word(size));
    let places: Vec<_> = m
        .inputs
        .iter()
        .chain(m.outputs.iter().map(|o| &o.1))
        .enumerate()
        .map(|(i, view)| {
            let offset = fields.push(&format!("at{i}"), word(view.offset));
            offset + &space.place(i, "i", "c", &format!("s{i}"), &mut fields)
        })
        .collect();
    let body = body(&m.code, "v", &mut fields, |n| format!("mem[{}]", places[n]), &[]);
    let mut text = format!(
        "@compute @workgroup_size({LANES})\n\
         fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {{\n    \
             let i = (group.y * 32768u + group.x) * {LANES}u + lane;\n    \
             if i >= {bound} {{ return; }}\n"
    );
    if places.len() > (0..places.len()).filter(|&v| space.contiguous(v)).count() {
        text += &space.split("i", "c");
    }
    text += &body;
    for (place, (value, _)) in places[m.inputs.len()..].iter().zip(&m.outputs) {
        let _ = writeln!(text, "    mem[{place}] = v{value};");
    }
    text.push_str("}\n");
    let work = size as u64 * (m.code.len() + 2 * places.len()) as u64;
    Kernel {
        source: module(&fields, &text).into(),
        entry: "main",
        params: fields.values,
        groups: invocations(size),
        work,
    }
    .into()
}

/// How the invocations of a workgroup share a reduction: `columns` outputs side by side, `depth` lanes for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    columns: usize,
    depth: usize,
}

impl Layout {
    /// One lane an output where there are enough outputs to fill a device or few terms to share. Else several: over
    /// neighbouring outputs where memory runs along these (the sums of columns), else over one.
    fn choose(outputs: usize, terms: usize, along_outputs: bool) -> Self {
        if terms <= 16 || outputs >= 16_384 {
            Self { columns: LANES, depth: 1 }
        } else if along_outputs && outputs >= 16 {
            Self { columns: 16, depth: 16 }
        } else {
            Self { columns: 1, depth: LANES }
        }
    }
}

/// Terms of one lane above which a reduction with few outputs is cut into parts, reduced in a second pass.
const LONG: usize = 64;
/// Workgroups that are enough to occupy a device.
const ENOUGH: usize = 256;

/// A reduction; partial results of long ones lie in `scratch`, one fold behind the other.
pub fn reduce(r: &Reduce, scratch: usize) -> Lowered {
    let outputs: usize = r.shape[..r.kept].iter().product();
    let terms: usize = r.shape[r.kept..].iter().product();
    if outputs == 0 {
        return Lowered::default();
    }
    let parts = (terms / (LANES * LONG)).min(ENOUGH.div_ceil(outputs));
    if parts < 2 {
        return pass(r, None).into();
    }
    let size = outputs * parts;
    let second = Reduce {
        kept: 1,
        shape: vec![outputs, parts],
        inputs: (0..r.folds.len()).map(|i| View::contiguous(scratch + i * size, &[outputs, parts])).collect(),
        code: (0..r.folds.len()).map(Instr::Input).collect(),
        folds: r.folds.iter().enumerate().map(|(result, fold)| Fold { result, ..*fold }).collect(),
        output: r.output.clone(),
    };
    let kernels = vec![pass(r, Some(Parts { parts, to: scratch })), pass(&second, None)];
    Lowered { kernels, scratch: size * r.folds.len() }
}

/// Results in several parts each, and where they go.
#[derive(Clone, Copy)]
struct Parts {
    parts: usize,
    to: usize,
}

/// How a fold begins, and how two of its numbers become one.
fn fold(kind: Kind, fields: &mut Fields, lowest: &mut Option<String>) -> (String, &'static str) {
    match kind {
        Kind::Sum => ("0.0".to_owned(), "{a} + {b}"),
        Kind::Max => {
            let lowest = lowest.get_or_insert_with(|| fields.push("lowest", f32::NEG_INFINITY.to_bits()));
            // Written so that a NaN never wins, as by definition.
            (format!("bitcast<f32>({lowest})"), "select({a}, {b}, {b} > {a})")
        }
    }
}

/// One pass; with `cut`, every output in parts side by side, the terms dealt out to them in turn.
fn pass(r: &Reduce, cut: Option<Parts>) -> Kernel {
    let (first, second) = (0..r.kept, r.kept..r.shape.len());
    let kept = Space::of(&r.shape, first, r.inputs.iter());
    let reduced = Space::of(&r.shape, second, r.inputs.iter());
    let (outputs, terms) = (kept.size(), reduced.size());
    let parts = cut.map_or(1, |c| c.parts);
    let along_outputs = kept.strides.iter().any(|s| s.last() == Some(&1));
    let layout =
        if parts > 1 { Layout { columns: 1, depth: LANES } } else { Layout::choose(outputs, terms, along_outputs) };
    let Layout { columns, depth } = layout;
    let lanes = columns * depth;

    let mut fields = Fields::default();
    let bound = fields.push("outputs", word(outputs * parts));
    let count = fields.push("terms", word(terms));
    let places: Vec<_> = (0..r.inputs.len())
        .map(|i| {
            let offset = fields.push(&format!("at{i}"), word(r.inputs[i].offset));
            offset
                + &kept.place(i, "o", "k", &format!("s{i}"), &mut fields)
                + &reduced.place(i, "t", "c", &format!("s{i}"), &mut fields)
        })
        .collect();
    let mut lowest = None;
    let folds: Vec<_> = r.folds.iter().map(|f| fold(f.kind, &mut fields, &mut lowest)).collect();
    let join = |i: usize, a: &str, b: &str| folds[i].1.replace("{a}", a).replace("{b}", b);
    let body = body(&r.code, "v", &mut fields, |n| format!("mem[{}]", places[n]), &[]);
    let results: Vec<String> =
        (0..folds.len()).map(|i| if depth > 1 { format!("partial{i}[lane]") } else { format!("sum{i}") }).collect();
    let ending = match cut {
        None => statements(&r.output, "id", &results, &mut fields),
        Some(Parts { to, .. }) => {
            let store = |(i, result): (usize, &String)| {
                let to = fields.push(&format!("to{i}"), word(to + i * outputs * parts));
                format!("    mem[{to} + id] = {result};\n")
            };
            results.iter().enumerate().map(store).collect()
        }
    };

    let mut text = String::new();
    if depth > 1 {
        for i in 0..folds.len() {
            let _ = writeln!(text, "var<workgroup> partial{i}: array<f32, {lanes}>;\n");
        }
    }
    let _ = writeln!(text, "@compute @workgroup_size({lanes})");
    text.push_str("fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {\n");
    let _ = writeln!(text, "    let id = (group.y * 32768u + group.x) * {columns}u + lane % {columns}u;");
    for (i, (start, _)) in folds.iter().enumerate() {
        let _ = writeln!(text, "    var sum{i} = {start};");
    }
    let _ = writeln!(text, "    if id < {bound} {{");
    let _ = writeln!(text, "        let o = id / {parts}u;");
    text += &indented(&kept.split("o", "k"), 4);
    let _ = writeln!(text, "        let first = lane / {columns}u * {parts}u + id % {parts}u;");
    let _ = writeln!(text, "        for (var t = first; t < {count}; t += {}u) {{", depth * parts);
    text += &indented(&reduced.split("t", "c"), 8);
    text += &indented(&body, 8);
    for (i, f) in r.folds.iter().enumerate() {
        let _ = writeln!(text, "            sum{i} = {};", join(i, &format!("sum{i}"), &format!("v{}", f.result)));
    }
    text.push_str("        }\n    }\n");
    if depth > 1 {
        for i in 0..folds.len() {
            let _ = writeln!(text, "    partial{i}[lane] = sum{i};");
        }
        let _ = writeln!(text, "    for (var half = {}u; half > 0u; half /= 2u) {{", depth / 2);
        let _ = writeln!(text, "        workgroupBarrier();");
        let _ = writeln!(text, "        if lane < half * {columns}u {{");
        for i in 0..folds.len() {
            let (a, b) = (format!("partial{i}[lane]"), format!("partial{i}[lane + half * {columns}u]"));
            let _ = writeln!(text, "            {a} = {};", join(i, &a, &b));
        }
        let _ = writeln!(text, "        }}\n    }}");
        let _ = writeln!(text, "    if lane >= {columns}u {{ return; }}");
    }
    let _ = writeln!(text, "    if id >= {bound} {{ return; }}\n{ending}}}");
    Kernel {
        source: module(&fields, &text).into(),
        entry: "main",
        params: fields.values,
        groups: grid((outputs * parts).div_ceil(columns)),
        work: (outputs * terms) as u64 * (r.code.len() + 2 * r.inputs.len()) as u64,
    }
}
