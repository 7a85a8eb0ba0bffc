//! Prints what the CPU kernels reach on this machine: `cargo run --release -p kernels --example speed`.
//! Every figure is the best of many runs.

use kernels::conv::{Geometry, forward, to_input, to_weights};
use kernels::matmul::{Mat, MatMut, matmul};
use kernels::{block, pool, reduce};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Seconds of the fastest of some runs, which together take about a quarter of a second.
fn best(mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    let start = Instant::now();
    // Calls shorter than the clock's own cost are timed by the hundred.
    while start.elapsed().as_secs_f64() < 0.25 {
        let clock = Instant::now();
        run();
        let one = clock.elapsed().as_secs_f64();
        if one > 1e-5 {
            best = best.min(one);
            continue;
        }
        let clock = Instant::now();
        (0..100).for_each(|_| run());
        best = best.min(clock.elapsed().as_secs_f64() / 100.0);
    }
    best
}

/// The cost of a job whose chunks each wait until every thread has one, some time after the job before.
fn handover() {
    for pause in [0, 20, 1000] {
        let mut costs: Vec<f64> = (0..300)
            .map(|_| {
                let clock = Instant::now();
                while clock.elapsed() < Duration::from_micros(pause) {
                    std::hint::spin_loop();
                }
                let arrived = AtomicUsize::new(0);
                let clock = Instant::now();
                pool::parallel_for(pool::threads(), &|_| {
                    arrived.fetch_add(1, Ordering::SeqCst);
                    while arrived.load(Ordering::SeqCst) < pool::threads() {
                        std::hint::spin_loop();
                    }
                });
                clock.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        costs.sort_by(f64::total_cmp);
        println!(
            "{} threads meet within {:.2} µs (median), {pause} µs after the last time",
            pool::threads(),
            costs[150]
        );
    }
}

fn products() {
    println!("matmul: rows×depth×columns, forward (NN), to the weights (TN), to the input (NT)");
    for (m, k, n) in [
        (32, 2, 8),
        (32, 8, 8),
        (32, 8, 1),
        (2, 32, 8),
        (128, 784, 256),
        (128, 256, 256),
        (128, 256, 10),
        (128, 256, 1),
        (784, 128, 256),
        (256, 784, 1024),
        (256, 1024, 1024),
        (1024, 1024, 1024),
    ] {
        let (a, b, mut c) = (vec![0.5; m * k], vec![0.25; k * n], vec![0.0; m * n]);
        print!("  {m}×{k}×{n}:");
        for (name, a, b) in [
            ("NN", Mat::new(&a, m, k), Mat::new(&b, k, n)),
            ("TN", Mat::new(&a, k, m).t(), Mat::new(&b, k, n)),
            ("NT", Mat::new(&a, m, k), Mat::new(&b, n, k).t()),
        ] {
            let seconds = best(|| matmul(black_box(a), black_box(b), MatMut::new(&mut c, m, n), false));
            print!("  {name} {:.1} GFLOP/s ({:.2} µs)", 2e-9 * (m * n * k) as f64 / seconds, seconds * 1e6);
        }
        println!();
    }
}

fn elementwise() {
    println!("blocks of 512 floats, 10⁹ elements a second");
    let a: Vec<f32> = (0..512).map(|i| i as f32 / 64.0 - 4.0).collect();
    let positive: Vec<f32> = a.iter().map(|x| x.abs() + 0.1).collect();
    let mut dst = vec![0.0; 512];
    type One = (&'static str, fn(&mut [f32], &[f32]));
    let one: [One; 11] = [
        ("exp", block::exp_into),
        ("ln", block::ln_into),
        ("tanh", block::tanh_into),
        ("sigmoid", block::sigmoid_into),
        ("softplus", block::softplus_into),
        ("sin", block::sin_into),
        ("erf", block::erf_into),
        ("sqrt", block::sqrt_into),
        ("recip", block::recip_into),
        ("floor", block::floor_into),
        ("neg", block::neg_into),
    ];
    for (name, run) in one {
        let operand = if name == "ln" { &positive } else { &a };
        let seconds = best(|| run(black_box(&mut dst), black_box(operand)));
        print!("  {name} {:.2}", 512e-9 / seconds);
    }
    type Two = (&'static str, fn(&mut [f32], &[f32], &[f32]));
    let two: [Two; 4] =
        [("add", block::add_into), ("div", block::div_into), ("max", block::max_into), ("lt", block::lt_into)];
    for (name, run) in two {
        let seconds = best(|| run(black_box(&mut dst), black_box(&a), black_box(&positive)));
        print!("  {name} {:.2}", 512e-9 / seconds);
    }
    println!();
}

fn reductions() {
    println!("reductions of 1024×256, 10⁹ elements a second");
    let a = vec![0.5; 1024 * 256];
    let (mut across, mut down) = (vec![0.0; 1024], vec![0.0; 256]);
    let rate = |seconds: f64| 1e-9 * (1024 * 256) as f64 / seconds;
    print!("  sum_rows {:.2}", rate(best(|| reduce::sum_rows(&mut across, black_box(&a), 256))));
    print!("  max_rows {:.2}", rate(best(|| reduce::max_rows(&mut across, black_box(&a), 256))));
    print!("  sum_columns {:.2}", rate(best(|| reduce::sum_columns(&mut down, black_box(&a), 1024))));
    println!("  max_columns {:.2}", rate(best(|| reduce::max_columns(&mut down, black_box(&a), 1024))));
}

fn convolutions() {
    println!("convolutions 3×3, batch 64: forward, to the input, to the weights");
    for (size, channels, filters) in [(28, 1, 32), (14, 32, 64)] {
        let g = Geometry {
            batch: 64,
            input: [size; 2],
            output: [size; 2],
            kernel: [3; 2],
            stride: [1; 2],
            before: [1; 2],
            channels,
            filters,
            groups: 1,
        };
        let (mut x, mut w, mut y) = (vec![0.5; g.input_len()], vec![0.5; g.weight_len()], vec![0.5; g.output_len()]);
        let runs = [
            best(|| forward(&g, &mut y, black_box(&x), &w)),
            best(|| to_input(&g, &mut x, black_box(&y), &w)),
            best(|| to_weights(&g, &mut w, black_box(&x), &y)),
        ];
        print!("  {size}×{size}×{channels} → {filters}:");
        for seconds in runs {
            print!(
                "  {:.2} ms ({:.1} GFLOP/s)",
                seconds * 1e3,
                2e-9 * (g.weight_len() * 64 * size * size) as f64 / seconds
            );
        }
        println!();
    }
}

fn main() {
    handover();
    elementwise();
    reductions();
    convolutions();
    products();
}
