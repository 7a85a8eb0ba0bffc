//! What a picture shows, in figures: for its table, for its file, and for the ear.

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Number(f64),
    Text(String),
    Nothing,
}

impl From<f32> for Cell {
    fn from(v: f32) -> Self {
        f64::from(v).into()
    }
}

impl From<f64> for Cell {
    fn from(v: f64) -> Self {
        if v.is_finite() { Cell::Number(v) } else { Cell::Text("not finite".into()) }
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(v: Option<T>) -> Self {
        v.map_or(Cell::Nothing, Into::into)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

/// In which direction figures belong together: what is played in one go, and read from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Series {
    #[default]
    Rows,
    Columns,
}

/// A figure's place: which series, and where in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spot {
    pub series: usize,
    pub at: usize,
}

#[derive(Debug, Clone)]
pub struct Numbers {
    /// The head of the rows' names, then of each column.
    pub head: Vec<String>,
    pub rows: Vec<(String, Vec<Cell>)>,
    pub series: Series,
    /// Where rows lie along the axis; empty where they are evenly apart.
    pub places: Vec<f64>,
    /// Whether figures are compared by their logarithms.
    pub log: bool,
    /// Whether a table begins with the last row.
    pub backwards: bool,
    pub write: fn(f64) -> String,
    /// What is to be known of it.
    pub note: String,
}

impl Numbers {
    pub fn new(corner: impl Into<String>, columns: impl IntoIterator<Item = String>, write: fn(f64) -> String) -> Self {
        let head = std::iter::once(corner.into()).chain(columns).collect();
        Self {
            head,
            rows: Vec::new(),
            series: Series::Rows,
            places: Vec::new(),
            log: false,
            backwards: false,
            write,
            note: String::new(),
        }
    }

    pub fn row<C: Into<Cell>>(&mut self, name: impl Into<String>, cells: impl IntoIterator<Item = C>) {
        self.rows.push((name.into(), cells.into_iter().map(Into::into).collect()));
    }

    pub fn by_columns(mut self) -> Self {
        self.series = Series::Columns;
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn columns(&self) -> usize {
        self.head.len().saturating_sub(1)
    }

    /// How many series there are, and how many figures each has.
    pub fn extent(&self) -> (usize, usize) {
        match self.series {
            Series::Rows => (self.rows.len(), self.columns()),
            Series::Columns => (self.columns(), self.rows.len()),
        }
    }

    pub fn cell(&self, spot: Spot) -> &Cell {
        let (row, column) = match self.series {
            Series::Rows => (spot.series, spot.at),
            Series::Columns => (spot.at, spot.series),
        };
        self.rows.get(row).and_then(|r| r.1.get(column)).unwrap_or(&Cell::Nothing)
    }

    fn row_name(&self, i: usize) -> &str {
        self.rows.get(i).map_or("", |r| &r.0)
    }

    fn column_name(&self, i: usize) -> &str {
        self.head.get(i + 1).map_or("", |h| h)
    }

    pub fn series_name(&self, i: usize) -> &str {
        match self.series {
            Series::Rows => self.row_name(i),
            Series::Columns => self.column_name(i),
        }
    }

    pub fn place_name(&self, i: usize) -> &str {
        match self.series {
            Series::Rows => self.column_name(i),
            Series::Columns => self.row_name(i),
        }
    }

    pub fn text(&self, cell: &Cell) -> String {
        match cell {
            Cell::Number(v) => (self.write)(*v),
            Cell::Text(text) => text.clone(),
            Cell::Nothing => "–".to_owned(),
        }
    }

    /// A figure with its place, as it is read out.
    pub fn reading(&self, spot: Spot) -> String {
        let parts = [self.place_name(spot.at), self.series_name(spot.series)];
        let place: Vec<&str> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        format!("{}: {}", place.join(", "), self.text(self.cell(spot)))
    }

    /// The least and the greatest number in the series that are numbers.
    pub fn range(&self) -> Option<(f64, f64)> {
        let numbers = self.rows.iter().flat_map(|r| &r.1).filter_map(|c| match c {
            Cell::Number(v) if !self.log || *v > 0.0 => Some(*v),
            Cell::Number(_) | Cell::Text(_) | Cell::Nothing => None,
        });
        let (low, high) = numbers.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        (low <= high).then_some((low, high))
    }

    /// A figure from 0 to 1 within `range`; NaN where it is no number.
    pub fn height(&self, spot: Spot, (low, high): (f64, f64)) -> f32 {
        let Cell::Number(v) = *self.cell(spot) else { return f32::NAN };
        let scale = |v: f64| if self.log { v.max(low).ln() } else { v };
        let length = scale(high) - scale(low);
        if length > 0.0 { ((scale(v) - scale(low)) / length).clamp(0.0, 1.0) as f32 } else { 0.5 }
    }

    /// How far along the axis a figure lies, 0 to 1.
    pub fn share(&self, at: usize) -> f64 {
        let (_, all) = self.extent();
        match (self.places.first(), self.places.last(), self.places.get(at)) {
            (Some(first), Some(last), Some(here)) if last > first => (here - first) / (last - first),
            (_, _, _) => at as f64 / all.saturating_sub(1).max(1) as f64,
        }
    }

    /// The figure that lies nearest to a share of the axis.
    pub fn nearest(&self, share: f64) -> usize {
        let (_, all) = self.extent();
        if self.places.is_empty() {
            return (share * all.saturating_sub(1) as f64).round() as usize;
        }
        // Places grow, and so do their shares.
        let (mut low, mut high) = (0, all.saturating_sub(1));
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            if self.share(middle) < share { low = middle } else { high = middle }
        }
        if share - self.share(low) <= self.share(high) - share { low } else { high }
    }

