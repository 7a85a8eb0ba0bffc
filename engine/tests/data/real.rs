//! Functions, tables, texts, series and pictures: what each holds beside what is known of it.

use engine::data::{Answer, DATASETS, Data, Look, Window};
use engine::registry::{Knobs, Setting, Settings, find};

use super::{explained, load, load_with, nearest};

/// Share of the test characters that are the one which most often follows the character before them in training.
pub fn pairs(data: &Data) -> f64 {
    let n = data.tokens.len();
    let mut counts = vec![0_u32; n * n];
    for pair in data.train.x.windows(2) {
        counts[pair[0] as usize * n + pair[1] as usize] += 1;
    }
    let favourite = |c: f32| (0..n).max_by_key(|&next| counts[c as usize * n + next]).unwrap();
    let test = data.test.x.windows(2);
    let all = test.len();
    test.filter(|pair| favourite(pair[0]) == pair[1] as usize).count() as f64 / all as f64
}

/// The value at `place` of each test window, taken for the first that is asked for, beside that.
pub fn forecast(data: &Data, window: Window, place: usize) -> Vec<(f32, f32)> {
    let begins = (0..data.samples(&data.test)).map(|i| i * window.stride);
    begins.map(|at| (data.test.x[at + place], data.test.x[at + window.offset])).collect()
}

fn refused(id: &str, settings: &[(&str, Setting)]) -> String {
    let dataset = find(DATASETS, id, "data").unwrap();
    let given: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let knobs = Knobs::resolve(dataset.knobs(), &given, "data").unwrap();
    let files = match dataset.source() {
        engine::data::Source::Asset(file) => vec![super::asset(file)],
        _ => Vec::new(),
    };
    let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    dataset.load(&files, &knobs, 0).unwrap_err().path
}

#[test]
fn boolean_functions_are_told_in_full() {
    type Truth = fn(&[bool]) -> bool;
    let number = |bits: &[bool]| bits.iter().fold(0_usize, |n, &b| 2 * n + usize::from(b));
    assert_eq!(number(&[true, false]), 2);
    let truths: [(&str, i64, Truth); 8] = [
        ("and", 5, |b| b.iter().all(|&b| b)),
        ("or", 5, |b| b.iter().any(|&b| b)),
        ("majority", 7, |b| b.iter().filter(|&&b| b).count() > 3),
        ("parity", 6, |b| b[0] ^ b[1] ^ b[2]),
        ("threshold", 6, |b| b.iter().filter(|&&b| b).count() >= 3),
        ("multiplexer", 3, |b| if b[0] { b[2] } else { b[1] }),
        ("multiplexer", 6, |b| b[2 + 2 * usize::from(b[0]) + usize::from(b[1])]),
        ("prime", 5, |b| {
            [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31].contains(&b.iter().fold(0, |n, &b| 2 * n + u8::from(b)))
        }),
    ];
    for (function, bits, truth) in truths {
        let data = load_with("boolean", &[("function", function.into()), ("bits", Setting::Int(bits))], 3);
        let rows = [&data.train, &data.test].into_iter().flat_map(|s| s.x.chunks_exact(bits as usize).zip(&s.y));
        let mut met = std::collections::BTreeSet::new();
        for (x, &y) in rows {
            assert!(x.iter().all(|v| v.abs() == 1.0));
            let input: Vec<bool> = x.iter().map(|&v| v > 0.0).collect();
            assert_eq!(f32::from(truth(&input)), y, "{function} of {input:?}");
            met.insert(input);
        }
        assert_eq!(met.len(), 1 << bits, "{function}");
    }
    assert_eq!(refused("boolean", &[("function", "parity".into()), ("bits", Setting::Int(2))]), "few");
}

