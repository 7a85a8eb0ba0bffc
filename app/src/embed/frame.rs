//! What a link says of the page around the experiment: embedded or not, which views, what is locked and what is hidden,
//! and which pages may speak to it.
//!
//! ```text
//! embed                        no header; the run's bar and some views
//! paused                       the run waits for Play
//! view=curves,samples          these views and no others
//! lock=rule,run.speed          disabled, with a word why
//! hide=network,run.race        not there
//! host=https://example.org     pages of this origin may speak to an embedded lab; `*`: any page around it
//! ```
//!
//! They stand in the fragment or, for hosts that rewrite fragments, in the query: `?embed&view=curves#spec=…`.
//! Locks are a courtesy to learners, not security: whoever can edit a link can take them away.

use engine::diagnostic::Diagnostic;
use engine::spec::{Spec, percent};

use super::parts::{self, Kind, Part};

/// Views of an embedded lab whose link names none.
pub const VIEWS: [&str; 4] = ["meters", "decision-surface", "curves", "samples"];
/// Origins in one link, at most.
const HOSTS: usize = 8;

/// See the head of this file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    pub embed: bool,
    pub paused: bool,
    /// `None`: all of them.
    pub view: Option<Vec<&'static str>>,
    pub lock: Vec<&'static str>,
    pub hide: Vec<&'static str>,
    pub hosts: Vec<String>,
}

impl Frame {
    /// Takes in one part of an address; whether it is one of the frame's.
    pub fn take(&mut self, key: &str, value: &str, faults: &mut Vec<Diagnostic>) -> bool {
        let value = percent::decode(value);
        let mut list = |fits: fn(&Part) -> bool| {
            let (known, wrong) = parts::read(&value, key, fits);
            faults.extend(wrong);
            known
        };
        let on = !matches!(value.as_str(), "0" | "false");
        match key {
            "embed" => self.embed = on,
            "paused" => self.paused = on,
            "view" => self.view = Some(list(Part::viewable)),
            "lock" => self.lock = list(Part::lockable),
            "hide" => self.hide = list(|_| true),
            "host" => {
                for host in value.split(',').map(str::trim).filter(|h| !h.is_empty()).take(HOSTS) {
                    match origin(host) {
                        Some(origin) => self.hosts.push(origin),
                        None => faults.push(Diagnostic::new(
                            "host",
                            format!("`{host}` is no origin"),
                            "write it as in `https://example.org`, or `*`",
                        )),
                    }
                }
            }
            _ => return false,
        }
        true
    }

    /// As parts of an address, each with a `&` before it.
    pub fn write(&self) -> String {
        let list = |key: &str, all: &[&str]| {
            let all = all.join(",");
            if all.is_empty() { String::new() } else { format!("&{key}={all}") }
        };
        let flag = |key: &str, on: bool| if on { format!("&{key}") } else { String::new() };
        let hosts: Vec<_> = self.hosts.iter().map(|h| if h == "*" { h.clone() } else { percent::encode(h) }).collect();
        [
            flag("embed", self.embed),
            flag("paused", self.paused),
            list("view", self.view.as_deref().unwrap_or_default()),
            list("lock", &self.lock),
            list("hide", &self.hide),
            list("host", &hosts.iter().map(String::as_str).collect::<Vec<_>>()),
        ]
        .concat()
    }

    /// Whether `part` is on the page.
    pub fn shows(&self, part: &str) -> bool {
        if self.names(&self.hide, part) {
            return false;
        }
        let Some(part) = Part::find(part).filter(|p| p.viewable()) else { return true };
        match &self.view {
            // In the lab by itself a link chooses between pictures; panels are there unless they are hidden.
            Some(view) => view.contains(&part.id) || !(self.embed || part.kind == Kind::Picture),
            None => !self.embed || VIEWS.contains(&part.id),
        }
    }

    /// Whether `part` cannot be changed.
    pub fn locks(&self, part: &str) -> bool {
        self.names(&self.lock, part)
    }

    /// Whether `part`, or the panel it is in, is in a list.
    fn names(&self, list: &[&str], part: &str) -> bool {
        list.contains(&part) || inside(part).is_some_and(|panel| list.contains(&panel))
    }

    /// The first part that is locked and differs between two specs.
    pub fn forbids(&self, from: &Spec, to: &Spec) -> Option<&'static Part> {
        if self.lock.is_empty() {
            return None;
        }
        let differ = [
            ("data", from.data != to.data),
            ("rule", from.rule != to.rule),
            ("optimizer", from.optimizer != to.optimizer),
            ("rate", from.rate != to.rate),
            ("schedule", from.schedule != to.schedule),
            ("batch", from.batch != to.batch),
            ("clip", from.clip != to.clip),
            ("loss", from.loss != to.loss),
            ("seed", from.seed != to.seed && self.locks("run.seed")),
            ("network", bare(from) != bare(to)),
            ("routing", routings(from) != routings(to)),
            ("race", (&from.lanes, &from.sweep, from.seeds, from.steps) != (&to.lanes, &to.sweep, to.seeds, to.steps)),
        ];
        differ.into_iter().filter(|(part, differs)| *differs && self.locks(part)).find_map(|(part, _)| Part::find(part))
    }
}

