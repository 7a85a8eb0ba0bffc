//! Files that are dropped anywhere on the page: each goes where one of its kind belongs.

use engine::spec::Choice;
use js_sys::{Array, Function, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use super::pictures::{self, Pictures};
use super::take;
use crate::state::{Lab, Notice};
use crate::tongue::t;

/// Files of dropped folders that are looked at.
const MOST: usize = 20_000;

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Picture,
    Zip,
    /// A file of a dataset: its id, and the file's number.
    Data(&'static str, usize),
    Spec,
    Weights,
    Unknown,
}

impl Kind {
    fn of(name: &str) -> Self {
        let name = name.to_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        let ends = |all: &[&str]| all.iter().any(|end| plain.ends_with(end));
        let answers = plain
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| ["y", "label", "labels", "target", "targets", "answers", "idx1"].contains(&word));
        if ends(&[".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".avif"]) {
            Kind::Picture
        } else if ends(&[".zip"]) {
            Kind::Zip
        } else if ends(&[".npz"]) {
            Kind::Data("own-npz", 0)
        } else if ends(&[".npy"]) {
            Kind::Data("own-npy", usize::from(answers))
        } else if ends(&[".csv", ".tsv"]) {
            Kind::Data("own-csv", 0)
        } else if ends(&[".txt", ".md"]) {
            Kind::Data("own-text", 0)
        } else if plain.contains("idx1") || plain.contains("idx3") || ends(&["ubyte", ".idx"]) {
            Kind::Data("own-idx", usize::from(answers))
        } else if ends(&[".json"]) {
            Kind::Spec
        } else if ends(&[".safetensors"]) {
            Kind::Weights
        } else {
            Kind::Unknown
        }
    }
}

/// Takes what is dropped on the page, as long as it lives.
pub fn listen(lab: Lab, pictures: Pictures) {
    let over = window_event_listener_untyped("dragover", |e| {
        if files_in(&e).is_some() {
            e.prevent_default();
        }
    });
    let dropped = window_event_listener_untyped("drop", move |e| {
        let Some(transfer) = files_in(&e) else { return };
        e.prevent_default();
        // What was dropped is told during this call alone.
        let (entries, files) = (entries(&transfer), listed(&transfer));
        spawn_local(async move {
            let mut all = Vec::new();
            for entry in entries {
                walk(entry, &mut all).await;
            }
            if all.is_empty() {
                all = files;
            }
            sort(lab, pictures, all);
        });
    });
    on_cleanup(move || {
        over.remove();
        dropped.remove();
    });
}

/// What is dragged, if it is files: blocks are dragged about in the page, too.
fn files_in(e: &web_sys::Event) -> Option<JsValue> {
    let transfer = Reflect::get(e, &"dataTransfer".into()).ok().filter(JsValue::is_object)?;
    let kinds = Array::from(&Reflect::get(&transfer, &"types".into()).ok()?);
    kinds.includes(&"Files".into(), 0).then_some(transfer)
}

fn list(of: &JsValue, name: &str) -> Vec<JsValue> {
    Reflect::get(of, &name.into()).map(|all| Array::from(&all).to_vec()).unwrap_or_default()
}

fn listed(transfer: &JsValue) -> Vec<(String, File)> {
    let files = list(transfer, "files").into_iter().filter_map(|f| f.dyn_into::<File>().ok());
    files.map(|f| (f.name(), f)).collect()
}

fn method(of: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(of, &name.into()).ok()?.dyn_into().ok()
}

/// The dropped files and folders, where the browser tells of folders.
fn entries(transfer: &JsValue) -> Vec<JsValue> {
    let entry = |item: &JsValue| method(item, "webkitGetAsEntry")?.call0(item).ok().filter(JsValue::is_object);
    list(transfer, "items").iter().filter_map(entry).collect()
}

/// What a method of the old kind gives, which takes what to call with it and what to call when it fails.
async fn given(of: &JsValue, name: &str) -> Option<JsValue> {
    let method = method(of, name)?;
    let promise = Promise::new(&mut |resolve, reject| {
        let _ = method.call2(of, &resolve, &reject);
    });
    JsFuture::from(promise).await.ok()
}

/// All files in and below an entry, each with its path.
async fn walk(entry: JsValue, all: &mut Vec<(String, File)>) {
    let mut waiting = vec![entry];
    while let Some(entry) = waiting.pop() {
        if all.len() > MOST {
            return;
        }
        let path = Reflect::get(&entry, &"fullPath".into()).ok().and_then(|p| p.as_string()).unwrap_or_default();
        if let Some(file) = given(&entry, "file").await.and_then(|f| f.dyn_into::<File>().ok()) {
            all.push((path.trim_start_matches('/').to_owned(), file));
        } else if let Some(reader) = method(&entry, "createReader").and_then(|m| m.call0(&entry).ok()) {
            // A reader gives some at a time, and in the end none.
            while let Some(some) = given(&reader, "readEntries").await.map(|s| Array::from(&s)) {
                if some.length() == 0 {
                    break;
                }
                waiting.extend(some.iter());
            }
        }
    }
}

/// Brings the files where they belong: the first that is of a known kind says what all of them are.
fn sort(lab: Lab, pictures: Pictures, files: Vec<(String, File)>) {
    let known = files.iter().map(|(path, file)| (Kind::of(path), file)).find(|(kind, _)| *kind != Kind::Unknown);
    let Some((kind, file)) = known.map(|(kind, file)| (kind, file.clone())) else {
        let name = files.first().map_or_else(|| t("What was dropped").to_owned(), |(path, _)| path.clone());
        let text = t(
            "Tables (CSV), arrays (NPY, NPZ), IDX files, pictures in folders or a zip, plain text, experiments (JSON) and weights (safetensors) can be dropped here.",
        );
        return lab.tell(Notice::alert("file", t!("{name} is of no kind that the lab reads", name), text));
    };
    lab.dismiss("file");
    let choose = |id: &str| {
        if lab.spec.with_untracked(|s| s.data.id != id) {
            lab.edit(|s| s.data = Choice::new(id));
        }
        // A link may lock the dataset; that is told where it is tried.
        lab.spec.with_untracked(|s| s.data.id == id)
    };
    match kind {
        Kind::Picture | Kind::Zip => {
            if choose(pictures::DATASET) {
                pictures.take(files);
            }
        }
        Kind::Data(id, _) => {
            let files = if choose(id) { files } else { Vec::new() };
            for (path, file) in files {
                match Kind::of(&path) {
                    Kind::Data(of, number) if of == id => take(lab, id.to_owned(), number, file),
                    Kind::Data(..) | Kind::Picture | Kind::Zip | Kind::Spec | Kind::Weights | Kind::Unknown => {}
                }
            }
        }
        Kind::Spec => crate::panels::header::open(lab, file),
        Kind::Weights => lab.bring(file),
        Kind::Unknown => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_names() {
        for (name, kind) in [
            ("cats/1.JPG", Kind::Picture),
            ("all.zip", Kind::Zip),
            ("mnist.npz", Kind::Data("own-npz", 0)),
            ("x_train.npy", Kind::Data("own-npy", 0)),
            ("y_train.npy", Kind::Data("own-npy", 1)),
            ("train_y.npy", Kind::Data("own-npy", 1)),
            ("y.npy", Kind::Data("own-npy", 1)),
            ("geometry.npy", Kind::Data("own-npy", 0)),
            ("labels.npy.gz", Kind::Data("own-npy", 1)),
            ("table.csv.gz", Kind::Data("own-csv", 0)),
            ("train-images-idx3-ubyte.gz", Kind::Data("own-idx", 0)),
            ("t10k-labels-idx1-ubyte", Kind::Data("own-idx", 1)),
            ("poem.txt", Kind::Data("own-text", 0)),
            ("experiment.json", Kind::Spec),
            ("model.safetensors", Kind::Weights),
            ("film.mp4", Kind::Unknown),
        ] {
            assert_eq!(Kind::of(name), kind, "{name}");
        }
    }
}
