//! Weights from a file.

use std::path::Path;

use engine::diagnostic::Diagnostic;
use engine::export::safetensors;
use engine::touch::{Touch, What};
use engine::weights::Weights;

use crate::files;

/// The weights of a file, and what was done to the run that they are of.
pub fn read(path: &Path) -> Result<(Weights, Vec<Touch>), Vec<Diagnostic>> {
    let bytes = files::bytes(path)?;
    let weights = safetensors::unpack(&bytes).map_err(|fault| vec![fault.within(&path.display().to_string())])?;
    Ok((weights, safetensors::touches(&bytes)))
}

/// The same for a run that begins with them.
pub fn begin(path: &Path) -> Result<(Weights, Vec<Touch>), Vec<Diagnostic>> {
    let (weights, mut touches) = read(path)?;
    touches.push(Touch { step: 0, what: What::Given });
    Ok((weights, touches))
}
