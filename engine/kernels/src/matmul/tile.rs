//! The register tile: up to `rows` × `width` sums held in vector registers while `k` runs.

/// One tile's operands. `c` is row-major with stride `c_row`; `b` has unit column stride.
#[derive(Clone, Copy)]
pub struct Operands {
    pub k: usize,
    pub a: *const f32,
    pub a_row: usize,
    pub a_col: usize,
    pub b: *const f32,
    pub b_row: usize,
    pub c: *mut f32,
    pub c_row: usize,
    pub accumulate: bool,
}

/// # Safety
/// The operands must span the tile's rows, its full width and `k`, and the machine must have the tile's instructions.
pub type Tile = unsafe fn(Operands);

/// The tiles of one instruction set.
pub struct Kernel {
    /// Most rows a tile holds.
    pub rows: usize,
    /// Columns of a wide tile; a narrow one holds half as many.
    pub width: usize,
    /// `tiles[r - 1]`: the narrow and the wide tile of `r` rows.
    tiles: &'static [[Tile; 2]],
}

/// The largest `rows * width` of any kernel.
pub const LARGEST: usize = 8 * 32;

/// The narrow and the wide tile of each number of rows.
macro_rules! tiles {
    ($set:ident; $($rows:literal),*) => { &[$([$set::tile::<$rows, 1> as Tile, $set::tile::<$rows, 2> as Tile]),*] };
}

#[cfg(target_arch = "x86_64")]
const AVX512: &Kernel = &Kernel { rows: 8, width: 32, tiles: tiles!(avx512; 1, 2, 3, 4, 5, 6, 7, 8) };
#[cfg(target_arch = "x86_64")]
const FMA: &Kernel = &Kernel { rows: 6, width: 16, tiles: tiles!(fma; 1, 2, 3, 4, 5, 6) };
const QUAD: &Kernel = &Kernel { rows: 4, width: 8, tiles: tiles!(quad; 1, 2, 3, 4) };

impl Kernel {
    pub fn tile(&self, rows: usize, wide: bool) -> Tile {
        self.tiles[rows - 1][usize::from(wide)]
    }

    /// This machine's kernel for a result of `cols` columns.
    pub fn best(cols: usize) -> &'static Kernel {
        // The machine is asked once and the answers kept, so that each call here is two loads.
        #[cfg(target_arch = "x86_64")]
        {
            // The widest vectors would do idle work on narrow results.
            if cols > FMA.width / 2 && is_x86_feature_detected!("avx512f") {
                return AVX512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return FMA;
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = cols;
        QUAD
    }

    /// All kernels that this machine can run.
    #[cfg(test)]
    pub fn all() -> Vec<&'static Kernel> {
        let mut all = vec![Kernel::best(1), Kernel::best(usize::MAX), QUAD];
        all.dedup_by_key(|kernel| kernel.width);
        all
    }
}

