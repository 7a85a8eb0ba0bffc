//! Every dataset: it loads with its defaults, its splits have the promised sizes and balance, and it can be learned.
//!
//! The digests pin every bit, so that a seed in a link gives the same samples for years, on every machine.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use engine::{
    data::{Answer, DATASETS, Data, Dataset, Look, Source, Split, UNCOUNTED, VALUES_MAX},
    registry::{Knobs, Setting, Settings, find},
};

mod places;
mod real;

fn asset(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../assets/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn load_with(id: &str, settings: &[(&str, Setting)], seed: u32) -> Data {
    let dataset = find(DATASETS, id, "data").unwrap();
    let settings: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    let knobs = Knobs::resolve(dataset.knobs(), &settings, "data").unwrap();
    match dataset.source() {
        Source::Generated => dataset.load(&[], &knobs, seed).unwrap(),
        Source::Asset(file) => dataset.load(&[&asset(file)], &knobs, seed).unwrap(),
        Source::Own(_) => panic!("{id} has no file of its own"),
    }
}

fn load(id: &str, seed: u32) -> Data {
    load_with(id, &[], seed)
}

/// The datasets that need nothing from a person.
fn ready() -> impl Iterator<Item = &'static dyn Dataset> {
    DATASETS.iter().copied().filter(|d| !matches!(d.source(), Source::Own(_)))
}

