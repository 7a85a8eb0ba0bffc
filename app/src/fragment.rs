//! The address as memory: `#room=papers/top-k&lesson=neuron.3&card=top-k&spec=…&device=cpu&lock=rule` holds the room one
//! is in, the lesson and the card that are open, the experiment, where it was asked to run, weights to begin with, and
//! what of the page is shown and locked. A link need not say all of it: what it leaves out stays as it is. Every part is
//! `key=value`; a new kind of part is one more key.
//!
//! The experiment has its own versions (`engine::spec::link`); `v=2` would say that the parts themselves mean something
//! else. Version 1 is not written.

use engine::diagnostic::Diagnostic;
use engine::exec::Device;
use engine::spec::{Spec, link, percent, short};
use engine::touch::{self, Touch};

use crate::embed::frame::Frame;
use crate::lesson::{Place, SHARED, keep};
use crate::rooms::Room;

/// Version of the parts.
const VERSION: u32 = 1;
/// Letters of an address, at most.
const MOST: usize = 200_000;

/// What the address asks for.
#[derive(Default)]
pub struct Address {
    pub room: Option<Room>,
    pub lesson: Option<Place>,
    /// The card that the experiment is of.
    pub card: Option<String>,
    pub spec: Option<Spec>,
    pub device: Option<Device>,
    /// Weights to begin with, packed.
    pub weights: Option<String>,
    /// What was done to the run that they are of.
    pub touches: Vec<Touch>,
    pub frame: Frame,
    /// Why the experiment in the address cannot be read, and its text.
    pub fault: Option<(Vec<Diagnostic>, String)>,
    /// What else is wrong with the address. The rest of it holds.
    pub notes: Vec<Diagnostic>,
}

/// Reads the fragment `text`, with or without its `#`, over what the query says, with or without its `?`.
pub fn read(query: &str, text: &str) -> Address {
    let mut address = Address::default();
    for part in query.trim_start_matches('?').split('&') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        // A query may hold what others put there.
        address.frame.take(key, value, &mut address.notes);
    }
    let text = text.trim_start_matches('#');
    let refuse = |message: String, mend: &str| Some((vec![Diagnostic::new("link", message, mend)], String::new()));
    if text.len() > MOST {
        address.fault = refuse(
            format!("it has {} letters, and at most {MOST} are read", text.len()),
            "use a file for so large an experiment",
        );
        return address;
    }
    let version = text.split('&').find_map(|part| part.strip_prefix("v=")).map(str::parse::<u32>);
    if version.is_some_and(|v| v.is_ok_and(|v| v > VERSION)) {
        address.fault = refuse("it was made by a newer Signalbox".to_owned(), "open it with a newer Signalbox");
        return address;
    }
    let mut preset = None;
    let mut changes = Vec::new();
    for part in text.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let key = percent::decode(key);
        match key.as_str() {
            "device" if value == "cpu" => address.device = Some(Device::Cpu),
            "device" if value == "gpu" => address.device = Some(Device::Gpu),
            "room" => address.room = Room::read(&percent::decode(value)),
            "lesson" => address.lesson = Place::read(&percent::decode(value)),
            // The lesson itself: from here on the browser keeps it, so that the address stays short.
            "text" => address.keep_lesson(value),
            "card" => address.card = Some(percent::decode(value)),
            "spec" => address.take(link::decode(value), value),
            "preset" => preset = Some(percent::decode(value)),
            "weights" => address.weights = Some(value.to_owned()),
            "touched" => match touch::read(&percent::decode(value)) {
                Ok(touches) => address.touches = touches,
                Err(fault) => address.notes.push(fault),
            },
            "v" => {}
            key if short::is_change(key) => changes.push((key.to_owned(), percent::decode(value))),
            key if address.frame.take(key, value, &mut address.notes) => {}
            _ if part.contains('=') => {
                let key: String = key.chars().take(40).collect();
                address.notes.push(Diagnostic::new("link", format!("`{key}` is unknown"), "leave it away"));
            }
            _ => address.take(link::decode(part), part),
        }
    }
    match (&address.spec, preset) {
        (None, Some(preset)) => address.take(short::read(&preset, &changes), text),
        (None, None) if !changes.is_empty() && address.fault.is_none() => {
            let from = engine::presets::default().id;
            address.take(short::read(from, &changes), text);
        }
        (Some(_), _) | (None, None) => {}
    }
    address
}

/// The fragment for an experiment in a room, without `#`; with what is open beside it, by key.
pub fn write(room: &Room, beside: &[(&str, Option<String>)], spec: &Spec, device: Option<Device>) -> String {
    let room = match room {
        Room::Lab => String::new(),
        other => format!("room={}&", other.write()),
    };
    let open = beside.iter().filter_map(|(key, open)| Some(format!("{key}={}&", open.as_ref()?)));
    let open: String = open.collect();
    format!("{room}{open}spec={}{}", link::encode(spec), on(device))
}

/// The device that was asked for, as a part of an address with a `&` before it.
pub fn on(device: Option<Device>) -> &'static str {
    match device {
        Some(Device::Cpu) => "&device=cpu",
        Some(Device::Gpu) => "&device=gpu",
        None => "",
    }
}

