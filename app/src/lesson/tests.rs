//! The lessons that come with the page: each can be read, each of its links works, and each of its questions has an
//! answer. And texts that mean harm.
#![allow(clippy::unwrap_used)]

use engine::spec::Spec;

use super::facts::Facts;
use super::form::{Part, Reading, Test};
use super::reader::Listed;
use super::{Place, place, text};
use crate::operate;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../assets/lessons/", $name, ".md")))),*]
    };
}

const SHIPPED: &[(&str, &str)] = shipped![
    "neuron",
    "neuron.es",
    "backprop",
    "feedback",
    "forward-forward",
    "predictive-coding",
    "hebb",
    "forward-gradient",
    "experts",
    "trees",
    "depth",
];
const INDEX: &str = include_str!("../../../assets/lessons/index.json");

fn parts(reading: &Reading) -> impl Iterator<Item = &Part> {
    reading.lesson.steps.iter().flat_map(|s| &s.parts)
}

/// The experiments that come of following every link in order, the first one first.
fn walk(name: &str, reading: &Reading) -> Vec<Spec> {
    let catalogue = crate::catalogue::catalogue();
    let mut all = vec![engine::presets::default().spec];
    for (line, address) in &reading.deeds {
        for deed in operate::read(address).unwrap_or_else(|f| panic!("{name}, line {line}: {f:?}")) {
            let spec = all.last().unwrap();
            let after = deed.fit(spec, &catalogue).unwrap_or_else(|f| panic!("{name}, line {line}: {f:?}"));
            all.extend(after);
        }
    }
    all
}

#[test]
fn every_shipped_lesson_is_sound() {
    for (name, source) in SHIPPED {
        let reading = text::read(source);
        assert_eq!(reading.faults, [], "{name}");
        let steps = reading.lesson.steps.len();
        assert!((5..=8).contains(&steps), "{name} has {steps} pages");
        let questions = parts(&reading).filter(|p| matches!(p, Part::Question(_))).count();
        let checkpoints = parts(&reading).filter(|p| matches!(p, Part::Checkpoint(_))).count();
        assert!(questions >= 2 && checkpoints >= 1, "{name}: {questions} questions, {checkpoints} checkpoints");
        assert!(source.contains("$$"), "{name} has a formula");
        for part in parts(&reading) {
            if let Part::Question(q) = part {
                assert!(q.choices.iter().any(|c| c.right) && q.choices.iter().any(|c| !c.right), "{name}: {}", q.id);
            }
        }
    }
}

#[test]
fn every_link_of_a_shipped_lesson_works_and_every_setting_it_looks_for_is_reached() {
    for (name, source) in SHIPPED {
        let reading = text::read(source);
        let specs = walk(name, &reading);
        for part in parts(&reading) {
            let Part::Checkpoint(checkpoint) = part else { continue };
            let settings: Vec<_> = checkpoint.tests.iter().filter(|t| matches!(t, Test::Setting { .. })).collect();
            let reached = specs.iter().any(|spec| {
                let facts = Facts { spec: Some(spec.clone()), ..Facts::default() };
                settings.iter().all(|t| facts.hold(t))
            });
            assert!(reached, "{name}: no link leads to {settings:?}");
        }
    }
}

#[test]
fn the_list_names_every_lesson_as_it_names_itself() {
    let listed: Vec<Listed> = serde_json::from_str(INDEX).unwrap();
    let mut names = Vec::new();
    for l in &listed {
        names.push(l.name.clone());
        let find = |name: &str| SHIPPED.iter().find(|s| s.0 == name).map(|s| text::read(s.1).lesson);
        let lesson = find(&l.name).unwrap_or_else(|| panic!("{} is not among the shipped", l.name));
        let head = (&lesson.title, &lesson.summary, lesson.minutes, &lesson.level);
        assert_eq!(head, (&l.title, &l.summary, l.minutes, &l.level));
        for (tag, title) in &l.languages {
            let name = format!("{}.{tag}", l.name);
            let other = find(&name).unwrap_or_else(|| panic!("{name} is not among the shipped"));
            assert_eq!((&other.title, &other.language), (title, tag));
            names.push(name);
        }
    }
    assert_eq!(names, SHIPPED.iter().map(|s| s.0).collect::<Vec<_>>());
    assert!(names.iter().all(|n| place::is_name(n)));
}

#[test]
fn a_translation_asks_and_does_the_same() {
    for (name, source) in SHIPPED.iter().filter(|s| s.0.contains('.')) {
        let (of, _) = name.split_once('.').unwrap();
        let original = SHIPPED.iter().find(|s| s.0 == of).unwrap().1;
        let shape = |source: &str| {
            let reading = text::read(source);
            let ids: Vec<_> = parts(&reading)
                .filter_map(|p| match p {
                    Part::Prose(_) => None,
                    Part::Question(q) => {
                        Some(format!("{} {:?}", q.id, q.choices.iter().map(|c| c.right).collect::<Vec<_>>()))
                    }
                    Part::Checkpoint(c) => Some(c.id.clone()),
                })
                .collect();
            (reading.deeds.into_iter().map(|d| d.1).collect::<Vec<_>>(), ids, reading.lesson.steps.len())
        };
        assert_eq!(shape(source), shape(original), "{name}");
    }
}

