//! WGSL for what becomes of a command's results.

use std::borrow::Cow;
use std::fmt::Write;

use super::generate::{body, functions};
use super::kernel::{Fields, Kernel, Space, word};
use crate::plan::Output;

/// The line of the hand-written modules that stores result `at`, whose place they know.
const STORE: &str = "fn finish(at: u32, value: f32) { mem[at] = value; }";

/// Statements that write results. `at` is the text of their number, `results` are the texts of what they are.
pub fn statements(output: &Output, at: &str, results: &[String], fields: &mut Fields) -> String {
    let map = match output {
        Output::Plain(offset) => {
            let offset = fields.push("to", word(*offset));
            return format!("    mem[{offset} + {at}] = {};\n", results[0]);
        }
        Output::Mapped(map) => map,
    };
    let views = || map.inputs.iter().chain(map.outputs.iter().map(|o| &o.1));
    let space = Space::of(&map.shape, 0..map.shape.len(), views());
    let places: Vec<_> = views()
        .enumerate()
        .map(|(i, view)| {
            let offset = fields.push(&format!("then_at{i}"), word(view.offset));
            offset + &space.place(i, at, "e", &format!("then_s{i}"), fields)
        })
        .collect();
    let mut text = String::new();
    if !(0..places.len()).all(|view| space.contiguous(view)) {
        text += &space.split(at, "e");
    }
    text += &body(&map.code, "w", fields, |n| format!("mem[{}]", places[n]), results);
    for (place, (value, _)) in places[map.inputs.len()..].iter().zip(&map.outputs) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    mem[{place}] = w{value};");
    }
    text
}

/// Where a hand-written kernel must take its results to begin: what is mapped it only numbers.
pub fn start(output: &Output) -> usize {
    match output {
        Output::Plain(offset) => *offset,
        Output::Mapped(_) => 0,
    }
}

/// The kernel, whose module ends with [`STORE`] and whose results were to begin at [`start`], with its results going
/// where `output` says.
pub fn finished(mut kernel: Kernel, output: &Output) -> Kernel {
    if matches!(output, Output::Plain(_)) {
        return kernel;
    }
    let mut fields = Fields::default();
    let statements = statements(output, "at", &["value".to_owned()], &mut fields);
    let finish = format!("fn finish(at: u32, value: f32) {{\n{statements}}}");
    let source = kernel.source.replacen("\n}\n", &format!("\n{}}}\n", fields.declarations()), 1);
    debug_assert!(source.starts_with("//") && source.contains("struct Params {") && source.contains(STORE));
    kernel.source = Cow::Owned(source.replace(STORE, &finish) + functions(&finish));
    kernel.params.extend(fields.values);
    kernel
}
