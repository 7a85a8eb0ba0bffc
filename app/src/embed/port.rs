//! The line between an embedded lab and the page around it: asks come in and are answered; what happens is told.
//!
//! An answer carries the `id` of its ask and `ok`; where that is false, `faults`, each with path, message and mend. What is
//! told unasked has an `event` instead. See docs/embedding.md.

use std::time::Duration;

use engine::diagnostic::Diagnostic;
use engine::spec::text;
use engine::touch;
use engine::weights::pack;
use js_sys::{ArrayBuffer, JSON, Reflect, Uint8Array};
use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, MessageEvent};

use super::ask::{self, Ask};
use super::host::Host;
use crate::operate;
use crate::race::Race;
use crate::state::Lab;

/// Bytes of weights that a message may bring, at most.
const WEIGHTS: u32 = 64 << 20;

/// See the head of this file; to be copied freely.
#[derive(Clone, Copy)]
pub struct Port {
    lab: Lab,
    race: Race,
    line: StoredValue<Line, LocalStorage>,
}

struct Line {
    host: Host,
    /// The timer of the readings.
    readings: Option<IntervalHandle>,
    height: f64,
}

impl Port {
    /// Opens the line, if there is a page around this one.
    pub fn open(lab: Lab, race: Race) -> Option<Self> {
        let hosts = lab.frame.with_untracked(|f| f.hosts.clone());
        let line = Line { host: Host::find(&hosts)?, readings: None, height: 0.0 };
        let port = Self { lab, race, line: StoredValue::new_local(line) };
        let heard = window_event_listener_untyped("message", move |event| {
            if let Ok(message) = event.dyn_into::<MessageEvent>() {
                port.hear(&message);
            }
        });
        // Lessons tell of answers by an event of the window: they need not know of a page around them.
        let answered = window_event_listener_untyped("signalbox:answered", move |event| port.answered(&event));
        on_cleanup(move || {
            heard.remove();
            answered.remove();
        });
        port.follow();
        Some(port)
    }

    /// How high the lab is now, in pixels of the page.
    pub fn height(self, height: f64) {
        let height = height.ceil();
        let changed = self.line.try_update_value(|l| std::mem::replace(&mut l.height, height) != height);
        if changed == Some(true) {
            self.say(json!({"event": "height", "height": height}));
        }
    }

    /// A learner has answered a question of a lesson: the event's detail says which lesson and question, what was
    /// answered, and whether that is right.
    fn answered(self, event: &web_sys::Event) {
        let Some(detail) = event.dyn_ref::<CustomEvent>().map(CustomEvent::detail) else { return };
        let Ok(detail) = written(&detail) else { return };
        let mut message = json!({"event": "answered"});
        for field in ["lesson", "question", "answer", "right"] {
            message[field] = detail.get(field).cloned().unwrap_or_default();
        }
        self.say(message);
    }

    fn say(self, message: Value) {
        self.line.with_value(|l| l.host.say(message, None));
    }

    /// Tells of the run what happens to it.
    fn follow(self) {
        let lab = self.lab;
        let ready = Memo::new(move |_| lab.loaded.with(Option::is_some));
        Effect::new(move |_| {
            if ready.get() {
                self.say(json!({"event": "ready", "version": env!("CARGO_PKG_VERSION")}));
            }
        });
        let moves = Memo::new(move |_| (lab.playing.get() && !lab.resting.get(), lab.resting.get()));
        Effect::new(move |before: Option<(bool, bool)>| {
            let (moves, resting) = moves.get();
            if before.is_some_and(|b| b.0) && !moves {
                let why = if resting { "unseen" } else { "asked" };
                let step = lab.progress.with_untracked(|p| p.step);
                self.say(json!({"event": "paused", "why": why, "step": step}));
            }
            (moves, resting)
        });
        Effect::new(move |_| {
            let faults = lab.faults.get();
            if !faults.is_empty() {
                self.say(json!({"event": "fault", "faults": faults}));
            }
        });
    }

    fn hear(self, message: &MessageEvent) {
        if !self.line.with_value(|l| l.host.hears(message)) {
            return;
        }
        let data = message.data();
        // Other scripts of the page around send messages too.
        let ours = data.is_object() && Reflect::has(&data, &"signalbox".into()).unwrap_or(false);
        if !ours {
            return;
        }
        match written(&data) {
            Ok(value) => {
                let id = ask::id(&value);
                match ask::read(&value) {
                    Ok(ask) => self.answer(id, ask, &data),
                    Err(faults) => self.refuse(&id, &faults),
                }
            }
            // Its sender is to know what has failed, whatever else is in it.
            Err(fault) => {
                let id = Reflect::get(&data, &"id".into()).unwrap_or_default();
                let id = id.as_f64().map(Value::from).or_else(|| id.as_string().map(Value::from));
                self.refuse(&ask::id(&json!({"id": id})), &[fault]);
            }
        }
    }

    fn refuse(self, id: &Value, faults: &[Diagnostic]) {
        self.say(json!({"id": id, "ok": false, "faults": faults}));
    }

