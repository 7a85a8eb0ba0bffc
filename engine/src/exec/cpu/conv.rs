//! Convolution of images, forward and backward, as products with patches.
//!
//! Images are `[batch, height, width, channels]`, weights `[kernel height, kernel width, channels / groups, filters]`.
//! Patches are laid out a block at a time, so that they never leave the cache, and each block is one product per group
//! (Chellapilla, Puri and Simard, *High Performance Convolutional Neural Networks for Document Processing*, 2006).
//! Blocks and their order depend on the shapes alone, so a machine always gives the same bits.

use super::matmul::{Mat, MatMut, matmul};
use super::pool::{self, Shared};
use std::cell::RefCell;
use std::ops::Range;

/// Floats in a block of patches: a quarter of a megabyte, for a second-level cache.
const PATCHES: usize = 1 << 16;
/// Floats in all partial sums of a weight gradient together, and how many partial sums there are at most.
const PARTIAL: usize = 1 << 22;
const MOST_PARTS: usize = 8;

/// The shapes of one convolution. Beyond its border an image is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    pub batch: usize,
    /// Height and width of the input and of the output.
    pub input: [usize; 2],
    pub output: [usize; 2],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// Zeros above and to the left of the input; those below and to the right follow from the output's size.
    pub before: [usize; 2],
    pub channels: usize,
    pub filters: usize,
    /// Divides both `channels` and `filters`; group `g` of the filters sees group `g` of the channels.
    pub groups: usize,
}

impl Geometry {
    pub fn input_len(&self) -> usize {
        self.batch * self.image()
    }

    pub fn output_len(&self) -> usize {
        self.positions() * self.filters
    }

    pub fn weight_len(&self) -> usize {
        self.depth() * self.filters
    }

    /// Numbers in one input image.
    fn image(&self) -> usize {
        self.input[0] * self.input[1] * self.channels
    }

    /// Numbers in one patch of one group.
    fn depth(&self) -> usize {
        self.kernel[0] * self.kernel[1] * (self.channels / self.groups)
    }

    fn positions_per_image(&self) -> usize {
        self.output[0] * self.output[1]
    }

    fn positions(&self) -> usize {
        self.batch * self.positions_per_image()
    }

    /// Output positions in a block of patches.
    fn block(&self) -> usize {
        (PATCHES / self.depth().max(1)).clamp(16, 1024)
    }

    fn check(&self, x: usize, w: usize, y: usize) {
        assert!(
            self.groups > 0 && self.channels.is_multiple_of(self.groups) && self.filters.is_multiple_of(self.groups),
            "convolution: {} groups of {} channels and {} filters",
            self.groups,
            self.channels,
            self.filters
        );
        let lengths = [self.input_len(), self.weight_len(), self.output_len()];
        assert_eq!([x, w, y], lengths, "convolution: input, weights or output of the wrong size");
    }

