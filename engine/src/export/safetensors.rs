//! Weights as safetensors, with the spec beside them.

use std::collections::HashMap;

use safetensors::{Dtype, SafeTensorError, SafeTensors, serialize, tensor::TensorView};

use crate::diagnostic::Diagnostic;
use crate::spec::{Spec, text};
use crate::touch::{self, Touch};
use crate::weights::{Tensor, Weights};

/// Every tensor under its name; the spec's text stands in the header as `spec`, and as `touched` what was done to the run
/// that the spec does not tell, where there is anything.
///
/// # Errors
/// A tensor whose data does not fill its shape.
pub fn pack(weights: &Weights, spec: &Spec, touches: &[Touch]) -> Result<Vec<u8>, Vec<Diagnostic>> {
    let fault = |e: SafeTensorError| vec![Diagnostic::new("weights", e.to_string(), "")];
    let bytes = |tensor: &Tensor| tensor.data.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let tensors: Vec<_> = weights.iter().map(|(name, tensor)| (name, tensor.shape.clone(), bytes(tensor))).collect();
    let views: Vec<(&String, TensorView)> = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<_, _>>()
        .map_err(fault)?;
    let mut about = HashMap::from([("spec".to_owned(), text::compact(spec))]);
    if !touches.is_empty() {
        about.insert("touched".to_owned(), touch::write(touches));
    }
    serialize(views, Some(about)).map_err(fault)
}

/// The tensors of a file.
///
/// # Errors
/// It is no safetensors file, or holds other numbers than floats of 32 bits.
pub fn unpack(bytes: &[u8]) -> Result<Weights, Diagnostic> {
    let mend = "give a file of weights that Signalbox wrote";
    let tensors = SafeTensors::deserialize(bytes).map_err(|e| Diagnostic::new("", e.to_string(), mend))?;
    let mut weights = Weights::new();
    for (of, view) in tensors.tensors() {
        if view.dtype() != Dtype::F32 {
            let message = format!("`{of}` holds {:?}, not numbers of 32 bits", view.dtype());
            return Err(Diagnostic::new("", message, mend));
        }
        let data = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        weights.insert(of, Tensor::new(view.shape(), data));
    }
    Ok(weights)
}

/// What was done to the run that a file is of, as far as the file tells.
pub fn touches(bytes: &[u8]) -> Vec<Touch> {
    let about = SafeTensors::read_metadata(bytes).ok().and_then(|(_, about)| about.metadata().clone());
    about.and_then(|about| touch::read(about.get("touched")?).ok()).unwrap_or_default()
}
