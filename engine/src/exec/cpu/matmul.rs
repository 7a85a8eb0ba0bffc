//! Products of matrices with any strides, after Goto and van de Geijn, *Anatomy of High-Performance Matrix
//! Multiplication* (2008): blocks of `b` packed to stay in cache, strips of `a`, tiles of `c` in registers.
//!
//! The order of each sum depends on the shape and layout alone, not on the number of threads, so a machine always gives
//! the same bits; between machines they differ, for some fuse the multiplication with the addition.
//!
//! Measured on one core of a shared AMD EPYC of 2022: 97 to 116 GFLOP/s at depths and widths of 128 to
//! 1024, where the `gemm` crate (0.19) gives 98 to 108; on two cores 160 to 220 against its 76 to 180. In the browser
//! (simd128, V8) 37 to 40 on one core.

mod dot;
mod tile;

use super::pool::{self, Shared};
use std::cell::RefCell;
use std::mem::MaybeUninit;
use tile::{Kernel, LARGEST, Operands};

/// Depth of a block: a strip of `a` (8 × 256 floats) then fills a quarter of a first-level cache.
const K_BLOCK: usize = 256;
/// Columns of a block: with [`K_BLOCK`] a quarter of a megabyte, for a second-level cache.
const N_BLOCK: usize = 256;
/// Below this many multiplications (about 5 µs of one core) a second core costs as much as it gains.
const SPLIT_WORK: usize = 1 << 18;

/// A matrix to read: element `(i, j)` lies at `data[i * row_stride + j * col_stride]`.
#[derive(Debug, Clone, Copy)]
pub struct Mat<'a> {
    pub data: &'a [f32],
    pub rows: usize,
    pub cols: usize,
    pub row_stride: usize,
    pub col_stride: usize,
}

impl<'a> Mat<'a> {
    /// Row-major and dense.
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The same numbers, transposed; nothing moves.
    pub fn t(self) -> Self {
        Self { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride, ..self }
    }
}

/// A matrix to write: row-major, rows `row_stride` apart.
#[derive(Debug)]
pub struct MatMut<'a> {
    pub data: &'a mut [f32],
    pub rows: usize,
    pub cols: usize,
    pub row_stride: usize,
}

impl<'a> MatMut<'a> {
    /// Row-major and dense.
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, row_stride: cols }
    }
}

/// `c = a · b`, or `c += a · b` when `accumulate`.
///
/// # Panics
/// When the shapes do not agree or a slice is too short for its shape: `check` lets no such program through.
pub fn matmul(a: Mat, b: Mat, c: MatMut, accumulate: bool) {
    let (m, n, k) = (c.rows, c.cols, a.cols);
    assert!(a.rows == m && b.rows == k && b.cols == n, "matmul: {}×{k} by {}×{} into {m}×{n}", a.rows, b.rows, b.cols);
    assert!(a.data.len() >= span(m, k, a.row_stride, a.col_stride), "matmul: left operand too short");
    assert!(b.data.len() >= span(k, n, b.row_stride, b.col_stride), "matmul: right operand too short");
    assert!(c.data.len() >= span(m, n, c.row_stride, 1) && (m < 2 || c.row_stride >= n), "matmul: result too short");
    if n == 1 && m > 1 && c.row_stride == 1 && a.row_stride == 1 {
        // A column is as good as a row, and a row fills its vectors.
        return multiply(Kernel::best(m), b.t(), a.t(), MatMut::new(c.data, 1, m), accumulate);
    }
    if n == 1 && k >= dot::LEAST && a.col_stride == 1 && b.row_stride == 1 {
        return dot::rows(c.data, c.row_stride, a, b.data, accumulate);
    }
    multiply(Kernel::best(n), a, b, c, accumulate);
}

