//! The address as memory: `#room=papers/top-k&lesson=neuron.3&device=cpu&spec=…` holds the room one is in, the lesson that
//! is open, the experiment, and where it was asked to run. A link need not say all of it: what it leaves out stays as it is.

use engine::diagnostic::Diagnostic;
use engine::exec::Device;
use engine::spec::{Spec, link};

use crate::lesson::{Place, SHARED, keep};
use crate::rooms::Room;

/// What the address asks for.
pub struct Address {
    pub room: Option<Room>,
    pub lesson: Option<Place>,
    pub spec: Option<Spec>,
    pub device: Option<Device>,
    /// Why the experiment in the address cannot be read, and its text.
    pub fault: Option<(Vec<Diagnostic>, String)>,
}

/// Reads the fragment `text`, with or without its `#`.
pub fn read(text: &str) -> Address {
    let text = text.trim_start_matches('#');
    let mut address = Address { room: None, lesson: None, spec: None, device: None, fault: None };
    for part in text.split('&').filter(|p| !p.is_empty()) {
        match part.split_once('=') {
            Some(("device", "cpu")) => address.device = Some(Device::Cpu),
            Some(("device", "gpu")) => address.device = Some(Device::Gpu),
            Some(("room", room)) => address.room = Room::read(room),
            Some(("lesson", place)) => address.lesson = Place::read(place),
            // The lesson itself: from here on the browser keeps it, so that the address stays short.
            Some(("text", packed)) => {
                match link::unpack(packed).and_then(|bytes| String::from_utf8(bytes).map_err(|_| Vec::new())) {
                    Ok(text) if keep::text(SHARED).as_ref() != Some(&text) => {
                        keep::forget_progress(SHARED);
                        keep::put_text(SHARED, &text);
                    }
                    Ok(_) => {}
                    Err(faults) => address.fault = Some((faults, packed.to_owned())),
                }
            }
            Some(("spec", encoded)) => address.take(encoded),
            Some(_) | None => address.take(part),
        }
    }
    address
}

/// The fragment for an experiment in a room, beside a lesson, without `#`.
pub fn write(room: &Room, lesson: Option<&Place>, spec: &Spec, device: Option<Device>) -> String {
    let room = match room {
        Room::Lab => String::new(),
        other => format!("room={}&", other.write()),
    };
    let lesson = lesson.map(|place| format!("lesson={}&", place.write())).unwrap_or_default();
    let device = match device {
        Some(Device::Cpu) => "&device=cpu",
        Some(Device::Gpu) => "&device=gpu",
        None => "",
    };
    format!("{room}{lesson}spec={}{device}", link::encode(spec))
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