#[test]
fn functions_are_as_written_and_noise_is_on_the_training_samples_alone() {
    let settings = |noise: f64| [("frequency", Setting::Float(2.0)), ("noise", Setting::Float(noise))];
    let (clear, noisy) = (load_with("function", &settings(0.0), 1), load_with("function", &settings(0.5), 1));
    let sine = |x: &f32| (2.0 * std::f32::consts::PI * x).sin();
    assert!(clear.train.x.iter().zip(&clear.train.y).all(|(x, y)| (sine(x) - y).abs() < 1e-5));
    assert_eq!((&clear.train.x, &clear.test), (&noisy.train.x, &noisy.test));
    let off = clear.train.y.iter().zip(&noisy.train.y).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    assert!((off / 800.0 - 0.25).abs() < 0.03, "{off}");
    let options = ["chirp", "square", "staircase", "sinc", "bumps", "runge", "franke", "ripple", "saddle", "checks"];
    for (i, function) in options.into_iter().enumerate() {
        let data = load_with("function", &[("function", function.into())], 1);
        let (width, look) = if i < 6 { (1, Look::Table) } else { (2, Look::Plane) };
        assert_eq!((data.input.as_slice(), data.look), (&[width][..], look), "{function}");
        let pairs: Vec<_> = nearest(&data, 300).into_iter().map(|(a, b)| (a[0], b[0])).collect();
        assert!(explained(&pairs) > 0.5, "{function}: {}", explained(&pairs));
    }
}

#[test]
fn the_text_is_shakespeare() {
    let data = load("text", 0);
    assert_eq!((data.tokens.len(), &data.tokens), (65, &data.outputs));
    let written = |x: &[f32]| x.iter().map(|&t| data.tokens[t as usize].as_str()).collect::<String>();
    let (train, test) = (written(&data.train.x), written(&data.test.x));
    assert!(train.contains("To be, or not to be,--that is the question") && train.contains("I come, Graymalkin!"));
    assert!(test.contains("CLOWN.") && !train.contains("Malvolio"), "the last tenth is of Twelfth Night");
    let less = load_with("text", &[("share", Setting::Float(0.1)), ("length", Setting::Int(256))], 0);
    assert_eq!((less.input.as_slice(), less.answer), (&[256][..], Answer::ClassAtPlaces(256)));
    assert_eq!(less.train.x.len() + less.test.x.len(), (data.train.x.len() + data.test.x.len()) / 10);
    assert_eq!(less.train.x, data.train.x[..less.train.x.len()]);
}

#[test]
fn a_series_is_cut_by_time_and_scaled_by_its_past() {
    for (series, values, period) in [("sunspots", 309, 11), ("co2", 2284, 52), ("el-nino", 732, 12), ("nile", 100, 1)] {
        let settings = [("series", series.into()), ("length", Setting::Int(12)), ("ahead", Setting::Int(3))];
        let data = load_with("series", &settings, 0);
        let cut = values * 4 / 5;
        assert_eq!((data.train.x.len(), data.test.x.len()), (cut, values - cut + 12), "{series}");
        let n = cut as f64;
        let mean = data.train.x.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let square = data.train.x.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>() / n;
        assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-5, "{series}: {mean} {square}");
        assert_eq!(data.test.x[..12], data.train.x[cut - 12..], "{series}");
        assert_eq!(data.outputs, ["1 ahead", "2 ahead", "3 ahead"]);
        // What is known of each: it comes again after so many steps.
        let mean = data.train.x.windows(period + 1).map(|w| f64::from(w[0] * w[period])).sum::<f64>() / n;
        assert!(mean > 0.4, "{series}: {mean}");
    }
    let changes = load_with("series", &[("series", "co2".into()), ("changes", Setting::Bool(true))], 0);
    assert_eq!(changes.train.x.len() + changes.test.x.len() - 16, 2283);
    assert_eq!(refused("series", &[("series", "nile".into()), ("length", Setting::Int(128))]), "length");
    assert_eq!(refused("series", &[("series", "nile".into()), ("ahead", Setting::Int(32))]), "length");
}

