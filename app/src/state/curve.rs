//! What is drawn over time, in bounded memory: when a track is full, neighbours are joined to their mean.

use engine::protocol::Score;
use engine::sorting::Sorting as _;
use serde::{Deserialize, Serialize};

/// Points kept of one track before they are thinned out.
const FULL: usize = 1200;

/// One reading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub step: f64,
    pub value: f64,
}

/// One quantity over the steps of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Trace {
    points: Vec<Point>,
    /// Readings to one point.
    stride: u32,
    /// Sum and number of the readings that wait for their point.
    waiting: (f64, f64, u32),
}

/// The curves of one run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curve {
    /// Loss and accuracy of the batches learnt from.
    pub batch_loss: Trace,
    pub batch_accuracy: Trace,
    /// The same over samples of each split.
    pub train_loss: Trace,
    pub train_accuracy: Trace,
    pub test_loss: Trace,
    pub test_accuracy: Trace,
}

impl Trace {
    /// Adds a reading. One from before the last point cuts the track back to it: the run was reset or rewound.
    pub fn push(&mut self, step: u64, value: f32) {
        if !value.is_finite() {
            return;
        }
        let step = step as f64;
        self.cut(step);
        let stride = self.stride.max(1);
        let (steps, values, count) = self.waiting;
        self.waiting = (steps + step, values + f64::from(value), count + 1);
        if self.waiting.2 < stride {
            return;
        }
        let (steps, values, count) = std::mem::take(&mut self.waiting);
        self.points.push(Point { step: steps / f64::from(count), value: values / f64::from(count) });
        if self.points.len() >= FULL {
            self.thin();
        }
    }

    /// Joins neighbours to their mean.
    fn thin(&mut self) {
        self.points = self
            .points
            .chunks(2)
            .map(|c| Point {
                step: c.iter().map(|p| p.step).sum::<f64>() / c.len() as f64,
                value: c.iter().map(|p| p.value).sum::<f64>() / c.len() as f64,
            })
            .collect();
        self.stride = self.stride.max(1) * 2;
    }

    /// Forgets what was read at `step` and after.
    fn cut(&mut self, step: f64) {
        if self.points.last().is_some_and(|p| p.step >= step) {
            self.points.retain(|p| p.step < step);
            self.waiting = (0.0, 0.0, 0);
        }
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub fn last(&self) -> Option<Point> {
        self.points.last().copied()
    }
}

impl Curve {
    fn tracks(&mut self) -> [&mut Trace; 6] {
        [
            &mut self.batch_loss,
            &mut self.batch_accuracy,
            &mut self.train_loss,
            &mut self.train_accuracy,
            &mut self.test_loss,
            &mut self.test_accuracy,
        ]
    }

    /// Adds what an evaluation told of both splits.
    pub fn evaluated(&mut self, step: u64, train: Score, test: Score) {
        for (score, loss, accuracy) in [
            (train, &mut self.train_loss, &mut self.train_accuracy),
            (test, &mut self.test_loss, &mut self.test_accuracy),
        ] {
            if let Some(l) = score.loss {
                loss.push(step, l);
            }
            accuracy.push(step, score.accuracy);
        }
    }

    /// Forgets what came after `step`.
    pub fn cut(&mut self, step: u64) {
        self.tracks().into_iter().for_each(|t| t.cut(step as f64 + 1.0));
    }

    /// The same in at most `points` points a track.
    pub fn thinned(&self, points: usize) -> Self {
        let mut all = self.clone();
        for track in all.tracks() {
            while track.points.len() > points {
                track.thin();
            }
        }
        all
    }

    /// The curves as a table: a row for each step at which something was measured, a column for each quantity, empty
    /// where it was not. `mark` names what answers are marked by; `touched` is what was done to the run that its spec does
    /// not tell, and has a column where it is anything.
    pub fn csv(&self, mark: &str, touched: &str) -> String {
        let columns: [(&str, &str, &Trace); 6] = [
            ("batch", "loss", &self.batch_loss),
            ("batch", mark, &self.batch_accuracy),
            ("train", "loss", &self.train_loss),
            ("train", mark, &self.train_accuracy),
            ("test", "loss", &self.test_loss),
            ("test", mark, &self.test_accuracy),
        ];
        let mut steps: Vec<f64> = columns.iter().flat_map(|c| c.2.points()).map(|p| p.step).collect();
        steps.put_in_order_by(f64::total_cmp);
        steps.dedup();
        let head: Vec<String> = columns.iter().map(|(split, of, _)| format!("{split} {of}")).collect();
        let last = if touched.is_empty() { String::new() } else { format!(",\"{touched}\"") };
        let mut out = format!("step,{}{}\n", head.join(","), if touched.is_empty() { "" } else { ",touched" });
        let mut left = columns.map(|c| c.2.points().iter().peekable());
        for step in steps {
            let cells = left.each_mut().map(|points| {
                let here = points.next_if(|p| p.step == step);
                here.map(|p| p.value.to_string()).unwrap_or_default()
            });
            out += &format!("{step},{}{last}\n", cells.join(","));
        }
        out
    }

    /// The last step of any track.
    pub fn end(&self) -> f64 {
        [&self.batch_loss, &self.test_loss, &self.test_accuracy]
            .iter()
            .filter_map(|t| t.last())
            .fold(0.0, |m, p| p.step.max(m))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_its_shape_in_bounded_memory() {
        let mut track = Trace::default();
        for step in 1..=100_000 {
            track.push(step, 1.0 / step as f32);
        }
        assert!(track.points().len() < FULL);
        assert!(track.points().windows(2).all(|w| w[0].step < w[1].step && w[0].value > w[1].value));
        assert!(track.last().is_some_and(|p| p.step > 99_000.0));
    }

    #[test]
    fn an_earlier_step_cuts_the_track() {
        let mut track = Trace::default();
        for step in [1, 2, 3, 4, 2] {
            track.push(step, step as f32);
        }
        assert_eq!(track.points().iter().map(|p| p.step).collect::<Vec<_>>(), [1.0, 2.0]);
    }

    #[test]
    fn a_curve_is_cut_after_a_step_and_thinned() {
        let mut curve = Curve::default();
        for step in 1..=100 {
            curve.test_loss.push(step, step as f32);
        }
        assert!(curve.thinned(30).test_loss.points().len() <= 30);
        assert_eq!(curve.thinned(1000), curve);
        curve.cut(40);
        assert_eq!(curve.test_loss.last().map(|p| p.step), Some(40.0));
    }

    #[test]
    fn a_table_has_a_row_for_each_step() {
        let mut curve = Curve::default();
        for step in [1, 2] {
            curve.batch_loss.push(step, 0.5 * step as f32);
        }
        curve.test_accuracy.push(2, 0.25);
        curve.test_accuracy.push(3, 1.0);
        let head = "step,batch loss,batch accuracy,train loss,train accuracy,test loss,test accuracy";
        assert_eq!(curve.csv("accuracy", ""), format!("{head}\n1,0.5,,,,,\n2,1,,,,,0.25\n3,,,,,,1\n"));
        let touched = curve.csv("accuracy", "2:hand:2:1,0:given");
        assert!(touched.starts_with(&format!("{head},touched\n1,0.5,,,,,,\"2:hand:2:1,0:given\"\n")), "{touched}");
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let mut track = Trace::default();
        track.push(1, f32::NAN);
        track.push(2, f32::INFINITY);
        assert!(track.points().is_empty());
    }
}
