//! Tasks on sequences: every answer is worked out anew, by another way than the one it was made by, from the names of the
//! tokens alone.

use std::collections::{BTreeMap, BTreeSet};

use engine::data::{DATASETS, Data, Split, UNCOUNTED};
use engine::registry::{Knobs, Setting, Settings, find};

use super::{load, load_with};

type Answers = Vec<Option<String>>;

/// What is right at each place of a sample of the task `id`.
fn answers(id: &str, tokens: &[&str], settings: &[(&str, Setting)]) -> Answers {
    let n = tokens.len();
    let text = |id: &str, default: &'static str| {
        settings.iter().find(|s| s.0 == id).map_or(default.to_owned(), |s| s.1.to_string())
    };
    let last_alone = |mut all: Vec<String>| {
        let last = all.pop();
        all.iter().map(|_| None).chain([last]).collect::<Answers>()
    };
    let states = |all: Vec<String>| {
        if text("answer", "every-place") == "last-place" {
            last_alone(all)
        } else {
            all.into_iter().map(Some).collect()
        }
    };
    match id {
        "copy" | "reverse" | "sort" => {
            let mut row: Vec<String> = tokens[..n / 2].iter().map(|&t| t.to_owned()).collect();
            assert!(tokens[n / 2] == ">" && tokens[n / 2 + 1..].iter().all(|&t| t == "_"));
            match id {
                "reverse" => row = row.into_iter().rev().collect(),
                "sort" => row.sort(),
                _ => {}
            }
            vec![None; n / 2].into_iter().chain(row.into_iter().map(Some)).collect()
        }
        "parity" => {
            let ones = |upto: usize| tokens[..=upto].iter().filter(|&&t| t == "1").count();
            states((0..n).map(|i| if ones(i) % 2 == 0 { "even" } else { "odd" }.to_owned()).collect())
        }
        "group-words" => {
            let group = text("group", "s3");
            states((0..n).map(|i| product(&group, &tokens[..=i])).collect())
        }
        "recall" => {
            let pairs = n / 3;
            let held: BTreeMap<_, _> = tokens[..2 * pairs].chunks(2).map(|pair| (pair[0], pair[1])).collect();
            assert_eq!(held.len(), pairs);
            let asked = tokens[2 * pairs..].iter().map(|key| Some(held[key].to_owned()));
            vec![None; 2 * pairs].into_iter().chain(asked).collect()
        }
        "list-ops" => {
            let mut rest = tokens.iter().copied().skip_while(|&t| t == "_");
            let value = list(&mut rest).unwrap();
            assert_eq!(rest.next(), None);
            last_alone(vec![value.to_string(); n])
        }
        "needle" => {
            let marks: Vec<usize> = (0..n).filter(|&i| tokens[i] == "!").collect();
            assert!(marks.len() == 1 && tokens[n - 1] == "?");
            last_alone(vec![tokens[marks[0] + 1].to_owned(); n])
        }
        _ => panic!("{id} is no task on places"),
    }
}

/// The product of elements: sums of cyclic groups, else permutations put one behind the other.
fn product(group: &str, elements: &[&str]) -> String {
    if let Some(order) = group.strip_prefix('z') {
        let sum: usize = elements.iter().map(|e| e.parse::<usize>().unwrap()).sum();
        return (sum % order.parse::<usize>().unwrap()).to_string();
    }
    // Things that are moved by one permutation after the other.
    let follow = |start: char| {
        elements.iter().fold(start, |at, e| e.chars().nth(at.to_digit(10).unwrap() as usize - 1).unwrap())
    };
    (1..=elements[0].len() as u32).map(|i| follow(char::from_digit(i, 10).unwrap())).collect()
}

/// The value of the next list or digit; nothing at the end of a list.
fn list<'a>(tokens: &mut impl Iterator<Item = &'a str>) -> Option<u32> {
    let token = tokens.next()?;
    if token == "]" {
        return None;
    }
    if let Ok(digit) = token.parse() {
        return Some(digit);
    }
    let mut values = Vec::new();
    while let Some(value) = list(tokens) {
        values.push(value);
    }
    let (sum, n) = (values.iter().sum::<u32>(), values.len());
    assert!(n >= 2);
    values.sort_unstable();
    Some(match token {
        "[MIN" => *values.iter().min()?,
        "[MAX" => *values.iter().max()?,
        "[SM" => sum % 10,
        "[MED" if n % 2 == 1 => values[n / 2],
        "[MED" => (values[n / 2 - 1] + values[n / 2]) / 2,
        _ => panic!("{token} is no operator"),
    })
}

