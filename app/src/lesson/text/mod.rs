//! Reading a lesson's text.
//!
//! ```text
//! ---
//! title: What a neuron does
//! summary: …
//! minutes: 15
//! level: first steps
//! begin: lab:preset?name=spiral;pause
//! ---
//! # Title of the first page
//! Markdown, with $formulas$ and [links](lab:run?steps=300).
//! ```
//!
//! Each `#` heading begins a page. Two fences have a meaning of their own: `question` and `check`, see [`fences`].
//! Nothing of the text becomes HTML but what [`markdown`] writes itself.

mod fences;
mod markdown;
mod math;

use super::form::{Fault, Lesson, Part, Reading, Step};

/// Letters of a lesson at most.
pub const TEXT_MAX: usize = 200_000;

/// Reads a whole text. What is wrong with it is listed; the rest is read all the same.
pub fn read(text: &str) -> Reading {
    let mut desk = Desk::default();
    if text.len() > TEXT_MAX {
        desk.fault(1, format!("the text has {} letters", text.len()), format!("keep to {TEXT_MAX}"));
        return desk.reading;
    }
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().collect();
    let body = head(&mut desk, &lines);
    pages(&mut desk, &lines, body);
    if desk.reading.lesson.steps.is_empty() {
        desk.fault(lines.len().max(1), "there is no page", "begin one with `# Its title`");
    }
    desk.reading
}

/// What is being read, and what has been found.
#[derive(Default)]
struct Desk {
    reading: Reading,
    math: math::Typesetter,
    questions: Vec<String>,
}

impl Desk {
    fn fault(&mut self, line: usize, message: impl Into<String>, mend: impl Into<String>) {
        self.reading.faults.push(Fault { line, message: message.into(), mend: mend.into() });
    }

    /// Puts a part on the present page.
    fn put(&mut self, part: Part, line: usize) {
        match self.reading.lesson.steps.last_mut() {
            Some(step) => step.parts.push(part),
            None => self.fault(line, "this stands before the first page", "begin the page with `# Its title`"),
        }
    }

    fn page(&self) -> usize {
        self.reading.lesson.steps.len()
    }
}

/// Reads the fields between the two `---`; returns the number of the first line after them, from 0.
fn head(desk: &mut Desk, lines: &[&str]) -> usize {
    let close = lines.iter().skip(1).position(|l| l.trim() == "---").map(|i| i + 1);
    let (Some("---"), Some(close)) = (lines.first().map(|l| l.trim()), close) else {
        desk.fault(1, "the head is missing", "begin with `---`, `title: …`, `summary: …`, `minutes: …`, `---`");
        return 0;
    };
    let mut lesson = Lesson { language: "en".into(), ..Lesson::default() };
    for (i, line) in lines.iter().enumerate().take(close).skip(1).filter(|l| !l.1.trim().is_empty()) {
        let (name, value) = line.split_once(':').map_or((*line, ""), |(name, value)| (name, value.trim()));
        match name.trim() {
            "title" => lesson.title = value.into(),
            "summary" => lesson.summary = value.into(),
            "level" => lesson.level = value.into(),
            "language" => lesson.language = value.into(),
            "minutes" => match value.parse() {
                Ok(minutes) => lesson.minutes = minutes,
                Err(_) => desk.fault(i + 1, format!("`{value}` is no number of minutes"), "write a whole number"),
            },
            "begin" => {
                lesson.begin = value.into();
                desk.reading.deeds.push((i + 1, value.into()));
            }
            other => desk.fault(
                i + 1,
                format!("`{other}` is no field of the head"),
                "choose one of title, summary, minutes, level, language, begin",
            ),
        }
    }
    for (name, value) in [("title", &lesson.title), ("summary", &lesson.summary), ("level", &lesson.level)] {
        if value.is_empty() {
            desk.fault(1, format!("`{name}` is missing in the head"), format!("add `{name}: …`"));
        }
    }
    if lesson.language.is_empty() || !lesson.language.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        desk.fault(1, format!("`{}` is no language", lesson.language), "write a tag such as `en` or `es`");
        lesson.language = "en".into();
    }
    if lesson.minutes == 0 {
        desk.fault(1, "`minutes` is missing in the head", "add `minutes: 15`");
    }
    desk.reading.lesson = lesson;
    close + 1
}

/// Reads the pages, line by line: headings begin pages, the two fences are read apart, the rest is Markdown.
fn pages(desk: &mut Desk, lines: &[&str], from: usize) {
    let mut at = from;
    let mut prose = at;
    while at < lines.len() {
        let line = lines[at];
        let fence = line.trim_start().strip_prefix("```").map(str::trim);
        match (fence, line.strip_prefix("# ")) {
            (Some(kind), _) => {
                let closed = lines.iter().skip(at + 1).position(|l| l.trim() == "```").map(|i| at + 1 + i);
                let close = closed.unwrap_or(lines.len());
                if closed.is_none() {
                    desk.fault(at + 1, "the fence is not closed", "end it with a line of ```");
                }
                if kind == "question" || kind == "check" {
                    markdown::put(desk, lines, prose..at);
                    let inside = &lines[at + 1..close];
                    if kind == "question" {
                        fences::question(desk, inside, at + 2);
                    } else {
                        fences::checkpoint(desk, inside, at + 2);
                    }
                    prose = close + 1;
                }
                at = close + 1;
            }
            (None, Some(title)) => {
                markdown::put(desk, lines, prose..at);
                desk.reading.lesson.steps.push(Step { title: title.trim().into(), parts: Vec::new() });
                at += 1;
                prose = at;
            }
            (None, None) => at += 1,
        }
    }
    markdown::put(desk, lines, prose..lines.len());
}
