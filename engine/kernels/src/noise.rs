//! Random numbers by counting: a number is a pure function of (index, step, stream, seed), so nothing is stored, any
//! one can be had on its own, and every executor gets the same.
//!
//! Only 32-bit integers are mixed, and each conversion to `f32` rounds at most once. The CPU, WebAssembly and a shader
//! that follows these lines therefore agree bit for bit.

/// Mixes four words into four: `pcg4d` of Jarzynski and Olano 2020, "Hash Functions for GPU Rendering". All arithmetic
/// wraps at 32 bits.
pub const fn pcg4d([x, y, z, w]: [u32; 4]) -> [u32; 4] {
    const fn spread(v: u32) -> u32 {
        v.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)
    }
    const fn cross([mut x, mut y, mut z, mut w]: [u32; 4]) -> [u32; 4] {
        x = x.wrapping_add(y.wrapping_mul(w));
        y = y.wrapping_add(z.wrapping_mul(x));
        z = z.wrapping_add(x.wrapping_mul(y));
        w = w.wrapping_add(y.wrapping_mul(z));
        [x, y, z, w]
    }
    let [x, y, z, w] = cross([spread(x), spread(y), spread(z), spread(w)]);
    cross([x ^ (x >> 16), y ^ (y >> 16), z ^ (z >> 16), w ^ (w >> 16)])
}

/// A uniform number in `[0, 1)` from the upper 24 bits, which an `f32` holds exactly: a multiple of 2⁻²⁴.
pub const fn uniform(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// √(12/8) / 2¹⁶: brings the sum of eight uniform 16-bit numbers to unit variance.
const NORMAL_SCALE: f32 = 1.224_744_9 / 65_536.0;

/// A standard normal number from four words: the centred sum of their eight 16-bit halves (Irwin–Hall). Mean 0,
/// variance 1, excess kurtosis −0.15, |z| ≤ 4.9. The sum is an exact integer, and only the scaling rounds; a logarithm
/// or a cosine would differ between targets.
pub const fn normal([x, y, z, w]: [u32; 4]) -> f32 {
    const fn halves(v: u32) -> u32 {
        (v & 0xffff) + (v >> 16)
    }
    let sum = halves(x) + halves(y) + halves(z) + halves(w);
    // 262 140 is 8 × 32 767.5, the mean of the sum.
    (sum as i32 - 262_140) as f32 * NORMAL_SCALE
}

/// One independent sequence of random numbers: `seed` is the run's, `stream` names the use within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    pub seed: u32,
    pub stream: u32,
}

impl Stream {
    pub const fn new(seed: u32, stream: u32) -> Self {
        Self { seed, stream }
    }

    /// The stream whose number is the four letters of `name`, so that no two uses meet by accident.
    pub const fn named(seed: u32, name: &[u8; 4]) -> Self {
        Self { seed, stream: u32::from_be_bytes(*name) }
    }

    /// Draws one after another at `step`, from index 0 on.
    pub const fn draws(self, step: u32) -> Draws {
        Draws { stream: self, step, index: 0 }
    }

    /// Four random words at (step, index).
    pub const fn words(self, step: u32, index: u32) -> [u32; 4] {
        pcg4d([index, step, self.stream, self.seed])
    }

    /// A uniform number in `[0, 1)`, made from the first of the four words.
    pub const fn uniform(self, step: u32, index: u32) -> f32 {
        uniform(self.words(step, index)[0])
    }

    /// A standard normal number, made from all four words: see [`normal`].
    pub const fn normal(self, step: u32, index: u32) -> f32 {
        normal(self.words(step, index))
    }

    /// Uniform numbers, number i for index i.
    pub fn uniforms(self, step: u32, out: &mut [f32]) {
        out.iter_mut().enumerate().for_each(|(i, o)| *o = self.uniform(step, i as u32));
    }

    /// Standard normal numbers, number i for index i.
    pub fn normals(self, step: u32, out: &mut [f32]) {
        out.iter_mut().enumerate().for_each(|(i, o)| *o = self.normal(step, i as u32));
    }

    /// A whole number in `0..bound` (0 when `bound` is 0): the first word times `bound`, upper half. Its bias is below
    /// `bound` / 2³².
    pub const fn below(self, step: u32, index: u32, bound: u32) -> u32 {
        ((self.words(step, index)[0] as u64 * bound as u64) >> 32) as u32
    }

    /// Puts `items` in random order (Fisher and Yates, from the end): the item at `i` changes places with
    /// `below(step, i, i + 1)`.
    pub fn shuffle<T>(self, step: u32, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let at = i as u32;
            items.swap(i, self.below(step, at, at + 1) as usize);
        }
    }

    /// The numbers `0..n` in random order.
    pub fn permutation(self, step: u32, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        self.shuffle(step, &mut order);
        order
    }
}

