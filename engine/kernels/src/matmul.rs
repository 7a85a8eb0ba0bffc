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
mod pack;
#[cfg(test)]
mod tests;
mod tile;

use crate::pool::{self, Shared};
use pack::pack;
use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::ops::Range;
use tile::{Kernel, LARGEST, Operands};

/// Depth of a block: a strip of `a` (8 × 256 floats) then fills a quarter of a first-level cache.
const K_BLOCK: usize = 256;
/// Columns of a block: with [`K_BLOCK`] a quarter of a megabyte, for a second-level cache.
const N_BLOCK: usize = 256;
/// Below this many multiplications (about 5 µs of one core) a second core costs as much as it gains.
pub const SPLIT_WORK: usize = 1 << 18;

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
    check(&a, &b);
    let (m, n, k) = (c.rows, c.cols, a.cols);
    assert!(a.rows == m && b.cols == n, "matmul: {}×{k} by {k}×{} into {m}×{n}", a.rows, b.cols);
    assert!(c.data.len() >= span(m, n, c.row_stride, 1) && (m < 2 || c.row_stride >= n), "matmul: result too short");
    if n == 1 && m > 1 && c.row_stride == 1 && a.row_stride == 1 {
        // A column is as good as a row, and a row fills its vectors.
        return multiply(Kernel::best(m), b.t(), a.t(), Target::matrix(MatMut::new(c.data, 1, m), accumulate));
    }
    if n == 1 && k >= dot::LEAST && a.col_stride == 1 && b.row_stride == 1 {
        return dot::rows(c.data, c.row_stride, a, b.data, accumulate);
    }
    multiply(Kernel::best(n), a, b, Target::matrix(c, accumulate));
}

/// Hands on the numbers of `a · b`, the same that [`matmul`] would write, until all have come once; on any thread, and
/// while they are still in its cache.
///
/// # Panics
/// As [`matmul`].
pub fn matmul_each(a: Mat, b: Mat, each: Each) {
    check(&a, &b);
    let (m, n, k) = (a.rows, b.cols, a.cols);
    if n == 1 && m > 1 && a.row_stride == 1 {
        return multiply(Kernel::best(m), b.t(), a.t(), Target::Each(each));
    }
    if n == 1 && k >= dot::LEAST && a.col_stride == 1 && b.row_stride == 1 {
        return with_floats(m, |sums| {
            dot::rows(sums, 1, a, b.data, false);
            (each.take)(0, sums);
        });
    }
    multiply(Kernel::best(n), a, b, Target::Each(each));
}

fn check(a: &Mat, b: &Mat) {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    assert!(b.rows == k, "matmul: {m}×{k} by {}×{n}", b.rows);
    assert!(a.data.len() >= span(m, k, a.row_stride, a.col_stride), "matmul: left operand too short");
    assert!(b.data.len() >= span(k, n, b.row_stride, b.col_stride), "matmul: right operand too short");
}

/// The products of operands already checked, by a given kernel.
fn multiply(kernel: &Kernel, a: Mat, b: Mat, target: Target) {
    let (m, n, k) = (a.rows, b.cols, a.cols);
    let product = Product { a, b, target };
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

/// Who is handed a product's numbers, in runs that begin at a place of the row-major result.
#[derive(Clone, Copy)]
pub struct Each<'a> {
    /// Told the place and the length of runs that are about to come, so that what they will meet can be fetched.
    pub soon: &'a (dyn Fn(usize, usize) + Sync),
    /// Given a run and its place.
    pub take: &'a (dyn Fn(usize, &[f32]) + Sync),
}

/// What becomes of a product.
enum Target<'a> {
    Matrix { c: Shared<'a>, row_stride: usize, accumulate: bool },
    Each(Each<'a>),
}

impl<'a> Target<'a> {
    fn matrix(c: MatMut<'a>, accumulate: bool) -> Self {
        Self::Matrix { c: Shared::new(c.data), row_stride: c.row_stride, accumulate }
    }
}

struct Product<'a> {
    a: Mat<'a>,
    b: Mat<'a>,
    target: Target<'a>,
}