#[test]
fn penguins_have_a_weight_too() {
    let data = load_with("penguins", &[("asks", "weight".into())], 0);
    assert_eq!((data.answer, data.outputs.as_slice()), (Answer::Numbers, &["body mass (g)".to_owned()][..]));
    assert_eq!((data.columns.len(), data.input.as_slice()), (3, &[3][..]));
    let pairs: Vec<_> = nearest(&data, 300).into_iter().map(|(a, b)| (a[0], b[0])).collect();
    assert!(explained(&pairs) > 0.5, "{}", explained(&pairs));
}

#[test]
fn every_pixel_of_a_picture_is_there_once() {
    for picture in ["china", "flower"] {
        let data = load_with("image", &[("picture", picture.into()), ("colour", Setting::Bool(true))], 0);
        assert_eq!((data.outputs.len(), data.train.y.len()), (3, 3 * data.train.len));
        let places = [&data.train, &data.test].into_iter().flat_map(|s| s.x.chunks_exact(2));
        let met: std::collections::BTreeSet<_> =
            places.map(|p| p.iter().map(|v| v.to_bits()).collect::<Vec<_>>()).collect();
        assert_eq!(met.len(), 64 * 64);
        let pixels =
            || [&data.train, &data.test].into_iter().flat_map(|s| s.x.chunks_exact(2).zip(s.y.chunks_exact(3)));
        // The sky over the temple is bluer than the bushes below it; the flower is redder than what is around it.
        let mean = |channel: usize, at: fn(&[f32]) -> bool| {
            let there: Vec<f32> = pixels().filter(|p| at(p.0)).map(|p| p.1[channel]).collect();
            there.iter().sum::<f32>() / there.len() as f32
        };
        if picture == "china" {
            assert!(mean(2, |p| p[1] > 0.8) > mean(2, |p| p[1] < -0.8) + 0.3);
        } else {
            assert!(mean(0, |p| p[0].hypot(p[1]) < 0.4) > mean(0, |p| p[0].abs() > 0.9) + 0.3);
        }
    }
}

/// Loss of the test split of `data`, before any training, of a network that sees one character alone.
#[cfg(not(target_arch = "wasm32"))]
fn loss(data: &Data) -> f64 {
    use engine::exec::{Executor, cpu::Cpu};
    use engine::spec::{BlockSpec, Choice, Spec};

    let spec = Spec::new(Choice::new("text"), vec![vec![BlockSpec::new("embedding")], vec![BlockSpec::new("linear")]]);
    let lab = engine::lab::Lab::new(&spec, data).unwrap();
    let mut cpu = Cpu::new(lab.plan.clone());
    let initial = lab.graph.slot_ids().map(|id| (id, lab.initial(id, spec.seed)));
    for (id, values) in initial.chain(lab.inputs(data)) {
        cpu.write(lab.plan.slot(id).start, &values);
    }
    for &part in &lab.evaluation {
        cpu.run(part, 1);
    }
    let read = pollster::block_on(cpu.read(&[lab.plan.slot(lab.scores[1][0])])).unwrap();
    read.concat()[0].into()
}

/// Windows begin one step after the other, so the first of them tell of the beginning alone.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn an_evaluation_looks_at_all_of_a_series() {
    let text = load("text", 0);
    let of = |series: [f32; 2]| {
        let x = series.into_iter().flat_map(|token| [token; 5000]).collect::<Vec<_>>();
        let test = engine::data::Split { len: text.window.unwrap().samples(x.len()), x, y: Vec::new() };
        loss(&Data { test, ..text.clone() })
    };
    let (first, second, both) = (of([3.0; 2]), of([40.0; 2]), of([3.0, 40.0]));
    assert!((first - second).abs() > 0.1, "{first} {second}");
    assert!((both - (first + second) / 2.0).abs() < 0.05 * (first - second).abs(), "{first} {second} {both}");
}
