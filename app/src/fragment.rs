//! The address as memory: `#room=papers/top-k&device=cpu&spec=…` holds the room one is in, the experiment, and where it
//! was asked to run; `card=top-k` before them names the card that the experiment was opened from. A link need not say all of it: what it leaves out stays as it is.

use engine::diagnostic::Diagnostic;
use engine::exec::Device;
use engine::spec::{Spec, link};

use crate::rooms::Room;

/// What the address asks for.
pub struct Address {
    pub room: Option<Room>,
    /// The card that the experiment is of.
    pub card: Option<String>,
    pub spec: Option<Spec>,
    pub device: Option<Device>,
    /// Why the experiment in the address cannot be read, and its text.
    pub fault: Option<(Vec<Diagnostic>, String)>,
}

/// Reads the fragment `text`, with or without its `#`.
pub fn read(text: &str) -> Address {
    let text = text.trim_start_matches('#');
    let mut address = Address { room: None, card: None, spec: None, device: None, fault: None };
    for part in text.split('&').filter(|p| !p.is_empty()) {
        match part.split_once('=') {
            Some(("device", "cpu")) => address.device = Some(Device::Cpu),
            Some(("device", "gpu")) => address.device = Some(Device::Gpu),
            Some(("room", room)) => address.room = Room::read(room),
            Some(("card", card)) => address.card = Some(card.to_owned()),
            Some(("spec", encoded)) => address.take(encoded),
            Some(_) | None => address.take(part),
        }
    }
    address
}

/// The fragment for an experiment in a room, without `#`.
pub fn write(room: &Room, card: Option<&str>, spec: &Spec, device: Option<Device>) -> String {
    let room = match room {
        Room::Lab => String::new(),
        other => format!("room={}&", other.write()),
    };
    let device = match device {
        Some(Device::Cpu) => "&device=cpu",
        Some(Device::Gpu) => "&device=gpu",
        None => "",
    };
    let card = card.map(|card| format!("card={card}&")).unwrap_or_default();
    format!("{room}{card}spec={}{device}", link::encode(spec))
}

impl Address {
    fn take(&mut self, encoded: &str) {
        match link::decode(encoded) {
            Ok(spec) => self.spec = Some(spec),
            Err(faults) => self.fault = Some((faults, encoded.to_owned())),
        }
    }
}

/// The whole address of the page with `fragment`.
pub fn address(fragment: &str) -> String {
    let here = web_sys::window().and_then(|w| w.location().href().ok()).unwrap_or_default();
    format!("{}#{fragment}", here.split('#').next().unwrap_or_default())
}

/// The fragment in the address bar.
pub fn present() -> String {
    web_sys::window().and_then(|w| w.location().hash().ok()).unwrap_or_default()
}

/// Puts `fragment` into the address bar without a new entry in the history.
pub fn show(fragment: &str) {
    let history = web_sys::window().and_then(|w| w.history().ok());
    if let Some(history) = history {
        // A sandboxed frame may refuse: then the link is still to be had by the button.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address(fragment)));
    }
}