impl Address {
    fn keep_lesson(&mut self, packed: &str) {
        match link::unpack(packed).and_then(|bytes| String::from_utf8(bytes).map_err(|_| Vec::new())) {
            Ok(text) if keep::text(SHARED).as_ref() != Some(&text) => {
                keep::forget_progress(SHARED);
                keep::put_text(SHARED, &text);
            }
            Ok(_) => {}
            Err(faults) => self.fault = Some((faults, packed.to_owned())),
        }
    }

    fn take(&mut self, read: Result<Spec, Vec<Diagnostic>>, text: &str) {
        match read {
            Ok(spec) => self.spec = Some(spec),
            Err(faults) => self.fault = Some((faults, text.to_owned())),
        }
    }
}

/// The whole address of the page with `fragment`.
pub fn address(fragment: &str) -> String {
    format!("{}#{fragment}", here().split('#').next().unwrap_or_default())
}

/// The same without the query: the lab by itself.
pub fn full(fragment: &str) -> String {
    format!("{}#{fragment}", here().split(['#', '?']).next().unwrap_or_default())
}

fn here() -> String {
    web_sys::window().and_then(|w| w.location().href().ok()).unwrap_or_default()
}

/// What the address bar asks for.
pub fn present() -> Address {
    let location = web_sys::window().map(|w| w.location());
    let part = |read: fn(&web_sys::Location) -> Result<String, wasm_bindgen::JsValue>| {
        location.as_ref().and_then(|l| read(l).ok()).unwrap_or_default()
    };
    read(&part(web_sys::Location::search), &part(web_sys::Location::hash))
}

/// What a change of the address asks for. It is read from the event, for the address may have been written over since.
pub fn changed(event: &web_sys::Event) -> Address {
    let new = js_sys::Reflect::get(event, &"newURL".into()).ok().and_then(|url| url.as_string()).unwrap_or_default();
    let query = web_sys::window().and_then(|w| w.location().search().ok()).unwrap_or_default();
    read(&query, new.find('#').map_or("", |at| &new[at..]))
}

/// Puts `fragment` into the address bar without a new entry in the history.
pub fn show(fragment: &str) {
    let history = web_sys::window().and_then(|w| w.history().ok());
    if let Some(history) = history {
        // A sandboxed frame may refuse: then the link is still to be had by the button.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address(fragment)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_survives() {
        let spec = engine::presets::default().spec;
        let text = write(&Room::Papers(Some("top-k".into())), &[], &spec, Some(Device::Cpu))
            + "&lock=rule&touched=120:hand:120:1&weights=AAAA";
        let address = read("?embed&utm=x", &format!("#{text}"));
        assert_eq!(address.spec, Some(spec));
        assert_eq!(address.room, Some(Room::Papers(Some("top-k".into()))));
        assert_eq!(address.weights.as_deref(), Some("AAAA"));
        assert_eq!(touch::write(&address.touches), "120:hand:120:1");
        assert!(address.frame.embed && address.frame.locks("rule"));
        assert!(address.fault.is_none() && address.notes.is_empty());
    }

    #[test]
    fn a_short_link_is_a_preset_and_what_differs() {
        let address = read("", "#preset=spiral&rate=0.05&1%2F1.linear%2Funits=9&device=cpu&hide=cost");
        let spec = address.spec.unwrap_or_else(|| panic!("{:?}", address.fault));
        assert_eq!((spec.rate, spec.data.id.as_str()), (0.05, "spiral"));
        assert_eq!(spec.stages[0][0].block.settings["units"], engine::registry::Setting::Int(9));
        assert_eq!(read("", "rate=0.05").spec.map(|s| s.rate), Some(0.05));
        let fault = read("", "preset=spirals").fault;
        assert!(fault.is_some_and(|f| f.0[0].to_string().contains("did you mean `spiral`?")));
    }

    #[test]
    fn lessons_and_links_call_presets_alike() {
        for make in engine::presets::PRESETS {
            let preset = make();
            assert_eq!(crate::operate::preset(preset.id).map(|p| p.spec), Some(preset.spec));
        }
    }

    #[test]
    fn what_is_not_understood_is_told_and_the_rest_holds() {
        let address = read("", "preset=spiral&colour=blue&lock=rul,rule&touched=1:what");
        assert!(address.spec.is_some());
        let notes: Vec<_> = address.notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes[0], "link: `colour` is unknown (leave it away)");
        assert!(notes[1].starts_with("lock: `rul` is unknown"));
        assert!(notes[2].starts_with("touched: `1:what` is no touch"));
    }

    #[test]
    fn hostile_addresses_are_refused() {
        assert!(read("", &"x".repeat(MOST + 1)).fault.is_some_and(|f| f.0[0].message.contains("letters")));
        let newer = read("", "v=2&spec=whatever");
        assert!(newer.fault.is_some_and(|f| f.0[0].message == "it was made by a newer Signalbox"));
        assert!(read("", "v=1&preset=spiral").spec.is_some());
        for text in ["spec=", "spec=%%%", "1.not-a-spec", "spec=eyJ2ZXJzaW9uIjo5OX0", "<script>alert(1)</script>"] {
            assert!(read("", text).fault.is_some(), "{text}");
        }
        assert!(read("?embed=1&lock=%ff%00", "&&&=&=").notes.len() > 1);
    }
}