/// [`matmul`] by a given kernel, operands already checked.
fn multiply(kernel: &Kernel, a: Mat, b: Mat, c: MatMut, accumulate: bool) {
    let (m, n, k) = (c.rows, c.cols, a.cols);
    let product = Product { a, b, c: Shared::new(c.data), c_row: c.row_stride, accumulate };
    let strip = if n >= m { kernel.width } else { kernel.rows };
    let strips = n.max(m).div_ceil(strip);
    if m * n * k < SPLIT_WORK || strips < 2 || pool::threads() == 1 {
        return product.part(kernel, 0..m, 0..n);
    }
    // Two pieces a thread, so that one that was interrupted does not hold up the rest by a whole share.
    let pieces = (2 * pool::threads()).min(strips);
    pool::parallel_for(pieces, &|piece| {
        let cut = |i: usize| (i * strips / pieces * strip).min(n.max(m));
        let range = cut(piece)..if piece + 1 == pieces { n.max(m) } else { cut(piece + 1) };
        if n >= m { product.part(kernel, 0..m, range) } else { product.part(kernel, range, 0..n) }
    });
}

/// One past the last element's place.
fn span(rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + (cols - 1) * col_stride + 1 }
}

struct Product<'a> {
    a: Mat<'a>,
    b: Mat<'a>,
    c: Shared<'a>,
    c_row: usize,
    accumulate: bool,
}

thread_local! {
    /// Packed panels; grows to at most about half a megabyte and is kept, so that no product allocates.
    static PANELS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Vectors of packed panels begin at cache lines.
const LINE: usize = 16;

impl Product<'_> {
    /// Computes the given rows and columns of `c`.
    fn part(&self, kernel: &Kernel, rows: std::ops::Range<usize>, cols: std::ops::Range<usize>) {
        let k = self.a.cols;
        if rows.is_empty() || cols.is_empty() {
            return;
        }
        if k == 0 {
            if !self.accumulate {
                for i in rows {
                    // SAFETY: each piece of a job has rows and columns of its own.
                    unsafe { self.c.part(i * self.c_row + cols.start, cols.len()) }.fill(0.0);
                }
            }
            return;
        }
        PANELS.with_borrow_mut(|panels| {
            let depth = k.min(K_BLOCK);
            let strip_len = (kernel.rows * depth).next_multiple_of(LINE);
            let panels_len = cols.len().min(N_BLOCK).next_multiple_of(kernel.width) * depth;
            let needed = strip_len + panels_len + LINE;
            if panels.len() < needed {
                panels.resize(needed, 0.0);
            }
            let offset = panels.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
            let (strip, panels) = panels[offset..].split_at_mut(strip_len);
            for from in cols.clone().step_by(N_BLOCK) {
                let to = cols.end.min(from + N_BLOCK);
                for start in (0..k).step_by(K_BLOCK) {
                    let block = Block { product: self, kernel, cols: from..to, k: start..k.min(start + K_BLOCK) };
                    block.run(rows.clone(), strip, panels);
                }
            }
        });
    }
}

/// One block of `b`, `k` by `cols`.
struct Block<'a> {
    product: &'a Product<'a>,
    kernel: &'a Kernel,
    cols: std::ops::Range<usize>,
    k: std::ops::Range<usize>,
}

