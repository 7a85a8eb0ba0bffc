//! A block of weights, solved by exchanging pairs.

/// What may be gained within a block: the change of `q` when the weights move by `t` is `slopes · t + ½ t · curvature t`.
pub struct Block {
    pub slopes: Vec<f32>,
    pub curvature: Vec<Vec<f32>>,
    /// Each weight, and whether it is kept.
    pub places: Vec<(f32, bool)>,
}

impl Block {
    /// By how much each weight has moved at the end: 0, `−w` where it went, `w` where it came back. As many come as go.
    pub fn exchanged(mut self) -> Vec<f32> {
        let count = self.places.len();
        let mut moved = vec![0f32; count];
        // Each exchange lowers q; the bound keeps rounding from going round in circles.
        for _ in 0..count * count {
            let Some((a, b, gain)) = self.best() else { break };
            if gain >= -1e-9 {
                break;
            }
            for k in [a, b] {
                let by = self.by(k);
                moved[k] += by;
                self.places[k].1 = !self.places[k].1;
                let row = &self.curvature[k];
                self.slopes.iter_mut().zip(row).for_each(|(s, c)| *s += c * by);
            }
        }
        for (k, by) in moved.iter_mut().enumerate() {
            // There and back again is not exactly nothing.
            let (w, _) = self.places[k];
            if by.abs() < 0.5 * w.abs() {
                *by = 0.0;
            }
        }
        moved
    }

    /// How weight `k` would move.
    fn by(&self, k: usize) -> f32 {
        let (w, kept) = self.places[k];
        if kept { -w } else { w }
    }

    /// The kept weight and the gone one whose exchange changes `q` least or lowers it most, and by how much.
    fn best(&self) -> Option<(usize, usize, f32)> {
        let mut best: Option<(usize, usize, f32)> = None;
        let which = |kept: bool| (0..self.places.len()).filter(move |&k| self.places[k].1 == kept);
        for a in which(true) {
            let x = self.by(a);
            let alone = self.slopes[a] * x + 0.5 * self.curvature[a][a] * x * x;
            for b in which(false) {
                let y = self.by(b);
                let other = self.slopes[b] * y + 0.5 * self.curvature[b][b] * y * y;
                let gain = alone + other + self.curvature[a][b] * x * y;
                if best.is_none_or(|(_, _, least)| gain < least) {
                    best = Some((a, b, gain));
                }
            }
        }
        best
    }
}
