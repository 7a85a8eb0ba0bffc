//! The page's end of the line to a worker: to that of a session, or the examiner's.
//!
//! A message is an object: `header`, the bytes of a `Command` (or `Examine`) or an [`Event`]; from the page also `files`,
//! an array of `ArrayBuffer`s; from the worker also `payload`, a transferred `Float32Array`, or `file`, a
//! transferred `Uint8Array`, or `panic`, a text, when it died.

use std::cell::Cell;
use std::rc::Rc;

use engine::protocol::{Event, wire};
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlMetaElement, MessageEvent, Worker, WorkerOptions, WorkerType};

/// A running worker. Dropping it ends the worker.
pub struct Link {
    worker: Worker,
    _heard: Closure<dyn FnMut(MessageEvent)>,
    _failed: Closure<dyn FnMut(web_sys::Event)>,
}

/// What comes out of the worker.
pub enum Heard {
    /// An event and the floats that go with it.
    Event(Event, Float32Array),
    /// An event and the file that goes with it.
    File(Event, Uint8Array),
    /// The worker is of no more use, and why.
    Dead(String),
}

impl Link {
    /// Starts the worker in which a session runs.
    ///
    /// # Errors
    /// As for [`Link::to`].
    pub fn start(hear: impl Fn(Heard) + Clone + 'static) -> Result<Self, String> {
        Self::to("worker", hear)
    }

    /// Starts the worker that the page names in a `<meta>` of this name.
    ///
    /// # Errors
    /// Why the browser would not start one, in its own words.
    pub fn to(name: &str, hear: impl Fn(Heard) + Clone + 'static) -> Result<Self, String> {
        let worker = worker(name).map_err(|e| text(&e))?;
        // A panic is told twice, by its text and as an uncaught exception: the first counts, and nothing after it.
        let dead = Rc::new(Cell::new(false));
        let hear = move |heard: Heard| {
            if !dead.replace(dead.get() || matches!(heard, Heard::Dead(_))) {
                hear(heard);
            }
        };
        let told = hear.clone();
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |m: MessageEvent| told(read(&m.data())));
        // A script that does not load gives a plain event without a message.
        let failed = Closure::<dyn FnMut(web_sys::Event)>::new(move |e: web_sys::Event| {
            let message = Reflect::get(&e, &"message".into()).ok().and_then(|m| m.as_string());
            hear(Heard::Dead(message.unwrap_or_else(|| "its script did not load".into())));
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Ok(Self { worker, _heard: heard, _failed: failed })
    }

    /// Sends `command` with `files` beside it. The files are copied, so that the page can send them again.
    pub fn send<C: Serialize>(&self, command: &C, files: &[Uint8Array]) {
        let header = match wire::pack(command) {
            Ok(header) => Uint8Array::from(header.as_slice()),
            Err(error) => return web_sys::console::error_1(&error.into()),
        };
        let message = Object::new();
        let bytes: Array = files.iter().map(|f| JsValue::from(f.slice(0, f.length()).buffer())).collect();
        let transfer = bytes.clone();
        let sent = Reflect::set(&message, &"header".into(), &header.into())
            .and_then(|_| Reflect::set(&message, &"files".into(), &bytes))
            .and_then(|_| self.worker.post_message_with_transfer(&message, &transfer));
        if let Err(error) = sent {
            web_sys::console::error_1(&error);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// Starts a worker that the page names in a `<meta>` of this name.
///
/// # Errors
/// What the browser threw.
pub fn worker(name: &str) -> Result<Worker, JsValue> {
    let document = web_sys::window().and_then(|w| w.document()).ok_or("there is no document")?;
    let loader = document.query_selector(&format!("meta[name={name}]"))?.ok_or("the page does not name its worker")?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let base = document.base_uri()?.unwrap_or_default();
    let address = web_sys::Url::new_with_base(&loader.unchecked_into::<HtmlMetaElement>().content(), &base)?;
    Worker::new_with_options(&address.href(), &options)
}

fn read(message: &JsValue) -> Heard {
    let field = |name: &str| Reflect::get(message, &name.into()).unwrap_or_default();
    if let Some(panic) = field("panic").as_string() {
        return Heard::Dead(panic);
    }
    let header = field("header").dyn_into::<Uint8Array>().map(|header| header.to_vec()).unwrap_or_default();
    match wire::unpack(&header) {
        Ok(event) => {
            if let Ok(file) = field("file").dyn_into::<Uint8Array>() {
                return Heard::File(event, file);
            }
            let payload =
                field("payload").dyn_into::<Float32Array>().unwrap_or_else(|_| Float32Array::new_with_length(0));
            Heard::Event(event, payload)
        }
        Err(error) => Heard::Dead(format!("it said something unreadable ({error})")),
    }
}

/// What a JavaScript exception says.
pub fn text(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "the browser gave no reason".into())
}