impl Block<'_> {
    fn run(&self, rows: std::ops::Range<usize>, strip: &mut [f32], panels: &mut [f32]) {
        let (a, b, kernel, depth) = (&self.product.a, &self.product.b, self.kernel, self.k.len());
        // Packing pays when a panel is read by many strips, or a strip by many panels and its numbers lie far apart.
        let b_direct = b.col_stride == 1 && (rows.len() <= 3 * kernel.rows || b.row_stride <= 4 * kernel.width);
        let a_direct = a.col_stride == 1 || self.cols.len() <= 2 * kernel.width;
        let half = kernel.width / 2;
        for (panel, from) in self.cols.clone().step_by(kernel.width).enumerate() {
            let cols = (self.cols.end - from).min(kernel.width);
            if b_direct && cols.is_multiple_of(half) {
                continue;
            }
            let source = &b.data[self.k.start * b.row_stride + from * b.col_stride..];
            let width = if cols > half { kernel.width } else { half };
            let target = &mut panels[panel * kernel.width * depth..][..width * depth];
            pack(target, width, source, cols, b.col_stride, depth, b.row_stride);
        }
        for top in rows.clone().step_by(kernel.rows) {
            let height = (rows.end - top).min(kernel.rows);
            let source = &a.data[top * a.row_stride + self.k.start * a.col_stride..];
            let (a, a_row, a_col) = if a_direct {
                (source.as_ptr(), a.row_stride, a.col_stride)
            } else {
                pack(&mut strip[..height * depth], height, source, height, a.row_stride, depth, a.col_stride);
                (strip.as_ptr(), 1, height)
            };
            for (panel, from) in self.cols.clone().step_by(kernel.width).enumerate() {
                let cols = (self.cols.end - from).min(kernel.width);
                let width = if cols > half { kernel.width } else { half };
                let (b, b_row) = if b_direct && cols.is_multiple_of(half) {
                    (b.data[self.k.start * b.row_stride + from..].as_ptr(), b.row_stride)
                } else {
                    (panels[panel * kernel.width * depth..].as_ptr(), width)
                };
                let operands = Operands {
                    k: depth,
                    a,
                    a_row,
                    a_col,
                    b,
                    b_row,
                    c: std::ptr::null_mut(),
                    c_row: 0,
                    accumulate: false,
                };
                self.tile(operands, top, height, from, cols, width);
            }
        }
    }

    /// Computes one tile of `c`, by way of a copy when the tile is wider than what is left of `c`.
    fn tile(&self, operands: Operands, top: usize, height: usize, from: usize, cols: usize, width: usize) {
        let Product { c, c_row, accumulate, .. } = *self.product;
        let accumulate = accumulate || self.k.start > 0;
        let tile = self.kernel.tile(height, width == self.kernel.width);
        let target = c.pointer(top * c_row + from, (height - 1) * c_row + cols);
        if cols == width {
            // SAFETY: `matmul` checked every operand's span, and the tile's rows and columns are this piece's own.
            return unsafe { tile(Operands { c: target, c_row, accumulate, ..operands }) };
        }
        let mut copy = [const { MaybeUninit::<f32>::uninit() }; LARGEST];
        // SAFETY: `copy` holds the largest tile, and a packed panel is as wide as the tile.
        unsafe { tile(Operands { c: copy.as_mut_ptr().cast(), c_row: width, accumulate: false, ..operands }) };
        for (i, copy) in copy.chunks_exact(width).take(height).enumerate() {
            // SAFETY: each piece of a job has rows and columns of its own.
            let target = unsafe { c.part((top + i) * c_row + from, cols) };
            for (target, sum) in target.iter_mut().zip(copy) {
                // SAFETY: the tile has written `height` rows of `width` numbers.
                let sum = unsafe { sum.assume_init() };
                *target = if accumulate { *target + sum } else { sum };
            }
        }
    }
}

/// Lays `count` lines of `depth` numbers side by side, `width` apart: `target[p * width + i]` is number `p` of line
/// `i`, zero where there is no line.
fn pack(target: &mut [f32], width: usize, source: &[f32], count: usize, line: usize, depth: usize, step: usize) {
    if line == 1 {
        // Copies of a length known here are a few moves each, where a call would cost more than its work.
        return match width {
            _ if count < width => pack_padded(target, width, source, count, step),
            4 => pack_lines::<4>(target, source, step),
            6 => pack_lines::<6>(target, source, step),
            8 => pack_lines::<8>(target, source, step),
            16 => pack_lines::<16>(target, source, step),
            32 => pack_lines::<32>(target, source, step),
            _ => pack_padded(target, width, source, count, step),
        };
    }
    let turned = if step == 1 { count - count % 4 } else { 0 };
    for i in (0..turned).step_by(4) {
        pack_turned(&mut target[i..], width, &source[i * line..], line, depth);
    }
    for i in turned..width {
        let places = target[i..].iter_mut().step_by(width);
        if i < count {
            let source = source[i * line..].iter().step_by(step.max(1)).take(depth);
            places.zip(source).for_each(|(place, &x)| *place = x);
        } else {
            places.for_each(|place| *place = 0.0);
        }
    }
}

/// Packs four lines of adjoining numbers by turning squares of 4 × 4, which vector registers do in a few moves.
fn pack_turned(target: &mut [f32], width: usize, source: &[f32], line: usize, depth: usize) {
    let lines: [&[f32]; 4] = std::array::from_fn(|i| &source[i * line..][..depth]);
    let squares = lines.map(|line| line.as_chunks::<4>().0);
    for p in 0..depth / 4 {
        let square: [[f32; 4]; 4] = std::array::from_fn(|i| squares[i][p]);
        for q in 0..4 {
            target[(4 * p + q) * width..][..4].copy_from_slice(&square.map(|line| line[q]));
        }
    }
    for p in depth - depth % 4..depth {
        target[p * width..][..4].copy_from_slice(&lines.map(|line| line[p]));
    }
}

