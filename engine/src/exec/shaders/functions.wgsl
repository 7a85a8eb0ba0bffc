// Functions that generated kernels call: those that WGSL lacks, and those that it leaves too vague.

// WGSL may turn a NaN into a number here, and a run that diverged would not show.
fn exponential(x: f32) -> f32 {
    let is_nan = (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
    return select(exp(x), x, is_nan);
}

// Abramowitz and Stegun 1964, 7.1.26: the error is below 1.5e-7.
fn erf(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.3275911 * abs(x));
    let series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return sign(x) * (1.0 - series * exp(-x * x));
}

// The sine of `x` plus `shift` quarter turns. WGSL's own may be off by 2⁻¹¹, and says nothing beyond ±π. The nearest
// multiple of π/2 is taken off in three parts, of which the first two times any count below 2¹³ are exact; what is
// left is within ±π/4, where a few terms of Taylor's series suffice.
fn turned_sine(x: f32, shift: i32) -> f32 {
    let turns = round(x * 0.636619772);
    let r = ((x - turns * 1.5703125) - turns * 4.837512969970703e-4) - turns * 7.5497894e-8;
    let z = r * r;
    let sine = r * (1.0 - z / 6.0 * (1.0 - z / 20.0 * (1.0 - z / 42.0 * (1.0 - z / 72.0))));
    let cosine = 1.0 - z / 2.0 * (1.0 - z / 12.0 * (1.0 - z / 30.0 * (1.0 - z / 56.0)));
    let quarter = (i32(turns) + shift) & 3;
    let value = select(sine, cosine, (quarter & 1) == 1);
    return select(value, -value, quarter > 1);
}
