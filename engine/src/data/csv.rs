//! A person's own table: comma-separated values (RFC 4180), also with semicolons or tabs, plain or packed with gzip.
//!
//! The column named `label`, `class` or `target` holds the class, else the last one; all others are numbers. They are
//! scaled to mean 0 and variance 1 by the training split.

use std::{cmp::Ordering, collections::BTreeMap};

use ::csv::{ReaderBuilder, StringRecord, Trim};

use super::{CLASSES_MAX, Data, Dataset, Look, Part, Source, VALUES_MAX, bytes, plane, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
    sorting::Sorting as _,
};

const PARTS: &[Part; 1] = &[Part { name: "table", accept: ".csv,.tsv,.txt,.gz,text/csv" }];
const LABELS: [&str; 3] = ["label", "class", "target"];
const ROWS_MAX: usize = 100_000;
const COLUMNS_MAX: usize = 4096;

pub struct OwnCsv;

impl Entry for OwnCsv {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "own-csv",
            name: "Your table (CSV)",
            help: "Numbers in columns and a class in the last, or in one named label, class or target.",
            source: "your file; the format is RFC 4180 (Shafranovich 2005)",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "header",
                name: "First line",
                help: "Whether the first line names the columns; auto: it does when none of its features is a number.",
                kind: KnobKind::Choice { default: "auto", options: &["auto", "names", "data"] },
            },
            plane::TRAIN,
        ];
        KNOBS
    }
}

impl Dataset for OwnCsv {
    fn source(&self) -> Source {
        Source::Own(PARTS)
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let [file] = bytes::parts(files, PARTS)?;
        let file = bytes::unpacked(file, "a table in CSV")?;
        let text = bytes::utf8(&file, "save the table as UTF-8")?;
        let Table { columns, x, y, classes } = read(text, knobs.choice("header"))?;
        let width = columns.len();
        let (mut train, mut test) = split::stratified(&x, width, &y, classes.len(), knobs.float("train"), seed);
        split::standardise(&mut train, &mut test, width);
        Ok(Data { columns, ..Data::of_classes(vec![width], classes, train, test, Look::Table) })
    }
}

/// A table as it stands in the file, rows in order.
struct Table {
    columns: Vec<String>,
    x: Vec<f32>,
    y: Vec<u32>,
    classes: Vec<String>,
}

fn line(line: u64, message: impl Into<String>, mend: impl Into<String>) -> Diagnostic {
    Diagnostic::new(format!("line {line}"), message, mend)
}

/// At most 40 characters of what a person wrote, so that a diagnostic stays readable.
fn clipped(text: &str) -> String {
    if text.chars().count() <= 40 { text.to_owned() } else { text.chars().take(39).chain(['…']).collect() }
}

/// The separator that occurs most often in the first line, outside quotes.
fn separator(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for b in text.trim_start().bytes().take_while(|&b| b != b'\n') {
        quoted ^= b == b'"';
        for (separator, count) in &mut counts {
            *count += usize::from(!quoted && b == *separator);
        }
    }
    // The first of equals stands: a comma.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

fn number(cell: &str) -> Option<f32> {
    cell.parse::<f32>().ok().filter(|v| v.is_finite())
}

/// Line numbers of growing byte offsets. The reader's own count stands one short after `\r\n` and after blank lines.
struct Lines<'a> {
    text: &'a [u8],
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record that the reader began to look for at `byte`.
    fn at(&mut self, byte: u64) -> u64 {
        while let Some(b) = self.text.get(self.byte) {
            if self.byte as u64 >= byte && !matches!(b, b'\r' | b'\n') {
                break;
            }
            self.line += u64::from(*b == b'\n');
            self.byte += 1;
        }
        self.line
    }
}

/// What the first line settles: how many columns, which is the class, what they are called.
struct Layout {
    width: usize,
    class: usize,
    names: Option<Vec<String>>,
}

impl Layout {
    fn new(first: &StringRecord, header: &str, at: u64) -> Result<Self, Diagnostic> {
        let width = first.len();
        if width < 2 {
            let mend = "a table needs a feature and a class, separated by a comma, semicolon or tab";
            return Err(line(at, "there is one column", mend));
        }
        if width > COLUMNS_MAX {
            return Err(line(at, format!("{width} columns"), format!("at most {COLUMNS_MAX} are read")));
        }
        let labelled = LABELS.iter().find_map(|name| first.iter().position(|cell| cell.eq_ignore_ascii_case(name)));
        let wordy = || first.iter().take(width - 1).all(|cell| !cell.is_empty() && number(cell).is_none());
        let named = header == "names" || header == "auto" && (labelled.is_some() || wordy());
        let class = labelled.filter(|_| named).unwrap_or(width - 1);
        Ok(Self { width, class, names: named.then(|| first.iter().map(str::to_owned).collect()) })
    }

    /// The column's own name, if the file gives one.
    fn name(&self, column: usize) -> Option<&String> {
        self.names.as_ref().and_then(|names| names.get(column)).filter(|name| !name.is_empty())
    }

    fn fault(&self, at: u64, column: usize, message: impl Into<String>, mend: impl Into<String>) -> Diagnostic {
        let name = self.name(column).map(|name| format!(" ({})", clipped(name))).unwrap_or_default();
        Diagnostic::new(format!("line {at} › column {}{name}", column + 1), message, mend)
    }

