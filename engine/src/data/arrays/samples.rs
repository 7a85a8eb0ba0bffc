//! From arrays to training and test samples.

use super::answers::{Answers, answers, named};
use super::{Arranged, Named, finite};
use crate::data::{Answer, CLASSES_MAX, Data, Look, Split, VALUES_MAX, split};
use crate::diagnostic::Diagnostic;
use crate::noise::Stream;
use crate::registry::Knobs;

/// The longest side of an image, and the most columns.
const SIDE_MAX: usize = 256;
const COLUMNS_MAX: usize = 4096;

/// How samples lie in an array: what one of them is, and the place of each of its values.
struct Layout {
    input: Vec<usize>,
    /// Sides and strides of one sample, colours last.
    sides: [usize; 3],
    strides: [usize; 3],
}

impl Layout {
    fn new(x: &Named<'_>) -> Result<Self, Diagnostic> {
        if x.array.is_text() {
            return Err(x.fault("the samples are text", "give numbers"));
        }
        let (shape, strides) = (&x.array.shape, &x.array.strides);
        let mend = "samples are numbers [N, columns], or images [N, height, width] or [N, height, width, colours]";
        let colours = |n: usize| n == 1 || n == 3;
        let (input, sides, strides) = match (shape.as_slice(), strides.as_slice()) {
            (&[_], &[_]) => (vec![1], [1, 1, 1], [0, 0, 0]),
            (&[_, w], &[_, s]) => (vec![w], [1, 1, w], [0, 0, s]),
            (&[_, h, w], &[_, down, across]) => (vec![h, w, 1], [h, w, 1], [down, across, 0]),
            (&[_, h, w, c], &[_, down, across, deep]) if colours(c) => (vec![h, w, c], [h, w, c], [down, across, deep]),
            (&[_, c, h, w], &[_, deep, down, across]) if colours(c) => (vec![h, w, c], [h, w, c], [down, across, deep]),
            (_, _) => return Err(x.fault(format!("its shape is {}", x.shape()), mend)),
        };
        let most = if input.len() == 1 { COLUMNS_MAX } else { SIDE_MAX };
        if sides.iter().any(|&side| side == 0 || side > most) {
            let what = if input.len() == 1 { "columns" } else { "pixels a side" };
            return Err(x.fault(format!("its shape is {}", x.shape()), format!("1 to {most} {what} are read")));
        }
        Ok(Self { input, sides, strides })
    }

    /// Appends sample `i` to `out`.
    fn sample(&self, x: &Named<'_>, i: usize, out: &mut Vec<f32>) -> Result<(), Diagnostic> {
        let from = i * x.array.strides[0];
        let [height, width, depth] = self.sides;
        for row in 0..height {
            for column in 0..width {
                for colour in 0..depth {
                    let [down, across, deep] = self.strides;
                    let at = from + row * down + column * across + colour * deep;
                    out.push(finite(x, at, i)?);
                }
            }
        }
        Ok(())
    }
}

