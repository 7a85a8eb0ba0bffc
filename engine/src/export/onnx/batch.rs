//! A model for any number of samples, from graphs that are built for a fixed one.
//!
//! The network is lowered for several numbers of samples. Where these models differ in whole numbers alone, and every
//! one of them is `a + b · samples` with whole `a` and `b`, that is what the model for any number computes. The numbers
//! of samples are primes above what extents usually are, and far apart: a number that is rounded somewhere, such as a
//! capacity, betrays itself.

use super::model::{Attribute, Constant, Extent, Model, Node};

/// For how many samples it is tried.
pub const TRIED: [usize; 4] = [257, 263, 271, 521];
/// Name of the number of samples.
const BATCH: &str = "batch";

/// The model for any number of samples, out of those for [`TRIED`]; `None` when there is none. `input` is the name of
/// what has a row for each sample.
pub fn any(tried: &[Model], input: &str) -> Option<Model> {
    let (first, others) = tried.split_first()?;
    if others.iter().any(|m| m.nodes != first.nodes || m.constants.len() != first.constants.len()) {
        return None;
    }
    let mut model = Model { nodes: Vec::new(), constants: Vec::new(), ..first.clone() };
    let mut computed = Vec::new();
    for (i, (name, constant)) in first.constants.iter().enumerate() {
        if others.iter().all(|m| m.constants[i].1 == *constant) {
            model.constants.push((name.clone(), constant.clone()));
            continue;
        }
        let all: Vec<&Vec<i64>> = tried
            .iter()
            .map(|m| match &m.constants[i].1 {
                Constant::Ints(_, data) => Some(data),
                Constant::Register(..) | Constant::Floats(..) => None,
            })
            .collect::<Option<_>>()?;
        let one = |n: usize| line(&all.iter().map(|data| data.get(n).copied()).collect::<Option<Vec<_>>>()?);
        let lines = (0..all[0].len()).map(one).collect::<Option<Vec<_>>>()?;
        let shape = match constant {
            Constant::Ints(shape, _) => shape.clone(),
            Constant::Register(..) | Constant::Floats(..) => return None,
        };
        computed.push((name.clone(), shape, lines));
    }
    let mut node = |op, inputs: &[&str], output: &str| {
        let inputs = inputs.iter().map(|&i| i.to_owned()).collect();
        let (attributes, path) = (Vec::<(&'static str, Attribute)>::new(), String::new());
        model.nodes.push(Node { op, inputs, outputs: vec![output.to_owned()], attributes, path });
    };
    node("Shape", &[input], "input/shape");
    node("Gather", &["input/shape", "first"], BATCH);
    model.constants.push(("first".to_owned(), Constant::Ints(vec![], vec![0])));
    for (name, shape, lines) in computed {
        let [fixed, each, grown] = ["fixed", "each", "grown"].map(|part| format!("{name}/{part}"));
        node("Mul", &[BATCH, &each], &grown);
        node("Add", &[&grown, &fixed], &name);
        model.constants.push((fixed, Constant::Ints(shape.clone(), lines.iter().map(|l| l.0).collect())));
        model.constants.push((each, Constant::Ints(shape, lines.iter().map(|l| l.1).collect())));
    }
    model.nodes.extend(first.nodes.iter().cloned());
    Some(model)
}

/// `a, b` of the whole numbers `a + b · samples`.
fn line(values: &[i64]) -> Option<(i64, i64)> {
    let at = |i: usize| TRIED[i] as i64;
    let each = (values.get(1)? - values[0]) / (at(1) - at(0));
    let fixed = values[0] - each * at(0);
    (0..values.len()).all(|i| fixed + each * at(i) == values[i]).then_some((fixed, each))
}

/// The extents of what has a row for each of any number of samples: `[samples · k, …]` for one of so many.
pub fn extents(shape: &[usize], any: bool) -> Vec<Extent> {
    let first = |i: usize| any && i == 0;
    shape.iter().enumerate().map(|(i, &d)| if first(i) { Extent::Batch } else { Extent::Fixed(d) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_rounded_is_no_line() {
        let of = |f: &dyn Fn(i64) -> i64| line(&TRIED.map(|n| f(n as i64)));
        assert_eq!(of(&|n| n), Some((0, 1)));
        assert_eq!(of(&|n| 3 * n + 7), Some((7, 3)));
        for experts in 2..=64 {
            assert_eq!(of(&|n| (n + experts - 1) / experts), None, "{experts}");
            assert_eq!(of(&|n| n / experts), None, "{experts}");
        }
    }
}
