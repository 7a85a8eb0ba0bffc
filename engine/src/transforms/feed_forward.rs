//! Feed-forward layers inside a network: `linear`, `activation`, `linear`, one after the other in a list of blocks; or
//! `ffn` of two layers, which is the same in one block.
//!
//! The hidden units can be put in any order, divided and joined: unit `j` is column `j` of the first matrix `[inputs,
//! hidden]`, element `j` of its bias, and row `j` of the second matrix `[hidden, outputs]`.

use super::knobs_of;
use super::parts::Part;
use crate::blocks::BLOCKS;
use crate::spec::Choice;
use crate::weights::Tensor;

/// The weights of a feed-forward layer.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedForward {
    /// Blocks that it takes up in the list where it was found.
    pub span: usize,
    pub activation: Choice,
    /// Whose settings are those of the second linear block.
    pub out: Choice,
    /// `[inputs, hidden]`.
    pub rise: Tensor,
    /// `[hidden]`, zeros where there is none.
    pub rise_bias: Tensor,
    /// `[hidden, outputs]`.
    pub fall: Tensor,
    /// `[outputs]`, where there is one.
    pub fall_bias: Option<Tensor>,
}

impl FeedForward {
    /// That which begins at block `at` of `list`.
    pub fn find(list: &[Part], at: usize) -> Option<Self> {
        Self::in_one(list.get(at)?).or_else(|| Self::in_three(list.get(at..at + 3)?))
    }

    fn in_three(list: &[Part]) -> Option<Self> {
        let [first, middle, last] = list else { return None };
        if !first.is("linear") || !middle.is("activation") || !last.is("linear") {
            return None;
        }
        let (rise, fall) = (first.weights.get("weight")?.clone(), last.weights.get("weight")?.clone());
        // Inside experts there is a matrix for each of them.
        if rise.shape.len() != 2 || fall.shape.len() != 2 {
            return None;
        }
        let none = || Tensor::filled(&[rise.shape[1]], 0.0);
        let rise_bias = first.weights.get("bias").cloned().unwrap_or_else(none);
        let fall_bias = last.weights.get("bias").cloned();
        let (activation, out) = (middle.block.clone(), last.block.clone());
        Some(Self { span: list.len(), activation, out, rise, rise_bias, fall, fall_bias })
    }

    fn in_one(part: &Part) -> Option<Self> {
        let knobs = knobs_of(BLOCKS, &part.block).filter(|k| part.is("ffn") && k.size("layers") == 2)?;
        let weight = |i: usize| part.weights.get(&format!("weight {i}")).filter(|w| w.shape.len() == 2).cloned();
        let bias = |i: usize| part.weights.get(&format!("bias {i}")).cloned();
        let (rise, fall) = (weight(1)?, weight(2)?);
        let rise_bias = bias(1).unwrap_or_else(|| Tensor::filled(&[rise.shape[1]], 0.0));
        let mut activation = Choice::new("activation");
        if knobs.choice("function") != "relu" {
            activation = activation.with("function", knobs.choice("function"));
        }
        let out = Choice::new("linear").with("units", fall.shape[1] as i64);
        Some(Self { span: 1, activation, out, rise, rise_bias, fall, fall_bias: bias(2) })
    }

    /// Hidden units.
    pub fn hidden(&self) -> usize {
        self.rise_bias.data.len()
    }

    /// The curve's name.
    pub fn function(&self) -> String {
        knobs_of(BLOCKS, &self.activation).map(|k| k.choice("function").to_owned()).unwrap_or_default()
    }

    /// The hidden units `chosen` alone, in that order.
    pub fn units(&self, chosen: &[usize]) -> Self {
        Self {
            rise: self.rise.columns(chosen),
            rise_bias: self.rise_bias.columns(chosen),
            fall: self.fall.slices(chosen),
            ..self.clone()
        }
    }

    /// Both side by side on the same input, their results summed: one layer, which is as wide as both. They must have
    /// the same curve, inputs and outputs.
    pub fn beside(&self, other: &Self) -> Option<Self> {
        let [inputs, ours] = self.rise.extents();
        let [other_inputs, theirs] = other.rise.extents();
        if self.activation != other.activation || inputs != other_inputs || self.fall.shape[1] != other.fall.shape[1] {
            return None;
        }
        let rise = (0..inputs).flat_map(|i| [self.rise.row(i), other.rise.row(i)].concat()).collect();
        let fall_bias = match (&self.fall_bias, &other.fall_bias) {
            (Some(a), Some(b)) => Some(Tensor::new(&a.shape, a.data.iter().zip(&b.data).map(|(a, b)| a + b).collect())),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        Some(Self {
            rise: Tensor::new(&[inputs, ours + theirs], rise),
            rise_bias: Tensor::new(&[ours + theirs], [&self.rise_bias.data[..], &other.rise_bias.data].concat()),
            fall: Tensor::new(&[ours + theirs, self.fall.shape[1]], [&self.fall.data[..], &other.fall.data].concat()),
            fall_bias,
            ..self.clone()
        })
    }

    /// Its blocks: linear, activation, linear.
    pub fn parts(&self) -> Vec<Part> {
        let first = Part::new(Choice::new("linear").with("units", self.hidden() as i64));
        let first = first.with("weight", self.rise.clone()).with("bias", self.rise_bias.clone());
        let mut out = self.out.clone();
        out.settings.remove("bias");
        if self.fall_bias.is_none() {
            out = out.with("bias", false);
        }
        let mut last = Part::new(out).with("weight", self.fall.clone());
        last.weights.extend(self.fall_bias.clone().map(|bias| ("bias".to_owned(), bias)));
        vec![first, Part::new(self.activation.clone()), last]
    }
}
