//! What a command reads and writes: specs, datasets, results.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use engine::data::{DATASETS, Data, Source};
use engine::diagnostic::Diagnostic;
use engine::registry::{Knobs, find};
use engine::spec::{Spec, text};

/// The datasets' files, held in the program so that a copy of it works anywhere.
const ASSETS: &[(&str, &[u8])] = &[
    ("breast-cancer.sbd", include_bytes!("../../../../assets/data/breast-cancer.sbd")),
    ("digits.sbd", include_bytes!("../../../../assets/data/digits.sbd")),
    ("iris.sbd", include_bytes!("../../../../assets/data/iris.sbd")),
    ("mnist.sbd", include_bytes!("../../../../assets/data/mnist.sbd")),
    ("penguins.sbd", include_bytes!("../../../../assets/data/penguins.sbd")),
    ("photos.sbd", include_bytes!("../../../../assets/data/photos.sbd")),
    ("series.sbd", include_bytes!("../../../../assets/data/series.sbd")),
    ("shakespeare.sbd", include_bytes!("../../../../assets/data/shakespeare.sbd")),
    ("wine.sbd", include_bytes!("../../../../assets/data/wine.sbd")),
];

/// Files for datasets that are the person's own.
#[derive(Debug, Clone, Default, Args)]
pub struct Own {
    /// A file of your own for the dataset, once for each that it needs, in its order
    #[arg(long = "file", value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn unreadable(path: &Path, error: &std::io::Error) -> Vec<Diagnostic> {
    vec![Diagnostic::new(path.display().to_string(), format!("cannot be read: {error}"), "check the path")]
}

/// The content of a file.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Vec<Diagnostic>> {
    fs::read(path).map_err(|e| unreadable(path, &e))
}

/// Reads a spec; its faults begin with the file's name.
pub fn spec(path: &Path) -> Result<Spec, Vec<Diagnostic>> {
    let bytes = bytes(path)?;
    let name = path.display().to_string();
    let text = String::from_utf8(bytes)
        .map_err(|e| vec![Diagnostic::new(&name, e.to_string(), "save it as UTF-8 text, in JSON")])?;
    text::read(&text).map_err(|faults| faults.into_iter().map(|f| f.within(&name)).collect())
}

/// Loads the dataset that `spec` names.
pub fn data(spec: &Spec, own: &Own) -> Result<Data, Vec<Diagnostic>> {
    let dataset = find(DATASETS, &spec.data.id, "data").map_err(|f| vec![f])?;
    let knobs = Knobs::resolve(dataset.knobs(), &spec.data.settings, "data")?;
    let needed = match dataset.source() {
        Source::Own(parts) => parts,
        Source::Generated | Source::Asset(_) => &[],
    };
    if own.files.len() != needed.len() {
        let names: Vec<_> = needed.iter().map(|p| p.name).collect();
        let mend = if names.is_empty() {
            "leave --file away".to_owned()
        } else {
            format!("give --file for each of: {}", names.join(", "))
        };
        let message = format!("files given: {}, needed: {}", own.files.len(), needed.len());
        return Err(vec![Diagnostic::new("data", message, mend)]);
    }
    let bytes: Vec<Vec<u8>> = match dataset.source() {
        Source::Generated => Vec::new(),
        Source::Asset(file) => vec![asset(file)?.to_vec()],
        Source::Own(_) => {
            let read = |p: &PathBuf| fs::read(p).map_err(|e| unreadable(p, &e));
            own.files.iter().map(read).collect::<Result<_, _>>()?
        }
    };
    let slices: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    dataset.load(&slices, &knobs, spec.seed).map_err(|f| vec![f.within("data")])
}

/// A file that datasets are made of.
pub fn asset(file: &str) -> Result<&'static [u8], Vec<Diagnostic>> {
    let known = ASSETS.iter().find(|a| a.0 == file).map(|a| a.1);
    known.ok_or_else(|| vec![Diagnostic::new("data", format!("`{file}` is not part of this program"), "")])
}

/// Finds out whether a result can be written there, before it takes time to come by. What is there stays as it is.
pub fn writable(path: &Path) -> Result<(), Vec<Diagnostic>> {
    let there = path.exists();
    fs::OpenOptions::new().append(true).create(true).open(path).map_err(|e| unwritable(path, &e))?;
    if there { Ok(()) } else { fs::remove_file(path).map_err(|e| unwritable(path, &e)) }
}

/// Writes a result.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Vec<Diagnostic>> {
    fs::write(path, bytes).map_err(|e| unwritable(path, &e))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Vec<Diagnostic> {
    let message = format!("cannot be written: {error}");
    vec![Diagnostic::new(path.display().to_string(), message, "check the folder and its permissions")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_on_board() {
        for dataset in DATASETS {
            if let Source::Asset(file) = dataset.source() {
                assert!(asset(file).is_ok(), "{file}");
            }
        }
    }
}
