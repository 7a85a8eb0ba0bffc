//! Experts by a table: nothing to learn, nothing to balance (Roller et al. 2021).
//!
//! With `h` a fixed function to `0 … K − 1`, token `x_t` at place `t` of a sample goes to expert
//!
//! ```text
//! random      h(x_t)             previous    h(x_{t−1})         position    t mod K
//! balanced    h(x_t), tokens dealt out in order of their frequency, each to the emptiest expert
//! bigram      (h(x_t) + h'(x_{t−1})) mod K: tabulation hashing of the pair (Carter and Wegman 1979)
//! clustered   h(x_t), tokens of one kind to the same expert      dispersed   to as many experts as there are
//! ```
//!
//! with weight 1; kinds are those of `kinds.rs`. With `N` hashes the experts are `N` groups of `K = E / N`, and hash `n` chooses in group `n`. Since the
//! results are summed, that is the paper's layer of pieces, `relu(x [A¹, …, Aᴺ]) [B¹; …; Bᴺ]`, each piece an expert.

use super::{Assignment, Routing, Rows, kinds, too_many};
use crate::data::NEIGHBOURS_MAX;
use crate::ir::{Init, Value};
use crate::net::Build;
use crate::noise::Stream;
use crate::ops::rows::Gather;
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};
use crate::sorting::Sorting as _;

/// Experts by the hash of a token.
pub struct Hash;

static META: Meta = Meta {
    id: "hash",
    name: "Hash",
    help: "A fixed table says which expert works on which token; there is no router to learn.",
    source: "Roller et al. 2021 (Hash Layers)",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "by",
        name: "By",
        help: "What the table looks at: the token, dealt out at random or so that all experts see equally much of the \
               training data; the token before it; both; the place alone; or the token's kind, by what stands beside it \
               in the training data, whose tokens are kept together (clustered) or apart (dispersed).",
        kind: KnobKind::Choice {
            default: "balanced",
            options: &["random", "balanced", "previous", "bigram", "position", "clustered", "dispersed"],
        },
    },
    Knob {
        id: "hashes",
        name: "Hashes",
        help: "How many tables there are. Each has its own part of the experts, and their results are summed.",
        kind: KnobKind::Int { default: 1, min: 1, max: 8 },
    },
];

