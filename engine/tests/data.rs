//! Every dataset: it loads with its defaults, its splits have the promised sizes and balance, and it can be learned.
//!
//! The digests pin every bit, so that a seed in a link gives the same samples for years, on every machine.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use engine::{
    data::{Answer, DATASETS, Data, Dataset, Look, Source, Split, UNCOUNTED, VALUES_MAX},
    registry::{Knobs, Setting, Settings, find},
};

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
        split.x.iter().map(|v| v.to_bits()).chain(split.y.iter().map(|&y| y as u32)).collect::<Vec<_>>()
    };
    let bytes = [words(&data.train), words(&data.test)].concat().into_iter().flat_map(u32::to_le_bytes);
    bytes.fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

fn tally(split: &Split, classes: usize) -> Vec<usize> {
    (0..classes).map(|c| split.y.iter().filter(|&&y| y as usize == c).count()).collect()
}

/// Share of the first `limit` test samples whose nearest training sample has their class.
fn nearest_neighbour(data: &Data, limit: usize) -> f64 {
    let width: usize = data.input.iter().product();
    let tests = || data.test.x.chunks_exact(width).zip(&data.test.y).take(limit);
    let right = tests().filter(|(x, y)| {
        let distance = |t: &[f32]| x.iter().zip(t).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        let rows = data.train.x.chunks_exact(width).map(distance);
        let (_, nearest) = rows.zip(&data.train.y).min_by(|(a, _), (b, _)| a.total_cmp(b)).unwrap();
        nearest == *y
    });
    right.count() as f64 / tests().count() as f64
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
                assert!(tally.iter().all(|&n| n * 4 > mean * 3 && n * 4 < mean * 5), "{id}: {tally:?}");
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
        ("iris", 120, 30),
        ("digits", 1437, 360),
        ("mnist", 8000, 2000),
        ("mnist1d", 4000, 1000),
    ];
    assert_eq!(expected.len(), ready().count());
    for (id, train, test) in expected {
        let data = load(id, 0);
        assert_eq!((data.train.len, data.test.len), (train, test), "{id}");
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
        ("iris", 0xa99b_ee59_b530_e68e),
        ("digits", 0x1d99_e85c_ddb0_b5a3),
        ("mnist", 0x42a8_26e7_10ff_96bc),
        ("mnist1d", 0xbea7_66ea_fe05_53a6),
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
        ("iris", 0.86),
        ("digits", 0.97),
        ("mnist", 0.92),
        ("mnist1d", 0.45),
    ];
    for (id, least) in least {
        let share = nearest_neighbour(&load(id, 1), 300);
        assert!(share >= least, "{id}: {share} of the nearest neighbours agree");
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