/// The panel that a control is in.
fn inside(part: &str) -> Option<&'static str> {
    match part {
        "data" | "rule" | "routing" | "optimizer" | "rate" | "schedule" | "batch" | "seed" | "clip" | "loss"
        | "device" => Some("experiment"),
        _ => part.starts_with("run.").then_some("run"),
    }
}

/// The stages without their routings.
fn bare(spec: &Spec) -> Vec<Vec<engine::spec::BlockSpec>> {
    fn blocks(all: &[engine::spec::BlockSpec]) -> Vec<engine::spec::BlockSpec> {
        let bare = |b: &engine::spec::BlockSpec| engine::spec::BlockSpec {
            block: b.block.clone(),
            routing: None,
            blocks: blocks(&b.blocks),
        };
        all.iter().map(bare).collect()
    }
    spec.stages.iter().map(|s| blocks(s)).collect()
}

/// Every routing, from the input on.
fn routings(spec: &Spec) -> Vec<&engine::spec::Choice> {
    fn blocks<'a>(all: &'a [engine::spec::BlockSpec], out: &mut Vec<&'a engine::spec::Choice>) {
        for block in all {
            out.extend(&block.routing);
            blocks(&block.blocks, out);
        }
    }
    let mut out = Vec::new();
    spec.stages.iter().for_each(|s| blocks(s, &mut out));
    out
}

/// An origin as browsers write it: scheme, host, and port where it is not the usual one; or `*`.
fn origin(text: &str) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    let (scheme, rest) = text.trim_end_matches('/').split_once("://")?;
    let letters =
        |t: &str, more: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    (letters(scheme, "+-.") && letters(rest, ".-:[]_")).then(|| {
        let usual = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => "",
        };
        let host = if usual.is_empty() { rest } else { rest.strip_suffix(usual).unwrap_or(rest) };
        format!("{}://{}", scheme.to_ascii_lowercase(), host.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use engine::registry::Setting;

    use super::*;

    fn read(text: &str) -> (Frame, Vec<Diagnostic>) {
        let (mut frame, mut faults) = (Frame::default(), Vec::new());
        for part in text.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            assert!(frame.take(key, value, &mut faults), "{part}");
        }
        (frame, faults)
    }

    #[test]
    fn a_frame_survives_its_link() {
        let text =
            "&embed&paused&view=curves,samples&lock=rule,run.speed&hide=network&host=https://example.org,http://a:81";
        let (frame, faults) = read(text);
        assert_eq!((frame.write().as_str(), faults.as_slice()), (text, &[][..]));
        assert_eq!(read("embed=0").0, Frame::default());
        assert_eq!(Frame::default().write(), "");
        assert_eq!(read("lock=rule%2Crun.speed").0.lock, ["rule", "run.speed"]);
    }

    #[test]
    fn a_panel_takes_its_controls_along() {
        let (frame, _) = read("lock=experiment,run.speed&hide=run,curves");
        assert!(frame.locks("rule") && frame.locks("experiment") && frame.locks("run.speed"));
        assert!(!frame.locks("run.play") && !frame.locks("network"));
        assert!(!frame.shows("run.step") && !frame.shows("curves") && frame.shows("samples"));
    }

    #[test]
    fn an_embedded_lab_shows_what_was_chosen() {
        let (frame, _) = read("embed");
        assert!(frame.shows("curves") && frame.shows("run") && !frame.shows("network") && !frame.shows("confusion"));
        let (frame, _) = read("embed&view=network,confusion");
        assert!(!frame.shows("curves") && frame.shows("network") && frame.shows("confusion"));
        let (frame, _) = read("view=confusion");
        assert!(!frame.shows("curves") && frame.shows("network") && frame.shows("confusion"));
    }

    #[test]
    fn what_is_locked_cannot_change() {
        let spec = engine::presets::default().spec;
        let change = |frame: &str, change: fn(&mut Spec)| {
            let mut after = spec.clone();
            change(&mut after);
            read(frame).0.forbids(&spec, &after).map(|p| p.id)
        };
        assert_eq!(change("lock=rule", |s| s.rule.id = "dtp".into()), Some("rule"));
        assert_eq!(change("lock=rule", |s| s.rate = 1.0), None);
        assert_eq!(change("lock=experiment", |s| s.rate = 1.0), Some("rate"));
        let units = |s: &mut Spec| _ = s.stages[0][0].block.settings.insert("units".into(), Setting::Int(3));
        assert_eq!(change("lock=network", units), Some("network"));
        assert_eq!(change("lock=routing", units), None);
        assert_eq!(change("lock=run.seed,seed", |s| s.seed = 9), Some("seed"));
        assert_eq!(change("", |s| s.seed = 9), None);
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for (text, meant) in [
            ("https://Example.org/", Some("https://example.org")),
            ("https://example.org:443", Some("https://example.org")),
            ("http://localhost:8080", Some("http://localhost:8080")),
            ("vscode-webview://abc", Some("vscode-webview://abc")),
            ("*", Some("*")),
            ("example.org", None),
            ("https://example.org/path", None),
            ("https://", None),
            ("javascript:alert(1)", None),
            ("null", None),
        ] {
            assert_eq!(origin(text).as_deref(), meant, "{text}");
        }
        assert_eq!(read("host=nonsense").1.len(), 1);
    }
}
