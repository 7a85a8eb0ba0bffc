//! Hash routing: a function of the token alone, dealt out evenly by frequency.

use engine::ir::Graph;
use engine::net::Mode;
use engine::ops::Tensor;
use engine::registry::Setting;

use super::bench::{Routed, stage};
use super::support::*;

/// Frequencies as of words: the n-th of 1/n.
fn zipf(tokens: usize) -> Vec<f32> {
    let all: f32 = (1..=tokens).map(|n| 1.0 / n as f32).sum();
    (1..=tokens).map(|n| 1.0 / n as f32 / all).collect()
}

/// The experts of `tokens` in samples of `places`.
fn experts(by: &str, hashes: i64, experts: usize, places: usize, tokens: &[f64], frequencies: &[f32]) -> Vec<f64> {
    let settings = [("by", word(by)), ("hashes", int(hashes))];
    let of = Some((places, frequencies));
    let routed = Routed::of_tokens("hash", Mode::Train, [tokens.len(), 2], experts, &settings, of);
    let got =
        routed.with(&[("tokens", Tensor::new([tokens.len()], tokens.to_vec()))], &[routed.experts(), routed.weights()]);
    assert!(got[1].iter().all(|&w| w == 1.0));
    got[0].clone()
}

#[test]
fn balanced_within_one_tokens_share() {
    for (tokens, count) in [(27, 4), (64, 8), (300, 16)] {
        let shares = zipf(tokens);
        let all: Vec<f64> = (0..tokens).map(|t| t as f64).collect();
        for hashes in [1, 2] {
            let table = experts("balanced", hashes, count * hashes as usize, 1, &all, &shares);
            for n in 0..hashes as usize {
                let mut load = vec![0.0; count];
                let mut held = vec![0; count];
                for (token, &expert) in table.iter().skip(n).step_by(hashes as usize).enumerate() {
                    load[expert as usize - n * count] += shares[token];
                    held[expert as usize - n * count] += 1;
                }
                let (least, most) = load.iter().fold((1.0f32, 0.0f32), |(l, m), &v| (l.min(v), m.max(v)));
                assert!(most - least <= shares[0] + 1e-6, "{load:?}");
                assert!(held.iter().all(|&h| h > 0), "{held:?}");
            }
            if hashes == 2 {
                let differ = table.chunks(2).filter(|pair| pair[0] != pair[1] - count as f64).count();
                assert!(differ > tokens / 4, "the tables differ: {differ} of {tokens}");
            }
        }
    }
}

#[test]
fn a_function_of_what_it_says_alone() {
    let tokens = [3.0, 1.0, 4.0, 1.0, 1.0, 4.0, 3.0, 1.0, 3.0, 1.0, 4.0, 4.0];
    let places = 4;
    let before = |i: usize| if i.is_multiple_of(places) { -1.0 } else { tokens[i - 1] };
    let key = |by: &str, i: usize| match by {
        "previous" => vec![before(i)],
        "bigram" => vec![before(i), tokens[i]],
        "position" => vec![(i % places % 3) as f64],
        _ => vec![tokens[i]],
    };
    for by in ["random", "balanced", "previous", "bigram", "position"] {
        let got = experts(by, 1, 3, places, &tokens, &zipf(6));
        assert!(got.iter().all(|&e| (0.0..3.0).contains(&e) && e.fract() == 0.0), "{by}: {got:?}");
        for i in 0..tokens.len() {
            for j in 0..i {
                assert!(key(by, i) != key(by, j) || got[i] == got[j], "{by}: places {i} and {j} of {got:?}");
            }
        }
    }
    assert_eq!(experts("position", 1, 3, places, &tokens, &zipf(6))[..4], [0.0, 1.0, 2.0, 0.0]);
}

/// Random tables spread many tokens, and pairs of tokens, over all experts.
#[test]
fn random_tables_spread() {
    let tokens: Vec<f64> = numbers(3, 4000).iter().map(|v| ((v + 1.0) * 100.0).floor()).collect();
    for by in ["random", "previous", "bigram"] {
        let got = experts(by, 1, 4, 40, &tokens, &zipf(200));
        for expert in 0..4 {
            let share = got.iter().filter(|&&e| e as usize == expert).count() as f64 / 4000.0;
            assert!((share - 0.25).abs() < 0.12, "{by}: expert {expert} has {share}");
        }
    }
}

/// Vowels and consonants that alternate, and a stop after some of them: three kinds by their company alone.
fn company() -> (Vec<f32>, Vec<f32>) {
    let kind = |token: usize| {
        if token < 8 {
            0
        } else if token < 12 {
            1
        } else {
            2
        }
    };
    // From a row's kind to a column's: consonant to vowel, vowel to consonant or stop, stop to consonant.
    let often = [[0.0, 6.0, 0.0], [4.0, 0.0, 2.0], [5.0, 0.0, 0.0]];
    let rare = numbers(9, 256);
    let counts = (0..256).map(|i| often[kind(i / 16)][kind(i % 16)] * (1.0 + 0.2 * rare[i] as f32)).collect();
    (zipf(16), counts)
}