impl Entry for Hash {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Routing for Hash {
    fn route(&self, knobs: &Knobs, b: &mut Build, rows: Rows, experts: usize) -> Assignment {
        let hashes = knobs.size("hashes");
        if let Some(fault) = too_many(b, hashes, experts) {
            return fault;
        }
        if !experts.is_multiple_of(hashes) {
            let message = format!("{experts} experts cannot be divided among {hashes} hashes");
            return Assignment::fault(
                b.fault(message, format!("choose a multiple of {hashes} experts, or fewer hashes")),
            );
        }
        let by = knobs.choice("by");
        let count = b.g.shape(rows.x)[0];
        let mut numbers = Vec::new();
        for n in 0..hashes {
            let group = experts / hashes;
            let number = match (by, rows.tokens) {
                ("position", _) => position(b, rows, count, group),
                (_, Some(tokens)) => hash(b, by, tokens, rows.places, n, group),
                (_, None) => {
                    let mend = "put `embedding` before it on a dataset of tokens, or hash by position";
                    return Assignment::fault(b.fault("there are no tokens to hash", mend));
                }
            };
            let first = b.g.constant((n * group) as f32);
            let number = b.g.add(number, first);
            numbers.push(b.g.reshape(number, [count, 1]));
        }
        let numbers = b.g.concat(&numbers, 1);
        let hit = b.g.one_hot(numbers, experts);
        let distribution = b.g.mean(hit, &[1]);
        let distribution = b.g.reshape(distribution, [count, experts]);
        let one = b.g.constant(1.0);
        let weights = b.g.broadcast(one, [count, hashes]);
        Assignment::by_row(numbers, weights, distribution)
    }
}

/// `t mod K` of each row's place `t`.
fn position(b: &mut Build, rows: Rows, count: usize, group: usize) -> Value {
    let samples = count / rows.places.max(1);
    let place = b.g.iota(rows.places);
    // Half a unit keeps clear of a device's inexact division.
    let half = b.g.constant(0.5);
    let middle = b.g.add(place, half);
    let turns = b.g.scale(middle, 1.0 / group as f32);
    let turns = b.g.floor(turns);
    let whole = b.g.scale(turns, group as f32);
    let rest = b.g.sub(place, whole);
    let all = b.g.broadcast(rest, [samples, rows.places]);
    b.g.reshape(all, [count])
}

/// Hash number `n` of each of `tokens [R]` to one of `group` experts.
fn hash(b: &mut Build, by: &str, tokens: Value, places: usize, n: usize, group: usize) -> Value {
    match by {
        "balanced" => {
            let shares = shares(b);
            let name = format!("balanced {}", n + 1);
            let table = dealt(&shares, group, n, noise(b, &name, n));
            given(b, &name, table, tokens)
        }
        "clustered" | "dispersed" if b.vocabulary() > NEIGHBOURS_MAX => {
            let message = format!("the kinds of {} different tokens are not known", b.vocabulary());
            b.fault(message, format!("hash in another way, or use at most {NEIGHBOURS_MAX} tokens"))
        }
        "clustered" => {
            let name = format!("clustered {}", n + 1);
            let table = kinds::clustered(&b.neighbours(), b.vocabulary(), group, noise(b, &name, n));
            given(b, &name, table, tokens)
        }
        "dispersed" => {
            let name = format!("dispersed {}", n + 1);
            let table = kinds::dispersed(&b.neighbours(), &shares(b), group, noise(b, &name, n));
            given(b, &name, table, tokens)
        }
        "previous" => {
            let before = previous(b, tokens, places);
            looked_up(b, &format!("previous {}", n + 1), before, group)
        }
        "bigram" => {
            let before = previous(b, tokens, places);
            let one = looked_up(b, &format!("token {}", n + 1), tokens, group);
            let other = looked_up(b, &format!("previous {}", n + 1), before, group);
            let sum = b.g.add(one, other);
            let group = b.g.constant(group as f32);
            let rest = b.g.sub(sum, group);
            let below = b.g.lt(sum, group);
            b.g.select(below, sum, rest)
        }
        _ => looked_up(b, &format!("token {}", n + 1), tokens, group),
    }
}

/// The noise of table number `n`.
fn noise(b: &Build, name: &str, n: usize) -> Stream {
    Stream { seed: n as u32, stream: crate::net::stream(&b.name(name)) }
}

/// What the `table [V]` holds for each of `tokens [R]`.
fn given(b: &mut Build, name: &str, table: Vec<f32>, tokens: Value) -> Value {
    let table = b.given(name, table);
    b.g.push(Gather, &[table, tokens])
}

/// The shares of the tokens in the training data; even ones where nothing is known of them.
fn shares(b: &Build) -> Vec<f32> {
    let known = b.frequencies();
    if known.is_empty() { vec![1.0; b.vocabulary()] } else { known.to_vec() }
}

/// The expert of each token, when tokens are taken in order of their `shares` and each goes to the expert that has least.
/// For all but the first table the order is disturbed by noise, so that tables differ; whatever the order, two experts
/// differ by no more than one token's share.
fn dealt(shares: &[f32], group: usize, n: usize, noise: Stream) -> Vec<f32> {
    let rank = |token: usize| {
        let disturbed = if n == 0 { 1.0 } else { 1.0 + noise.uniform(0, token as u32) };
        shares[token] * disturbed
    };
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.put_in_order_by(|&a, &b| rank(b).total_cmp(&rank(a)));
    let mut filled = vec![(0.0f32, 0u32); group];
    let mut table = vec![0.0; shares.len()];
    for token in order {
        // Among equals the one with fewer tokens, so that those which never occur are spread too.
        let least = |&a: &usize, &b: &usize| filled[a].0.total_cmp(&filled[b].0).then(filled[a].1.cmp(&filled[b].1));
        let Some(expert) = (0..group).min_by(least) else { continue };
        filled[expert] = (filled[expert].0 + shares[token], filled[expert].1 + 1);
        table[token] = expert as f32;
    }
    table
}

/// The token before each of `tokens [R]` in its sample; one beyond the vocabulary for the first.
fn previous(b: &mut Build, tokens: Value, places: usize) -> Value {
    let count = b.g.shape(tokens).size();
    let samples = count / places.max(1);
    let nothing = b.g.constant(b.vocabulary() as f32);
    let nothing = b.g.broadcast(nothing, [samples, 1]);
    if places == 1 {
        return b.g.reshape(nothing, [count]);
    }
    let all = b.g.reshape(tokens, [samples, places]);
    let before = b.g.slice(all, 1, 0, places - 1);
    let before = b.g.concat(&[nothing, before], 1);
    b.g.reshape(before, [count])
}

/// A fixed random number below `group` for each of `tokens [R]`.
fn looked_up(b: &mut Build, name: &str, tokens: Value, group: usize) -> Value {
    let (_, table) = b.state(name, vec![b.vocabulary() + 1], Init::Uniform { bound: 0.5 });
    let noise = b.g.push(Gather, &[table, tokens]);
    let half = b.g.constant(0.5);
    let share = b.g.add(noise, half);
    let scaled = b.g.scale(share, group as f32);
    let number = b.g.floor(scaled);
    // The share may have been rounded up to 1.
    let last = b.g.constant(group as f32 - 1.0);
    b.g.minimum(number, last)
}
