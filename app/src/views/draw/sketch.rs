//! What is drawn by hand, as a sample of the data: marks in the order in which they were made, on empty paper or on a sample
//! that was taken from the data. Lengths are pixels of the data; a value of 0 is paper, 1 is ink, in each colour.

/// What a pixel is made of: one value, or red, green and blue.
pub type Ink = [f32; 3];

/// Sides of an image, and its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sides {
    pub height: usize,
    pub width: usize,
    pub depth: usize,
}

impl Sides {
    pub fn size(self) -> usize {
        self.height * self.width * self.depth
    }

    /// Half the width of a stroke: that of the digits of 8 × 8 and 28 × 28 pixels, whose strokes are about 1.5 and 3 wide.
    pub fn stroke(self) -> f32 {
        (0.054 * self.height.min(self.width) as f32).max(0.75)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// A stroke through these points, and half its width.
    Stroke(Vec<[f32; 2]>, f32),
    /// Whole pixels, each its column and row.
    Cells(Vec<[usize; 2]>),
    All,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub form: Form,
    /// `None` leaves paper.
    pub ink: Option<Ink>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sketch {
    pub sides: Sides,
    /// The sample below the marks.
    pub base: Option<Vec<f32>>,
    pub marks: Vec<Mark>,
}

/// Where a drawing goes: points are multiplied by `scale`, then moved.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    scale: f32,
    by: [f32; 2],
}

const HERE: Place = Place { scale: 1.0, by: [0.0, 0.0] };

impl Place {
    fn of(self, [x, y]: [f32; 2]) -> [f32; 2] {
        [x * self.scale + self.by[0], y * self.scale + self.by[1]]
    }
}

impl Sketch {
    pub fn empty(sides: Sides) -> Self {
        Self { sides, base: None, marks: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.base.is_none() && self.marks.is_empty()
    }

    /// Puts ink on a pixel, or takes it away. Pixels that follow one another in the same ink are one mark.
    pub fn cell(&mut self, cell: [usize; 2], ink: Option<Ink>) {
        match self.marks.last_mut() {
            Some(Mark { form: Form::Cells(cells), ink: same }) if *same == ink => {
                cells.retain(|c| *c != cell);
                cells.push(cell);
            }
            _ => self.marks.push(Mark { form: Form::Cells(vec![cell]), ink }),
        }
    }

    /// Takes the last stroke back, of pixels the last one, or the sample below.
    pub fn undo(&mut self) {
        if let Some(Mark { form: Form::Cells(cells), .. }) = self.marks.last_mut()
            && cells.len() > 1
        {
            cells.pop();
        } else if self.marks.pop().is_none() {
            self.base = None;
        }
    }

    /// The sample, row by row. `fitted`: in the size of the dataset's digits and in their place. What was begun from a sample
    /// stays where it is.
    pub fn sample(&self, fitted: bool) -> Vec<f32> {
        let place = if fitted && self.base.is_none() { self.fit() } else { HERE };
        self.painted(place)
    }

    fn painted(&self, place: Place) -> Vec<f32> {
        let Sides { width, depth, .. } = self.sides;
        let mut sample = self.base.clone().unwrap_or_else(|| vec![0.0; self.sides.size()]);
        for mark in &self.marks {
            let ink = mark.ink.unwrap_or_default();
            self.cover(mark, place, |x, y, share| {
                let at = (y * width + x) * depth;
                if let Some(pixel) = sample.get_mut(at..at + depth) {
                    pixel.iter_mut().zip(ink).for_each(|(v, ink)| *v += (ink - *v) * share);
                }
            });
        }
        sample
    }

    /// Calls `put` with every pixel that a mark covers, and the share of it that is covered.
    fn cover(&self, mark: &Mark, place: Place, mut put: impl FnMut(usize, usize, f32)) {
        let Sides { height, width, .. } = self.sides;
        match &mark.form {
            Form::All => (0..width * height).for_each(|i| put(i % width, i / width, 1.0)),
            Form::Stroke(points, radius) => {
                // Ink keeps the width of the data's strokes, whatever the drawing's size; paper hides what it hid.
                let radius = if mark.ink.is_some() { *radius } else { radius * place.scale };
                let points: Vec<_> = points.iter().map(|p| place.of(*p)).collect();
                let mut area = Area::around(&points, radius + 0.5, self.sides);
                for i in 0..points.len() {
                    area.segment(points[i.saturating_sub(1)], points[i], radius);
                }
                area.each(put);
            }
            Form::Cells(cells) => {
                let corner = |c: &[usize; 2], more: f32| place.of([c[0] as f32 + more, c[1] as f32 + more]);
                let corners: Vec<_> = cells.iter().flat_map(|c| [corner(c, 0.0), corner(c, 1.0)]).collect();
                let mut area = Area::around(&corners, 0.0, self.sides);
                corners.chunks_exact(2).for_each(|c| area.square(c[0], c[1]));
                area.each(put);
            }
        }
    }

    /// Where the drawing is to go so that it lies as the digits do: those of 28 × 28 pixels in a box of 20, the centre of mass
    /// in the middle (LeCun and others 1998); those of 8 × 8 as high as the image, their mass in the middle from left to right.
    fn fit(&self) -> Place {
        let Sides { height, width, depth } = self.sides;
        let mut points: Vec<[f32; 2]> = Vec::new();
        let mut radius = 0.0_f32;
        for mark in self.marks.iter().filter(|m| m.ink.is_some()) {
            match &mark.form {
                Form::Stroke(all, r) => {
                    radius = radius.max(*r);
                    points.extend(all);
                }
                Form::Cells(all) => points.extend(all.iter().map(|c| c.map(|v| v as f32 + 0.5))),
                Form::All => return HERE,
            }
        }
        let (Some(low), Some(high)) = (ends(&points, f32::min), ends(&points, f32::max)) else { return HERE };
        let small = height.min(width) < 12;
        let share = if small { [0.75, 1.0] } else { [20.0 / 28.0; 2] };
        // Pixels grow with the drawing, and a stroke does not.
        let room = |i: usize| (share[i] * [width, height][i] as f32 - 2.0 * radius).max(1.0);
        let grown = if radius > 0.0 { 0.0 } else { 1.0 };
        let scale = [0, 1].map(|i| room(i) / (high[i] - low[i] + grown).max(1e-3));
        let scale = scale[0].min(scale[1]).min(MOST_GROWN);
        let middle = [width, height].map(|v| v as f32 / 2.0);
        let boxed = [0, 1].map(|i| middle[i] - scale * (low[i] + high[i]) / 2.0);
        let place = Place { scale, by: boxed };
        let (mut mass, mut at) = (0.0, [0.0; 2]);
        for (i, pixel) in self.painted(place).chunks_exact(depth.max(1)).enumerate() {
            let v: f32 = pixel.iter().sum();
            mass += v;
            at[0] += v * ((i % width) as f32 + 0.5);
            at[1] += v * ((i / width) as f32 + 0.5);
        }
        if mass <= 0.0 {
            return place;
        }
        // The middle of an even number of pixels is taken to be the one behind it, as in MNIST.
        let off = [0, 1].map(|i| middle[i] + if small { 0.0 } else { 0.5 } - at[i] / mass);
        Place { scale, by: [boxed[0] + off[0], boxed[1] + if small { 0.0 } else { off[1] }] }
    }
}

/// How much larger a drawing is made at most: a dot is no digit.
const MOST_GROWN: f32 = 4.0;

fn ends(points: &[[f32; 2]], pick: fn(f32, f32) -> f32) -> Option<[f32; 2]> {
    points.iter().copied().reduce(|a, b| [pick(a[0], b[0]), pick(a[1], b[1])])
}

/// The pixels that a mark may touch, with the share of each that it covers.
struct Area {
    left: usize,
    top: usize,
    width: usize,
    covered: Vec<f32>,
}

impl Area {
    fn around(points: &[[f32; 2]], margin: f32, sides: Sides) -> Self {
        let low = ends(points, f32::min).unwrap_or_default().map(|v| (v - margin).floor().max(0.0) as usize);
        let high = ends(points, f32::max).unwrap_or_default().map(|v| (v + margin).ceil().max(0.0) as usize);
        let high = [high[0].min(sides.width), high[1].min(sides.height)];
        let [width, height] = [0, 1].map(|i| high[i].saturating_sub(low[i]));
        Self { left: low[0], top: low[1], width, covered: vec![0.0; width * height] }
    }