/// Share of the answers asked for, of both splits, that [`answers`] has too.
pub fn known(id: &str, data: &Data, settings: &[(&str, Setting)]) -> f64 {
    let (mut right, mut all) = (0, 0);
    for split in [&data.train, &data.test] {
        let length = data.input[0];
        for (x, y) in split.x.chunks_exact(length).zip(split.y.chunks_exact(length)) {
            let tokens: Vec<&str> = x.iter().map(|&t| data.tokens[t as usize].as_str()).collect();
            let wanted = answers(id, &tokens, settings);
            assert_eq!(wanted.len(), length);
            for (wanted, &y) in wanted.iter().zip(y) {
                let given = (y != UNCOUNTED).then(|| &data.outputs[y as usize]);
                right += usize::from(given == wanted.as_ref());
                all += 1;
            }
        }
    }
    f64::from(right as u32) / f64::from(all as u32)
}

#[test]
fn every_answer_is_right_whatever_the_knobs() {
    let few = || ("samples", Setting::Int(200));
    let mut cases: Vec<(&str, Vec<(&str, Setting)>)> = vec![
        ("copy", vec![("length", Setting::Int(4)), ("symbols", Setting::Int(26)), few()]),
        ("sort", vec![("length", Setting::Int(64)), ("symbols", Setting::Int(3)), few()]),
        ("parity", vec![("answer", "last-place".into()), ("length", Setting::Int(33)), few()]),
        ("recall", vec![("pairs", Setting::Int(16)), ("keys", Setting::Int(16)), ("values", Setting::Int(2)), few()]),
        ("list-ops", vec![("length", Setting::Int(100)), ("depth", Setting::Int(8)), few()]),
        ("list-ops", vec![("length", Setting::Int(4)), ("depth", Setting::Int(1)), few()]),
        ("needle", vec![("look-alikes", Setting::Bool(true)), ("values", Setting::Int(2)), few()]),
        ("needle", vec![("length", Setting::Int(4)), few()]),
    ];
    for group in ["z3", "z5", "z60", "s3", "a4", "s4", "a5", "s5"] {
        for answer in ["every-place", "last-place"] {
            cases.push(("group-words", vec![("group", group.into()), ("answer", answer.into()), few()]));
        }
    }
    for (id, settings) in cases {
        let data = load_with(id, &settings, 5);
        assert_eq!(known(id, &data, &settings), 1.0, "{id} {settings:?}");
        assert!(data.test.len > 0, "{id}");
    }
}

#[test]
fn groups_have_their_orders() {
    for (group, order) in [("z60", 60), ("s3", 6), ("a4", 12), ("s4", 24), ("a5", 60), ("s5", 120)] {
        let data = load_with("group-words", &[("group", group.into()), ("samples", Setting::Int(100))], 1);
        assert_eq!((data.tokens.len(), &data.tokens), (order, &data.outputs), "{group}");
    }
}

#[test]
fn no_test_sample_is_trained_on() {
    for id in ["copy", "sort", "parity", "group-words", "recall", "list-ops", "needle"] {
        let data = load(id, 2);
        let rows = |split: &Split| -> BTreeSet<Vec<u32>> {
            split.x.chunks_exact(data.input[0]).map(|row| row.iter().map(|&t| t as u32).collect()).collect()
        };
        let (train, test) = (rows(&data.train), rows(&data.test));
        assert!(train.len() == data.train.len && test.len() == data.test.len && train.is_disjoint(&test), "{id}");
    }
    // Of four bits there are sixteen rows, and no more.
    let small = load_with("parity", &[("length", Setting::Int(4))], 0);
    assert_eq!((small.train.len, small.test.len), (12, 4));
}

#[test]
fn more_pairs_than_keys_are_refused() {
    let dataset = find(DATASETS, "recall", "data").unwrap();
    let given: Settings = [("pairs", 9), ("keys", 8)].map(|(k, v)| (k.to_owned(), Setting::Int(v))).into();
    let fault = dataset.load(&[], &Knobs::resolve(dataset.knobs(), &given, "data").unwrap(), 0).unwrap_err();
    assert_eq!((fault.path.as_str(), fault.message.as_str()), ("keys", "8 keys cannot head 9 pairs"));
}
