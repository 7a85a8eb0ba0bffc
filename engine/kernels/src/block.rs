//! One instruction over a block: `dst[i] = f(a[i], …)`, for interpreters that run a fused program block by block.
//!
//! Each loop is compiled twice on x86-64, for the baseline and for AVX2, and the machine decides; without fused
//! multiply-add, so that both give the same bits. The bodies are those of [`vmath`].

use crate::vmath;

/// Calls `run` compiled for AVX2 where the machine has it.
macro_rules! widest {
    ($run:ident($($argument:ident: $kind:ty),*)) => {
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx2")]
            fn wide($($argument: $kind),*) {
                $run($($argument),*);
            }
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the machine has just said that it has AVX2.
                return unsafe { wide($($argument),*) };
            }
        }
        $run($($argument),*);
    };
}

pub(crate) use widest;

/// Defines functions of one, two or three slices, all as long as `dst`, from their bodies.
macro_rules! instructions {
    ($($(#[$doc:meta])* $name:ident($($x:ident),+) = $body:expr;)+) => {$(
        $(#[$doc])*
        pub fn $name(dst: &mut [f32], $($x: &[f32]),+) {
            #[inline(always)]
            fn run(dst: &mut [f32], $($x: &[f32]),+) {
                $(assert_eq!($x.len(), dst.len(), "operands of different lengths");)+
                for (i, place) in dst.iter_mut().enumerate() {
                    $(let $x = $x[i];)+
                    *place = $body;
                }
            }
            widest!(run(dst: &mut [f32], $($x: &[f32]),+));
        }
    )+};
}

/// One where a comparison holds, else zero.
#[inline(always)]
fn truth(holds: bool) -> f32 {
    if holds { 1.0 } else { 0.0 }
}

instructions! {
    /// `-a`
    neg_into(a) = -a;
    /// `|a|`
    abs_into(a) = a.abs();
    /// -1, 0 or 1
    sign_into(a) = vmath::sign(a);
    /// One where `a` is positive, else zero
    step_into(a) = truth(a > 0.0);
    /// Zero where `a` is negative, else `a`
    relu_into(a) = if a < 0.0 { 0.0 } else { a };
    /// The largest integer not above `a`
    floor_into(a) = a.floor();
    /// The smallest integer not below `a`
    ceil_into(a) = a.ceil();
    /// The nearest integer, ties to even
    round_into(a) = a.round_ties_even();
    /// `√a`
    sqrt_into(a) = vmath::sqrt(a);
    /// `1 / √a`
    rsqrt_into(a) = vmath::rsqrt(a);
    /// `1 / a`
    recip_into(a) = vmath::recip(a);
    /// `eᵃ`
    exp_into(a) = vmath::exp(a);
    /// `ln a`
    ln_into(a) = vmath::ln(a);
    /// `tanh a`
    tanh_into(a) = vmath::tanh(a);
    /// `1 / (1 + e⁻ᵃ)`
    sigmoid_into(a) = vmath::sigmoid(a);
    /// `ln(1 + eᵃ)`
    softplus_into(a) = vmath::softplus(a);
    /// `sin a`
    sin_into(a) = vmath::sin(a);
    /// `cos a`
    cos_into(a) = vmath::cos(a);
    /// `erf a`
    erf_into(a) = vmath::erf(a);
    /// `a + b`
    add_into(a, b) = a + b;
    /// `a - b`
    sub_into(a, b) = a - b;
    /// `a · b`
    mul_into(a, b) = a * b;
    /// `a / b`
    div_into(a, b) = a / b;
    /// The larger; NaN when either is
    max_into(a, b) = vmath::max(a, b);
    /// The smaller; NaN when either is
    min_into(a, b) = vmath::min(a, b);
    /// One where `a < b`, else zero
    lt_into(a, b) = truth(a < b);
    /// One where `a ≤ b`, else zero
    le_into(a, b) = truth(a <= b);
    /// One where `a = b`, else zero
    eq_into(a, b) = truth(a == b);
    /// One where `a ≠ b`, else zero
    ne_into(a, b) = truth(a != b);
    /// `a` where `when` is not zero, else `b`
    select_into(when, a, b) = if when != 0.0 { a } else { b };
    /// `a · b + c`, rounded after each of the two
    mul_add_into(a, b, c) = a * b + c;
}

/// An instruction of two operands, either of which may be one number for all places.
#[derive(Debug, Clone, Copy)]
pub struct Two {
    pub both: fn(&mut [f32], &[f32], &[f32]),
    pub left: fn(&mut [f32], f32, &[f32]),
    pub right: fn(&mut [f32], &[f32], f32),
}

/// Defines [`Two`]s from the instruction on slices and its body.
macro_rules! with_one_number {
    ($($name:ident, $both:ident($a:ident, $b:ident) = $body:expr;)+) => {$(
        pub const $name: Two = {
            fn left(dst: &mut [f32], $a: f32, $b: &[f32]) {
                #[inline(always)]
                fn run(dst: &mut [f32], $a: f32, $b: &[f32]) {
                    assert_eq!($b.len(), dst.len(), "operands of different lengths");
                    for (place, &$b) in dst.iter_mut().zip($b) {
                        *place = $body;
                    }
                }
                widest!(run(dst: &mut [f32], $a: f32, $b: &[f32]));
            }
            fn right(dst: &mut [f32], $a: &[f32], $b: f32) {
                #[inline(always)]
                fn run(dst: &mut [f32], $a: &[f32], $b: f32) {
                    assert_eq!($a.len(), dst.len(), "operands of different lengths");
                    for (place, &$a) in dst.iter_mut().zip($a) {
                        *place = $body;
                    }
                }
                widest!(run(dst: &mut [f32], $a: &[f32], $b: f32));
            }
            Two { both: $both, left, right }
        };
    )+};
}

with_one_number! {
    ADD, add_into(a, b) = a + b;
    SUB, sub_into(a, b) = a - b;
    MUL, mul_into(a, b) = a * b;
    DIV, div_into(a, b) = a / b;
    MAX, max_into(a, b) = vmath::max(a, b);
    MIN, min_into(a, b) = vmath::min(a, b);
    LT, lt_into(a, b) = truth(a < b);
    EQ, eq_into(a, b) = truth(a == b);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of every size and sign, with zeros, infinities, NaN and subnormals among them.
    fn numbers(len: usize, seed: u32) -> Vec<f32> {
        let bits = |i: u32| i.wrapping_mul(0x9E37_79B1).wrapping_add(seed).wrapping_mul(0x85EB_CA6B);
        let edge = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-40, 1.0, -1.0, 0.5, 88.0];
        (0..len as u32)
            .map(|i| match i % 3 {
                0 => f32::from_bits(bits(i)),
                1 => (bits(i) >> 8) as f32 / (1 << 21) as f32 - 4.0,
                _ => edge[bits(i) as usize % edge.len()],
            })
            .collect()
    }

    fn same(got: f32, want: f32) -> bool {
        got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan()
    }

    #[test]
    fn vector_code_gives_the_bits_of_the_scalar_code() {
        type Pair = (fn(&mut [f32], &[f32]), fn(f32) -> f32);
        let pairs: [Pair; 14] = [
            (exp_into, vmath::exp),
            (ln_into, vmath::ln),
            (tanh_into, vmath::tanh),
            (sigmoid_into, vmath::sigmoid),
            (softplus_into, vmath::softplus),
            (sin_into, vmath::sin),
            (cos_into, vmath::cos),
            (erf_into, vmath::erf),
            (sqrt_into, vmath::sqrt),
            (rsqrt_into, vmath::rsqrt),
            (recip_into, vmath::recip),
            (sign_into, vmath::sign),
            (floor_into, f32::floor),
            (round_into, f32::round_ties_even),
        ];
        for (row, (block, scalar)) in pairs.into_iter().enumerate() {
            for len in [0, 1, 7, 8, 65, 513, 4099] {
                let a = numbers(len, 7);
                let mut dst = vec![9.0; len];
                block(&mut dst, &a);
                for (&x, &y) in a.iter().zip(&dst) {
                    assert!(same(y, scalar(std::hint::black_box(x))), "row {row} at {x:e}: {y:e}");
                }
            }
        }
    }

    #[test]
    fn one_number_is_as_good_as_many() {
        for two in [ADD, SUB, MUL, DIV, MAX, MIN, LT, EQ] {
            for len in [0, 1, 9, 512] {
                let a = numbers(len, 1);
                for number in numbers(40, 2) {
                    let (many, mut want, mut got) = (vec![number; len], vec![9.0; len], vec![9.0; len]);
                    (two.both)(&mut want, &a, &many);
                    (two.right)(&mut got, &a, number);
                    assert!((0..len).all(|i| same(got[i], want[i])));
                    (two.both)(&mut want, &many, &a);
                    (two.left)(&mut got, number, &a);
                    assert!((0..len).all(|i| same(got[i], want[i])));
                }
            }
        }
    }

    #[test]
    fn instructions_of_two_and_three_operands() {
        for len in [0, 1, 9, 512, 1000] {
            let (a, b, c) = (numbers(len, 1), numbers(len, 2), numbers(len, 3));
            let mut dst = vec![0.0; len];
            type Two = (fn(&mut [f32], &[f32], &[f32]), fn(f32, f32) -> f32);
            let pairs: [Two; 9] = [
                (add_into, |a, b| a + b),
                (sub_into, |a, b| a - b),
                (mul_into, |a, b| a * b),
                (div_into, |a, b| a / b),
                (max_into, vmath::max),
                (min_into, vmath::min),
                (lt_into, |a, b| f32::from(u8::from(a < b))),
                (le_into, |a, b| f32::from(u8::from(a <= b))),
                (eq_into, |a, b| f32::from(u8::from(a == b))),
            ];
            for (block, scalar) in pairs {
                block(&mut dst, &a, &b);
                assert!((0..len).all(|i| same(dst[i], scalar(a[i], b[i]))));
            }
            select_into(&mut dst, &a, &b, &c);
            assert!((0..len).all(|i| same(dst[i], if a[i] != 0.0 { b[i] } else { c[i] })));
            mul_add_into(&mut dst, &a, &b, &c);
            assert!((0..len).all(|i| same(dst[i], a[i] * b[i] + c[i])));
        }
    }
}
