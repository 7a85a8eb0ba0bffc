//! What an array of answers asks for: one of some classes, or numbers.

use std::collections::BTreeSet;

use super::{Named, finite};
use crate::data::CLASSES_MAX;
use crate::diagnostic::Diagnostic;
use crate::sorting::collected;

/// The most numbers that are asked for at once.
const NUMBERS_MAX: usize = 64;

/// What is answered, row by row.
pub enum Answers {
    Classes { labels: Vec<u32>, names: Vec<String> },
    Numbers { rows: Vec<f32>, width: usize },
}

/// The answers of `parts`, whose rows are the samples of all of them one after the other.
pub fn answers(parts: &[&Named<'_>], names: Option<&Named<'_>>, asks: &str) -> Result<Answers, Diagnostic> {
    let Some(first) = parts.first() else { return Err(Diagnostic::new("answers", "there are none", "give them")) };
    let width = match first.array.shape.as_slice() {
        [_] => 1,
        &[_, width] if (1..=CLASSES_MAX).contains(&width) => width,
        _ => {
            let message = format!("its shape is {}", first.shape());
            return Err(first.fault(message, "answers are [N], or [N, outputs]"));
        }
    };
    let at =
        |y: &Named<'_>, i: usize, k: usize| i * y.array.strides[0] + k * y.array.strides.get(1).copied().unwrap_or(0);
    for y in parts {
        let same = y.array.shape.get(1).copied().unwrap_or(1) == width && y.array.shape.len() <= 2;
        if !same || y.array.is_text() != first.array.is_text() {
            return Err(y.fault(
                format!("its shape is {}, or its type another", y.shape()),
                "give it that of the training answers",
            ));
        }
    }
    if first.array.is_text() {
        if width > 1 {
            return Err(first.fault("there are several words a sample", "give one class a sample: [N]"));
        }
        let words: Vec<String> =
            parts.iter().flat_map(|y| (0..y.len()).map(move |i| y.array.text(at(y, i, 0)))).collect();
        let names: Vec<String> = collected::<BTreeSet<_>, _>(&words).into_iter().cloned().collect();
        let labels = words.iter().map(|w| names.binary_search(w).unwrap_or_default() as u32).collect();
        return Ok(Answers::Classes { labels, names });
    }
    let mut rows = Vec::new();
    for y in parts {
        for i in 0..y.len() {
            for k in 0..width {
                rows.push(finite(y, at(y, i, k), i)?);
            }
        }
    }
    // A row with a single one in it names its class.
    let hot = |row: &[f32]| row.iter().all(|v| *v == 0.0 || *v == 1.0) && row.iter().sum::<f32>() == 1.0;
    if width > 1 && asks != "numbers" && rows.chunks_exact(width).all(hot) {
        let label = |row: &[f32]| row.iter().position(|v| *v == 1.0).unwrap_or_default() as u32;
        let labels = rows.chunks_exact(width).map(label).collect();
        let name = |k: usize| names.map_or_else(|| k.to_string(), |n| named(n, k));
        return Ok(Answers::Classes { labels, names: (0..width).map(name).collect() });
    }
    let mut values: Vec<f32> = Vec::new();
    for &v in rows.iter().filter(|_| width == 1) {
        if values.len() > CLASSES_MAX {
            break;
        }
        if let Err(place) = values.binary_search_by(|have| have.total_cmp(&v)) {
            values.insert(place, v);
        }
    }
    let few = width == 1 && values.len() <= CLASSES_MAX;
    if asks == "numbers" || asks == "auto" && !(few && values.iter().all(|v| v.fract() == 0.0)) {
        if width > NUMBERS_MAX {
            return Err(
                first.fault(format!("it asks for {width} numbers"), format!("at most {NUMBERS_MAX} are told at once"))
            );
        }
        return Ok(Answers::Numbers { rows, width });
    }
    if !few {
        let message = format!("more than {CLASSES_MAX} classes");
        return Err(first.fault(message, "set “Asks for” to numbers, or give one class a sample"));
    }
    let labels = rows.iter().map(|v| values.binary_search_by(|have| have.total_cmp(v)).unwrap_or_default() as u32);
    let name = |v: &f32| {
        names.filter(|n| *v >= 0.0 && (*v as usize) < n.len()).map_or_else(|| v.to_string(), |n| named(n, *v as usize))
    };
    Ok(Answers::Classes { labels: labels.collect(), names: values.iter().map(name).collect() })
}

/// What output `i` is called.
pub fn named(names: &Named<'_>, i: usize) -> String {
    let at = i * names.array.strides.first().copied().unwrap_or(0);
    if names.array.is_text() { names.array.text(at) } else { names.array.number(at).to_string() }
}