/// The dataset of these arrays.
///
/// # Errors
/// They do not fit each other, or hold what cannot be learnt: the path begins with the array's name.
pub fn assemble(arranged: &Arranged<'_>, knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
    let Arranged { x, y, test, names } = arranged;
    let layout = Layout::new(x)?;
    let pairs: Vec<(&Named<'_>, &Named<'_>)> = [(x, y)].into_iter().chain(test.iter().map(|(x, y)| (x, y))).collect();
    for (x, y) in &pairs {
        if x.array.shape.get(1..) != arranged.x.array.shape.get(1..) {
            return Err(x.fault(format!("its shape is {}", x.shape()), "give it that of the training samples"));
        }
        if x.len() != y.len() {
            let message = format!("{} answers for {} samples", y.len(), x.len());
            return Err(y.fault(message, "choose two arrays of the same set"));
        }
        if x.len() < 2 {
            return Err(x.fault(format!("samples: {}", x.len()), "two are needed, one to train on and one to test"));
        }
    }
    let ys: Vec<_> = pairs.iter().map(|p| p.1).collect();
    let answers = answers(&ys, names.as_ref(), knobs.choice("asks"))?;

    // How many are taken of each pair, and which.
    let (most, share) = (knobs.size("samples"), knobs.float("train"));
    let stream = Stream::named(seed, b"ownx");
    let wanted = match pairs.len() {
        1 => vec![x.len().min(most)],
        _ => {
            let train = x.len().min(((most as f64 * share) as usize).max(1));
            vec![train, pairs[1].0.len().min((most - train.min(most)).max(1))]
        }
    };
    let size: usize = layout.input.iter().product();
    let taken: usize = wanted.iter().sum();
    if taken * size > VALUES_MAX {
        let message = format!("{taken} samples of {size} values are {} values", taken * size);
        let mend = format!("at most {VALUES_MAX} fit: set samples to {} or fewer", VALUES_MAX / size);
        return Err(Diagnostic::new("samples", message, mend));
    }
    let mut splits = Vec::new();
    let mut before = 0;
    for ((x, _), wanted) in pairs.iter().zip(wanted) {
        let mut order = stream.permutation(splits.len() as u32, x.len());
        order.truncate(wanted);
        let mut values = Vec::with_capacity(wanted * size);
        for &i in &order {
            layout.sample(x, i as usize, &mut values)?;
        }
        let rows: Vec<usize> = order.iter().map(|&i| before + i as usize).collect();
        before += x.len();
        splits.push((values, rows));
    }

    let (mut train, mut test, outputs, answer) = match answers {
        Answers::Classes { labels, names } => {
            let all: Vec<u32> = splits.iter().flat_map(|(_, rows)| rows).map(|&row| labels[row]).collect();
            balanced(y, &all, &names, splits.len() == 1)?;
            let label = |row: &usize| labels[*row];
            let (train, test) = match splits.as_slice() {
                [(x, rows)] => {
                    let y: Vec<u32> = rows.iter().map(label).collect();
                    split::stratified(x, size, &y, names.len(), share, seed)
                }
                _ => fixed(splits, 1, |row| vec![labels[row] as f32]),
            };
            (train, test, names, Answer::Class)
        }
        Answers::Numbers { rows, width } => {
            let row = |i: usize| rows[i * width..(i + 1) * width].to_vec();
            let (mut train, mut test) = match splits.as_slice() {
                [(x, order)] => {
                    let y: Vec<f32> = order.iter().flat_map(|&i| row(i)).collect();
                    split::random(x, size, &y, width, share, seed)
                }
                _ => fixed(splits, width, row),
            };
            split::scores(&mut train.y, &mut test.y, width);
            let name = |k: usize| {
                names.as_ref().filter(|n| k < n.len()).map_or_else(|| format!("number {}", k + 1), |n| named(n, k))
            };
            (train, test, (0..width).map(name).collect(), Answer::Numbers)
        }
    };
    let (look, columns) = match layout.input.as_slice() {
        &[height, width, _] => {
            ink(&mut train, &mut test, arranged.x.array.is_bytes());
            (Look::Image { height, width }, Vec::new())
        }
        _ => {
            split::standardise(&mut train, &mut test, size);
            (Look::Table, (1..=size).map(|i| format!("column {i}")).collect())
        }
    };
    Ok(Data { answer, columns, ..Data::of_classes(layout.input, outputs, train, test, look) })
}

/// Refuses what cannot be learnt: one class, too many, or one whose single sample could not be tested.
fn balanced(y: &Named<'_>, labels: &[u32], names: &[String], cut: bool) -> Result<(), Diagnostic> {
    let mut tally = vec![0_usize; names.len()];
    labels.iter().for_each(|&label| tally[label as usize] += 1);
    let present = tally.iter().filter(|n| **n > 0).count();
    if present < 2 || names.len() > CLASSES_MAX {
        let count = if present < 2 { present } else { names.len() };
        let message = format!("classes in {} samples: {count}", labels.len());
        return Err(y.fault(message, format!("2 to {CLASSES_MAX} are needed")));
    }
    if let Some(lonely) = tally.iter().position(|&n| n == 1).filter(|_| cut) {
        let message = format!("class `{}` has one sample", names[lonely]);
        return Err(y.fault(message, "a class needs two, one to train on and one to test: add one, or take it out"));
    }
    Ok(())
}

/// Two splits that stand fixed.
fn fixed(mut splits: Vec<(Vec<f32>, Vec<usize>)>, width: usize, row: impl Fn(usize) -> Vec<f32>) -> (Split, Split) {
    let mut next = || {
        let (x, rows) = if splits.is_empty() { Default::default() } else { splits.remove(0) };
        let mut y = Vec::with_capacity(rows.len() * width);
        rows.iter().for_each(|&i| y.extend(row(i)));
        Split { len: rows.len(), x, y }
    };
    (next(), next())
}

/// Brings pixels to between 0 and 1: bytes by 255, others by what the training images reach from 0, or from below it.
fn ink(train: &mut Split, test: &mut Split, bytes: bool) {
    let (low, high) = train.x.iter().fold((0.0_f32, f32::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    let (low, high) = if bytes { (0.0, 255.0) } else { (low, high) };
    if !bytes && low == 0.0 && high <= 1.0 {
        return;
    }
    let span = f64::from(high) - f64::from(low);
    let scale = if span > 0.0 { 1.0 / span } else { 0.0 };
    for v in train.x.iter_mut().chain(&mut test.x) {
        *v = ((f64::from(*v) - f64::from(low)) * scale).clamp(0.0, 1.0) as f32;
    }
}