    /// Appends the row's features to `x`, and returns its class.
    fn row<'a>(&self, row: &'a StringRecord, at: u64, x: &mut Vec<f32>) -> Result<&'a str, Diagnostic> {
        if row.len() != self.width {
            let message = format!("cells: {}, where the first line has {}", row.len(), self.width);
            let mend = "give every line as many; put quotes around text that has a separator in it";
            return Err(line(at, message, mend));
        }
        for (column, cell) in row.iter().enumerate() {
            if cell.is_empty() {
                return Err(self.fault(at, column, "the cell is empty", "fill it in, or leave the line out"));
            }
            if column != self.class {
                let value = number(cell).ok_or_else(|| {
                    let mend = if at == 1 {
                        "write it as 1.5 or 2e-3; if this line names the columns, say so at First line"
                    } else {
                        "write it as 1.5 or 2e-3"
                    };
                    self.fault(at, column, format!("`{}` is no finite number", clipped(cell)), mend)
                })?;
                x.push(value);
            }
        }
        Ok(&row[self.class])
    }

    fn columns(&self) -> Vec<String> {
        let own = |c| self.name(c).cloned().unwrap_or_else(|| format!("column {}", c + 1));
        (0..self.width).filter(|&c| c != self.class).map(own).collect()
    }
}

/// The classes met so far.
#[derive(Default)]
struct Classes(BTreeMap<String, Met>);

/// A class: its number in order of appearance, how many rows it has, and the line of the first.
struct Met {
    number: u32,
    rows: usize,
    line: u64,
}

impl Classes {
    /// The number of the class `name`; `None` when it is one too many.
    fn number(&mut self, name: &str, line: u64) -> Option<u32> {
        if let Some(met) = self.0.get_mut(name) {
            met.rows += 1;
            return Some(met.number);
        }
        let number = self.0.len();
        (number < CLASSES_MAX).then(|| {
            self.0.insert(name.to_owned(), Met { number: number as u32, rows: 1, line });
            number as u32
        })
    }

    /// The names in order (of the numbers, where all are numbers, else of the alphabet), and the place there of each
    /// class by its number.
    fn ranked(self) -> Result<(Vec<String>, Vec<u32>), Diagnostic> {
        if let Some((name, lonely)) = self.0.iter().find(|(_, met)| met.rows == 1) {
            let message = format!("class `{}` has this row alone", clipped(name));
            let mend = "a class needs two rows, one to train on and one to test; a column of measures is no class";
            return Err(line(lonely.line, message, mend));
        }
        if self.0.len() < 2 {
            let message = format!("classes in the table: {}", self.0.len());
            return Err(line(1, message, "two are needed: name the column that holds them class"));
        }
        let mut order: Vec<(String, u32)> = self.0.into_iter().map(|(name, met)| (name, met.number)).collect();
        let value = |entry: &(String, u32)| number(&entry.0);
        if order.iter().all(|entry| value(entry).is_some()) {
            order.put_in_order_by(|a, b| value(a).partial_cmp(&value(b)).unwrap_or(Ordering::Equal));
        }
        let mut rank = vec![0; order.len()];
        for (label, (_, number)) in (0..).zip(&order) {
            rank[*number as usize] = label;
        }
        Ok((order.into_iter().map(|(name, _)| name).collect(), rank))
    }
}

fn read(text: &str, header: &str) -> Result<Table, Diagnostic> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(separator(text))
        .from_reader(text.as_bytes());
    let mut lines = Lines { text: text.as_bytes(), byte: 0, line: 1 };
    let mut layout: Option<Layout> = None;
    let mut classes = Classes::default();
    let (mut x, mut met) = (Vec::new(), Vec::new());
    let mut row = StringRecord::new();
    loop {
        let at = lines.at(reader.position().byte());
        if !reader.read_record(&mut row).map_err(|e| line(at, format!("this line cannot be read: {e}"), ""))? {
            break;
        }
        let layout = match &mut layout {
            Some(layout) => layout,
            none => {
                let first = none.insert(Layout::new(&row, header, at)?);
                if first.names.is_some() {
                    continue;
                }
                first
            }
        };
        if met.len() == ROWS_MAX {
            return Err(line(at, format!("more than {ROWS_MAX} rows"), "leave some out"));
        }
        if x.len() + layout.width - 1 > VALUES_MAX {
            return Err(line(at, format!("more than {VALUES_MAX} values"), "leave out rows or columns"));
        }
        let name = layout.row(&row, at, &mut x)?;
        let number = classes.number(name, at).ok_or_else(|| {
            let message = format!("`{}` is one class more than the {CLASSES_MAX} that are read", clipped(name));
            layout.fault(at, layout.class, message, "if another column is the class, name it class in the first line")
        })?;
        met.push(number);
    }
    let Some(layout) = layout else {
        return Err(line(1, "there are no rows", "choose a table in CSV"));
    };
    let (classes, rank) = classes.ranked()?;
    let y = met.into_iter().map(|number| rank[number as usize]).collect();
    Ok(Table { columns: layout.columns(), x, y, classes })
}
