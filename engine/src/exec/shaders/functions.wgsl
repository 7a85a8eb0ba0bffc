// Functions that generated kernels call and WGSL lacks.

// Abramowitz and Stegun 1964, 7.1.26: the error is below 1.5e-7.
fn erf(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.3275911 * abs(x));
    let series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return sign(x) * (1.0 - series * exp(-x * x));
}