thread_local! {
    /// Packed panels, and sums that are handed on; grows to what the largest product needs, at most some megabytes,
    /// and is kept, so that no product allocates.
    static FLOATS: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Vectors of packed panels begin at cache lines.
const LINE: usize = 16;
/// Numbers that are handed on together, at least, where there are as many in order.
const RUN: usize = 512;

/// Lends `len` floats that begin at a cache line.
fn with_floats<R>(len: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
    FLOATS.with_borrow_mut(|floats| {
        if floats.len() < len + LINE {
            floats.resize(len + LINE, 0.0);
        }
        let offset = floats.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        f(&mut floats[offset..][..len])
    })
}

impl Product<'_> {
    /// Computes the given rows and columns.
    fn part(&self, kernel: &Kernel, rows: Range<usize>, cols: Range<usize>) {
        if rows.is_empty() || cols.is_empty() {
            return;
        }
        let k = self.a.cols;
        if k == 0 {
            return self.nothing(rows, cols);
        }
        let depth = k.min(K_BLOCK);
        let strip_len = (kernel.rows * depth).next_multiple_of(LINE);
        let width = cols.len().min(N_BLOCK);
        let panels_len = width.next_multiple_of(kernel.width) * depth;
        // Sums that are handed on wait for the last block along `k`, all rows of them where there are several.
        let group = match self.target {
            Target::Matrix { .. } => 0,
            Target::Each(_) if k > K_BLOCK => rows.len(),
            Target::Each(_) => RUN.div_ceil(width).next_multiple_of(kernel.rows).min(rows.len()),
        };
        with_floats(strip_len + panels_len + group * width, |floats| {
            let (strip, floats) = floats.split_at_mut(strip_len);
            let (panels, sums) = floats.split_at_mut(panels_len);
            for from in cols.clone().step_by(N_BLOCK) {
                let cols = from..cols.end.min(from + N_BLOCK);
                for start in (0..k).step_by(K_BLOCK) {
                    let range = start..k.min(start + K_BLOCK);
                    let last = range.end == k;
                    let block = Block::new(self, kernel, rows.len(), cols.clone(), range);
                    block.pack(panels);
                    match self.target {
                        Target::Matrix { c, row_stride, accumulate } => {
                            let place = rows.start * row_stride + cols.start;
                            let tiles = Tiles { c, place, row_stride, accumulate: accumulate || start > 0 };
                            block.run(rows.clone(), &tiles, strip, panels);
                        }
                        Target::Each(each) => {
                            for top in rows.clone().step_by(group) {
                                let rows = top..rows.end.min(top + group);
                                let sums = &mut sums[..rows.len() * cols.len()];
                                let c = Shared::new(sums);
                                let tiles = Tiles { c, place: 0, row_stride: cols.len(), accumulate: start > 0 };
                                // Less than a run is soon fetched when it is met.
                                if last && rows.len() * cols.len() >= RUN {
                                    rows.clone().for_each(|i| (each.soon)(i * self.b.cols + cols.start, cols.len()));
                                }
                                block.run(rows.clone(), &tiles, strip, panels);
                                if last {
                                    self.hand_on(each, rows, cols.clone(), sums);
                                }
                            }
                        }
                    }
                }
            }
        });
    }

    /// [`Product::part`] where there is nothing to sum.
    fn nothing(&self, rows: Range<usize>, cols: Range<usize>) {
        match self.target {
            Target::Matrix { accumulate: true, .. } => {}
            Target::Matrix { c, row_stride, .. } => rows.for_each(|i| {
                // SAFETY: each piece of a job has rows and columns of its own.
                unsafe { c.part(i * row_stride + cols.start, cols.len()) }.fill(0.0);
            }),
            Target::Each(each) => with_floats(rows.len() * cols.len(), |sums| {
                sums.fill(0.0);
                self.hand_on(each, rows, cols, sums);
            }),
        }
    }

    fn hand_on(&self, each: Each, rows: Range<usize>, cols: Range<usize>, sums: &[f32]) {
        let n = self.b.cols;
        if cols.len() == n {
            return (each.take)(rows.start * n, sums);
        }
        for (row, sums) in rows.zip(sums.chunks_exact(cols.len())) {
            (each.take)(row * n + cols.start, sums);
        }
    }
}

/// Where the tiles of some rows and columns go: the first of them to `place`.
struct Tiles<'a> {
    c: Shared<'a>,
    place: usize,
    row_stride: usize,
    accumulate: bool,
}

/// One block of `b`, `k` by `cols`.
struct Block<'a> {
    product: &'a Product<'a>,
    kernel: &'a Kernel,
    cols: Range<usize>,
    k: Range<usize>,
    b_direct: bool,
    a_direct: bool,
}

