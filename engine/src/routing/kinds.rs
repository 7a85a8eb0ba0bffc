//! Kinds of tokens: those that stand beside the same others.
//!
//! Roller et al. 2021 cluster the embeddings of a trained network. Here nothing is trained yet when the network is built:
//! a token's place is instead what the training data say of its company, the square roots of the shares in which other
//! tokens follow and precede it,
//!
//! ```text
//! e_v = (√P(next | v), √P(before | v))
//! ```
//!
//! whose distances are those of Hellinger. The kinds are the clusters of k-means, as many as there are experts.

use crate::clusters::k_means;
use crate::noise::Stream;
use crate::sorting::Sorting as _;
use crate::weights::Tensor;

/// The kind of each token, of `kinds` at most, by the counts `neighbours [V, V]` of how often the column's token follows
/// the row's.
fn kinds(neighbours: &[f32], tokens: usize, kinds: usize, noise: Stream) -> Vec<usize> {
    let count = |a: usize, b: usize| neighbours.get(a * tokens + b).copied().unwrap_or(0.0);
    let roots = |counts: Vec<f32>| {
        let all = counts.iter().sum::<f32>().max(1.0);
        counts.into_iter().map(move |c| (c / all).sqrt())
    };
    let place = |token: usize| {
        let after = roots((0..tokens).map(|other| count(token, other)).collect());
        let before = roots((0..tokens).map(|other| count(other, token)).collect());
        after.chain(before)
    };
    let places = (0..tokens).flat_map(place).collect();
    k_means(&Tensor::new(&[tokens, 2 * tokens], places), kinds, noise)
}

/// The expert of each token: its kind.
pub fn clustered(neighbours: &[f32], tokens: usize, experts: usize, noise: Stream) -> Vec<f32> {
    kinds(neighbours, tokens, experts, noise).into_iter().map(|kind| kind as f32).collect()
}

/// The expert of each token where those of one kind, in order of their `shares [V]`, are dealt out evenly: each goes to the
/// expert that has fewest of its kind, and among these to the one that has least in all.
pub fn dispersed(neighbours: &[f32], shares: &[f32], experts: usize, noise: Stream) -> Vec<f32> {
    let kinds = kinds(neighbours, shares.len(), experts, noise);
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.put_in_order_by(|&a, &b| shares[b].total_cmp(&shares[a]));
    let mut of_kind = vec![vec![0u32; experts]; experts];
    let mut filled = vec![0f32; experts];
    let mut table = vec![0.0; shares.len()];
    for token in order {
        let Some(of_kind) = of_kind.get_mut(kinds[token]) else { continue };
        let least = |&a: &usize, &b: &usize| of_kind[a].cmp(&of_kind[b]).then(filled[a].total_cmp(&filled[b]));
        let Some(expert) = (0..experts).min_by(least) else { continue };
        of_kind[expert] += 1;
        filled[expert] += shares[token];
        table[token] = expert as f32;
    }
    table
}
