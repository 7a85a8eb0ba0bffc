//! A run's weights as safetensors, with the spec beside them.

use std::collections::HashMap;

use engine::diagnostic::Diagnostic;
use engine::ir::Role;
use engine::spec::{Spec, text};
use safetensors::{Dtype, serialize, tensor::TensorView};

use crate::trainer::Trainer;

/// Every weight under the name of its register; the spec's text stands in the header as `spec`.
pub fn weights(trainer: &mut Trainer, spec: &Spec) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let graph = trainer.lab.graph.clone();
    let mut tensors = Vec::new();
    for id in graph.slot_ids() {
        let slot = graph.slot(id);
        if slot.role == Role::Param {
            let bytes: Vec<u8> = trainer.read(&[id])?.iter().flat_map(|v| v.to_le_bytes()).collect();
            tensors.push((slot.name.clone(), slot.shape.to_vec(), bytes));
        }
    }
    let fault = |e: safetensors::SafeTensorError| vec![Diagnostic::new("weights", e.to_string(), "")];
    let views: Vec<(&String, TensorView)> = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<_, _>>()
        .map_err(fault)?;
    let about = HashMap::from([("spec".to_owned(), text::compact(spec))]);
    serialize(views, Some(about)).map_err(fault)
}
