//! A link as a QR code (ISO/IEC 18004), drawn as one path.

use std::fmt::Write;

use crate::tongue::t;
use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

/// Modules of white around the code, by the standard.
const QUIET: i32 = 4;

#[component]
pub fn Qr(#[prop(into)] text: Signal<String>) -> impl IntoView {
    move || {
        match drawn(&text.get()) {
        Some((size, path)) => view! {
            // Readers want dark on light, whatever the page looks like.
            <svg class="qr" viewBox=format!("0 0 {size} {size}") role="img" aria-label=t("QR code of the link")>
                <path fill="#fff" d=format!("M0 0h{size}v{size}h-{size}z") />
                <path fill="#000" d=path />
            </svg>
        }
        .into_any(),
        None => view! { <p class="help">{t("This link is too long for a QR code. Take the short form, or leave the weights away.")}</p> }.into_any(),
    }
    }
}

/// The side of the picture in modules, and its dark ones as a path; `None` for a text that no code holds.
fn drawn(text: &str) -> Option<(i32, String)> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size()).take_while(|&x| code.get_module(x, y)).count() as i32;
            if run > 0 {
                // Writing to a text cannot fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run + 1;
        }
    }
    Some((code.size() + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_link_has_a_code_and_a_very_long_one_has_none() {
        let (size, path) = drawn("https://example.org/#preset=spiral").unwrap_or_default();
        // The upper left finder pattern: seven dark modules in its first row.
        assert!(path.starts_with("M4 4h7v1h-7z"), "{path}");
        assert!(size >= 21 + 2 * QUIET);
        assert_eq!(drawn(&"x".repeat(3000)), None);
    }
}