#[test]
fn the_template_is_sound() {
    let reading = text::read(include_str!("template.md"));
    assert_eq!(reading.faults, []);
    walk("template", &reading);
}

/// A lesson whose only page holds `body`.
fn with(body: &str) -> Reading {
    text::read(&format!("---\ntitle: t\nsummary: s\nminutes: 1\nlevel: l\n---\n# Page\n{body}\n"))
}

/// All HTML of a reading.
fn html(reading: &Reading) -> String {
    let of = |p: &Part| match p {
        Part::Prose(html) => html.clone(),
        Part::Question(q) => format!("{}{}{:?}", q.text, q.why, q.choices),
        Part::Checkpoint(c) => c.text.clone(),
    };
    parts(reading).map(of).collect()
}

#[test]
fn a_hostile_text_stays_a_text() {
    for body in [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<div onclick=\"alert(1)\">\n\n</div>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html,<script>alert(1)</script>)",
        "[a](https://example.org/\"onmouseover=\"alert(1))",
        "[a](lab:set?x=\"><script>alert(1)</script>)",
        "![a](x.png \"t\")",
        "![<script>](https://example.org/x.png)",
        "$\\text{<script>alert(1)</script>}$",
        "$\\href{javascript:alert(1)}{x}$",
        "$<img src=x onerror=alert(1)>$",
        "`<script>`",
        "```\n<script>alert(1)</script>\n```",
        "```question\n<script>alert(1)</script>?\n- [x] <img src=x onerror=alert(1)>\n- [ ] b\n> <script>\n```",
        "```check\n<script> > 1\n> <script>alert(1)</script>\n```",
        "<a href=\"javascript:alert(1)\">x</a>",
    ] {
        let html = html(&with(body));
        let lower = html.to_lowercase();
        for tag in ["<script", "<img", "<div", "<a href=\"j", "<iframe", "<svg"] {
            assert!(!lower.contains(tag), "{body}: {html}");
        }
        // No attribute but those that the reader writes: what is left of quotes and tags is text.
        for tag in html.split('<').skip(1).filter_map(|t| t.split('>').next()) {
            assert!(!tag.contains(" on") && !tag.contains("javascript:"), "{body}: {html}");
        }
    }
}

#[test]
fn every_fault_is_told_with_its_line() {
    let lines = |source: &str| text::read(source).faults.into_iter().map(|f| (f.line, f.message)).collect::<Vec<_>>();
    let head = "---\ntitle: t\nsummary: s\nminutes: 1\nlevel: l\n---\n";
    let told = |body: &str, line: usize, about: &str| {
        let faults = lines(&format!("{head}{body}"));
        assert!(faults.iter().any(|f| f.0 == line && f.1.contains(about)), "{body}: {faults:?}");
    };
    told("text\n# Page\n", 7, "before the first page");
    told("# Page\n\n[x](elsewhere)\n", 9, "leads nowhere");
    told("# Page\n$\\nonsense$\n", 8, "is no formula");
    told("# Page\n```question\nWhich?\n- [ ] a\n- [ ] b\n> c\n```\n", 9, "no choice is right");
    told("# Page\n```question\nWhich?\n- [x] a\n> c\n```\n", 9, "less than two choices");
    told("# Page\n```check\naccuracy >> 3\n```\n", 9, "`>>` compares nothing");
    told("# Page\n```check\nfame > 3\n```\n", 9, "no figure of a run");
    told("# Page\n```check\nalignment > 0.1\n```\n", 9, "of which stage");
    told("# Page\n```check\n", 8, "not closed");
    told("", 6, "there is no page");
    assert!(lines("# Page\n").iter().any(|f| f.1.contains("head is missing")));
    assert!(lines("---\ntitel: x\n---\n# P\n").iter().any(|f| f.0 == 2 && f.1.contains("no field of the head")));
}

#[test]
fn a_place_is_a_name_and_a_page() {
    for (text, name, step) in [("neuron.3", "neuron", 3), ("neuron.es.12", "neuron.es", 12), ("neuron", "neuron", 1)] {
        let place = Place::read(text).unwrap();
        assert_eq!((place.name.as_str(), place.step), (name, step));
        assert_eq!(Place::read(&place.write()), Some(place));
    }
    for text in ["", "../x", "a/b", "..", "https://x", "a..b", "A"] {
        assert_eq!(Place::read(text), None, "{text}");
    }
}

#[test]
fn checkpoints_read_their_tests() {
    let reading = with(
        "```check\naccuracy > 90% on train within 500 steps\nloss < 0.1\n2/1.route/routing = hash\nrace done\n```",
    );
    assert_eq!(reading.faults, []);
    let Some(Part::Checkpoint(checkpoint)) = parts(&reading).next() else { panic!() };
    assert_eq!(checkpoint.tests.len(), 4);
    assert_eq!(
        format!("{:?}", checkpoint.tests[0]),
        "Figure { figure: Accuracy(Train), than: Above, value: 0.9, within: Some(500) }"
    );
}
