//! Convolution of images, forward and backward, as products with patches.
//!
//! Images are `[batch, height, width, channels]`, weights `[kernel height, kernel width, channels / groups, filters]`.
//! Patches are laid out a block at a time, so that they never leave the cache, and each block is one product per group
//! (Chellapilla, Puri and Simard, *High Performance Convolutional Neural Networks for Document Processing*, 2006).
//! Blocks and their order depend on the shapes alone, so a machine always gives the same bits.

use crate::matmul::{Mat, MatMut, matmul};
use crate::pool::{self, Shared};
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
    /// What is made at a time of a result that is handed on.
    static MADE: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
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

/// Takes numbers `first ..` of a result, on any thread; see [`forward_each`].
type Each<'a> = dyn Fn(usize, &[f32]) + Sync + 'a;

/// `y` = the convolution of `x` with `w`.
///
/// # Panics
/// When a slice is not as long as the geometry says: `check` lets no such program through.
pub fn forward(g: &Geometry, y: &mut [f32], x: &[f32], w: &[f32]) {
    g.check(x.len(), w.len(), y.len());
    let y = Shared::new(y);
    pool::parallel_for(g.positions().div_ceil(g.block()), &|chunk| {
        let range = g.chunk(chunk);
        // SAFETY: each chunk has positions of its own.
        let y = unsafe { y.part(range.start * g.filters, range.len() * g.filters) };
        g.forward_chunk(range, y, x, w);
    });
}

/// Calls `each(first, numbers)` for runs of what [`forward`] would write, each number once, `first` being the place of
/// the first of them.
///
/// # Panics
/// As [`forward`].
pub fn forward_each(g: &Geometry, x: &[f32], w: &[f32], each: &Each) {
    g.check(x.len(), w.len(), g.output_len());
    pool::parallel_for(g.positions().div_ceil(g.block()), &|chunk| {
        let range = g.chunk(chunk);
        with_floats(&MADE, range.len() * g.filters, |y| {
            g.forward_chunk(range.clone(), y, x, w);
            each(range.start * g.filters, y);
        });
    });
}

/// `dx` = the gradient to the input, of the gradient `dy` to the output.
///
/// # Panics
/// As [`forward`].
pub fn to_input(g: &Geometry, dx: &mut [f32], dy: &[f32], w: &[f32]) {
    g.check(dx.len(), w.len(), dy.len());
    let dx = Shared::new(dx);
    g.turned(w, |turned| {
        pool::parallel_for(g.batch, &|image| {
            // SAFETY: each chunk has an image of its own.
            let dx = unsafe { dx.part(image * g.image(), g.image()) };
            g.image_gradient(image, dx, dy, turned);
        });
    });
}

/// [`to_input`], its numbers handed on as in [`forward_each`].
///
/// # Panics
/// As [`forward`].
pub fn to_input_each(g: &Geometry, dy: &[f32], w: &[f32], each: &Each) {
    g.check(g.input_len(), w.len(), dy.len());
    g.turned(w, |turned| {
        pool::parallel_for(g.batch, &|image| {
            with_floats(&MADE, g.image(), |dx| {
                g.image_gradient(image, dx, dy, turned);
                each(image * g.image(), dx);
            });
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
    g.weight_sums(x, dy, |sums| dw.copy_from_slice(sums));
}

/// [`to_weights`], its numbers handed on as in [`forward_each`].
///
/// # Panics
/// As [`forward`].
pub fn to_weights_each(g: &Geometry, x: &[f32], dy: &[f32], each: &Each) {
    g.check(x.len(), g.weight_len(), dy.len());
    g.weight_sums(x, dy, |sums| {
        // In parts, so that what is done with them is shared by the cores.
        const PART: usize = 1 << 12;
        pool::parallel_for(sums.len().div_ceil(PART), &|part| {
            let start = part * PART;
            each(start, &sums[start..sums.len().min(start + PART)]);
        });
    });
}

impl Geometry {
    /// The output positions of one chunk of the work.
    fn chunk(&self, chunk: usize) -> Range<usize> {
        let start = chunk * self.block();
        start..self.positions().min(start + self.block())
    }

    /// The output `y` at some positions.
    fn forward_chunk(&self, positions: Range<usize>, y: &mut [f32], x: &[f32], w: &[f32]) {
        let cols = self.filters / self.groups;
        with_floats(&BLOCK, positions.len() * self.depth(), |patches| {
            for group in 0..self.groups {
                self.gather(patches, x, group, positions.clone());
                let start = (group * cols).min(y.len());
                let c = MatMut { data: &mut y[start..], rows: positions.len(), cols, row_stride: self.filters };
                matmul(Mat::new(patches, positions.len(), self.depth()), self.weights(w, group), c, false);
            }
        });
    }

    /// Lends the weights transposed, row-major, one group after the other: made once rather than packed anew for each
    /// block.
    fn turned(&self, w: &[f32], run: impl FnOnce(&[f32])) {
        let depth = self.depth();
        with_floats(&WHOLE, w.len(), |turned| {
            for (place, number) in turned.iter_mut().enumerate() {
                let (filter, at) = (place / depth, place % depth);
                *number = w[at * self.filters + filter];
            }
            run(turned);
        });
    }

    /// The gradient `dx` to one image, from weights that are [`Geometry::turned`].
    fn image_gradient(&self, image: usize, dx: &mut [f32], dy: &[f32], turned: &[f32]) {
        let (depth, cols) = (self.depth(), self.filters / self.groups);
        dx.fill(0.0);
        let all = image * self.positions_per_image()..(image + 1) * self.positions_per_image();
        for range in blocks(all, self.block()) {
            with_floats(&BLOCK, range.len() * depth, |patches| {
                for group in 0..self.groups {
                    let weights = Mat::new(&turned[group * cols * depth..][..cols * depth], cols, depth);
                    let c = MatMut::new(patches, range.len(), depth);
                    matmul(self.outputs(dy, group, &range), weights, c, false);
                    self.scatter(dx, image * self.image(), patches, group, range.clone());
                }
            });
        }
    }

    /// Lends the gradient to the weights.
    fn weight_sums(&self, x: &[f32], dy: &[f32], run: impl FnOnce(&[f32])) {
        let (depth, cols, positions) = (self.depth(), self.filters / self.groups, self.positions());
        let len = self.weight_len();
        let parts = (PARTIAL / len.max(1)).min(positions / self.block()).clamp(1, MOST_PARTS);
        with_floats(&WHOLE, parts * len, |partial| {
            partial.fill(0.0);
            let sums = Shared::new(partial);
            pool::parallel_for(parts, &|part| {
                // SAFETY: each chunk has a partial sum of its own.
                let sum = unsafe { sums.part(part * len, len) };
                for range in blocks(part * positions / parts..(part + 1) * positions / parts, self.block()) {
                    with_floats(&BLOCK, range.len() * depth, |patches| {
                        for group in 0..self.groups {
                            self.gather(patches, x, group, range.clone());
                            let start = (group * cols).min(sum.len());
                            let c = MatMut { data: &mut sum[start..], rows: depth, cols, row_stride: self.filters };
                            let patches = Mat::new(patches, range.len(), depth);
                            matmul(patches.t(), self.outputs(dy, group, &range), c, true);
                        }
                    });
                }
            });
            let (total, rest) = partial.split_at_mut(len);
            for sum in rest.chunks_exact(len.max(1)) {
                total.iter_mut().zip(sum).for_each(|(total, &x)| *total += x);
            }
            run(total);
        });
    }
}

#[cfg(test)]
mod tests;
