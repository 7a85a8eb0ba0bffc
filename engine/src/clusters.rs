//! Dividing things into groups.

use crate::noise::Stream;
use crate::sorting::Sorting as _;
use crate::weights::Tensor;

/// Rounds of k-means, and passes of exchanges.
const ROUNDS: usize = 20;

/// `count` things in `groups` groups of equal size at random: the members of each.
pub fn random(count: usize, groups: usize, noise: Stream) -> Vec<Vec<usize>> {
    let order: Vec<usize> = noise.permutation(0, count).into_iter().map(|i| i as usize).collect();
    order.chunks(count / groups.max(1)).map(<[usize]>::to_vec).collect()
}

/// The rows of `points [count, d]` in `groups` groups of equal size about their means: balanced k-means. The nearest pairs
/// of point and mean are joined first, and a group that is full takes no more.
pub fn balanced(points: &Tensor, groups: usize, noise: Stream) -> Vec<Vec<usize>> {
    let [count, _] = points.extents();
    let size = count / groups.max(1);
    let mut means: Vec<Vec<f32>> =
        noise.permutation(0, count).iter().take(groups).map(|&i| points.row(i as usize).to_vec()).collect();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for _ in 0..ROUNDS {
        let mut pairs: Vec<(f32, usize, usize)> = (0..count)
            .flat_map(|i| means.iter().enumerate().map(move |(m, mean)| (i, m, mean)))
            .map(|(i, m, mean)| (distance(points.row(i), mean), i, m))
            .collect();
        pairs.put_in_order_by(|a, b| a.0.total_cmp(&b.0));
        let mut taken = vec![false; count];
        let mut next = vec![Vec::new(); groups];
        for (_, i, m) in pairs {
            if !taken[i] && next[m].len() < size {
                taken[i] = true;
                next[m].push(i);
            }
        }
        next.iter_mut().for_each(|group| group.put_in_order());
        if next == members {
            break;
        }
        means = next.iter().map(|group| mean(points, group)).collect();
        members = next;
    }
    members
}

/// k-means with groups of any size but none empty: the group of each row of `points [count, d]`.
pub fn k_means(points: &Tensor, groups: usize, noise: Stream) -> Vec<usize> {
    let [count, _] = points.extents();
    // Beginning far apart: each next mean is the point farthest from those there are.
    let mut chosen = vec![noise.below(0, 0, count.max(1) as u32) as usize];
    while chosen.len() < groups.min(count) {
        let near = |i: usize| chosen.iter().map(|&c| distance(points.row(i), points.row(c))).fold(f32::MAX, f32::min);
        let far = (0..count).filter(|i| !chosen.contains(i)).max_by(|&a, &b| near(a).total_cmp(&near(b)));
        chosen.extend(far);
    }
    let mut means: Vec<Vec<f32>> = chosen.iter().map(|&c| points.row(c).to_vec()).collect();
    let mut of: Vec<usize> = Vec::new();
    for _ in 0..ROUNDS {
        let nearest = |i: usize| {
            let far = |m: &usize| distance(points.row(i), &means[*m]);
            (0..means.len()).min_by(|a, b| far(a).total_cmp(&far(b))).unwrap_or(0)
        };
        let mut next: Vec<usize> = (0..count).map(nearest).collect();
        // A group that nothing is nearest to keeps the point that it began with.
        for (group, &first) in chosen.iter().enumerate() {
            if !next.contains(&group) {
                next[first] = group;
            }
        }
        if next == of {
            break;
        }
        for (group, at) in means.iter_mut().enumerate() {
            let members: Vec<usize> = (0..count).filter(|&i| next[i] == group).collect();
            *at = mean(points, &members);
        }
        of = next;
    }
    of
}

/// Groups of equal size with as much weight between their members as exchanges of pairs come to: `members`, improved on.
/// `edges [count, count]` is symmetric.
pub fn exchanged(edges: &Tensor, mut members: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    let [count, _] = edges.extents();
    let mut of = vec![0; count];
    for (group, all) in members.iter().enumerate() {
        all.iter().for_each(|&i| of[i] = group);
    }
    let groups = members.len();
    // Weight between each thing and the members of each group.
    let mut to = vec![vec![0f32; groups]; count];
    for (i, row) in to.iter_mut().enumerate() {
        (0..count).filter(|&j| j != i).for_each(|j| row[of[j]] += edges.row(i)[j]);
    }
    for _ in 0..ROUNDS {
        let mut moved = false;
        for i in 0..count {
            let gain = |j: usize| {
                let (a, b) = (of[i], of[j]);
                to[i][b] - to[i][a] + to[j][a] - to[j][b] - 2.0 * edges.row(i)[j]
            };
            let others = (0..count).filter(|&j| of[j] != of[i]);
            let Some(j) = others.max_by(|&a, &b| gain(a).total_cmp(&gain(b))) else { continue };
            // What rounding alone would gain could go round in circles.
            if gain(j) <= 1e-4 {
                continue;
            }
            let (a, b) = (of[i], of[j]);
            for (k, row) in to.iter_mut().enumerate() {
                let (with_i, with_j) = (edges.row(k)[i], edges.row(k)[j]);
                if k != i {
                    row[a] -= with_i;
                    row[b] += with_i;
                }
                if k != j {
                    row[b] -= with_j;
                    row[a] += with_j;
                }
            }
            (of[i], of[j]) = (b, a);
            moved = true;
        }
        if !moved {
            break;
        }
    }
    for (group, all) in members.iter_mut().enumerate() {
        *all = (0..count).filter(|&i| of[i] == group).collect();
    }
    members
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

fn mean(points: &Tensor, members: &[usize]) -> Vec<f32> {
    let [_, width] = points.extents();
    let share = 1.0 / members.len().max(1) as f32;
    (0..width).map(|j| members.iter().map(|&i| points.row(i)[j]).sum::<f32>() * share).collect()
}