impl<'a> Block<'a> {
    fn new(product: &'a Product<'a>, kernel: &'a Kernel, rows: usize, cols: Range<usize>, k: Range<usize>) -> Self {
        let Product { a, b, .. } = product;
        // Packing pays when a panel is read by many strips, or a strip by many panels and its numbers lie far apart.
        let b_direct = b.col_stride == 1 && (rows <= 3 * kernel.rows || b.row_stride <= 4 * kernel.width);
        let a_direct = a.col_stride == 1 || cols.len() <= 2 * kernel.width;
        Self { product, kernel, cols, k, b_direct, a_direct }
    }

    /// The panels' first columns, and how many each has.
    fn panels(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (end, width) = (self.cols.end, self.kernel.width);
        self.cols.clone().step_by(width).map(move |from| (from, (end - from).min(width)))
    }

    /// Whether a panel of so many columns is read where it lies.
    fn direct(&self, cols: usize) -> bool {
        self.b_direct && cols.is_multiple_of(self.kernel.width / 2)
    }

    /// Columns of a tile that holds so many.
    fn width(&self, cols: usize) -> usize {
        if cols > self.kernel.width / 2 { self.kernel.width } else { self.kernel.width / 2 }
    }

    fn pack(&self, panels: &mut [f32]) {
        let (b, kernel, depth) = (&self.product.b, self.kernel, self.k.len());
        for (panel, (from, cols)) in self.panels().enumerate() {
            if !self.direct(cols) {
                let source = &b.data[self.k.start * b.row_stride + from * b.col_stride..];
                let width = self.width(cols);
                let target = &mut panels[panel * kernel.width * depth..][..width * depth];
                pack(target, width, source, cols, b.col_stride, depth, b.row_stride);
            }
        }
    }

    fn run(&self, rows: Range<usize>, tiles: &Tiles, strip: &mut [f32], panels: &[f32]) {
        let (a, b, kernel, depth) = (&self.product.a, &self.product.b, self.kernel, self.k.len());
        for top in rows.clone().step_by(kernel.rows) {
            let height = (rows.end - top).min(kernel.rows);
            let source = &a.data[top * a.row_stride + self.k.start * a.col_stride..];
            let (a, a_row, a_col) = if self.a_direct {
                (source.as_ptr(), a.row_stride, a.col_stride)
            } else {
                pack(&mut strip[..height * depth], height, source, height, a.row_stride, depth, a.col_stride);
                (strip.as_ptr(), 1, height)
            };
            for (panel, (from, cols)) in self.panels().enumerate() {
                let width = self.width(cols);
                let (b, b_row) = if self.direct(cols) {
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
                let place = tiles.place + (top - rows.start) * tiles.row_stride + from - self.cols.start;
                self.tile(operands, tiles, place, height, cols, width);
            }
        }
    }

    /// Computes one tile, by way of a copy when it is wider than what is left of the columns.
    fn tile(&self, operands: Operands, tiles: &Tiles, place: usize, height: usize, cols: usize, width: usize) {
        let Tiles { c, row_stride, accumulate, .. } = *tiles;
        let tile = self.kernel.tile(height, width == self.kernel.width);
        let target = c.pointer(place, (height - 1) * row_stride + cols);
        if cols == width {
            // SAFETY: every operand's span was checked, and the tile's rows and columns are this piece's own.
            return unsafe { tile(Operands { c: target, c_row: row_stride, accumulate, ..operands }) };
        }
        let mut copy = [const { MaybeUninit::<f32>::uninit() }; LARGEST];
        // SAFETY: `copy` holds the largest tile, and a packed panel is as wide as the tile.
        unsafe { tile(Operands { c: copy.as_mut_ptr().cast(), c_row: width, accumulate: false, ..operands }) };
        for (i, copy) in copy.chunks_exact(width).take(height).enumerate() {
            // SAFETY: each piece of a job has rows and columns of its own.
            let target = unsafe { c.part(place + i * row_stride, cols) };
            for (target, sum) in target.iter_mut().zip(copy) {
                // SAFETY: the tile has written `height` rows of `width` numbers.
                let sum = unsafe { sum.assume_init() };
                *target = if accumulate { *target + sum } else { sum };
            }
        }
    }
}