    /// All of it as comma-separated values, numbers as exact as they are.
    pub fn csv(&self) -> String {
        let quoted = |text: &str| {
            if text.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let line = |cells: Vec<String>| cells.join(",") + "\n";
        let mut out = line(self.head.iter().map(|h| quoted(h)).collect());
        for (i, (name, cells)) in self.rows.iter().enumerate() {
            let cell = |cell: &Cell| match cell {
                Cell::Number(v) => v.to_string(),
                Cell::Text(text) => quoted(text),
                Cell::Nothing => String::new(),
            };
            let name = self.places.get(i).map_or_else(|| quoted(name), ToString::to_string);
            out += &line(std::iter::once(name).chain(cells.iter().map(cell)).collect());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Numbers {
        let columns = ["train", "test, \"old\""].map(str::to_owned);
        let mut n = Numbers::new("Step", columns, |v| format!("{v:.1}")).by_columns();
        for (step, cells) in [(0.0, [1.0, 4.0]), (10.0, [2.0, f64::NAN]), (100.0, [4.0, 1.0])] {
            n.row(format!("step {step}"), cells);
            n.places.push(step);
        }
        n
    }

    #[test]
    fn a_series_is_read_point_by_point() {
        let n = two();
        assert_eq!(n.extent(), (2, 3));
        assert_eq!(n.reading(Spot { series: 0, at: 1 }), "step 10, train: 2.0");
        assert_eq!(n.reading(Spot { series: 1, at: 1 }), "step 10, test, \"old\": not finite");
        let rows = Numbers { series: Series::Rows, ..n };
        assert_eq!(rows.reading(Spot { series: 1, at: 0 }), "train, step 10: 2.0");
        assert_eq!(*rows.cell(Spot { series: 9, at: 9 }), Cell::Nothing);
    }

    #[test]
    fn heights_are_within_the_range_of_all_series() {
        let n = two();
        let range = n.range().unwrap_or_default();
        assert_eq!(range, (1.0, 4.0));
        assert_eq!(n.height(Spot { series: 0, at: 2 }, range), 1.0);
        assert!(n.height(Spot { series: 1, at: 1 }, range).is_nan());
        let log = Numbers { log: true, ..n };
        assert!((log.height(Spot { series: 0, at: 1 }, range) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn places_along_the_axis_need_not_be_even() {
        let n = two();
        assert!((n.share(1) - 0.1).abs() < 1e-9);
        assert_eq!([0.0, 0.04, 0.06, 0.5, 0.6, 1.0].map(|s| n.nearest(s)), [0, 0, 1, 1, 2, 2]);
        let even = Numbers { places: Vec::new(), ..n };
        assert_eq!([0.0, 0.5, 1.0].map(|s| even.nearest(s)), [0, 1, 2]);
    }

    #[test]
    fn csv_is_exact_and_quoted() {
        let csv = two().csv();
        assert_eq!(csv, "Step,train,\"test, \"\"old\"\"\"\n0,1,4\n10,2,not finite\n100,4,1\n");
    }
}
