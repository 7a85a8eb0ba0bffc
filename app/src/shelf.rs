//! The browser's own store (IndexedDB): what past runs were and came to, the states that they can go on from, and
//! the files of the person's own that they learn from. It never leaves the browser, and may be refused or emptied by it at any time.

use std::cell::RefCell;
use std::collections::BTreeSet;

use engine::exec::Device;
use engine::spec::{Spec, text};
use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, Query, TransactionMode};
use js_sys::{Float32Array, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};

use crate::files::Own;
use crate::state::{Curve, Scores};

const DATABASE: &str = "signalbox";
/// Raised when the stores below change.
const VERSION: u32 = 2;
/// Records, as JSON, by id.
const RUNS: &str = "runs";
/// States, as 32-bit floats, by the same ids.
const STATES: &str = "states";
/// The person's own files, as bytes, by the hash of their content.
const FILES: &str = "files";
/// Records that are kept, and states: the oldest go first.
const MOST_RUNS: usize = 100;
const MOST_STATES: usize = 12;

/// A run as it stood when it was last kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub id: String,
    /// The tab that ran it.
    pub tab: String,
    /// The build of the lab: a state is read by the build that wrote it alone.
    pub build: String,
    /// The experiment's text, as in a file.
    pub spec: String,
    /// Milliseconds since 1970.
    pub saved: f64,
    pub step: u64,
    pub playing: bool,
    pub device: Option<Device>,
    pub scores: Option<Scores>,
    pub curve: Curve,
    /// Whether a state lies beside it.
    pub state: bool,
    /// The person's own files that it learns from, where they are kept.
    #[serde(default)]
    pub files: Vec<Own>,
}

impl Record {
    /// The experiment, unless it can no longer be read.
    pub fn spec(&self) -> Option<Spec> {
        text::read(&self.spec).ok()
    }
}

thread_local! {
    static OPEN: RefCell<Option<std::rc::Rc<Database>>> = const { RefCell::new(None) };
}

async fn database() -> Result<std::rc::Rc<Database>, Error> {
    if let Some(open) = OPEN.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let mut request = Factory::new()?.open(DATABASE, Some(VERSION))?;
    request.on_upgrade_needed(|event| {
        if let Ok(database) = event.database() {
            for store in [RUNS, STATES, FILES] {
                // It fails only for a store that is there.
                let _ = database.create_object_store(store, ObjectStoreParams::new());
            }
        }
    });
    let open = std::rc::Rc::new(request.await?);
    OPEN.set(Some(open.clone()));
    Ok(open)
}

/// Keeps a record, with the state to go on from if there is one; without, the state that lay beside it stays. `files` are
/// those that the record names: what is kept already is not written again.
///
/// # Errors
/// Why the browser would not keep it, in its own words.
pub async fn put(record: &Record, state: Option<&Float32Array>, files: &[(Own, Uint8Array)]) -> Result<(), String> {
    let text = serde_json::to_string(record).map_err(|e| e.to_string())?;
    let key = JsValue::from_str(&record.id);
    let put = async {
        let change = database().await?.transaction(&[RUNS, STATES, FILES], TransactionMode::ReadWrite)?;
        for (own, bytes) in files {
            let id = JsValue::from_str(&own.id);
            if change.object_store(FILES)?.count(Some(Query::Key(id.clone())))?.await? == 0 {
                change.object_store(FILES)?.put(bytes, Some(&id))?.await?;
            }
        }
        change.object_store(RUNS)?.put(&text.into(), Some(&key))?.await?;
        if let Some(state) = state {
            change.object_store(STATES)?.put(state, Some(&key))?.await?;
        }
        change.commit()?.await
    };
    put.await.map(drop).map_err(|e| e.to_string())
}

/// Every record, the newest first. What cannot be read is left out.
///
/// # Errors
/// The browser gives the page no store.
pub async fn all() -> Result<Vec<Record>, String> {
    let read = async {
        let look = database().await?.transaction(&[RUNS], TransactionMode::ReadOnly)?;
        look.object_store(RUNS)?.get_all(None, None)?.await
    };
    let texts = read.await.map_err(|e: Error| e.to_string())?;
    let mut records: Vec<Record> = texts.iter().filter_map(|t| serde_json::from_str(&t.as_string()?).ok()).collect();
    records.sort_by(|a, b| b.saved.total_cmp(&a.saved));
    Ok(records)
}

/// The state that lies beside a record.
pub async fn state(id: &str) -> Option<Float32Array> {
    let read = async {
        let look = database().await?.transaction(&[STATES], TransactionMode::ReadOnly)?;
        look.object_store(STATES)?.get(JsValue::from_str(id))?.await
    };
    read.await.map_err(|e: Error| e).ok().flatten()?.dyn_into().ok()
}

/// One of the person's own files.
pub async fn file(id: &str) -> Option<Uint8Array> {
    let read = async {
        let look = database().await?.transaction(&[FILES], TransactionMode::ReadOnly)?;
        look.object_store(FILES)?.get(JsValue::from_str(id))?.await
    };
    read.await.map_err(|e: Error| e).ok().flatten()?.dyn_into().ok()
}

/// Takes away the files that no record names.
///
/// # Errors
/// The browser gives the page no store.
async fn sweep() -> Result<(), Error> {
    // One change, so that no record comes between the looking and the taking away.
    let change = database().await?.transaction(&[RUNS, FILES], TransactionMode::ReadWrite)?;
    let texts = change.object_store(RUNS)?.get_all(None, None)?.await?;
    let records = texts.iter().filter_map(|t| serde_json::from_str::<Record>(&t.as_string()?).ok());
    let used: BTreeSet<String> = records.flat_map(|r| r.files).map(|own| own.id).collect();
    for key in change.object_store(FILES)?.get_all_keys(None, None)?.await? {
        if !key.as_string().is_some_and(|id| used.contains(&id)) {
            change.object_store(FILES)?.delete(key)?.await?;
        }
    }
    change.commit()?.await.map(drop)
}

/// Takes records away, with what lies beside them.
///
/// # Errors
/// The browser gives the page no store.
pub async fn remove(ids: &[String]) -> Result<(), String> {
    let remove = async {
        let change = database().await?.transaction(&[RUNS, STATES], TransactionMode::ReadWrite)?;
        for store in [RUNS, STATES] {
            let store = change.object_store(store)?;
            for id in ids {
                store.delete(JsValue::from_str(id))?.await?;
            }
        }
        change.commit()?.await?;
        sweep().await
    };
    remove.await.map_err(|e: Error| e.to_string())
}

/// Takes away what is older than what is kept.
pub async fn prune() {
    let Ok(records) = all().await else { return };
    let old: Vec<String> = records.iter().skip(MOST_RUNS).map(|r| r.id.clone()).collect();
    // What fails here is tried again with the next run.
    let _ = remove(&old).await;
    for record in records.iter().take(MOST_RUNS).filter(|r| r.state).skip(MOST_STATES) {
        let forget = async {
            let change = database().await?.transaction(&[STATES], TransactionMode::ReadWrite)?;
            change.object_store(STATES)?.delete(JsValue::from_str(&record.id))?.await?;
            change.commit()?.await
        };
        if forget.await.is_ok() {
            let _ = put(&Record { state: false, ..record.clone() }, None, &[]).await;
        }
    }
}
