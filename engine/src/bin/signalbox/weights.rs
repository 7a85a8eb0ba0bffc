//! Weights from a file.

use std::path::Path;

use engine::diagnostic::Diagnostic;
use engine::export::safetensors;
use engine::weights::Weights;

use crate::files;

/// The weights of a file.
pub fn read(path: &Path) -> Result<Weights, Vec<Diagnostic>> {
    let bytes = files::bytes(path)?;
    safetensors::unpack(&bytes).map_err(|fault| vec![fault.within(&path.display().to_string())])
}
