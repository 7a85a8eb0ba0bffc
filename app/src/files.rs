//! The files that datasets are made of: fetched from `data/` once, or given by the person. They stay in the page.

use std::collections::BTreeMap;

use engine::data::FILE_MAX;
use engine::diagnostic::Diagnostic;
use engine::protocol::{EntryInfo, FileInfo};
use js_sys::{ArrayBuffer, Function, Promise, Reflect, Uint8Array};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, Response};

use crate::tongue::t;
use crate::ui::format;

/// The most bytes of a run's own files that the browser's store is given.
const KEPT_MAX: u32 = 32 << 20;

/// Files at hand, by the name of the asset or by dataset and number of the person's own.
#[derive(Clone, Copy)]
pub struct Files {
    bytes: StoredValue<BTreeMap<String, Uint8Array>, LocalStorage>,
    /// The person's own files.
    own: RwSignal<BTreeMap<String, Own>>,
}

/// One of the person's own files, apart from its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Own {
    /// Which of the dataset's files it is.
    pub number: usize,
    /// As the person calls it.
    pub name: String,
    /// Of its content: its hash, or a name of its own where the browser computes none.
    pub id: String,
}

impl Files {
    pub fn new() -> Self {
        Self { bytes: StoredValue::new_local(BTreeMap::new()), own: RwSignal::default() }
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
        self.take(dataset, number, file.name(), Uint8Array::new(&buffer)).await;
        Ok(())
    }

    /// Keeps these bytes as a file of `dataset`, under a name that the person knows.
    pub async fn take(self, dataset: &str, number: usize, name: String, bytes: Uint8Array) {
        let id = hash(&bytes).await;
        self.give(dataset, Own { number, name, id }, bytes);
    }

    /// The same for a file whose id is known.
    pub fn give(self, dataset: &str, own: Own, bytes: Uint8Array) {
        let key = key(dataset, own.number);
        self.bytes.update_value(|b| {
            b.insert(key.clone(), bytes);
        });
        self.own.update(|all| {
            all.insert(key, own);
        });
    }

    /// The name of the file that the person chose.
    pub fn name(self, dataset: &str, number: usize) -> Option<String> {
        self.own.with(|all| all.get(&key(dataset, number)).map(|own| own.name.clone()))
    }

    /// The person's own files of `dataset` with their content; `None` where they are too large to be kept.
    pub fn worth_keeping(self, dataset: &str) -> Option<Vec<(Own, Uint8Array)>> {
        let all = self.own.with_untracked(|own| {
            let of = own.iter().filter(|(key, _)| key.rsplit_once('/').is_some_and(|(d, _)| d == dataset));
            of.map(|(key, own)| (own.clone(), self.bytes.with_value(|b| b.get(key).cloned()))).collect::<Vec<_>>()
        });
        let all: Vec<_> = all.into_iter().filter_map(|(own, bytes)| Some((own, bytes?))).collect();
        let size: u32 = all.iter().map(|(_, bytes)| bytes.length()).sum();
        (size <= KEPT_MAX).then_some(all)
    }
}

/// The SHA-256 of `bytes` in hexadecimal. Browsers compute it on pages of a secure origin alone; elsewhere a name that no
/// other content has.
async fn hash(bytes: &Uint8Array) -> String {
    let digest = async {
        let of = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok().filter(|v| !v.is_undefined());
        let subtle = of(&of(&js_sys::global(), "crypto")?, "subtle")?;
        let digest: Function = of(&subtle, "digest")?.dyn_into().ok()?;
        let promise: Promise = digest.call2(&subtle, &"SHA-256".into(), bytes).ok()?.dyn_into().ok()?;
        let buffer = JsFuture::from(promise).await.ok()?;
        Some(Uint8Array::new(&buffer).to_vec().iter().map(|b| format!("{b:02x}")).collect::<String>())
    };
    digest
        .await
        .unwrap_or_else(|| format!("{:x}-{:x}", js_sys::Date::now() as u64, (js_sys::Math::random() * 1e9) as u64))
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
