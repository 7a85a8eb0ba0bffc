//! The worker that reads lessons: Markdown and TeX come in, what the page shows goes out. It is loaded with the first
//! lesson, so that the page itself arrives without all this.
//!
//! A message is an array of a number and a text; the answer, of the same number and the JSON of a `Reading`.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

#[path = "../lesson/form.rs"]
#[allow(dead_code, reason = "the page uses the rest")]
mod form;
#[path = "../lesson/text/mod.rs"]
mod text;

fn main() {
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(|message: MessageEvent| {
        let message: Array = message.data().unchecked_into();
        let reading = text::read(&message.get(1).as_string().unwrap_or_default());
        let answer = serde_json::to_string(&reading).unwrap_or_default();
        if let Err(error) = scope().post_message(&Array::of2(&message.get(0), &answer.into())) {
            web_sys::console::error_1(&error);
        }
    });
    scope().set_onmessage(Some(heard.as_ref().unchecked_ref()));
    // The worker listens as long as it lives.
    heard.forget();
    // Whatever was sent before this moment would be lost.
    let _ = scope().post_message(&JsValue::TRUE);
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
