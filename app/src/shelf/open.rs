//! Opening the store, and bringing one of an older lab into the present form.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Function, Promise};
use leptos::prelude::set_timeout;
use leptos::task::spawn_local;
use serde_json::{Map, Value};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

const DATABASE: &str = "signalbox";
/// Raised when the stores below change. In version 1 a curve lay within its record.
const VERSION: u32 = 2;
/// Records, as JSON, by id.
pub const RUNS: &str = "runs";
/// Curves, as JSON, by the same ids.
pub const CURVES: &str = "curves";
/// States, as 32-bit floats, by the same ids.
pub const STATES: &str = "states";
/// The person's own files, as bytes, by the hash of their content.
pub const FILES: &str = "files";

thread_local! {
    static OPEN: RefCell<Option<Rc<Database>>> = const { RefCell::new(None) };
    /// The opening that goes on.
    static OPENING: RefCell<Option<Promise>> = const { RefCell::new(None) };
}

/// The store, opened once.
///
/// # Errors
/// Why there is none, in the browser's words.
pub async fn database() -> Result<Rc<Database>, String> {
    if let Some(open) = OPEN.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let opening = OPENING.with_borrow_mut(|o| o.get_or_insert_with(opening).clone());
    let opened = JsFuture::from(opening).await;
    if opened.is_err() {
        // It may be given another time.
        OPENING.set(None);
    }
    opened.map_err(|why| why.as_string().unwrap_or_else(|| "the browser gave no reason".into()))?;
    OPEN.with_borrow(Clone::clone).ok_or_else(|| "the store was closed".into())
}

/// Opens the store in its own time: a request that waits for another tab must live until that one is closed.
fn opening() -> Promise {
    Promise::new(&mut |resolve, reject| {
        spawn_local(async move {
            // Neither function of a promise throws.
            let _ = match open(reject.clone()).await {
                Ok(open) => {
                    OPEN.set(Some(Rc::new(open)));
                    resolve.call0(&JsValue::NULL)
                }
                Err(error) => reject.call1(&JsValue::NULL, &error.to_string().into()),
            };
        });
    })
}

async fn open(blocked: Function) -> Result<Database, Error> {
    let mut request = Factory::new()?.open(DATABASE, Some(VERSION))?;
    let from = Rc::new(Cell::new(VERSION));
    let older = from.clone();
    request.on_upgrade_needed(move |event| {
        older.set(event.old_version().unwrap_or(VERSION));
        if let Ok(database) = event.database() {
            let there = database.store_names();
            for store in [RUNS, CURVES, STATES, FILES].into_iter().filter(|s| !there.iter().any(|t| t == s)) {
                // Without it, whatever asks for the store says so.
                let _ = database.create_object_store(store, ObjectStoreParams::new());
            }
        }
    });
    request.on_blocked(move |_| {
        let why = "another tab holds it with an older version of the lab: close that tab, and reload this one";
        let _ = blocked.call1(&JsValue::NULL, &why.into());
    });
    let mut open = request.await?;
    // A newer lab in another tab must not wait for this one.
    open.on_version_change(|_| {
        OPENING.set(None);
        if let Some(open) = OPEN.take() {
            open.close();
            // It must not be dropped by its own callback.
            set_timeout(move || drop(open), Duration::ZERO);
        }
    });
    if from.get() == 1 {
        // What fails here leaves old records without their curves, and nothing worse.
        let _ = part(&open).await;
    }
    Ok(open)
}

/// Takes the curves out of the records of version 1, all of them or none.
async fn part(open: &Database) -> Result<(), Error> {
    let change = open.transaction(&[RUNS, CURVES], TransactionMode::ReadWrite)?;
    let (runs, curves) = (change.object_store(RUNS)?, change.object_store(CURVES)?);
    for text in runs.get_all(None, None)?.await? {
        let old = text.as_string().and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok());
        let Some(mut record) = old else { continue };
        let Some(key) = record.get("id").and_then(Value::as_str).map(JsValue::from_str) else { continue };
        let Some(curve) = record.remove("curve") else { continue };
        let (record, curve) = (Value::Object(record).to_string(), curve.to_string());
        runs.put(&record.into(), Some(&key))?.await?;
        curves.put(&curve.into(), Some(&key))?.await?;
    }
    change.commit()?.await.map(drop)
}