fn of_company(by: &str, count: usize) -> Vec<usize> {
    let (shares, counts) = company();
    let tokens: Vec<f64> = (0..16).map(f64::from).collect();
    let settings = [("by", word(by))];
    let routed = Routed::of_text("hash", Mode::Train, [16, 2], count, &settings, Some((1, &shares, &counts)));
    let held = [("tokens", Tensor::new([16], tokens))];
    routed.with(&held, &[routed.experts()])[0].iter().map(|e| *e as usize).collect()
}

/// Clusters keep the tokens of one kind at one expert; dispersion gives each expert its part of every kind.
#[test]
fn kinds_are_kept_together_or_apart() {
    let kinds = [0..8, 8..12, 12..16];
    let together = of_company("clustered", 3);
    let mut experts: Vec<usize> = kinds.iter().map(|k| together[k.start]).collect();
    for kind in &kinds {
        assert!(together[kind.clone()].iter().all(|e| *e == together[kind.start]), "{together:?}");
    }
    experts.sort_unstable();
    assert_eq!(experts, [0, 1, 2]);
    let apart = of_company("dispersed", 3);
    for kind in kinds {
        let of = |e: usize| apart[kind.clone()].iter().filter(|&&x| x == e).count();
        let (least, most) = (0..3).fold((16, 0), |(l, m), e| (l.min(of(e)), m.max(of(e))));
        assert!(most - least <= 1, "{apart:?}");
    }
}

/// What stands beside what is counted within samples, and over a whole series.
#[test]
fn neighbours_are_counted() {
    use engine::data::{Answer, Data, Look, Split, Window};
    let tokens: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
    let split = Split { x: vec![0.0, 1.0, 2.0, 0.0, 1.0, 1.0], y: vec![0.0; 2], len: 2 };
    let mut data = Data::of_classes(vec![3], tokens.clone(), split, Split::default(), Look::Text);
    data.tokens = tokens;
    assert_eq!(data.neighbours(), [0.0, 2.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    data.window = Some(Window { length: 3, offset: 1, answer: 3, stride: 1 });
    data.answer = Answer::ClassAtPlaces(3);
    assert_eq!(data.neighbours(), [0.0, 2.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    data.tokens = vec![String::new(); 300];
    assert!(data.neighbours().is_empty());
}

/// A layer of two hashes is the paper's layer of pieces: the sum of the experts that both choose.
#[test]
fn hashes_sum_pieces() {
    let frequencies = zipf(5);
    let output = |hashes: i64, experts: i64| {
        let mut g = Graph::new();
        let settings = [("by", word("position")), ("hashes", int(hashes))];
        let nodes = [route(experts, "hash", &settings, vec![linear(2)])];
        let (pass, taps) = stage(&mut g, Mode::Train, &[2, 3, 4], &nodes, &frequencies);
        let oracle = registers(&g);
        let read = |name: &str| oracle.read(g.find_slot(name).unwrap()).data.clone();
        let y = oracle.values(&g, &[pass.output, taps[0].dropped]);
        assert_eq!(y[1].data, [0.0]);
        (y[0].data.clone(), read("x"), read("1/1.route/1.linear/weight"), read("1/1.route/1.linear/bias"))
    };
    let (y, x, w, bias) = output(2, 4);
    for row in 0..6 {
        let place = row % 3 % 2;
        for unit in 0..2 {
            let of =
                |e: usize| bias[e * 2 + unit] + (0..4).map(|i| x[row * 4 + i] * w[(e * 4 + i) * 2 + unit]).sum::<f64>();
            assert!((y[row * 2 + unit] - of(place) - of(2 + place)).abs() < 1e-12);
        }
    }
}

fn fault(experts: i64, settings: &[(&str, Setting)]) -> String {
    let mut g = Graph::new();
    let (pass, _) = stage(&mut g, Mode::Train, &[4, 3], &[route(experts, "hash", settings, vec![linear(2)])], &[]);
    assert!(g.is_poisoned(pass.output));
    assert_eq!(g.faults().len(), 1, "{:?}", g.faults());
    g.faults()[0].to_string()
}

#[test]
fn faults() {
    assert!(fault(4, &[]).contains("no tokens"));
    assert!(fault(4, &[("hashes", int(3))]).contains("cannot be divided"));
    assert!(fault(2, &[("hashes", int(3))]).contains("3 experts"));
}
