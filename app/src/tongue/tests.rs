//! The sources against the files of texts: nothing is missing in them, nothing is left over, nothing is forgotten here.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use engine::cards::library::CardInfo;
use engine::protocol::FileInfo;

use super::{LANGUAGES, fill, find};

/// Names that are the same in every language.
const NAMES: [&str; 9] = ["Signalbox", "GFLOP/s", "JSON", "SVG", "PNG", "x", "w", "w · x", "weight, 1/*, is:gradient"];
/// Attributes that people read or hear.
const SAID: [&str; 7] = ["aria-label", "title", "placeholder", "label", "called", "help", "said"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

fn texts(name: &str) -> BTreeMap<String, String> {
    serde_json::from_str(&read(&root().join("assets/locale").join(name))).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// Every source of the page, without its tests.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                walk(&entry, out);
            } else if entry.extension().is_some_and(|e| e == "rs") && !entry.ends_with("tests.rs") {
                out.push(entry);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root().join("app/src"), &mut paths);
    paths.sort();
    let source = |path: PathBuf| {
        let text = read(&path);
        let end = text.find("#[cfg(test)]\n").unwrap_or(text.len());
        (path.display().to_string(), text[..end].to_owned())
    };
    paths.into_iter().map(source).collect()
}

/// The string literals of a source: what stands before each, what is in it, what comes after it.
fn literals(source: &str) -> Vec<(&str, &str, &str)> {
    let bytes = source.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'/' if source[at..].starts_with("//") => at += source[at..].find('\n').unwrap_or(source.len() - at),
            b'r' if source[at..].starts_with("r\"") || source[at..].starts_with("r#\"") => {
                let end = if bytes[at + 1] == b'#' { "\"#" } else { "\"" };
                at += end.len() + 1;
                at += source[at..].find(end).unwrap() + end.len();
            }
            b'\'' => {
                // A character; what is none is a lifetime.
                let rest = &source[at + 1..];
                let escaped = usize::from(rest.starts_with('\\'));
                let one = rest.chars().nth(escaped).map_or(0, char::len_utf8) + escaped;
                at += if rest[one..].starts_with('\'') { one + 2 } else { 1 };
            }
            b'"' => {
                let start = at + 1;
                at = start;
                while bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                out.push((&source[..start - 1], &source[start..at], &source[at + 1..]));
                at += 1;
            }
            _ => at += 1,
        }
    }
    out
}

/// A literal as the text that it stands for.
fn text(literal: &str) -> String {
    let mut out = String::new();
    let mut rest = literal.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some('\n')) => while rest.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some('n')) => out.extend(rest.next().map(|_| '\n')),
            ('\\', Some(_)) => out.extend(rest.next()),
            (c, _) => out.push(c),
        }
    }
    out
}

/// Whether what stands before a literal gives it to a translation.
fn is_key(before: &str) -> bool {
    let before = before.trim_end();
    ["t(", "t!(", "key!("].iter().any(|call| {
        let rest = before.strip_suffix(call);
        rest.is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
    })
}

/// The texts that the page's sources hold.
fn keys() -> BTreeSet<String> {
    let sources = sources();
    let all = sources.iter().flat_map(|(_, source)| literals(source));
    all.filter(|(before, ..)| is_key(before)).map(|(_, literal, _)| text(literal)).collect()
}

