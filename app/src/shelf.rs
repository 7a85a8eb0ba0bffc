//! The browser's own store (IndexedDB): what past runs were and came to, the states that they can go on from, and the
//! files of the person's own that they learn from. It never leaves the browser, and may be refused or emptied by it at
//! any time.
//!
//! What lists show of a run, its [`Record`], lies apart from its curve and its state: looking through all runs reads
//! neither.

use std::collections::BTreeSet;

use engine::exec::Device;
use engine::sorting::{Sorting as _, collected};
use engine::spec::{Spec, text};
use engine::touch::Touch;
use idb::{Error, Query, TransactionMode, TransactionResult};
use js_sys::{Float32Array, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};

use crate::files::Own;
use crate::state::{Curve, Scores, sentence};

mod open;

use open::{CURVES, FILES, RUNS, STATES, database};

/// Single runs and races that are kept, and states: the oldest go first.
const MOST_RUNS: usize = 100;
const MOST_STATES: usize = 12;
/// Runs of all races together.
const MOST_RACED: usize = 600;

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
    /// Whether a state lies beside it.
    pub state: bool,
    /// The race that it was a run of.
    #[serde(default)]
    pub race: Option<Raced>,
    /// The person's own files that it learns from, where they are kept.
    #[serde(default)]
    pub files: Vec<Own>,
    /// What was done to it that its spec does not tell.
    #[serde(default)]
    pub touches: Vec<Touch>,
    /// The weights of a link that it began with, and what had been done to the run that they are of.
    #[serde(default)]
    pub begun: Option<(String, Vec<Touch>)>,
}

/// A race, as its runs name it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Raced {
    pub id: String,
    /// What the run is called among the others: its lane, or its cell.
    pub lane: String,
    /// The text of the experiment with its lanes or its sweep.
    pub spec: String,
}

/// Why something was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The browser has no more room for this page.
    Full,
    /// What the browser says.
    Refused(String),
}

impl Trouble {
    /// As a sentence.
    pub fn said(&self) -> String {
        match self {
            Trouble::Full => "The browser's store for this page is full.".into(),
            Trouble::Refused(why) => sentence(why),
        }
    }
}

impl Record {
    /// The experiment, unless it can no longer be read.
    pub fn spec(&self) -> Option<Spec> {
        text::read(&self.spec).ok()
    }
}

/// A change ends in its whole or not at all. One that the browser breaks off without a fault found no room at its end.
async fn whole(change: idb::Transaction) -> Result<(), Trouble> {
    match change.commit().map_err(trouble)?.await.map_err(trouble)? {
        TransactionResult::Committed => Ok(()),
        TransactionResult::Aborted => Err(Trouble::Full),
    }
}

fn trouble(error: Error) -> Trouble {
    let text = error.to_string();
    if text.contains("QuotaExceededError") { Trouble::Full } else { Trouble::Refused(text) }
}

/// Keeps a record, with its curve and the state to go on from if there are any; what is not given stays as it was.
///
/// # Errors
/// The browser would not keep it.
async fn put(record: &Record, curve: Option<&Curve>, state: Option<&Float32Array>) -> Result<(), Trouble> {
    let json = |e: serde_json::Error| Trouble::Refused(e.to_string());
    let text = serde_json::to_string(record).map_err(json)?;
    let curve = curve.map(serde_json::to_string).transpose().map_err(json)?;
    let key = JsValue::from_str(&record.id);
    let database = database().await.map_err(Trouble::Refused)?;
    let change = database.transaction(&[RUNS, CURVES, STATES], TransactionMode::ReadWrite).map_err(trouble)?;
    let lay = async {
        change.object_store(RUNS)?.put(&text.into(), Some(&key))?.await?;
        if let Some(curve) = curve {
            change.object_store(CURVES)?.put(&curve.into(), Some(&key))?.await?;
        }
        if let Some(state) = state {
            change.object_store(STATES)?.put(state, Some(&key))?.await?;
        }
        Ok::<_, Error>(())
    };
    lay.await.map_err(trouble)?;
    whole(change).await
}

