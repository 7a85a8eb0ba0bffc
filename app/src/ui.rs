//! Controls and drawing that know nothing of the lab.

pub mod canvas;
pub mod field;
pub mod format;
pub mod frame;
pub mod knobs;
pub mod paint;
pub mod theme;

use js_sys::Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Puts `text` on the clipboard.
pub fn copy(text: &str) {
    let clipboard = window().navigator().clipboard();
    // An insecure page has none.
    if !JsValue::from(&clipboard).is_undefined() {
        let done = clipboard.write_text(text);
        spawn_local(async move {
            if let Err(error) = JsFuture::from(done).await {
                web_sys::console::warn_1(&error);
            }
        });
    }
}

/// Whether the page may write to the clipboard: not on an insecure address.
pub fn can_copy() -> bool {
    !JsValue::from(window().navigator().clipboard()).is_undefined()
}

/// Offers `text` as a file.
pub fn download(name: &str, text: &str) {
    let options = BlobPropertyBag::new();
    options.set_type("application/json");
    let parts = Array::of1(&text.into());
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) else {
        return;
    };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else {
        return;
    };
    if let Ok(anchor) = document().create_element("a").map(JsCast::unchecked_into::<HtmlAnchorElement>) {
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    let _ = Url::revoke_object_url(&url);
}
