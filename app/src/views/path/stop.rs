//! One route on a sample's way: which experts work on it, and what the router thought.

use engine::sorting::Sorting as _;
use engine::spec::Spec;

use super::row;
use crate::state::Measured;
use crate::tongue::t;
use crate::tree;
use crate::views::plot::numbers::Numbers;

/// Experts told by name; of more, how many they are.
const TOLD: usize = 6;

/// A route, for one sample or one place of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stop {
    pub path: String,
    /// Number of its stage, counted from 1.
    pub stage: usize,
    pub tree: bool,
    /// How much each expert counts, 0 where it does not work on the sample: `[E]`.
    pub weights: Vec<f32>,
    /// The router's distribution: `[E]`.
    pub chances: Vec<f32>,
}

/// A decision of a tree on the way to a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    pub right: bool,
    /// How likely the router found what it decided.
    pub sure: f32,
}

/// The routes on the way of a sample, in order.
pub fn stops(m: &Measured, spec: &Spec, sample: usize, place: usize) -> Vec<Stop> {
    let of_place = |name: &str| -> Option<Vec<f32>> {
        let (shape, data) = row(m, name, sample)?;
        let experts = *shape.last()?;
        let at = if shape.len() == 2 { place.min(shape[0].saturating_sub(1)) } else { 0 };
        Some(data.get(at * experts..(at + 1) * experts)?.to_vec())
    };
    let stop = |name: &str| {
        let path = name.strip_prefix("weights ")?.to_owned();
        Some(Stop {
            stage: path.split([' ', '.']).next()?.parse().ok()?,
            tree: tree::is_tree(spec, &path),
            weights: of_place(name)?,
            chances: of_place(&format!("chances {path}"))?,
            path,
        })
    };
    m.tensors().filter_map(|(name, ..)| stop(name)).collect()
}

/// A row for each expert of each route: how much it counts, and how likely the router found it.
pub fn numbers(stops: &[Stop]) -> Numbers {
    let heads = [t("how much it counts"), t("how likely the router finds it")].map(str::to_owned);
    let mut n = Numbers::new("", heads, |v| format!("{:.1} %", v * 100.0)).by_columns();
    for stop in stops {
        let noun = if stop.tree { t("leaf") } else { t("expert") };
        for (e, (weight, chance)) in stop.weights.iter().zip(&stop.chances).enumerate() {
            n.row(format!("{}, {noun} {}", stop.path, e + 1), [*weight, *chance]);
        }
    }
    n
}

impl Stop {
    /// The experts that work on it, with how much they count, the most important first.
    pub fn lit(&self) -> Vec<(usize, f32)> {
        let mut lit: Vec<_> = self.weights.iter().copied().enumerate().filter(|w| w.1 > 0.0).collect();
        lit.put_in_order_by(|a, b| b.1.total_cmp(&a.1));
        lit
    }

    pub fn depth(&self) -> u32 {
        self.weights.len().max(1).ilog2()
    }

    /// Of a tree, the decisions down to `leaf`.
    pub fn decisions(&self, leaf: usize) -> Vec<Decision> {
        let depth = self.depth();
        let mass = |first: usize, len: usize| self.chances.iter().skip(first).take(len).sum::<f32>();
        let decision = |level: u32| {
            let under = 1 << (depth - level);
            let first = leaf / under * under;
            let right = leaf - first >= under / 2;
            let side = mass(first + if right { under / 2 } else { 0 }, under / 2);
            Decision { right, sure: side / mass(first, under).max(1e-12) }
        };
        (0..depth).map(decision).collect()
    }

    pub fn words(&self) -> String {
        let lit = self.lit();
        let Some(&(first, weight)) = lit.first() else { return t("no expert has room: left out").to_owned() };
        let percent = |v: f32| format!("{:.0} %", v * 100.0);
        if self.tree {
            let way = |d: &Decision| format!("{} ({})", if d.right { t("right") } else { t("left") }, percent(d.sure));
            let way = self.decisions(first).iter().map(way).collect::<Vec<_>>().join(", ");
            let others = match lit.len() {
                1 => String::new(),
                n => t!(", {share}, mixed with {n} more", share = percent(weight), n = n - 1),
            };
            return t!("{way}: leaf {number}{others}", way, number = first + 1, others);
        }
        let told = lit.iter().take(TOLD).map(|(e, w)| format!("{} ({})", e + 1, percent(*w))).collect::<Vec<_>>();
        let rest = if lit.len() > TOLD { t!(" and {more} more", more = lit.len() - TOLD) } else { String::new() };
        let noun = if lit.len() == 1 { t("expert") } else { t("experts") };
        format!("{noun} {}{rest}", told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(tree: bool, weights: &[f32], chances: &[f32]) -> Stop {
        Stop { path: "2 › 1.route".into(), stage: 2, tree, weights: weights.to_vec(), chances: chances.to_vec() }
    }

    #[test]
    fn decisions_are_read_off_the_leaves() {
        let s = stop(true, &[0.0, 0.0, 1.0, 0.0], &[0.1, 0.1, 0.6, 0.2]);
        let way = s.decisions(2);
        assert_eq!(way.iter().map(|d| d.right).collect::<Vec<_>>(), [true, false]);
        assert!((way[0].sure - 0.8).abs() < 1e-6 && (way[1].sure - 0.75).abs() < 1e-6);
        assert_eq!(s.words(), "right (80 %), left (75 %): leaf 3");
    }

    #[test]
    fn experts_are_told_in_order_of_their_weight() {
        assert_eq!(stop(false, &[0.25, 0.0, 0.75], &[0.3, 0.1, 0.6]).words(), "experts 3 (75 %), 1 (25 %)");
        assert_eq!(stop(false, &[0.0, 0.4], &[0.6, 0.4]).words(), "expert 2 (40 %)");
        assert!(stop(false, &[0.0, 0.0], &[0.6, 0.4]).words().contains("left out"));
    }
}