    /// Calls `put` with the share of each pixel between two corners, and what it is to become.
    fn within(&mut self, low: [f32; 2], high: [f32; 2], becomes: impl Fn([f32; 2], f32) -> f32) {
        let rows = self.covered.len() / self.width.max(1);
        let range = |low: f32, high: f32, from: usize, len: usize| {
            let low = (low.floor().max(0.0) as usize).saturating_sub(from).min(len);
            low..((high.ceil().max(0.0) as usize).saturating_sub(from)).min(len)
        };
        for y in range(low[1], high[1], self.top, rows) {
            for x in range(low[0], high[0], self.left, self.width) {
                let at = &mut self.covered[y * self.width + x];
                *at = becomes([(x + self.left) as f32, (y + self.top) as f32], *at);
            }
        }
    }

    /// A line with round ends: a pixel is covered as its middle lies within, with a soft edge of one pixel.
    fn segment(&mut self, a: [f32; 2], b: [f32; 2], radius: f32) {
        let reach = radius + 0.5;
        let (low, high) = ([0, 1].map(|i| a[i].min(b[i]) - reach), [0, 1].map(|i| a[i].max(b[i]) + reach));
        let along = [b[0] - a[0], b[1] - a[1]];
        let length = along[0] * along[0] + along[1] * along[1];
        self.within(low, high, |[x, y], was| {
            let from = [x + 0.5 - a[0], y + 0.5 - a[1]];
            let t =
                if length > 0.0 { ((from[0] * along[0] + from[1] * along[1]) / length).clamp(0.0, 1.0) } else { 0.0 };
            let off = [from[0] - t * along[0], from[1] - t * along[1]];
            was.max((reach - off[0].hypot(off[1])).clamp(0.0, 1.0))
        });
    }