    /// The output's columns of one group at some positions, as a matrix.
    fn outputs<'a>(&self, y: &'a [f32], group: usize, positions: &Range<usize>) -> Mat<'a> {
        let cols = self.filters / self.groups;
        let start = (positions.start * self.filters + group * cols).min(y.len());
        Mat { data: &y[start..], rows: positions.len(), cols, row_stride: self.filters, col_stride: 1 }
    }

    /// One group's weights as a matrix, a patch's number by a filter.
    fn weights<'a>(&self, w: &'a [f32], group: usize) -> Mat<'a> {
        let cols = self.filters / self.groups;
        let data = &w[(group * cols).min(w.len())..];
        Mat { data, rows: self.depth(), cols, row_stride: self.filters, col_stride: 1 }
    }

    /// Visits, in order, the runs of numbers that make up one group's patches at some positions: where the run lies
    /// in the block of patches, where in the input (nowhere when it lies beyond the border), and its length.
    fn runs(&self, group: usize, positions: Range<usize>, mut visit: impl FnMut(usize, Option<usize>, usize)) {
        let ([height, width], [kernel_height, kernel_width]) = (self.input, self.kernel);
        let share = self.channels / self.groups;
        let mut place = 0;
        for position in positions {
            let (image, within) = (position / self.positions_per_image(), position % self.positions_per_image());
            let (out_row, out_col) = (within / self.output[1], within % self.output[1]);
            // The first column in the input's own count, shifted by `before` so as to stay unsigned.
            let shifted = out_col * self.stride[1];
            let first = self.before[1].saturating_sub(shifted).min(kernel_width);
            let last = (width + self.before[1]).saturating_sub(shifted).clamp(first, kernel_width);
            for i in 0..kernel_height {
                let row = (out_row * self.stride[0] + i).checked_sub(self.before[0]).filter(|&row| row < height);
                let Some(row) = row.filter(|_| first < last) else {
                    visit(place, None, kernel_width * share);
                    place += kernel_width * share;
                    continue;
                };
                let col = shifted + first - self.before[1];
                let source = ((image * height + row) * width + col) * self.channels + group * share;
                if first > 0 {
                    visit(place, None, first * share);
                }
                place += first * share;
                if self.groups == 1 {
                    visit(place, Some(source), (last - first) * share);
                    place += (last - first) * share;
                } else {
                    for j in 0..last - first {
                        visit(place, Some(source + j * self.channels), share);
                        place += share;
                    }
                }
                if last < kernel_width {
                    visit(place, None, (kernel_width - last) * share);
                }
                place += (kernel_width - last) * share;
            }
        }
    }

    /// Patches of one group at some positions, `[positions, depth]`.
    fn gather(&self, patches: &mut [f32], x: &[f32], group: usize, positions: Range<usize>) {
        self.runs(group, positions, |place, source, len| {
            let target = &mut patches[place..place + len];
            match source {
                // The call of a copy costs more than a short run does.
                Some(source) if len < 16 => {
                    target.iter_mut().zip(&x[source..source + len]).for_each(|(place, &x)| *place = x);
                }
                Some(source) => target.copy_from_slice(&x[source..source + len]),
                None => target.fill(0.0),
            }
        });
    }

    /// Adds patches back to where [`Geometry::gather`] took them from; `x` begins at number `origin` of the input.
    fn scatter(&self, x: &mut [f32], origin: usize, patches: &[f32], group: usize, positions: Range<usize>) {
        self.runs(group, positions, |place, source, len| {
            if let Some(source) = source {
                let target = &mut x[source - origin..][..len];
                target.iter_mut().zip(&patches[place..place + len]).for_each(|(sum, &x)| *sum += x);
            }
        });
    }
}

