//! The files that datasets are made of: fetched from `data/` once, or given by the person. They stay in the page.

use std::collections::BTreeMap;

use engine::data::FILE_MAX;
use engine::diagnostic::Diagnostic;
use engine::protocol::{EntryInfo, FileInfo};
use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, Response};

use crate::tongue::t;
use crate::ui::format;

/// Files at hand, by the name of the asset or by dataset and number of the person's own.
#[derive(Clone, Copy)]
pub struct Files {
    bytes: StoredValue<BTreeMap<String, Uint8Array>, LocalStorage>,
    /// Names of the person's own files.
    names: RwSignal<BTreeMap<String, String>>,
}

impl Files {
    pub fn new() -> Self {
        Self { bytes: StoredValue::new_local(BTreeMap::new()), names: RwSignal::default() }
    }

    /// The files of `dataset`, in its own order.
    ///
    /// # Errors
    /// A file that cannot be fetched, or one of the person's own that is not there.
    pub async fn of(self, dataset: &EntryInfo) -> Result<Vec<Uint8Array>, Diagnostic> {
        let mut all = Vec::new();
        for (number, file) in dataset.files.iter().enumerate() {
            all.push(match file {
                FileInfo::Asset(name) => self.asset(name).await?,
                FileInfo::Own { name, .. } => {
                    self.bytes.with_value(|b| b.get(&key(&dataset.id, number)).cloned()).ok_or_else(|| {
                        Diagnostic::new(
                            "data",
                            t!("no file is chosen yet: {name}", name),
                            t("choose one; it stays in this page"),
                        )
                    })?
                }
            });
        }
        Ok(all)
    }

    /// An asset by its name.
    ///
    /// # Errors
    /// It cannot be fetched.
    pub async fn asset(self, name: &str) -> Result<Uint8Array, Diagnostic> {
        if let Some(bytes) = self.bytes.with_value(|b| b.get(name).cloned()) {
            return Ok(bytes);
        }
        let fault =
            |why: String| Diagnostic::new(format!("data › {name}"), why, t("check the connection and try again"));
        let bytes = fetch(&format!("data/{name}")).await.map_err(fault)?;
        self.bytes.update_value(|b| {
            b.insert(name.to_owned(), bytes.clone());
        });
        Ok(bytes)
    }

    /// Keeps a file that the person chose for `dataset`.
    ///
    /// # Errors
    /// It is too large, or why the browser could not read it.
    pub async fn keep(self, dataset: &str, number: usize, file: File) -> Result<(), String> {
        if file.size() > FILE_MAX as f64 {
            let (have, most) = (format::bytes(file.size() as u64), format::bytes(FILE_MAX as u64));
            return Err(t!(
                "it has {have}, and at most {most} are read: leave out some rows or images, or pack it with gzip",
                have,
                most
            ));
        }
        let buffer = JsFuture::from(file.array_buffer()).await.map_err(|_| t("the browser could not read the file"))?;
        self.bytes.update_value(|b| {
            b.insert(key(dataset, number), Uint8Array::new(&buffer));
        });
        self.names.update(|n| {
            n.insert(key(dataset, number), file.name());
        });
        Ok(())
    }

    /// The name of the file that the person chose.
    pub fn name(self, dataset: &str, number: usize) -> Option<String> {
        self.names.with(|n| n.get(&key(dataset, number)).cloned())
    }
}

fn key(dataset: &str, number: usize) -> String {
    format!("{dataset}/{number}")
}

/// A file beside the page.
///
/// # Errors
/// Why it did not arrive.
pub async fn fetch(path: &str) -> Result<Uint8Array, String> {
    let window = web_sys::window().ok_or("there is no window")?;
    let response = JsFuture::from(window.fetch_with_str(path)).await.map_err(|_| t("it did not arrive"))?;
    let response: Response = response.dyn_into().map_err(|_| t("the answer is no response"))?;
    if !response.ok() {
        return Err(t!("the server answered {status}", status = response.status()));
    }
    let buffer = response.array_buffer().map_err(|_| t("the answer has no content"))?;
    let buffer: JsValue = JsFuture::from(buffer).await.map_err(|_| t("it broke off"))?;
    Ok(Uint8Array::new(&buffer.unchecked_into::<ArrayBuffer>()))
}