/// Successive draws from one stream at one step: each takes the next index.
#[derive(Debug, Clone)]
pub struct Draws {
    stream: Stream,
    step: u32,
    index: u32,
}

impl Draws {
    fn next(&mut self) -> u32 {
        let index = self.index;
        self.index = index.wrapping_add(1);
        index
    }

    /// The next uniform number in `[0, 1)`.
    pub fn uniform(&mut self) -> f32 {
        let index = self.next();
        self.stream.uniform(self.step, index)
    }

    /// The next standard normal number.
    pub fn normal(&mut self) -> f32 {
        let index = self.next();
        self.stream.normal(self.step, index)
    }

    /// The next whole number in `0..bound`.
    pub fn below(&mut self, bound: u32) -> u32 {
        let index = self.next();
        self.stream.below(self.step, index, bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pcg4d_gives_the_pinned_words() {
        assert_eq!(pcg4d([0, 0, 0, 0]), [0x0f02_f829, 0x2d56_8769, 0x32b0_c43b, 0xd325_48ea]);
        assert_eq!(pcg4d([1, 2, 3, 4]), [0x3622_cd16, 0xf114_71d8, 0xe110_9b3f, 0x02b9_4c2f]);
        assert_eq!(pcg4d([1, 2, 3, 7]), [0x77a5_001f, 0x8a7a_c31f, 0x97be_9222, 0x4448_5bbc]);
        assert_eq!(
            pcg4d([u32::MAX, u32::MAX, u32::MAX, u32::MAX]),
            [0x974e_d892, 0xc015_dc67, 0x9f95_5760, 0xa1bb_a208]
        );
    }

    #[test]
    fn uniform_stays_below_one() {
        assert_eq!(uniform(0), 0.0);
        assert_eq!(uniform(u32::MAX), 1.0 - 1.0 / 16_777_216.0);
    }

    #[test]
    fn normal_is_centred_and_bounded() {
        assert_eq!(normal([0; 4]), -normal([u32::MAX; 4]));
        assert_eq!(normal([u32::MAX; 4]), 4.898_905);
        assert_eq!(normal([0x8000_7fff; 4]), 0.0);
        assert_eq!(Stream::new(7, 3).normal(2, 1).to_bits(), 0xbf0a_10ea);
    }

    /// Moments over each of the four inputs in turn: neighbours in any of them must look unrelated.
    #[test]
    fn every_counter_gives_white_noise() {
        const N: u32 = 65_536;
        let along: [fn(u32) -> [u32; 4]; 4] = [|i| [i, 0, 0, 0], |i| [0, i, 0, 0], |i| [0, 0, i, 0], |i| [0, 0, 0, i]];
        for (axis, counter) in along.into_iter().enumerate() {
            let z: Vec<f64> = (0..N).map(|i| f64::from(normal(pcg4d(counter(i))))).collect();
            let moment = |p: i32| z.iter().map(|v| v.powi(p)).sum::<f64>() / f64::from(N);
            let lagged = z.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / f64::from(N);
            assert!(moment(1).abs() < 0.02, "axis {axis}: mean {}", moment(1));
            assert!((moment(2) - 1.0).abs() < 0.03, "axis {axis}: variance {}", moment(2));
            assert!(moment(3).abs() < 0.05, "axis {axis}: third moment {}", moment(3));
            assert!((moment(4) - 2.85).abs() < 0.12, "axis {axis}: fourth moment {}", moment(4));
            assert!(lagged.abs() < 0.02, "axis {axis}: correlation of neighbours {lagged}");
            let mut bins = [0_u32; 64];
            for i in 0..N {
                bins[(uniform(pcg4d(counter(i))[0]) * 64.0) as usize] += 1;
            }
            let chi: f64 = bins.iter().map(|&b| (f64::from(b) - 1024.0).powi(2) / 1024.0).sum();
            assert!(chi < 120.0, "axis {axis}: chi² {chi} over 63 degrees of freedom");
        }
    }

    #[test]
    fn shuffle_is_a_permutation_without_favourites() {
        let mut firsts = [0_u32; 8];
        for step in 0..8000 {
            let order = Stream::new(1, 2).permutation(step, 8);
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..8).collect::<Vec<_>>());
            firsts[order[0] as usize] += 1;
        }
        assert!(firsts.iter().all(|&n| (850..1150).contains(&n)), "{firsts:?}");
        assert_eq!(Stream::new(1, 2).permutation(0, 8), [7, 6, 2, 1, 3, 0, 5, 4]);
        assert!(Stream::new(1, 2).permutation(0, 0).is_empty());
    }
}
