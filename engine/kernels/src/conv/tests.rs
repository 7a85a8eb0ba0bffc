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
    let handed_on = |len: usize, run: &dyn Fn(&Each)| {
        let got = std::sync::Mutex::new(vec![f32::NAN; len]);
        run(&|first, numbers| {
            if let Ok(mut got) = got.lock() {
                got[first..first + numbers.len()].copy_from_slice(numbers);
            }
        });
        got.into_inner().unwrap_or_default()
    };
    assert_eq!(handed_on(y.len(), &|each| forward_each(&g, &x, &w, each)), y);
    assert_eq!(handed_on(x.len(), &|each| to_input_each(&g, &dy, &w, each)), dx);
    assert_eq!(handed_on(w.len(), &|each| to_weights_each(&g, &x, &dy, each)), dw);
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
