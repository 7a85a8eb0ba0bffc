//! The page's line to the worker that reads lessons, which is started with the first of them; and the texts themselves.

use std::cell::RefCell;
use std::collections::BTreeMap;

use js_sys::{Array, Function, Promise};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Worker};

use super::form::Reading;
use super::{DRAFT, SHARED, keep, place};
use crate::tongue::t;
use crate::{files, link};

/// A lesson as the list names it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Listed {
    pub name: String,
    pub title: String,
    pub summary: String,
    pub minutes: u32,
    pub level: String,
    /// Titles in other languages, by their tags.
    #[serde(default)]
    pub languages: BTreeMap<String, String>,
}

/// The list of lessons that came with the page.
///
/// # Errors
/// Why it did not arrive.
pub async fn index() -> Result<Vec<Listed>, String> {
    let text = fetch("lessons/index.json").await?;
    serde_json::from_str(&text).map_err(|e| t!("the list of lessons cannot be read: {why}", why = e))
}

/// Fetches and reads a lesson.
///
/// # Errors
/// Why there is none.
pub async fn named(name: &str) -> Result<Reading, String> {
    let text = match name {
        DRAFT | SHARED => keep::text(name).ok_or(t("this browser keeps no such lesson"))?,
        name if place::is_name(name) => fetch(&format!("lessons/{name}.md")).await?,
        name => return Err(t!("`{name}` is no lesson's name", name)),
    };
    let reading = read(&text).await?;
    if reading.lesson.steps.is_empty() { Err(t("there is no lesson of this name").into()) } else { Ok(reading) }
}

async fn fetch(path: &str) -> Result<String, String> {
    let bytes = files::fetch(path).await?;
    String::from_utf8(bytes.to_vec()).map_err(|_| t("it is no text").into())
}

/// Reads a lesson's text.
///
/// # Errors
/// The worker could not be started, or died.
pub async fn read(text: &str) -> Result<Reading, String> {
    let mut asked = Err(t("nothing was asked").to_owned());
    let promise = Promise::new(&mut |resolve, _| asked = ask(text, resolve));
    asked?;
    let answer = JsFuture::from(promise).await.ok().and_then(|a| a.as_string());
    let answer = answer.ok_or(t("the part of the page that reads lessons stopped: reload the page"))?;
    serde_json::from_str(&answer).map_err(|e| t!("the lesson came back unreadable: {why}", why = e))
}

/// The worker, and who waits for it.
struct Reader {
    worker: Worker,
    /// Whether it listens yet; what was asked before.
    ready: bool,
    asked: Vec<Array>,
    count: u32,
    waiting: BTreeMap<u32, Function>,
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _failed: Closure<dyn FnMut(web_sys::Event)>,
}

thread_local! {
    static READER: RefCell<Option<Reader>> = const { RefCell::new(None) };
}

fn ask(text: &str, resolve: Function) -> Result<(), String> {
    READER.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(start()?);
        }
        if let Some(reader) = slot {
            reader.count += 1;
            reader.waiting.insert(reader.count, resolve);
            reader.asked.push(Array::of2(&reader.count.into(), &text.into()));
            reader.send();
        }
        Ok(())
    })
}

impl Reader {
    fn send(&mut self) {
        if self.ready {
            for message in std::mem::take(&mut self.asked) {
                if let Err(error) = self.worker.post_message(&message) {
                    web_sys::console::error_1(&error);
                }
            }
        }
    }
}

fn start() -> Result<Reader, String> {
    let worker =
        link::worker("reader").map_err(|e| t!("the browser would not start a worker: {why}", why = link::text(&e)))?;
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(|message: MessageEvent| {
        let waiting = READER.with_borrow_mut(|slot| {
            let reader = slot.as_mut()?;
            let Ok(answer) = message.data().dyn_into::<Array>() else {
                reader.ready = true;
                reader.send();
                return None;
            };
            let number = answer.get(0).as_f64()? as u32;
            Some((reader.waiting.remove(&number)?, answer.get(1)))
        });
        if let Some((resolve, answer)) = waiting {
            let _ = resolve.call1(&JsValue::NULL, &answer);
        }
    });
    let failed = Closure::<dyn FnMut(web_sys::Event)>::new(|_| {
        // Who waited is told; the next text is read by another worker.
        let waiting = READER.with_borrow_mut(|slot| slot.as_mut().map(|r| std::mem::take(&mut r.waiting)));
        for resolve in waiting.unwrap_or_default().into_values() {
            let _ = resolve.call1(&JsValue::NULL, &JsValue::NULL);
        }
        // A closure must not drop itself while it runs.
        leptos::prelude::set_timeout(
            || {
                if let Some(dead) = READER.with_borrow_mut(Option::take) {
                    dead.worker.terminate();
                }
            },
            std::time::Duration::ZERO,
        );
    });
    worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
    let (asked, waiting) = (Vec::new(), BTreeMap::new());
    Ok(Reader { worker, ready: false, asked, count: 0, waiting, _heard: heard, _failed: failed })
}