/// As above. Where the browser's room is used up, the oldest states of other runs make some: tells how many went.
///
/// # Errors
/// The browser would not keep it, whatever went.
pub async fn keep(record: &Record, curve: &Curve, state: Option<&Float32Array>) -> Result<usize, Trouble> {
    let mut went: Vec<Record> = Vec::new();
    let kept = loop {
        match put(record, Some(curve), state).await {
            Err(Trouble::Full) => {}
            other => break other,
        }
        let gone: BTreeSet<&str> = collected(went.iter().map(|r| r.id.as_str()));
        let all = all().await.unwrap_or_default();
        let oldest = all.iter().rev().find(|r| r.state && r.id != record.id && !gone.contains(r.id.as_str())).cloned();
        match oldest {
            Some(old) if forget_state(&old.id).await.is_ok() => went.push(old),
            Some(_) | None => break Err(Trouble::Full),
        }
    };
    for old in &went {
        // A record that still names its state is opened at its beginning.
        let _ = put(&Record { state: false, ..old.clone() }, None, None).await;
    }
    kept.map(|()| went.len())
}

async fn forget_state(id: &str) -> Result<(), Trouble> {
    let database = database().await.map_err(Trouble::Refused)?;
    let change = database.transaction(&[STATES], TransactionMode::ReadWrite).map_err(trouble)?;
    let delete = async { change.object_store(STATES)?.delete(JsValue::from_str(id))?.await };
    delete.await.map_err(trouble)?;
    whole(change).await
}

/// Every record, the newest first. What cannot be read is left out.
///
/// # Errors
/// The browser gives the page no store.
pub async fn all() -> Result<Vec<Record>, String> {
    let database = database().await?;
    let read = async {
        let look = database.transaction(&[RUNS], TransactionMode::ReadOnly)?;
        look.object_store(RUNS)?.get_all(None, None)?.await
    };
    let texts = read.await.map_err(|e: Error| e.to_string())?;
    let mut records: Vec<Record> = texts.iter().filter_map(|t| serde_json::from_str(&t.as_string()?).ok()).collect();
    records.put_in_order_by(|a, b| b.saved.total_cmp(&a.saved));
    Ok(records)
}

/// What lies in `store` beside a record.
async fn beside(store: &str, id: &str) -> Option<JsValue> {
    let database = database().await.ok()?;
    let read = async {
        let look = database.transaction(&[store], TransactionMode::ReadOnly)?;
        look.object_store(store)?.get(JsValue::from_str(id))?.await
    };
    read.await.map_err(|e: Error| e).ok().flatten()
}

/// The state that lies beside a record.
pub async fn state(id: &str) -> Option<Float32Array> {
    beside(STATES, id).await?.dyn_into().ok()
}

