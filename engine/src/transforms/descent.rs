//! Adam (Kingma and Ba 2015) on the host, for the small problems that transforms solve.

/// Decay of the means of the gradient and of its square.
const MEANS: [f32; 2] = [0.9, 0.999];

/// What is remembered of one tensor's gradients.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    rate: f32,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: i32,
}

impl Adam {
    /// For `size` numbers.
    pub fn new(size: usize, rate: f32) -> Self {
        Self { rate, first: vec![0.0; size], second: vec![0.0; size], steps: 0 }
    }

    /// Moves `weights` against `slope`.
    pub fn step(&mut self, weights: &mut [f32], slope: &[f32]) {
        self.steps += 1;
        let [fast, slow] = MEANS;
        let (fast_part, slow_part) = (1.0 - fast.powi(self.steps), 1.0 - slow.powi(self.steps));
        let means = self.first.iter_mut().zip(&mut self.second);
        for ((w, &g), (m, v)) in weights.iter_mut().zip(slope).zip(means) {
            *m = fast * *m + (1.0 - fast) * g;
            *v = slow * *v + (1.0 - slow) * g * g;
            *w -= self.rate * (*m / fast_part) / ((*v / slow_part).sqrt() + 1e-8);
        }
    }
}
