//! The page: starts the worker and shows what it says.

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{HtmlMetaElement, MessageEvent, Worker, WorkerOptions, WorkerType};

fn main() -> Result<(), JsValue> {
    let document = web_sys::window().and_then(|window| window.document()).ok_or("no document")?;
    let body = document.body().ok_or("no body")?;
    let loader = document.query_selector("meta[name=worker]")?.ok_or("the page does not name its worker")?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&loader.unchecked_into::<HtmlMetaElement>().content(), &options)?;
    let status = document.create_element("p")?;
    status.set_attribute("role", "status")?;
    body.append_child(&status)?;
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        status.set_text_content(event.data().as_string().as_deref());
    });
    worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    Ok(())
}
