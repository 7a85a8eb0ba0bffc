//! The language that the page speaks. As in gettext, the English text in the source is the key: `t("Undo")`, and
//! `t!("Stage {number}", number = i + 1)` with parts that have names, so that another language can turn them round.
//!
//! Other languages lie in `assets/locale/`, and are fetched before the page is made: texts of the page in `es.json`, what
//! the engine's entries say of themselves in `es.catalogue.json`. What they lack stays English. The language does not
//! change in the life of a page: the address says it (`lang=es`), else what the person chose before, else the browser.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::OnceLock;

use engine::protocol::Catalogue;
use engine::spec::percent;

use crate::files;

/// A language of the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Language {
    /// The tag, without a region.
    pub tag: &'static str,
    /// What those who speak it call it.
    pub name: &'static str,
}

/// Every language that the page speaks; English, which is in the source, first.
pub const LANGUAGES: [Language; 2] = [Language { tag: "en", name: "English" }, Language { tag: "es", name: "Español" }];

/// Where the person's choice is kept.
const CHOICE: &str = "signalbox-language";

static TONGUE: OnceLock<Tongue> = OnceLock::new();

struct Tongue {
    language: &'static Language,
    texts: BTreeMap<String, String>,
}

/// The language that the page speaks.
pub fn present() -> &'static Language {
    TONGUE.get().map_or(&LANGUAGES[0], |tongue| tongue.language)
}

/// The `lang` of a text that is English whatever the page speaks.
pub fn english() -> Option<&'static str> {
    (present() != &LANGUAGES[0]).then_some("en")
}

/// A text in the page's language.
pub fn t(english: &str) -> &str {
    TONGUE.get().and_then(|tongue| tongue.texts.get(english)).map_or(english, String::as_str)
}

/// A text in the page's language with `{parts}`, of which each stands where its name does.
macro_rules! t {
    ($english:literal $(, $name:ident $(= $value:expr)?)+ $(,)?) => {
        $crate::tongue::fill($english, &[$((stringify!($name), &part!($name $(= $value)?))),+])
    };
}

macro_rules! part {
    ($name:ident) => {
        $name
    };
    ($name:ident = $value:expr) => {
        $value
    };
}

/// Marks a text that is translated where it is shown, by `t`: in constants, for example.
macro_rules! key {
    ($english:literal) => {
        $english
    };
}

mod heard;

pub use heard::heard;

/// What [`t!`](t) comes to.
pub fn fill(english: &str, parts: &[(&str, &dyn Display)]) -> String {
    let mut rest = t(english);
    let mut out = String::new();
    while let Some((before, (name, after))) = rest.split_once('{').and_then(|(b, r)| Some((b, r.split_once('}')?))) {
        out += before;
        match parts.iter().find(|part| part.0 == name) {
            Some((_, value)) => out += &value.to_string(),
            None => out += &format!("{{{name}}}"),
        }
        rest = after;
    }
    out + rest
}

/// Whatever the entries say of themselves, in the page's language.
pub fn translate(mut catalogue: Catalogue) -> Catalogue {
    if TONGUE.get().is_none() {
        return catalogue;
    }
    let put = |text: &mut String| *text = t(text).to_owned();
    for entry in entries(&mut catalogue) {
        put(&mut entry.name);
        put(&mut entry.help);
        for file in &mut entry.files {
            if let engine::protocol::FileInfo::Own { name, .. } = file {
                put(name);
            }
        }
        for knob in &mut entry.knobs {
            put(&mut knob.name);
            put(&mut knob.help);
        }
    }
    catalogue.cards.values_mut().for_each(put);
    catalogue
}

fn entries(c: &mut Catalogue) -> impl Iterator<Item = &mut engine::protocol::EntryInfo> {
    let registries = [
        &mut c.blocks,
        &mut c.datasets,
        &mut c.optimizers,
        &mut c.probes,
        &mut c.routings,
        &mut c.rules,
        &mut c.schedules,
        &mut c.transforms,
    ];
    registries.into_iter().flatten()
}

/// Makes the page speak the language that is asked for, and says so to whoever reads it aloud.
///
/// # Errors
/// Why the texts of another language than English did not come: the page speaks English then.
pub async fn learn() -> Result<(), String> {
    let language = asked();
    let mut texts = BTreeMap::new();
    if language != &LANGUAGES[0] {
        for file in [format!("locale/{}.json", language.tag), format!("locale/{}.catalogue.json", language.tag)] {
            let bytes = files::fetch(&file).await.map_err(|why| format!("{file}: {why}"))?;
            let part: BTreeMap<String, String> =
                serde_json::from_slice(&bytes.to_vec()).map_err(|why| format!("{file}: {why}"))?;
            texts.extend(part);
        }
        // It is set once: nobody has spoken before.
        let _ = TONGUE.set(Tongue { language, texts });
    }
    if let Some(document) = web_sys::window().and_then(|w| w.document()) {
        if let Some(root) = document.document_element() {
            let _ = root.set_attribute("lang", language.tag);
        }
        document.set_title(t("Signalbox: how networks learn and how signals find their way"));
    }
    Ok(())
}

fn asked() -> &'static Language {
    let window = web_sys::window();
    let location = window.as_ref().map(web_sys::Window::location);
    let fragment = location.as_ref().and_then(|l| l.hash().ok()).unwrap_or_default();
    let query = location.as_ref().and_then(|l| l.search().ok()).unwrap_or_default();
    let chosen = memory().and_then(|m| m.get_item(CHOICE).ok().flatten());
    let browser = window.and_then(|w| w.navigator().language());
    let wanted = [said(&fragment), said(&query), chosen, browser];
    wanted.iter().flatten().find_map(|tag| find(tag)).unwrap_or(&LANGUAGES[0])
}

/// The language that a fragment or a query names.
fn said(address: &str) -> Option<String> {
    address.trim_start_matches(['#', '?']).split('&').find_map(|part| part.strip_prefix("lang=")).map(percent::decode)
}

/// The language of a tag such as `es-MX`, if the page speaks it.
pub fn find(tag: &str) -> Option<&'static Language> {
    let tag = tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    LANGUAGES.iter().find(|l| l.tag == tag)
}

/// Keeps the person's choice for the pages to come.
pub fn keep(language: &Language) {
    if let Some(memory) = memory() {
        // A browser that keeps nothing asks again.
        let _ = memory.set_item(CHOICE, language.tag);
    }
}

fn memory() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

#[cfg(test)]
mod tests;