    fn answer(self, id: Value, ask: Ask, data: &JsValue) {
        let lab = self.lab;
        let done = json!({"id": id, "ok": true});
        match ask {
            Ask::GetSpec => {
                let spec = lab.spec.with_untracked(object);
                let link = crate::fragment::full(&lab.whole_fragment());
                return self.say(json!({"id": id, "ok": true, "spec": spec, "link": link}));
            }
            Ask::SetSpec(spec) => lab.receive(*spec, None, Vec::new()),
            Ask::Do(deed) => {
                let deed = if deed.starts_with(operate::SCHEME) { deed } else { operate::SCHEME.to_owned() + &deed };
                let done = operate::read(&deed)
                    .and_then(|deeds| deeds.iter().try_for_each(|deed| lab.perform(self.race, deed)));
                if let Err(faults) = done {
                    return self.refuse(&id, &faults);
                }
            }
            Ask::Run => lab.play(),
            Ask::Pause => lab.pause(),
            Ask::Step(n) => (0..n).for_each(|_| lab.step()),
            Ask::Reset => lab.reset(),
            Ask::SaveState => return self.save(id),
            Ask::LoadState(spec, touches) => match weights(data) {
                Ok(weights) => lab.receive(*spec, weights, touches),
                Err(fault) => return self.refuse(&id, &[fault]),
            },
            Ask::WatchMetrics(every) => self.watch(every),
        }
        self.say(done);
    }

    /// Answers with the experiment and its weights.
    fn save(self, id: Value) {
        self.lab.pack(None, move |told| match told {
            Ok(packed) => {
                let spec = self.lab.loaded.with_untracked(|l| l.as_ref().map(|s| object(s)));
                let touched = touch::write(&packed.touches);
                let state = json!({"spec": spec, "step": packed.step, "touched": touched});
                let message = json!({"id": id, "ok": true, "state": state});
                let bytes = pack::bytes(&packed.text).unwrap_or_default();
                let buffer = JsValue::from(Uint8Array::from(bytes.as_slice()).buffer());
                self.line.with_value(|l| l.host.say(message, Some(("weights", buffer))));
            }
            Err(faults) => self.refuse(&id, &faults),
        });
    }

    /// Tells a reading every so many milliseconds, if it is another one.
    fn watch(self, every: Option<u32>) {
        if let Some(before) = self.line.try_update_value(|l| l.readings.take()).flatten() {
            before.clear();
        }
        let Some(every) = every else { return };
        let told = StoredValue::new(None);
        let tell = move || {
            let (progress, scores) = (self.lab.progress.get_untracked(), self.lab.scores.get_untracked());
            let now = Some((progress.step, progress.playing, scores.map(|s| s.step)));
            if told.get_value() == now {
                return;
            }
            told.set_value(now);
            self.say(json!({
                "event": "metrics",
                "playing": progress.playing,
                "step": progress.step,
                "epoch": progress.epoch,
                "loss": progress.loss,
                "accuracy": progress.accuracy,
                "samplesPerSecond": progress.samples_per_second,
                "evaluated": scores.map(|s| json!({"step": s.step, "train": s.train, "test": s.test})),
            }));
        };
        let timer = set_interval_with_handle(tell, Duration::from_millis(every.into())).ok();
        self.line.update_value(|l| l.readings = timer);
    }
}

/// A spec as an object.
fn object(spec: &engine::spec::Spec) -> Value {
    serde_json::from_str(&text::compact(spec)).unwrap_or_default()
}

/// A message as plain values, if it is not too large. Buffers become empty objects.
fn written(data: &JsValue) -> Result<Value, Diagnostic> {
    let odd = || Diagnostic::new("message", "it holds what cannot be written down", "send plain values");
    let text = JSON::stringify(data).ok().filter(|text| text.is_string()).ok_or_else(odd)?;
    if text.length() as usize > ask::MOST {
        let message = format!("it has {} letters, and at most {} are read", text.length(), ask::MOST);
        return Err(Diagnostic::new("message", message, "send less"));
    }
    let text = text.as_string().ok_or_else(odd)?;
    serde_json::from_str(&text).map_err(|_| Diagnostic::new("message", "it is nested too deeply", "send plain values"))
}

/// The packed weights in a message's `state`, if there are any.
fn weights(data: &JsValue) -> Result<Option<String>, Diagnostic> {
    let field = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap_or_default();
    let weights = field(&field(data, "state"), "weights");
    if weights.is_undefined() || weights.is_null() {
        return Ok(None);
    }
    let bytes = match weights.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => Uint8Array::new(&buffer),
        Err(other) => other.dyn_into::<Uint8Array>().map_err(|_| {
            Diagnostic::new("state › weights", "they are no ArrayBuffer", "give what save-state answered")
        })?,
    };
    if bytes.length() > WEIGHTS {
        let message = format!("they have {} bytes, and at most {WEIGHTS} are read", bytes.length());
        return Err(Diagnostic::new("state › weights", message, "keep them as a file"));
    }
    Ok(Some(pack::text(&bytes.to_vec())))
}