/// Defines `tile::<ROWS, VECS>` from a vector type and its five operations.
macro_rules! define_tile {
    ($(#[$feature:meta])?) => {
        /// `c[ROWS, VECS * LANES] (+)= a[ROWS, k] · b[k, VECS * LANES]`; each sum runs over `k` in order.
        ///
        /// # Safety
        /// As for [`super::Tile`].
        $(#[$feature])?
        pub unsafe fn tile<const ROWS: usize, const VECS: usize>(t: super::Operands) {
            let mut sums = [[zero(); VECS]; ROWS];
            let (mut a, mut b) = (t.a, t.b);
            // SAFETY: the caller vouches for the spans; every address below lies inside them.
            unsafe {
                for _ in 0..t.k {
                    let mut row = [zero(); VECS];
                    for (v, lane) in row.iter_mut().enumerate() {
                        *lane = load(b.add(v * LANES));
                    }
                    for (r, sum) in sums.iter_mut().enumerate() {
                        let scale = splat(a.add(r * t.a_row));
                        for v in 0..VECS {
                            sum[v] = multiply_add(scale, row[v], sum[v]);
                        }
                    }
                    a = a.wrapping_add(t.a_col);
                    b = b.wrapping_add(t.b_row);
                }
                for (r, sum) in sums.iter().enumerate() {
                    for (v, &lane) in sum.iter().enumerate() {
                        let c = t.c.add(r * t.c_row + v * LANES);
                        store(c, if t.accumulate { add(load(c), lane) } else { lane });
                    }
                }
            }
        }
    };
}

/// Defines the operations of an x86 vector set by its intrinsics.
#[cfg(target_arch = "x86_64")]
macro_rules! define_x86 {
    ($set:ident, $feature:literal, $vector:ty, $lanes:literal,
     $zero:ident, $splat:ident, $load:ident, $store:ident, $add:ident, $fma:ident) => {
        mod $set {
            use core::arch::x86_64::*;

            const LANES: usize = $lanes;

            #[inline]
            #[target_feature(enable = $feature)]
            fn zero() -> $vector {
                $zero()
            }

            #[inline]
            #[target_feature(enable = $feature)]
            unsafe fn splat(from: *const f32) -> $vector {
                // SAFETY: the caller vouches for one readable float.
                $splat(unsafe { *from })
            }

            #[inline]
            #[target_feature(enable = $feature)]
            unsafe fn load(from: *const f32) -> $vector {
                // SAFETY: the caller vouches for `LANES` readable floats.
                unsafe { $load(from) }
            }

            #[inline]
            #[target_feature(enable = $feature)]
            unsafe fn store(to: *mut f32, v: $vector) {
                // SAFETY: the caller vouches for `LANES` writable floats.
                unsafe { $store(to, v) }
            }

            #[inline]
            #[target_feature(enable = $feature)]
            fn add(a: $vector, b: $vector) -> $vector {
                $add(a, b)
            }

            #[inline]
            #[target_feature(enable = $feature)]
            fn multiply_add(a: $vector, b: $vector, c: $vector) -> $vector {
                $fma(a, b, c)
            }

            define_tile!(#[target_feature(enable = $feature)]);
        }
    };
}

#[cfg(target_arch = "x86_64")]
define_x86!(
    avx512,
    "avx512f",
    __m512,
    16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_fmadd_ps
);

#[cfg(target_arch = "x86_64")]
define_x86!(
    fma,
    "avx2,fma",
    __m256,
    8,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_fmadd_ps
);

/// Four lanes: simd128 in the browser.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod quad {
    use core::arch::wasm32::*;

    const LANES: usize = 4;

    #[inline(always)]
    fn zero() -> v128 {
        f32x4_splat(0.0)
    }

    #[inline(always)]
    unsafe fn splat(from: *const f32) -> v128 {
        // SAFETY: the caller vouches for one readable float.
        unsafe { v128_load32_splat(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> v128 {
        // SAFETY: the caller vouches for `LANES` readable floats.
        unsafe { v128_load(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, v: v128) {
        // SAFETY: the caller vouches for `LANES` writable floats.
        unsafe { v128_store(to.cast(), v) }
    }

    #[inline(always)]
    fn add(a: v128, b: v128) -> v128 {
        f32x4_add(a, b)
    }

    #[inline(always)]
    fn multiply_add(a: v128, b: v128, c: v128) -> v128 {
        #[cfg(target_feature = "relaxed-simd")]
        return f32x4_relaxed_madd(a, b, c);
        #[cfg(not(target_feature = "relaxed-simd"))]
        f32x4_add(c, f32x4_mul(a, b))
    }

    define_tile!();
}

/// Four lanes in plain Rust, for machines without a set of their own above.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod quad {
    const LANES: usize = 4;

    #[inline(always)]
    fn zero() -> [f32; LANES] {
        [0.0; LANES]
    }

    #[inline(always)]
    unsafe fn splat(from: *const f32) -> [f32; LANES] {
        // SAFETY: the caller vouches for one readable float.
        [unsafe { *from }; LANES]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; LANES] {
        // SAFETY: the caller vouches for `LANES` readable floats; the read is unaligned.
        unsafe { from.cast::<[f32; LANES]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, v: [f32; LANES]) {
        // SAFETY: the caller vouches for `LANES` writable floats; the write is unaligned.
        unsafe { to.cast::<[f32; LANES]>().write_unaligned(v) }
    }

    #[inline(always)]
    fn add(a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn multiply_add(a: [f32; LANES], b: [f32; LANES], c: [f32; LANES]) -> [f32; LANES] {
        std::array::from_fn(|i| c[i] + a[i] * b[i])
    }

    define_tile!();
}
