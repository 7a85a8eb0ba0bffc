//! What the page around an embedded lab may ask, as it comes: read with suspicion, answered in words.

use engine::diagnostic::{Diagnostic, instead};
use engine::presets::PRESETS;
use engine::spec::{Spec, link, short, text};
use engine::touch::{self, Touch};
use serde_json::{Map, Value};

/// Version of the messages.
pub const PROTOCOL: u64 = 1;
/// Letters of a message without its weights, at most.
pub const MOST: usize = 2 << 20;
/// Letters of an `id`, at most.
const ID: usize = 200;
/// Steps that one message may ask for one by one, at most.
const STEPS: u64 = 1000;
/// Milliseconds between two readings, at least, and where nothing else is said.
const EVERY: (u64, u64) = (100, 250);

/// Every ask, as messages write it.
pub const ASKS: [&str; 10] =
    ["get-spec", "set-spec", "do", "run", "pause", "step", "reset", "save-state", "load-state", "watch-metrics"];

/// See the head of this file.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    GetSpec,
    SetSpec(Box<Spec>),
    /// Deeds, in the words of lessons: `set?rate=0.01;run?steps=300`.
    Do(String),
    Run,
    Pause,
    Step(u32),
    Reset,
    SaveState,
    /// The weights come beside the message.
    LoadState(Box<Spec>, Vec<Touch>),
    /// Milliseconds between two readings; `None`: no more of them.
    WatchMetrics(Option<u32>),
}

/// A message's `id`, by which its sender knows the answer: a text or a number.
pub fn id(message: &Value) -> Value {
    match message.get("id") {
        Some(Value::String(id)) if id.len() <= ID => Value::from(id.as_str()),
        Some(Value::Number(id)) => Value::from(id.clone()),
        Some(_) | None => Value::Null,
    }
}

/// Reads a message.
///
/// # Errors
/// Whatever is wrong with it, of a spec every fault.
pub fn read(message: &Value) -> Result<Ask, Vec<Diagnostic>> {
    let Value::Object(fields) = message else {
        return Err(refuse("message", "it is no object", "send {signalbox: 1, id: 1, ask: \"get-spec\"}"));
    };
    match fields.get("signalbox").and_then(Value::as_u64) {
        Some(PROTOCOL) => {}
        Some(version) if version > PROTOCOL => {
            let message =
                format!("version {version} of the messages is newer than this Signalbox, which reads {PROTOCOL}");
            return Err(refuse("signalbox", &message, "embed a newer Signalbox"));
        }
        Some(_) | None => return Err(refuse("signalbox", "it is no version of the messages", "write signalbox: 1")),
    }
    let Some(ask) = fields.get("ask").and_then(Value::as_str) else {
        return Err(refuse("ask", "it is missing or no text", &format!("ask one of {}", ASKS.join(", "))));
    };
    match ask {
        "get-spec" => Ok(Ask::GetSpec),
        "set-spec" => wanted(fields).map(|spec| Ask::SetSpec(Box::new(spec))),
        "do" => match fields.get("deed") {
            Some(Value::String(deed)) => Ok(Ask::Do(deed.clone())),
            Some(_) | None => Err(refuse("deed", "it is missing or no text", "write deed: \"lab:set?rate=0.01\"")),
        },
        "run" => Ok(Ask::Run),
        "pause" => Ok(Ask::Pause),
        "step" => match fields.get("n").map(|n| n.as_u64().filter(|n| (1..=STEPS).contains(n))) {
            None => Ok(Ask::Step(1)),
            Some(Some(n)) => Ok(Ask::Step(n as u32)),
            Some(None) => Err(refuse("n", "it is no number of steps", &format!("give 1 to {STEPS}"))),
        },
        "reset" => Ok(Ask::Reset),
        "save-state" => Ok(Ask::SaveState),
        "load-state" => match fields.get("state").and_then(Value::as_object) {
            Some(state) => {
                let touched = state.get("touched").and_then(Value::as_str).unwrap_or_default();
                let touches = touch::read(touched).map_err(|fault| vec![fault.within("state")])?;
                wanted(state).map(|spec| Ask::LoadState(Box::new(spec), touches))
            }
            None => Err(refuse("state", "it is missing", "give what save-state answered")),
        },
        "watch-metrics" => match fields.get("every") {
            None => Ok(Ask::WatchMetrics(Some(EVERY.1 as u32))),
            Some(Value::Bool(false) | Value::Null) => Ok(Ask::WatchMetrics(None)),
            Some(every) => match every.as_u64() {
                Some(every) => Ok(Ask::WatchMetrics(Some(every.clamp(EVERY.0, 3_600_000) as u32))),
                None => Err(refuse("every", "it is no number of milliseconds", "give 100 or more, or false")),
            },
        },
        other => {
            let other: String = other.chars().take(40).collect();
            Err(refuse("ask", &format!("`{other}` is unknown"), &instead(&other, &ASKS)))
        }
    }
}

fn refuse(path: &str, message: &str, mend: &str) -> Vec<Diagnostic> {
    vec![Diagnostic::new(path, message, mend)]
}