fn parts(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

/// What the engine's entries, presets and cards say, and what of it need not be translated: names of papers.
fn catalogue() -> (BTreeSet<String>, BTreeSet<String>) {
    let all = crate::catalogue::catalogue();
    let cards: Vec<CardInfo> = serde_json::from_str(&read(&root().join("assets/cards.json"))).unwrap();
    let papers: BTreeSet<String> = cards.iter().map(|c| c.name.clone()).collect();
    let mut out = BTreeSet::new();
    let registries =
        [all.blocks, all.datasets, all.optimizers, all.probes, all.routings, all.rules, all.schedules, all.transforms];
    for entry in registries.into_iter().flatten() {
        out.extend([entry.name, entry.help]);
        out.extend(entry.knobs.into_iter().flat_map(|knob| [knob.name, knob.help]));
        out.extend(entry.files.into_iter().filter_map(|file| match file {
            FileInfo::Own { name, .. } => Some(name),
            FileInfo::Asset(_) => None,
        }));
    }
    out.extend(cards.into_iter().flat_map(|card| [card.family, card.claim, card.watch]));
    for make in engine::presets::PRESETS {
        let preset = make();
        out.extend([preset.name, preset.help, preset.expect].map(str::to_owned));
    }
    (out, papers)
}

#[test]
fn every_text_of_the_page_has_its_translation_and_none_is_left_over() {
    for language in &LANGUAGES[1..] {
        let (keys, texts) = (keys(), texts(&format!("{}.json", language.tag)));
        assert!(keys.len() > 500, "the sources are read");
        let missing: Vec<_> = keys.iter().filter(|k| !texts.contains_key(*k)).collect();
        assert!(missing.is_empty(), "{}.json lacks {missing:#?}", language.tag);
        let unused: Vec<_> = texts.keys().filter(|k| !keys.contains(*k)).collect();
        assert!(unused.is_empty(), "{}.json has {unused:#?}, which no source holds", language.tag);
    }
}

#[test]
fn every_text_of_the_catalogue_has_its_translation_and_none_is_left_over() {
    let (needed, papers) = catalogue();
    for language in &LANGUAGES[1..] {
        let texts = texts(&format!("{}.catalogue.json", language.tag));
        let missing: Vec<_> = needed.iter().filter(|k| !texts.contains_key(*k)).collect();
        assert!(missing.is_empty(), "{}.catalogue.json lacks {missing:#?}", language.tag);
        let unused: Vec<_> = texts.keys().filter(|k| !needed.contains(*k) && !papers.contains(*k)).collect();
        assert!(unused.is_empty(), "{}.catalogue.json has {unused:#?}, which no entry says", language.tag);
    }
}

#[test]
fn translations_have_the_parts_and_the_marks_of_their_texts() {
    const TAKES: &str = "; 0 takes ";
    for language in &LANGUAGES[1..] {
        let (page, entries) =
            (texts(&format!("{}.json", language.tag)), texts(&format!("{}.catalogue.json", language.tag)));
        for (english, other) in page.iter().chain(&entries) {
            assert_eq!(parts(english), parts(other), "parts of “{english}”");
            let edges = |t: &str| (t.starts_with(' '), t.ends_with(' '), t.trim_end().ends_with('.'));
            assert_eq!(edges(english), edges(other), "spaces and full stop around “{english}”");
        }
        for (english, other) in &entries {
            assert!(page.get(english).is_none_or(|o| o == other), "“{english}” has two translations");
            assert_eq!(english.contains(TAKES), other.contains(&page[TAKES]), "what 0 takes in “{english}”");
        }
    }
}

#[test]
fn no_text_in_a_view_is_forgotten() {
    let mut forgotten = Vec::new();
    for (path, source) in sources() {
        for (before, literal, after) in literals(&source) {
            let (before, after) = (before.trim_end(), after.trim_start());
            let child = (before.ends_with('>')
                && !before.ends_with("<code>")
                && !before.ends_with("=>")
                && !before.ends_with("->"))
                || (before.ends_with('}') && after.starts_with("</"));
            let told = before.strip_suffix("format!(").unwrap_or(before).trim_end();
            let told = told.strip_suffix("move ||").unwrap_or(told).trim_end();
            let said = SAID.iter().any(|name| {
                let rest = told.strip_suffix('=').and_then(|t| t.strip_suffix(name));
                rest.is_some_and(|rest| rest.ends_with(|c: char| c.is_whitespace()))
            });
            let plain: String = literal.split('{').map(|p| p.split_once('}').map_or(p, |p| p.1)).collect();
            let speaks = plain.contains(|c: char| c.is_alphabetic()) && !NAMES.contains(&literal);
            if (child || said) && speaks {
                forgotten.push(format!("{path}, line {}: {literal}", before.lines().count()));
            }
        }
    }
    assert!(forgotten.is_empty(), "texts that no translation reaches, to be put into `t(…)`: {forgotten:#?}");
}

#[test]
fn parts_stand_where_their_names_do() {
    assert_eq!(fill("{b} of {a}", &[("a", &1), ("b", &"x")]), "x of 1");
    assert_eq!(fill("no {c}", &[]), "no {c}");
    assert_eq!(fill("a { b", &[]), "a { b");
    let number = 3;
    assert_eq!(t!("stage {number}", number), "stage 3");
}

#[test]
fn a_tag_with_a_region_is_its_language() {
    assert_eq!(find("es-MX").map(|l| l.tag), Some("es"));
    assert_eq!(find("EN_us").map(|l| l.tag), Some("en"));
    assert_eq!(find("tlh"), None);
}