fn pack_lines<const WIDTH: usize>(target: &mut [f32], source: &[f32], step: usize) {
    for (p, target) in target.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
        for (place, &x) in target.iter_mut().zip(&source[p * step..][..WIDTH]) {
            *place = x;
        }
    }
}

fn pack_padded(target: &mut [f32], width: usize, source: &[f32], count: usize, step: usize) {
    for (p, target) in target.chunks_exact_mut(width).enumerate() {
        let (lines, rest) = target.split_at_mut(count);
        lines.iter_mut().zip(&source[p * step..]).for_each(|(place, &x)| *place = x);
        rest.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(len: usize, seed: u32) -> Vec<f32> {
        let hash = |i: u32| (i.wrapping_mul(2_654_435_761) ^ seed).wrapping_mul(0x9E37_79B1) >> 8;
        (0..len as u32).map(|i| hash(i) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    /// Every way a dense `rows × cols` matrix can lie, with and without room between its lines.
    fn layouts(data: &[f32], rows: usize, cols: usize) -> Vec<Mat<'_>> {
        [(cols, 1), (1, rows), (cols + 3, 1), (1, rows + 3), (2 * cols, 2)]
            .map(|(row_stride, col_stride)| Mat { data, rows, cols, row_stride, col_stride })
            .to_vec()
    }

    fn at(m: &Mat, i: usize, j: usize) -> f64 {
        f64::from(m.data[i * m.row_stride + j * m.col_stride])
    }

    type Run<'a> = &'a dyn Fn(Mat, Mat, MatMut, bool);

    fn check(run: Run, m: usize, n: usize, k: usize) {
        let (x, y) = (noise((m + 3) * (k + 3) * 2, 1), noise((k + 3) * (n + 3) * 2, 2));
        let row_stride = n + 2;
        let before = noise(m * row_stride, 3);
        for a in layouts(&x, m, k) {
            for b in layouts(&y, k, n) {
                for accumulate in [false, true] {
                    let mut data = before.clone();
                    run(a, b, MatMut { data: &mut data, rows: m, cols: n, row_stride }, accumulate);
                    for (place, (&got, &old)) in data.iter().zip(&before).enumerate() {
                        let (i, j) = (place / row_stride, place % row_stride);
                        if j >= n {
                            assert_eq!(got, old, "written beside the result");
                            continue;
                        }
                        let start = if accumulate { f64::from(old) } else { 0.0 };
                        let want = start + (0..k).map(|p| at(&a, i, p) * at(&b, p, j)).sum::<f64>();
                        let bound = 1e-6 * (k as f64 + 2.0);
                        assert!((f64::from(got) - want).abs() <= bound, "{m}×{k}×{n} at {i},{j}: {got} for {want}");
                    }
                }
            }
        }
    }

    fn check_sizes(run: Run) {
        let sizes = [0, 1, 3, 7, 8, 65];
        for m in sizes {
            for n in sizes {
                for k in sizes {
                    check(run, m, n, k);
                }
            }
        }
        for (m, n, k) in [(257, 65, 7), (3, 257, 65), (65, 7, 257), (9, 1033, 513), (129, 130, 257), (66, 1, 300)] {
            check(run, m, n, k);
        }
    }

    #[test]
    fn awkward_sizes_in_every_layout() {
        check_sizes(&matmul);
    }

    #[test]
    fn every_kernel_of_this_machine() {
        for kernel in Kernel::all() {
            check_sizes(&|a, b, c, accumulate| multiply(kernel, a, b, c, accumulate));
        }
    }

    #[test]
    fn a_product_is_the_same_each_time() {
        let (x, y) = (noise(300 * 300, 4), noise(300 * 300, 5));
        let run = || {
            let mut c = vec![0.0; 300 * 300];
            matmul(Mat::new(&x, 300, 300), Mat::new(&y, 300, 300), MatMut::new(&mut c, 300, 300), false);
            c
        };
        let first = run();
        assert!((0..20).all(|_| run() == first));
    }
}