/// The spec in a message: itself, as an object or a text; or a preset's id; or a link.
fn wanted(fields: &Map<String, Value>) -> Result<Spec, Vec<Diagnostic>> {
    let given: Vec<_> = ["spec", "preset", "link"].into_iter().filter_map(|k| Some((k, fields.get(k)?))).collect();
    match given[..] {
        [("spec", spec @ Value::Object(_))] => text::read(&spec.to_string()),
        [("spec", Value::String(spec))] => text::read(spec),
        [("preset", Value::String(preset))] => short::read(preset, &[]),
        [("link", Value::String(link))] => link::decode(link),
        [(key, _)] => {
            Err(refuse(key, "it is neither a text nor a spec", "give an experiment, a preset's id or a link"))
        }
        _ => {
            let presets: Vec<_> = PRESETS.iter().map(|make| make().id).collect();
            let mend = format!("give one of spec, link and preset ({})", presets.join(", "));
            Err(refuse("spec", "there must be one experiment", &mend))
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::touch::What;

    use super::*;

    fn asked(text: &str) -> Result<Ask, String> {
        let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        read(&value).map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn asks_are_read() {
        let spec = engine::presets::default().spec;
        let text = text::compact(&spec);
        assert_eq!(asked(r#"{"signalbox":1,"ask":"get-spec"}"#), Ok(Ask::GetSpec));
        assert_eq!(asked(r#"{"signalbox":1,"ask":"step","n":3}"#), Ok(Ask::Step(3)));
        assert_eq!(asked(r#"{"signalbox":1,"ask":"watch-metrics","every":1}"#), Ok(Ask::WatchMetrics(Some(100))));
        assert_eq!(asked(r#"{"signalbox":1,"ask":"watch-metrics","every":false}"#), Ok(Ask::WatchMetrics(None)));
        let set = Ok(Ask::SetSpec(Box::new(spec.clone())));
        assert_eq!(asked(&format!(r#"{{"signalbox":1,"ask":"set-spec","spec":{text}}}"#)), set);
        assert_eq!(asked(r#"{"signalbox":1,"ask":"set-spec","preset":"digits-backprop"}"#), set);
        let link = format!("https://example.org/#spec={}", link::encode(&spec));
        assert_eq!(asked(&format!(r#"{{"signalbox":1,"ask":"set-spec","link":"{link}"}}"#)), set);
        let load = asked(&format!(r#"{{"signalbox":1,"ask":"load-state","state":{{"spec":{text},"step":9}}}}"#));
        assert_eq!(load, Ok(Ask::LoadState(Box::new(spec.clone()), Vec::new())));
        let state = format!(r#"{{"spec":{text},"step":9,"touched":"0:given"}}"#);
        let load = asked(&format!(r#"{{"signalbox":1,"ask":"load-state","state":{state}}}"#));
        assert_eq!(load, Ok(Ask::LoadState(Box::new(spec), vec![Touch { step: 0, what: What::Given }])));
    }

    #[test]
    fn hostile_messages_are_answered_in_words() {
        for (message, said) in [
            ("[]", "message: it is no object"),
            ("{}", "signalbox: it is no version"),
            (r#"{"signalbox":"1","ask":"run"}"#, "signalbox: it is no version"),
            (r#"{"signalbox":2,"ask":"run"}"#, "signalbox: version 2 of the messages is newer"),
            (r#"{"signalbox":1}"#, "ask: it is missing"),
            (r#"{"signalbox":1,"ask":["run"]}"#, "ask: it is missing or no text"),
            (r#"{"signalbox":1,"ask":"rum"}"#, "ask: `rum` is unknown (did you mean `run`?)"),
            (r#"{"signalbox":1,"ask":"eval","code":"alert(1)"}"#, "ask: `eval` is unknown"),
            (r#"{"signalbox":1,"ask":"step","n":-1}"#, "n: it is no number of steps"),
            (r#"{"signalbox":1,"ask":"step","n":1e9}"#, "n: it is no number of steps"),
            (r#"{"signalbox":1,"ask":"watch-metrics","every":"fast"}"#, "every: it is no number"),
            (r#"{"signalbox":1,"ask":"set-spec"}"#, "spec: there must be one experiment"),
            (r#"{"signalbox":1,"ask":"set-spec","spec":1}"#, "spec: it is neither"),
            (r#"{"signalbox":1,"ask":"set-spec","spec":"","preset":"spiral"}"#, "spec: there must be one"),
            (r#"{"signalbox":1,"ask":"set-spec","spec":{}}"#, "version: missing"),
            (r#"{"signalbox":1,"ask":"set-spec","preset":"spirals"}"#, "preset: `spirals` is unknown"),
            (r#"{"signalbox":1,"ask":"load-state","state":7}"#, "state: it is missing"),
            (r#"{"signalbox":1,"ask":"load-state","state":{"touched":"x"}}"#, "state › touched: `x` is no touch"),
            (r#"{"signalbox":1,"ask":"do","deed":{}}"#, "deed: it is missing"),
        ] {
            let told = asked(message).err().unwrap_or_default();
            assert!(told.starts_with(said), "{message}: {told}");
        }
        let deep = format!(r#"{{"signalbox":1,"ask":"set-spec","spec":"{}"}}"#, "[".repeat(100_000));
        assert!(asked(&deep).is_err());
        let long = format!(r#"{{"signalbox":1,"ask":"{}"}}"#, "x".repeat(100_000));
        assert!(asked(&long).is_err_and(|told| told.len() < 400));
    }

    #[test]
    fn an_id_is_a_short_text_or_a_number() {
        let of = |text: &str| id(&serde_json::from_str(text).unwrap_or_default());
        assert_eq!(of(r#"{"id":7}"#), Value::from(7));
        assert_eq!(of(r#"{"id":"a"}"#), Value::from("a"));
        assert_eq!(of(r#"{"id":{"a":[]}}"#), Value::Null);
        assert_eq!(of(&format!(r#"{{"id":"{}"}}"#, "x".repeat(201))), Value::Null);
    }
}
