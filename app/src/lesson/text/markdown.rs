//! Markdown to HTML. Only the elements written here ever come out; HTML in the text is shown as text. Links lead into
//! the lab (`lab:…`, buttons), or away by `https:`.

use std::fmt::Write as _;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::super::form::Part;
use super::Desk;

/// Reads the lines of this range as Markdown, and puts them on the present page.
pub fn put(desk: &mut Desk, lines: &[&str], range: Range<usize>) {
    let first = range.start + 1;
    let text = lines.get(range).unwrap_or_default().join("\n");
    if !text.trim().is_empty() {
        let html = html(desk, &text, first);
        desk.put(Part::Prose(html), first);
    }
}

/// `text`, whose first line is line number `first` of the lesson, as HTML.
pub fn html(desk: &mut Desk, text: &str, first: usize) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_MATH | Options::ENABLE_STRIKETHROUGH;
    let mut out = Writer { out: String::new(), links: Vec::new(), head: false, silent: 0 };
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        let line = first + text[..range.start].matches('\n').count();
        out.take(desk, event, line);
    }
    out.out
}

/// The same, for a line within something else: without the paragraph around it.
pub fn inline(desk: &mut Desk, text: &str, first: usize) -> String {
    let html = html(desk, text, first);
    match html.strip_prefix("<p>").and_then(|h| h.strip_suffix("</p>")).filter(|h| !h.contains("<p>")) {
        Some(inner) => inner.to_owned(),
        None => html,
    }
}

struct Writer {
    out: String,
    /// How each open link ends.
    links: Vec<&'static str>,
    /// Whether this is a table's head.
    head: bool,
    /// Pictures within which nothing is written.
    silent: usize,
}

impl Writer {
    fn take(&mut self, desk: &mut Desk, event: Event, line: usize) {
        match event {
            Event::Start(tag) => self.open(desk, tag, line),
            Event::End(tag) => self.close(tag),
            _ if self.silent > 0 => {}
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.out += &escape(&text),
            Event::Code(text) => {
                let _ = write!(self.out, "<code>{}</code>", escape(&text));
            }
            Event::InlineMath(tex) => self.formula(desk, &tex, false, line),
            Event::DisplayMath(tex) => self.formula(desk, &tex, true, line),
            Event::SoftBreak => self.out.push(' '),
            Event::HardBreak => self.out += "<br>",
            Event::Rule => self.out += "<hr>",
            Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn formula(&mut self, desk: &mut Desk, tex: &str, block: bool, line: usize) {
        match desk.math.set(tex, block) {
            Ok(mathml) => self.out += &mathml,
            Err(why) => {
                desk.fault(line, format!("`{tex}` is no formula: {why}"), "mend the TeX");
                let _ = write!(self.out, "<code>{}</code>", escape(tex));
            }
        }
    }

    fn open(&mut self, desk: &mut Desk, tag: Tag, line: usize) {
        match tag {
            Tag::Paragraph => self.out += "<p>",
            Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. } => self.out += "<h3>",
            Tag::Heading { .. } => self.out += "<h4>",
            Tag::BlockQuote(_) => self.out += "<blockquote>",
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => self.out += "<pre><code>",
            Tag::List(Some(from)) => {
                let _ = write!(self.out, "<ol start=\"{from}\">");
            }
            Tag::List(None) => self.out += "<ul>",
            Tag::Item => self.out += "<li>",
            Tag::Table(_) => self.out += "<table>",
            Tag::TableHead => {
                self.head = true;
                self.out += "<thead><tr>";
            }
            Tag::TableRow => self.out += "<tr>",
            Tag::TableCell => self.out += if self.head { "<th scope=\"col\">" } else { "<td>" },
            Tag::Emphasis => self.out += "<em>",
            Tag::Strong => self.out += "<strong>",
            Tag::Strikethrough => self.out += "<s>",
            Tag::Link { dest_url, .. } => self.link(desk, &dest_url, line),
            Tag::Image { .. } => {
                self.silent += 1;
                desk.fault(line, "a lesson holds no pictures", "link to it, or show it in the lab");
            }
            Tag::HtmlBlock
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn link(&mut self, desk: &mut Desk, to: &str, line: usize) {
        if to.starts_with("lab:") {
            desk.reading.deeds.push((line, to.to_owned()));
            let _ = write!(self.out, "<button type=\"button\" class=\"deed\" data-deed=\"{}\">", escape(to));
            self.links.push("</button>");
        } else if to.starts_with("https://") {
            let _ = write!(self.out, "<a href=\"{}\" rel=\"noopener noreferrer\" target=\"_blank\">", escape(to));
            self.links.push("</a>");
        } else {
            desk.fault(line, format!("the link `{to}` leads nowhere"), "begin it with `lab:` or `https://`");
            self.links.push("");
        }
    }

    fn close(&mut self, tag: TagEnd) {
        self.out += match tag {
            TagEnd::Paragraph => "</p>",
            TagEnd::Heading(HeadingLevel::H1 | HeadingLevel::H2) => "</h3>",
            TagEnd::Heading(_) => "</h4>",
            TagEnd::BlockQuote(_) => "</blockquote>",
            TagEnd::CodeBlock => "</code></pre>",
            TagEnd::List(true) => "</ol>",
            TagEnd::List(false) => "</ul>",
            TagEnd::Item => "</li>",
            TagEnd::Table => "</tbody></table>",
            TagEnd::TableHead => {
                self.head = false;
                "</tr></thead><tbody>"
            }
            TagEnd::TableRow => "</tr>",
            TagEnd::TableCell if self.head => "</th>",
            TagEnd::TableCell => "</td>",
            TagEnd::Emphasis => "</em>",
            TagEnd::Strong => "</strong>",
            TagEnd::Strikethrough => "</s>",
            TagEnd::Link => self.links.pop().unwrap_or_default(),
            TagEnd::Image => {
                self.silent = self.silent.saturating_sub(1);
                ""
            }
            TagEnd::HtmlBlock
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => "",
        };
    }
}

/// `text` as it may stand in HTML, between tags and within quotes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            other => out.push(other),
        }
    }
    out
}
