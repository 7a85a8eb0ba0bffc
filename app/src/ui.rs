//! Controls and drawing that know nothing of the lab.

pub mod canvas;
pub mod drawing;
pub mod field;
pub mod format;
pub mod frame;
pub mod knobs;
pub mod paint;
pub mod sound;
pub mod theme;
pub mod toolbar;

use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlCanvasElement, HtmlElement, Url};

/// Puts `text` on the clipboard, and tells whether it is there: a browser may refuse, as it does in a frame that was not
/// given the right to.
pub fn copy(text: &str, told: impl FnOnce(bool) + 'static) {
    if !can_copy() {
        return told(false);
    }
    let done = window().navigator().clipboard().write_text(text);
    spawn_local(async move { told(JsFuture::from(done).await.is_ok()) });
}

/// Gives the focus to the element named `id` once the page stands as it is to be, and opens what it is folded into.
pub fn focus(id: String) {
    request_animation_frame(move || {
        let Some(element) = document().get_element_by_id(&id).and_then(|e| e.dyn_into::<HtmlElement>().ok()) else {
            return;
        };
        // A summary is seen though its details are folded.
        if element.tag_name() != "SUMMARY"
            && let Ok(Some(fold)) = element.closest("details")
        {
            let _ = fold.set_attribute("open", "");
        }
        // It fails only for what can have no focus.
        let _ = element.focus();
    });
}

/// Brings the element named `id` onto the screen.
pub fn show(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        element.scroll_into_view();
    }
}

/// Scrolls the list named `list` as far as its entry named `id` asks for, and nothing else.
pub fn reveal(list: &str, id: &str) {
    let of = |id: &str| document().get_element_by_id(id).and_then(|e| e.dyn_into::<HtmlElement>().ok());
    if let (Some(list), Some(entry)) = (of(list), of(id)) {
        let (top, foot) = (entry.offset_top(), entry.offset_top() + entry.offset_height());
        if top < list.scroll_top() {
            list.set_scroll_top(top);
        } else if foot > list.scroll_top() + list.client_height() {
            list.set_scroll_top(foot - list.client_height());
        }
    }
}

/// Opens every fold in the element named `id`.
pub fn unfold(id: &str) {
    let Some(Ok(folds)) = document().get_element_by_id(id).map(|e| e.query_selector_all("details.view")) else {
        return;
    };
    for i in 0..folds.length() {
        if let Some(fold) = folds.item(i).and_then(|f| f.dyn_into::<web_sys::Element>().ok()) {
            let _ = fold.set_attribute("open", "");
        }
    }
}

/// Gives the focus to the first fold in the element named `id`, where it stands.
pub fn focus_first(id: &str) {
    let first = document().get_element_by_id(id).and_then(|e| e.query_selector("summary").ok().flatten());
    if let Some(first) = first.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = first.focus();
    }
}

/// Folds the details named `id`.
pub fn fold(id: &str) {
    if let Some(fold) = document().get_element_by_id(id) {
        let _ = fold.remove_attribute("open");
    }
}

/// Whether the page may write to the clipboard: not on an insecure address.
pub fn can_copy() -> bool {
    !JsValue::from(window().navigator().clipboard()).is_undefined()
}

/// Offers `text`, which is of this kind, as a file.
pub fn download(name: &str, text: &str, kind: &str) {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    if let Ok(blob) = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options) {
        offer(name, &blob);
    }
}

/// Offers bytes as a file.
pub fn download_bytes(name: &str, bytes: &Uint8Array) {
    let options = BlobPropertyBag::new();
    options.set_type("application/octet-stream");
    if let Ok(blob) = Blob::new_with_u8_array_sequence_and_options(&Array::of1(bytes), &options) {
        offer(name, &blob);
    }
}

/// Offers what stands on a canvas as a file.
pub fn download_picture(name: &str, canvas: &HtmlCanvasElement) {
    let name = name.to_owned();
    let made = Closure::once_into_js(move |blob: JsValue| {
        if let Ok(blob) = blob.dyn_into::<Blob>() {
            offer(&name, &blob);
        }
    });
    // It fails only for a canvas that shows what is another page's.
    let _ = canvas.to_blob(made.unchecked_ref());
}

fn offer(name: &str, blob: &Blob) {
    let Ok(url) = Url::create_object_url_with_blob(blob) else {
        return;
    };
    if let Ok(anchor) = document().create_element("a").map(JsCast::unchecked_into::<HtmlAnchorElement>) {
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    let _ = Url::revoke_object_url(&url);
}
