//! What is shown when the page itself fails: a bug of ours, told so that it can be reported.

use crate::tongue::t;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, HtmlElement};

/// Has every panic written to the console, and the first one shown above the page.
pub fn tell() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        web_sys::console::error_1(&text.as_str().into());
        // Where not even this can be shown, the console has it.
        let _ = web_sys::window().and_then(|w| w.document()).map(|d| show(&d, &text));
    }));
}

fn show(document: &Document, text: &str) -> Result<(), JsValue> {
    if document.get_element_by_id("crash").is_some() {
        return Ok(());
    }
    let line = |tag: &str, text: &str| -> Result<Element, JsValue> {
        let element = document.create_element(tag)?;
        element.set_text_content(Some(text));
        Ok(element)
    };
    let notice = document.create_element("div")?;
    notice.set_id("crash");
    notice.set_attribute("role", "alert")?;
    let what = t("This page has failed, and what it shows may be wrong. Reload it: the experiment is in the address.");
    notice.append_child(line("p", what)?.as_ref())?;
    notice.append_child(line("pre", text)?.as_ref())?;
    let body: HtmlElement = document.body().ok_or("there is no body")?.unchecked_into();
    body.prepend_with_node_1(notice.as_ref())
}
