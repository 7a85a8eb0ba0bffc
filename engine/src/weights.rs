//! The weights of a network apart from any run: what a file holds, what a run may begin from, what a transform changes.

use std::collections::BTreeMap;

pub(crate) mod half;
pub mod pack;

use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Role, Shape, Slot, SlotId};

/// Numbers with extents along each axis, the last axis running fastest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// Tensors by the names of their registers: `1/2.linear/weight`.
pub type Weights = BTreeMap<String, Tensor>;

impl Tensor {
    pub fn new(shape: &[usize], data: Vec<f32>) -> Self {
        Self { shape: shape.to_vec(), data }
    }

    /// Every element `value`.
    pub fn filled(shape: &[usize], value: f32) -> Self {
        Self::new(shape, vec![value; shape.iter().product()])
    }

    /// Rows and columns of a matrix `[rows, columns]`; everything before the last axis counts as rows.
    pub fn extents(&self) -> [usize; 2] {
        let columns = self.shape.last().copied().unwrap_or(1);
        [self.data.len() / columns.max(1), columns]
    }

    /// Row `i` of a matrix.
    pub fn row(&self, i: usize) -> &[f32] {
        let [_, columns] = self.extents();
        &self.data[i * columns..(i + 1) * columns]
    }

    /// Column `j` of a matrix.
    pub fn column(&self, j: usize) -> Vec<f32> {
        let [_, columns] = self.extents();
        self.data.iter().skip(j).step_by(columns.max(1)).copied().collect()
    }

    /// The columns `chosen` of a matrix, or the elements of a vector, in that order.
    pub fn columns(&self, chosen: &[usize]) -> Self {
        let [rows, _] = self.extents();
        let data = (0..rows).flat_map(|i| chosen.iter().map(move |&j| self.row(i)[j])).collect();
        let mut shape = self.shape.clone();
        if let Some(last) = shape.last_mut() {
            *last = chosen.len();
        }
        Self { shape, data }
    }

    /// The slices `chosen` along the first axis, in that order.
    pub fn slices(&self, chosen: &[usize]) -> Self {
        let each: usize = self.shape.iter().skip(1).product();
        let data = chosen.iter().flat_map(|&i| &self.data[i * each..(i + 1) * each]).copied().collect();
        let mut shape = self.shape.clone();
        if let Some(first) = shape.first_mut() {
            *first = chosen.len();
        }
        Self { shape, data }
    }
}

/// Whether a register belongs to the weights: those of the network and of the rule, and what blocks remember (running
/// statistics, masks). What the optimizer and the rule remember from step to step does not.
pub fn belongs(slot: &Slot) -> bool {
    match slot.role {
        Role::Param | Role::Feedback => true,
        Role::State => of_network(&slot.name),
        Role::Knob | Role::Metric | Role::Input => false,
    }
}

/// Whether a register is a block's, by its name.
fn of_network(name: &str) -> bool {
    let others = ["rule/", "optim/"];
    name != "step" && !others.iter().any(|other| name.starts_with(other))
}

/// The registers of `graph` that `weights` fill, with their content. A weight of the rule's own that is missing or has
/// another shape begins anew, as one does of which `weights` is empty.
///
/// # Errors
/// A weight of the network that is missing or has another shape.
pub fn placed<'w>(graph: &Graph, weights: &'w Weights) -> Result<Vec<(SlotId, &'w [f32])>, Diagnostic> {
    let mut all = Vec::new();
    if weights.is_empty() {
        return Ok(all);
    }
    for id in graph.slot_ids() {
        let slot = graph.slot(id);
        if !belongs(slot) {
            continue;
        }
        let mend = "take weights that were made for this network";
        match weights.get(&slot.name) {
            Some(tensor) if tensor.shape == slot.shape.0 => all.push((id, tensor.data.as_slice())),
            Some(tensor) if of_network(&slot.name) => {
                let message = format!("the weights have {}, the network {}", Shape(tensor.shape.clone()), slot.shape);
                return Err(Diagnostic::new(&slot.name, message, mend));
            }
            None if slot.role == Role::Param => {
                return Err(Diagnostic::new(&slot.name, "it is missing from the weights", mend));
            }
            Some(_) | None => {}
        }
    }
    Ok(all)
}