/// The curve that lies beside a record; an empty one where there is none.
pub async fn curve(id: &str) -> Curve {
    let text = beside(CURVES, id).await.and_then(|text| text.as_string());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// One of the person's own files.
pub async fn file(id: &str) -> Option<Uint8Array> {
    beside(FILES, id).await?.dyn_into().ok()
}

/// Keeps files of the person's own: what is kept already is not written again. A record has to name them, or they go with
/// the next pruning.
///
/// # Errors
/// The browser would not keep them.
pub async fn put_files(files: &[(Own, Uint8Array)]) -> Result<(), Trouble> {
    if files.is_empty() {
        return Ok(());
    }
    let database = database().await.map_err(Trouble::Refused)?;
    let change = database.transaction(&[FILES], TransactionMode::ReadWrite).map_err(trouble)?;
    let lay = async {
        let store = change.object_store(FILES)?;
        for (own, bytes) in files {
            let id = JsValue::from_str(&own.id);
            if store.count(Some(Query::Key(id.clone())))?.await? == 0 {
                store.put(bytes, Some(&id))?.await?;
            }
        }
        Ok::<_, Error>(())
    };
    lay.await.map_err(trouble)?;
    whole(change).await
}

/// Takes away the files that no record names.
///
/// # Errors
/// The browser gives the page no store.
async fn sweep() -> Result<(), String> {
    let database = database().await?;
    let sweep = async {
        // One change, so that no record comes between the looking and the taking away.
        let change = database.transaction(&[RUNS, FILES], TransactionMode::ReadWrite)?;
        let texts = change.object_store(RUNS)?.get_all(None, None)?.await?;
        let records = texts.iter().filter_map(|t| serde_json::from_str::<Record>(&t.as_string()?).ok());
        let used: BTreeSet<String> = collected(records.flat_map(|r| r.files).map(|own| own.id));
        for key in change.object_store(FILES)?.get_all_keys(None, None)?.await? {
            if !key.as_string().is_some_and(|id| used.contains(&id)) {
                change.object_store(FILES)?.delete(key)?.await?;
            }
        }
        change.commit()?.await.map(drop)
    };
    sweep.await.map_err(|e: Error| e.to_string())
}

/// Takes records away, with what lies beside them.
///
/// # Errors
/// The browser gives the page no store.
pub async fn remove(ids: &[String]) -> Result<(), String> {
    let database = database().await?;
    let remove = async {
        let change = database.transaction(&[RUNS, CURVES, STATES], TransactionMode::ReadWrite)?;
        for store in [RUNS, CURVES, STATES] {
            let store = change.object_store(store)?;
            for id in ids {
                store.delete(JsValue::from_str(id))?.await?;
            }
        }
        change.commit()?.await.map(drop)
    };
    remove.await.map_err(|e: Error| e.to_string())?;
    sweep().await
}

/// Takes away what is older than what is kept.
pub async fn prune() {
    let Ok(records) = all().await else { return };
    let old = old(&records);
    if !old.is_empty() {
        // What fails here is tried again with the next run.
        let _ = remove(&old).await;
    }
    for record in records.iter().filter(|r| r.state && !old.contains(&r.id)).skip(MOST_STATES) {
        if forget_state(&record.id).await.is_ok() {
            let _ = put(&Record { state: false, ..record.clone() }, None, None).await;
        }
    }
}

/// Those of the records, which are sorted by their age, that are too many. A race counts as one, but its runs are counted
/// as well.
fn old(records: &[Record]) -> Vec<String> {
    let mut met: BTreeSet<&str> = BTreeSet::new();
    let mut raced = 0;
    let mut out = Vec::new();
    for record in records {
        raced += usize::from(record.race.is_some());
        met.insert(record.race.as_ref().map_or(&record.id, |race| &race.id));
        if met.len() > MOST_RUNS || (record.race.is_some() && raced > MOST_RACED) {
            out.push(record.id.clone());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: usize, race: Option<usize>) -> Record {
        Record {
            id: id.to_string(),
            tab: String::new(),
            build: String::new(),
            spec: String::new(),
            saved: 0.0,
            step: 0,
            playing: false,
            device: None,
            scores: None,
            state: false,
            race: race.map(|id| Raced { id: format!("race {id}"), lane: String::new(), spec: String::new() }),
            files: Vec::new(),
            touches: Vec::new(),
            begun: None,
        }
    }

    #[test]
    fn a_race_takes_the_place_of_one_run() {
        let single: Vec<_> = (0..MOST_RUNS + 2).map(|i| record(i, None)).collect();
        assert_eq!(old(&single), [MOST_RUNS.to_string(), (MOST_RUNS + 1).to_string()]);
        let raced: Vec<_> = (0..75).map(|i| record(i, Some(0))).chain((75..174).map(|i| record(i, None))).collect();
        assert!(old(&raced).is_empty(), "75 runs of one race and 99 others are 100");
    }

    #[test]
    fn races_do_not_grow_without_end() {
        let races: Vec<_> = (0..MOST_RACED + 5).map(|i| record(i, Some(i / 75))).collect();
        assert_eq!(old(&races).len(), 5);
    }

    #[test]
    fn a_record_of_an_older_lab_is_read() {
        let text = r#"{"id":"a","tab":"t","build":"b","spec":"{}","saved":1,"step":20,"playing":true,"device":null,
            "scores":null,"curve":{"batch_loss":{}},"state":true}"#;
        let record: Record = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((record.step, record.race, record.touches), (20, None, Vec::new()));
    }
}