    /// A rectangle: squares side by side add up.
    fn square(&mut self, low: [f32; 2], high: [f32; 2]) {
        self.within(low, high, |corner, was| {
            let share = [0, 1].map(|i| (high[i].min(corner[i] + 1.0) - low[i].max(corner[i])).max(0.0));
            (was + share[0] * share[1]).min(1.0)
        });
    }

    fn each(&self, mut put: impl FnMut(usize, usize, f32)) {
        for (i, share) in self.covered.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            put(self.left + i % self.width, self.top + i / self.width, *share);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGIT: Sides = Sides { height: 8, width: 8, depth: 1 };
    const MNIST: Sides = Sides { height: 28, width: 28, depth: 1 };
    const BLACK: Option<Ink> = Some([1.0; 3]);

    fn stroke(points: &[[f32; 2]], radius: f32, ink: Option<Ink>) -> Mark {
        Mark { form: Form::Stroke(points.to_vec(), radius), ink }
    }

    fn sketch(sides: Sides, marks: Vec<Mark>) -> Sketch {
        Sketch { marks, ..Sketch::empty(sides) }
    }

    #[test]
    fn a_stroke_has_its_width_and_soft_edges() {
        let line = sketch(MNIST, vec![stroke(&[[14.0, 4.0], [14.0, 24.0]], 1.5, BLACK)]);
        let sample = line.sample(false);
        let row = &sample[10 * 28..11 * 28];
        assert!((row.iter().sum::<f32>() - 3.0).abs() < 1e-4, "{row:?}");
        assert_eq!(row[11..17], [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]);
        assert!(sample[..28].iter().all(|v| *v == 0.0));
        // A stroke beside the paper, and one of a single point.
        let off =
            sketch(DIGIT, vec![stroke(&[[-9.0, -9.0], [30.0, -9.0]], 0.75, BLACK), stroke(&[[0.0, 0.0]], 0.75, BLACK)]);
        let sample = off.sample(false);
        assert!(sample[0] > 0.4 && sample[2..].iter().all(|v| v.is_finite() && *v < 0.6));
    }

    #[test]
    fn a_stroke_that_crosses_itself_is_no_darker_and_paper_takes_ink_away() {
        let across = stroke(&[[1.0, 4.0], [7.0, 4.0], [1.0, 4.2]], 0.75, BLACK);
        let mut s = sketch(DIGIT, vec![across]);
        assert!(s.sample(false).iter().all(|v| (0.0..=1.0).contains(v)));
        s.marks.push(Mark { form: Form::All, ink: None });
        assert_eq!(s.sample(false), vec![0.0; 64]);
        s.undo();
        assert!(s.sample(false).iter().any(|v| *v > 0.7));
    }

    #[test]
    fn pixels_are_inked_one_by_one_and_taken_back_so() {
        let mut s = Sketch::empty(DIGIT);
        for cell in [[2, 3], [2, 4], [2, 3]] {
            s.cell(cell, BLACK);
        }
        s.cell([2, 4], None);
        let mut wanted = vec![0.0; 64];
        wanted[3 * 8 + 2] = 1.0;
        assert_eq!(s.sample(false), wanted);
        s.undo();
        wanted[4 * 8 + 2] = 1.0;
        assert_eq!(s.sample(false), wanted);
        s.undo();
        s.undo();
        assert!(s.is_empty());
        s.undo();
    }

    #[test]
    fn colours_and_sides_that_differ() {
        let sides = Sides { height: 2, width: 3, depth: 3 };
        let mut s = sketch(sides, vec![Mark { form: Form::All, ink: Some([0.2, 0.4, 0.6]) }]);
        s.cell([2, 1], Some([1.0, 0.0, 0.0]));
        let sample = s.sample(true);
        assert_eq!(sample.len(), 18);
        assert_eq!(&sample[..3], [0.2, 0.4, 0.6]);
        assert_eq!(&sample[15..], [1.0, 0.0, 0.0]);
    }

    /// Row or column of a pixel by its number and the width.
    type Of = fn(usize, usize) -> usize;

    /// Rows and columns that hold ink, and the centre of mass.
    fn lies(sample: &[f32], width: usize) -> ([usize; 4], [f32; 2]) {
        let inked: Vec<_> = (0..sample.len()).filter(|i| sample[*i] > 0.25).collect();
        let least = |of: Of| inked.iter().map(|i| of(*i, width)).min().unwrap_or(0);
        let most = |of: Of| inked.iter().map(|i| of(*i, width)).max().unwrap_or(0);
        let (row, column): (Of, Of) = (|i, w| i / w, |i, w| i % w);
        let mass: f32 = sample.iter().sum();
        let middle =
            |of: Of| sample.iter().enumerate().map(|(i, v)| v * (of(i, width) as f32 + 0.5)).sum::<f32>() / mass;
        ([least(row), most(row), least(column), most(column)], [middle(column), middle(row)])
    }

    /// A seven that is drawn small in a corner lies as MNIST's sevens do, and as those of 8 × 8 pixels.
    #[test]
    fn a_drawing_is_fitted_as_the_digits_are() {
        let seven = |unit: f32, r: f32| stroke(&[[unit, unit], [4.0 * unit, unit], [2.0 * unit, 6.0 * unit]], r, BLACK);
        let ([top, foot, ..], [x, y]) = lies(&sketch(MNIST, vec![seven(1.5, 1.5)]).sample(true), 28);
        assert_eq!(foot - top, 19, "20 rows");
        assert!((x - 14.5).abs() < 0.05 && (y - 14.5).abs() < 0.05, "{x} {y}");
        let ([top, foot, left, right], [x, _]) = lies(&sketch(DIGIT, vec![seven(0.5, 0.75)]).sample(true), 8);
        assert_eq!((top, foot), (0, 7));
        assert!(left >= 1 && right <= 6 && (x - 4.0).abs() < 0.05, "{left} {right} {x}");
    }

    #[test]
    fn pixels_that_are_fitted_leave_no_gaps() {
        let mut s = Sketch::empty(MNIST);
        (3..8).for_each(|y| s.cell([5, y], BLACK));
        let ([top, foot, left, right], _) = lies(&s.sample(true), 28);
        let sample = s.sample(true);
        for y in top + 1..foot {
            assert!((left + 1..right).all(|x| sample[y * 28 + x] > 0.999), "row {y}");
        }
    }

    #[test]
    fn what_was_begun_from_a_sample_stays_where_it_is() {
        let base: Vec<f32> = (0..64).map(|i| i as f32 / 64.0).collect();
        let mut s = Sketch { base: Some(base.clone()), ..Sketch::empty(DIGIT) };
        assert_eq!(s.sample(true), base);
        s.cell([0, 0], BLACK);
        assert_eq!(s.sample(true)[0], 1.0);
        assert_eq!(s.sample(true)[1..], base[1..]);
        s.undo();
        s.undo();
        assert!(s.is_empty());
    }
}