/// FNV-1a over the bits of every value and label of both splits.
fn digest(data: &Data) -> u64 {
    let words = |split: &Split| {
        let answer = |&y: &f32| if data.answer == Answer::Class { y as u32 } else { y.to_bits() };
        split.x.iter().map(|v| v.to_bits()).chain(split.y.iter().map(answer)).collect::<Vec<_>>()
    };
    let bytes = [words(&data.train), words(&data.test)].concat().into_iter().flat_map(u32::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

fn tally(split: &Split, classes: usize) -> Vec<usize> {
    (0..classes).map(|c| split.y.iter().filter(|&&y| y as usize == c).count()).collect()
}

/// What the nearest training sample answers to each of the first `limit` test samples, beside what is right.
fn nearest(data: &Data, limit: usize) -> Vec<(&[f32], &[f32])> {
    let width: usize = data.input.iter().product();
    let answers = data.train.y.len() / data.train.len;
    let tests = data.test.x.chunks_exact(width).zip(data.test.y.chunks_exact(answers)).take(limit);
    let answer = |x: &[f32]| {
        let distance = |t: &[f32]| x.iter().zip(t).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let rows = data.train.x.chunks_exact(width).map(distance).zip(data.train.y.chunks_exact(answers));
        rows.min_by(|(a, _), (b, _)| a.total_cmp(b)).unwrap().1
    };
    tests.map(|(x, y)| (answer(x), y)).collect()
}

/// Share of the first `limit` test samples whose nearest training sample has their class.
fn nearest_neighbour(data: &Data, limit: usize) -> f64 {
    let pairs = nearest(data, limit);
    pairs.iter().filter(|(answer, right)| answer == right).count() as f64 / pairs.len() as f64
}

/// R² of answers beside what is right.
fn explained(pairs: &[(f32, f32)]) -> f64 {
    let n = pairs.len() as f64;
    let mean = pairs.iter().map(|p| f64::from(p.1)).sum::<f64>() / n;
    let square = |v: f64| v * v;
    let spread: f64 = pairs.iter().map(|p| square(f64::from(p.1) - mean)).sum();
    1.0 - pairs.iter().map(|p| square(f64::from(p.0 - p.1))).sum::<f64>() / spread
}

/// How well a plain method answers to the test samples, 1 being all that there is: the nearest neighbour, for tasks on
/// places whoever knows the task, for a series the last value seen, for a text the most frequent pair of characters.
fn learned(id: &str, data: &Data) -> f64 {
    match (data.window, data.answer) {
        (None, Answer::Class) => nearest_neighbour(data, 300),
        (None, Answer::Numbers) => {
            let pairs = nearest(data, 300);
            explained(&pairs.iter().flat_map(|(a, b)| a.iter().copied().zip(b.iter().copied())).collect::<Vec<_>>())
        }
        (None, Answer::ClassAtPlaces(_)) => places::known(id, data, &[]),
        (Some(_), Answer::ClassAtPlaces(_)) => real::pairs(data),
        (Some(window), _) => explained(&real::forecast(data, window, window.length - 1)),
    }
}

#[test]
fn entries_are_complete() {
    let mut ids = BTreeSet::new();
    for dataset in DATASETS {
        let meta = dataset.meta();
        assert!(ids.insert(meta.id), "{} stands twice", meta.id);
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(!meta.id.is_empty() && meta.id.bytes().all(legal), "{}", meta.id);
        assert!(!meta.name.is_empty() && !meta.source.is_empty(), "{}", meta.id);
        assert!(meta.help.ends_with('.'), "{}", meta.id);
        let defaults = Knobs::defaults(dataset.knobs());
        let given: Settings = defaults.iter().map(|(k, v)| (k.to_owned(), v.clone())).collect();
        assert_eq!(Knobs::resolve(dataset.knobs(), &given, "data").unwrap(), defaults);
        assert!(dataset.knobs().iter().all(|k| !k.name.is_empty() && k.help.ends_with('.')), "{}", meta.id);
        match dataset.source() {
            Source::Generated => {}
            Source::Asset(file) => assert!(!asset(file).is_empty()),
            Source::Own(parts) => assert!(parts.iter().all(|p| !p.name.is_empty() && !p.accept.is_empty())),
        }
    }
}

#[test]
fn the_wrong_number_of_files_is_refused() {
    for dataset in DATASETS {
        let files = dataset.source().files();
        if files > 0 {
            let given = vec![&b"x"[..]; files + 1];
            let knobs = Knobs::defaults(dataset.knobs());
            assert_eq!(dataset.load(&given, &knobs, 0).unwrap_err().path, "files");
            assert_eq!(dataset.load(&[], &knobs, 0).unwrap_err().path, "files");
        }
    }
}

#[test]
fn every_ready_dataset_is_sound() {
    for dataset in ready() {
        let id = dataset.meta().id;
        let data = load(id, 1);
        let width: usize = data.input.iter().product();
        let outputs = data.outputs.len();
        assert!(outputs >= 1 && data.outputs.iter().collect::<BTreeSet<_>>().len() == outputs, "{id}");
        for split in [&data.train, &data.test] {
            let samples = data.samples(split);
            assert!(samples > 0 && split.x.len() <= VALUES_MAX, "{id}");
            assert!(split.x.iter().all(|v| v.is_finite()), "{id}");
            let answers = data.answer.shape(outputs).iter().product::<usize>();
            let is_label = |y: &f32| *y == UNCOUNTED || y.fract() == 0.0 && (0.0..outputs as f32).contains(y);
            match (data.window, data.answer) {
                (Some(_), _) => assert!(split.y.is_empty(), "{id}"),
                (None, Answer::Class | Answer::ClassAtPlaces(_)) => {
                    assert_eq!((split.x.len(), split.y.len()), (samples * width, samples * answers / outputs), "{id}");
                    assert!(split.y.iter().all(is_label), "{id}");
                }
                (None, Answer::Numbers) => {
                    assert_eq!((split.x.len(), split.y.len()), (samples * width, samples * answers), "{id}");
                    assert!(split.y.iter().all(|y| y.is_finite()), "{id}");
                }
            }
            if data.answer == Answer::Class {
                let tally = tally(split, outputs);
                let mean = samples / outputs;
                // Tables have the classes that there were to be had, and as many in both splits.
                let share = |tally: &[usize], c: usize| tally[c] as f64 / tally.iter().sum::<usize>() as f64;
                let all = self::tally(&data.train, outputs);
                assert!((0..outputs).all(|c| (share(&tally, c) - share(&all, c)).abs() < 0.03), "{id}: {tally:?}");
                let even = tally.iter().all(|&n| n * 4 > mean * 3 && n * 4 < mean * 5);
                assert!(even || data.look == Look::Table, "{id}: {tally:?}");
            }
        }
        match data.look {
            Look::Plane => assert!(data.input == [2] && data.train.x.iter().all(|v| v.abs() < 1.6), "{id}"),
            Look::Image { height, width } => {
                assert_eq!(data.input, [height, width, 1], "{id}");
                assert!(data.train.x.iter().chain(&data.test.x).all(|v| (0.0..=1.0).contains(v)), "{id}");
                assert!(data.train.x.contains(&0.0) && data.train.x.contains(&1.0), "{id}");
            }
            Look::Series => assert_eq!(data.input.len(), 1, "{id}"),
            Look::Table => assert_eq!(data.columns.len(), width, "{id}"),
            Look::Text => {
                let token = |x: &f32| x.fract() == 0.0 && (0.0..data.tokens.len() as f32).contains(x);
                assert!(data.train.x.iter().chain(&data.test.x).all(token), "{id}");
            }
        }
    }
}

#[test]
fn sizes_are_as_promised() {
    let expected = [
        ("circle", 800, 200),
        ("xor", 800, 200),
        ("gauss", 800, 200),
        ("moons", 800, 200),
        ("spiral", 800, 200),
        ("points", 16, 4),
        ("boolean", 410, 102),
        ("function", 800, 200),
        ("copy", 3200, 800),
        ("reverse", 3200, 800),
        ("sort", 3200, 800),
        ("parity", 3200, 800),
        ("group-words", 3200, 800),
        ("recall", 3200, 800),
        ("list-ops", 3200, 800),
        ("needle", 3200, 800),
        ("mnist1d", 4000, 1000),
        ("iris", 120, 30),
        ("penguins", 274, 68),
        ("wine", 142, 36),
        ("breast-cancer", 455, 114),
        ("digits", 1437, 360),
        ("restyled-digits", 1437, 360),
        ("mnist", 8000, 2000),
        ("image", 3277, 819),
        ("series", 247 - 16, 62),
        ("text", 1_035_660 - 64, 115_074 - 64),
    ];
    assert_eq!(expected.len(), ready().count());
    for (id, train, test) in expected {
        let data = load(id, 0);
        let samples = (data.samples(&data.train), data.samples(&data.test));
        assert_eq!(samples, (train, test), "{id}");
        assert_eq!((data.train.len, data.test.len), samples, "{id}");
    }
    assert_eq!(tally(&load("iris", 0).test, 3), [10, 10, 10]);
    assert_eq!(tally(&load("mnist1d", 0).test, 10), [100; 10]);
    let fewer = load_with("mnist", &[("train", Setting::Int(500))], 0);
    assert_eq!((fewer.train.len, fewer.train.x.len(), fewer.test.len), (500, 500 * 784, 2000));
    let tiny = load_with("xor", &[("samples", Setting::Int(21)), ("train", Setting::Float(0.1))], 0);
    assert_eq!((tiny.train.len, tiny.test.len), (2, 19));
}

#[test]
fn every_bit_is_pinned() {
    let pinned: &[(&str, u64)] = &[
        ("circle", 0xe4bd_41a6_f75e_3aef),
        ("xor", 0xd085_6261_9604_951f),
        ("gauss", 0xb216_8a9d_8b61_9742),
        ("moons", 0x9f8d_5c66_5fca_2a79),
        ("spiral", 0xa32c_76ba_02c7_78d5),
        ("points", 0x3dfa_2175_ab52_8b25),
        ("boolean", 0x16ab_7a2b_1259_9fe5),
        ("function", 0x7e13_204f_d791_a977),
        ("copy", 0x1d07_a9e7_85e3_3225),
        ("reverse", 0x41c3_3f23_d6a3_60d5),
        ("sort", 0x92f2_b00d_16d6_0b25),
        ("parity", 0x5e0e_1aba_5bce_cf38),
        ("group-words", 0x220d_53bb_589b_a7a8),
        ("recall", 0xbab2_6dd7_d472_6858),
        ("list-ops", 0xa1da_e0b5_e647_f862),
        ("needle", 0x20a9_bd51_1d85_f865),
        ("mnist1d", 0xbea7_66ea_fe05_53a6),
        ("iris", 0xa99b_ee59_b530_e68e),
        ("penguins", 0x654e_c182_b1ff_eac2),
        ("wine", 0x5f61_2b16_fda5_5874),
        ("breast-cancer", 0x522c_8106_e61b_9c80),
        ("digits", 0x1d99_e85c_ddb0_b5a3),
        ("restyled-digits", 0xb64f_1a2b_c0d2_4c4e),
        ("mnist", 0x42a8_26e7_10ff_96bc),
        ("image", 0x7c63_0881_70a4_65b8),
        ("series", 0x0dc9_95a6_2473_ef8c),
        ("text", 0xa005_f572_c9dd_61de),
    ];
    let found: Vec<_> = ready().map(|d| (d.meta().id, digest(&load(d.meta().id, 42)))).collect();
    let show =
        |list: &[(&str, u64)]| list.iter().map(|(id, d)| format!("(\"{id}\", {d:#018x}),\n")).collect::<String>();
    assert!(found == pinned, "found:\n{}", show(&found));
}

#[test]
fn the_seed_decides_generated_sets_alone() {
    for dataset in ready() {
        let id = dataset.meta().id;
        assert_eq!(load(id, 3) == load(id, 4), matches!(dataset.source(), Source::Asset(_)), "{id}");
        assert!(load(id, 3) == load(id, 3), "{id}");
    }
}

#[test]
fn every_ready_dataset_can_be_learned() {
    let least = [
        ("circle", 0.95),
        ("xor", 0.93),
        ("gauss", 0.97),
        ("moons", 0.97),
        ("spiral", 0.97),
        ("points", 0.9),
        ("boolean", 0.6),
        ("function", 0.99),
        ("copy", 1.0),
        ("reverse", 1.0),
        ("sort", 1.0),
        ("parity", 1.0),
        ("group-words", 1.0),
        ("recall", 1.0),
        ("list-ops", 1.0),
        ("needle", 1.0),
        ("mnist1d", 0.45),
        ("iris", 0.86),
        ("penguins", 0.95),
        ("wine", 0.9),
        ("breast-cancer", 0.9),
        ("digits", 0.97),
        ("restyled-digits", 0.94),
        ("mnist", 0.92),
        ("image", 0.8),
        ("series", 0.5),
        ("text", 0.25),
    ];
    assert_eq!(least.len(), ready().count());
    for (id, least) in least {
        let share = learned(id, &load(id, 1));
        assert!(share >= least, "{id}: {share}");
    }
}

#[test]
fn noise_makes_classes_overlap() {
    for id in ["circle", "xor", "gauss", "moons", "spiral"] {
        let at = |noise| nearest_neighbour(&load_with(id, &[("noise", Setting::Float(noise))], 1), 300);
        assert!(at(0.0) > 0.97, "{id}: {}", at(0.0));
        assert!(at(0.5) < 0.97, "{id}: {}", at(0.5));
    }
}

#[test]
fn shuffled_positions_keep_the_values() {
    let straight = load("mnist1d", 1);
    let shuffled = load_with("mnist1d", &[("shuffled", Setting::Bool(true))], 1);
    assert_eq!(straight.train.y, shuffled.train.y);
    for (a, b) in straight.test.x.chunks_exact(40).zip(shuffled.test.x.chunks_exact(40)) {
        let sorted = |row: &[f32]| {
            let mut row = row.to_vec();
            row.sort_by(f32::total_cmp);
            row
        };
        assert_ne!(a, b);
        // The mean of all values is summed in another order, which may move a last bit.
        assert!(sorted(a).iter().zip(sorted(b)).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
