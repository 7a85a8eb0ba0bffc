//! Claims judged by the figures of every seed.

use serde::{Deserialize, Serialize};

use crate::cards::{Claim, Figure, Measure, SEEDS};
use crate::protocol::CostInfo;

/// What one run with one seed came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    pub run: &'static str,
    pub seed: u32,
    /// On the training split; NaN where the run diverged.
    pub loss: f64,
    /// On the test split.
    pub accuracy: f64,
    pub cost: CostInfo,
}

/// A claim with what was measured for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The claim as an inequality.
    pub claim: String,
    /// Whether it holds, with each seed.
    pub seeds: Vec<bool>,
    pub figures: Vec<Line>,
}

/// A figure as it is written, with each seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// As in the claim: `accuracy(top-2)`.
    pub figure: String,
    pub values: Vec<String>,
}

impl Judged {
    /// With every seed.
    pub fn holds(&self) -> bool {
        self.seeds.iter().all(|&holds| holds)
    }
}

/// Every claim with its figures. One whose figures are not all there holds not.
pub fn judge(claims: &[Claim], tried: &[Tried]) -> Vec<Judged> {
    let judged = |claim: &Claim| {
        let line = |figure: Figure| Line {
            figure: figure.to_string(),
            values: SEEDS.iter().map(|&seed| shown(figure.measure, of(tried, figure, seed))).collect(),
        };
        Judged {
            claim: claim.to_string(),
            seeds: SEEDS.iter().map(|&seed| claim.holds(|figure| of(tried, figure, seed))).collect(),
            figures: std::iter::once(claim.figure).chain(claim.other).map(line).collect(),
        }
    };
    claims.iter().map(judged).collect()
}

/// The figure with one seed; NaN where it was not measured.
fn of(tried: &[Tried], figure: Figure, seed: u32) -> f64 {
    let run = tried.iter().find(|t| t.run == figure.run && t.seed == seed);
    run.map_or(f64::NAN, |t| match figure.measure {
        Measure::Accuracy => t.accuracy,
        Measure::Loss => t.loss,
        Measure::Parameters => t.cost.parameters as f64,
        Measure::Work => t.cost.work as f64,
        Measure::Span => t.cost.span as f64,
        Measure::Makespan => t.cost.makespan as f64,
        Measure::Memory => t.cost.memory as f64,
    })
}

/// A figure as it is written.
pub fn shown(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Accuracy | Measure::Loss => format!("{value:.4}"),
        Measure::Work | Measure::Makespan => format!("{:.1} M", value / 1e6),
        Measure::Span | Measure::Parameters => format!("{value}"),
        Measure::Memory => format!("{:.0} kB", value / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::Relation;
    use crate::plan::Order;

    fn tried(accuracy: [f64; 3]) -> Vec<Tried> {
        let cost = CostInfo {
            parameters: 12,
            active_parameters: 12,
            work: 2_540_000,
            span: 0,
            makespan: 0,
            memory: 0,
            order: Order::AsBuilt,
            registers: 0,
            dispatches: 0,
        };
        let one = |(&seed, accuracy)| Tried { run: "a", seed, loss: 0.1, accuracy, cost: cost.clone() };
        SEEDS.iter().zip(accuracy).map(one).collect()
    }

    const fn at_least(measure: Measure, offset: f64) -> Claim {
        let figure = Figure { measure, run: "a" };
        Claim { figure, relation: Relation::AtLeast, factor: 0.0, other: None, offset }
    }

    #[test]
    fn a_claim_must_hold_for_every_seed() {
        let claims = [at_least(Measure::Accuracy, 0.955), at_least(Measure::Work, 1e6)];
        let judged = judge(&claims, &tried([0.96, 0.95, 0.98]));
        assert_eq!(judged[0].seeds, [true, false, true]);
        assert_eq!(judged[0].figures[0].values, ["0.9600", "0.9500", "0.9800"]);
        assert!(!judged[0].holds() && judged[1].holds());
        assert_eq!(judged[1].figures[0].values[0], "2.5 M");
        assert!(judge(&claims, &tried([0.96, 0.97, 0.98]))[0].holds());
    }

    #[test]
    fn what_was_not_measured_holds_nothing() {
        let claims = [at_least(Measure::Accuracy, 0.0)];
        assert!(!judge(&claims, &tried([0.96, f64::NAN, 0.98]))[0].holds());
        assert_eq!(judge(&claims, &[])[0].seeds, [false; 3]);
    }
}