thread_local! {
    /// One block of patches; kept, so that no convolution allocates.
    static BLOCK: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
    /// What one whole convolution needs: transposed weights or partial gradients.
    static WHOLE: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Lends `len` floats of a buffer that grows and is kept; what they hold is left over from earlier use.
fn with_floats<R>(
    buffer: &'static std::thread::LocalKey<RefCell<Vec<f32>>>,
    len: usize,
    run: impl FnOnce(&mut [f32]) -> R,
) -> R {
    buffer.with_borrow_mut(|floats| {
        if floats.len() < len {
            floats.resize(len, 0.0);
        }
        run(&mut floats[..len])
    })
}

/// Splits a range into blocks of at most `step`.
fn blocks(range: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(step).map(move |start| start..end.min(start + step))
}

/// `y` = the convolution of `x` with `w`.
///
/// # Panics
/// When a slice is not as long as the geometry says: `check` lets no such program through.
pub fn forward(g: &Geometry, y: &mut [f32], x: &[f32], w: &[f32]) {
    g.check(x.len(), w.len(), y.len());
    let (positions, cols) = (g.positions(), g.filters / g.groups);
    let y = Shared::new(y);
    pool::parallel_for(positions.div_ceil(g.block()), &|chunk| {
        let start = chunk * g.block();
        let range = start..positions.min(start + g.block());
        // SAFETY: each chunk has positions of its own.
        let y = unsafe { y.part(range.start * g.filters, range.len() * g.filters) };
        with_floats(&BLOCK, range.len() * g.depth(), |patches| {
            for group in 0..g.groups {
                g.gather(patches, x, group, range.clone());
                let start = (group * cols).min(y.len());
                let c = MatMut { data: &mut y[start..], rows: range.len(), cols, row_stride: g.filters };
                matmul(Mat::new(patches, range.len(), g.depth()), g.weights(w, group), c, false);
            }
        });
    });
}

/// `dx` = the gradient to the input, of the gradient `dy` to the output.
///
/// # Panics
/// As [`forward`].
pub fn to_input(g: &Geometry, dx: &mut [f32], dy: &[f32], w: &[f32]) {
    g.check(dx.len(), w.len(), dy.len());
    let (depth, cols) = (g.depth(), g.filters / g.groups);
    let dx = Shared::new(dx);
    with_floats(&WHOLE, w.len(), |turned| {
        // Row-major transposes, one per group, made once rather than packed anew for each block.
        for (place, number) in turned.iter_mut().enumerate() {
            let (filter, at) = (place / depth, place % depth);
            *number = w[at * g.filters + filter];
        }
        let turned = &*turned;
        pool::parallel_for(g.batch, &|image| {
            // SAFETY: each chunk has an image of its own.
            let dx = unsafe { dx.part(image * g.image(), g.image()) };
            dx.fill(0.0);
            let all = image * g.positions_per_image()..(image + 1) * g.positions_per_image();
            for range in blocks(all, g.block()) {
                with_floats(&BLOCK, range.len() * depth, |patches| {
                    for group in 0..g.groups {
                        let weights = Mat::new(&turned[group * cols * depth..][..cols * depth], cols, depth);
                        let c = MatMut::new(patches, range.len(), depth);
                        matmul(g.outputs(dy, group, &range), weights, c, false);
                        g.scatter(dx, image * g.image(), patches, group, range.clone());
                    }
                });
            }
        });
    });
}

/// `dw` = the gradient to the weights, of the gradient `dy` to the output.
///
/// Positions are split in a number of parts that the shapes alone decide, and the parts' sums joined in order.
///
/// # Panics
/// As [`forward`].
pub fn to_weights(g: &Geometry, dw: &mut [f32], x: &[f32], dy: &[f32]) {
    g.check(x.len(), dw.len(), dy.len());
    let (depth, cols, positions) = (g.depth(), g.filters / g.groups, g.positions());
    let parts = (PARTIAL / dw.len().max(1)).min(positions / g.block()).clamp(1, MOST_PARTS);
    let len = dw.len();
    with_floats(&WHOLE, parts * len, |partial| {
        partial.fill(0.0);
        let sums = Shared::new(partial);
        pool::parallel_for(parts, &|part| {
            // SAFETY: each chunk has a partial sum of its own.
            let sum = unsafe { sums.part(part * len, len) };
            for range in blocks(part * positions / parts..(part + 1) * positions / parts, g.block()) {
                with_floats(&BLOCK, range.len() * depth, |patches| {
                    for group in 0..g.groups {
                        g.gather(patches, x, group, range.clone());
                        let start = (group * cols).min(sum.len());
                        let c = MatMut { data: &mut sum[start..], rows: depth, cols, row_stride: g.filters };
                        let patches = Mat::new(patches, range.len(), depth);
                        matmul(patches.t(), g.outputs(dy, group, &range), c, true);
                    }
                });
            }
        });
        let (first, rest) = partial.split_at(len);
        dw.copy_from_slice(first);
        for sum in rest.chunks_exact(len.max(1)) {
            dw.iter_mut().zip(sum).for_each(|(total, &x)| *total += x);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize, seed: u32) -> Vec<f32> {
        let hash = |i: u32| (i.wrapping_mul(2_654_435_761) ^ seed).wrapping_mul(0x9E37_79B1) >> 8;
        (0..len as u32).map(|i| hash(i) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    /// Calls `term` with the places in input, weights and output of every product that the convolution sums.
    fn each_term(g: &Geometry, mut term: impl FnMut(usize, usize, usize)) {
        let (share, cols) = (g.channels / g.groups, g.filters / g.groups);
        for position in 0..g.positions() {
            let (image, within) = (position / g.positions_per_image(), position % g.positions_per_image());
            let (oh, ow) = (within / g.output[1], within % g.output[1]);
            for tap in 0..g.kernel[0] * g.kernel[1] {
                let h = (oh * g.stride[0] + tap / g.kernel[1]).wrapping_sub(g.before[0]);
                let w = (ow * g.stride[1] + tap % g.kernel[1]).wrapping_sub(g.before[1]);
                if h >= g.input[0] || w >= g.input[1] {
                    continue;
                }
                for c in 0..share {
                    for filter in 0..g.filters {
                        let channel = filter / cols * share + c;
                        let x = ((image * g.input[0] + h) * g.input[1] + w) * g.channels + channel;
                        term(x, (tap * share + c) * g.filters + filter, position * g.filters + filter);
                    }
                }
            }
        }
    }

    fn assert_close(got: &[f32], want: &[f64], what: &str) {
        for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
            assert!((f64::from(got) - want).abs() < 1e-4 * (1.0 + want.abs()), "{what} at {i}: {got} for {want}");
        }
    }

    fn check(g: Geometry) {
        let (x, w) = (noise(g.input_len(), 1), noise(g.weight_len(), 2));
        let dy = noise(g.output_len(), 3);
        let (mut y_want, mut dx_want, mut dw_want) = (vec![0.0; dy.len()], vec![0.0; x.len()], vec![0.0; w.len()]);
        each_term(&g, |i, j, o| {
            y_want[o] += f64::from(x[i]) * f64::from(w[j]);
            dx_want[i] += f64::from(dy[o]) * f64::from(w[j]);
            dw_want[j] += f64::from(dy[o]) * f64::from(x[i]);
        });
        let (mut y, mut dx, mut dw) = (vec![9.0; dy.len()], vec![9.0; x.len()], vec![9.0; w.len()]);
        forward(&g, &mut y, &x, &w);
        to_input(&g, &mut dx, &dy, &w);
        to_weights(&g, &mut dw, &x, &dy);
        assert_close(&y, &y_want, "output");
        assert_close(&dx, &dx_want, "gradient to the input");
        assert_close(&dw, &dw_want, "gradient to the weights");
    }

    const PLAIN: Geometry = Geometry {
        batch: 3,
        input: [9, 8],
        output: [9, 8],
        kernel: [3, 3],
        stride: [1, 1],
        before: [1, 1],
        channels: 4,
        filters: 6,
        groups: 1,
    };

    #[test]
    fn agrees_with_direct_sums() {
        check(PLAIN);
        check(Geometry { groups: 2, ..PLAIN });
        check(Geometry { channels: 6, groups: 6, ..PLAIN });
        check(Geometry { output: [7, 6], before: [0, 0], ..PLAIN });
        check(Geometry { output: [5, 4], stride: [2, 2], ..PLAIN });
        check(Geometry { output: [3, 8], stride: [3, 1], kernel: [5, 2], before: [2, 0], ..PLAIN });
        check(Geometry { kernel: [1, 1], before: [0, 0], ..PLAIN });
        check(Geometry { channels: 1, filters: 1, ..PLAIN });
    }

    #[test]
    fn windows_wholly_beyond_the_border_see_zeros() {
        check(Geometry { output: [15, 16], before: [4, 5], ..PLAIN });
        check(Geometry { input: [1, 1], output: [5, 5], before: [4, 4], kernel: [2, 2], ..PLAIN });
    }

    #[test]
    fn several_blocks_and_parts() {
        check(Geometry { batch: 30, channels: 33, filters: 40, ..PLAIN });
        check(Geometry { batch: 40, input: [14, 14], output: [14, 14], channels: 1, filters: 3, ..PLAIN });
    }

    #[test]
    fn nothing_to_do() {
        check(Geometry { batch: 0, ..PLAIN });
        check(Geometry { channels: 0, ..PLAIN });
        check(Geometry { filters: 0, ..PLAIN });
        check(Geometry { output: [0, 4], ..PLAIN });
    }
}
