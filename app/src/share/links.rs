//! Texts to give away: links and the snippets that frame the lab in another page.

use engine::exec::Device;
use engine::spec::{Spec, link, short};

use crate::embed::frame::Frame;
use crate::fragment;
use crate::state::{Packed, weights_part};

/// Letters beyond which some learning platforms and messengers cut a link.
pub const CUT: usize = 2000;
/// Letters of the weights in a link, at most.
pub const WEIGHTS: usize = 8000;
/// How high a framed lab is at first.
const HEIGHT: u32 = 640;

/// The fragment for `spec` on `device`, in its short form where that is wanted and there is one.
pub fn fragment(spec: &Spec, device: Option<Device>, short: bool, frame: &Frame, weights: Option<&Packed>) -> String {
    let brief = short.then(|| short::write(spec)).flatten();
    let spec = brief.unwrap_or_else(|| format!("spec={}", link::encode(spec)));
    let weights = weights.map(|w| weights_part(&w.text, &w.touches)).unwrap_or_default();
    format!("{spec}{}{}{weights}", fragment::on(device), frame.write())
}

/// A page's frame around the lab of this address.
pub fn iframe(address: &str) -> String {
    format!(
        "<iframe src=\"{}\" title=\"Signalbox\" width=\"100%\" height=\"{HEIGHT}\" loading=\"lazy\" \
         style=\"border: 0\" allow=\"clipboard-write\"></iframe>",
        attribute(address)
    )
}

/// The same by the custom element, which finds its height by itself. `folder` is where the lab lies.
pub fn element(folder: &str, fragment: &str) -> String {
    format!(
        "<script src=\"{}signalbox-lab.js\" async></script>\n<signalbox-lab spec=\"{}\"></signalbox-lab>",
        attribute(folder),
        attribute(fragment)
    )
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use engine::touch::{Touch, What};

    use super::*;

    #[test]
    fn what_is_given_away_opens_again() {
        let spec = engine::presets::default().spec;
        let frame = Frame { embed: true, lock: vec!["rule"], ..Frame::default() };
        let touches = vec![Touch { step: 9, what: What::Hand { last: 9, numbers: 1 } }];
        let packed = Packed { step: 20, exact: true, text: "AAAA".into(), touches };
        for short in [true, false] {
            let text = fragment(&spec, Some(Device::Cpu), short, &frame, Some(&packed));
            assert_eq!(text.starts_with("preset=digits-backprop&device=cpu"), short, "{text}");
            let address = fragment::read("", &text);
            assert_eq!(address.spec.as_ref(), Some(&spec));
            assert_eq!((address.frame, address.weights.as_deref()), (frame.clone(), Some("AAAA")));
            assert_eq!(address.touches, packed.touches);
        }
    }

    #[test]
    fn snippets_are_safe_html() {
        let text = iframe("https://lab.org/?a=\"<b>#x=1&y=2");
        assert!(text.contains("src=\"https://lab.org/?a=&quot;&lt;b>#x=1&amp;y=2\""), "{text}");
        assert!(element("https://lab.org/", "a&b").contains("src=\"https://lab.org/signalbox-lab.js\""));
    }
}
