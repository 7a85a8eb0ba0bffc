//! Claims: inequalities over what the runs of a card measure.

use std::fmt;

/// Accuracies are summed in single precision: one of exactly the bound may come out this much below it.
const SLACK: f64 = 1e-6;

/// What is measured of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Share of right answers on the whole test split after the last step, 0 to 1; of numbers, R².
    Accuracy,
    /// Mean loss over the whole training split after the last step.
    Loss,
    /// Numbers that are learned, counted.
    Parameters,
    /// Floating-point operations of one step, counted.
    Work,
    /// Operations of one step that must wait for each other, counted.
    Span,
    /// Operations until one step is through when every stage has a worker of its own, counted.
    Makespan,
    /// Bytes of temporaries at the fullest moment of a step, counted.
    Memory,
}

/// A measure of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub measure: Measure,
    pub run: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    AtLeast,
    Below,
}

/// `figure ≥ factor · other + offset`, or `<`; without `other`, a plain number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    pub figure: Figure,
    pub relation: Relation,
    pub factor: f64,
    pub other: Option<Figure>,
    pub offset: f64,
}

impl Claim {
    /// The two sides, where `of` gives the value of a figure.
    pub fn sides(&self, of: impl Fn(Figure) -> f64) -> (f64, f64) {
        (of(self.figure), self.other.map_or(0.0, |o| self.factor * of(o)) + self.offset)
    }

    /// Whether it holds. A figure that is not a number holds nothing.
    pub fn holds(&self, of: impl Fn(Figure) -> f64) -> bool {
        let (left, right) = self.sides(of);
        match self.relation {
            Relation::AtLeast => left >= right - SLACK,
            Relation::Below => left < right,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let measure = match self.measure {
            Measure::Accuracy => "accuracy",
            Measure::Loss => "loss",
            Measure::Parameters => "parameters",
            Measure::Work => "work",
            Measure::Span => "span",
            Measure::Makespan => "makespan",
            Measure::Memory => "memory",
        };
        write!(f, "{measure}({})", self.run)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relation = match self.relation {
            Relation::AtLeast => "≥",
            Relation::Below => "<",
        };
        write!(f, "{} {relation} ", self.figure)?;
        let Some(other) = self.other else { return write!(f, "{}", self.offset) };
        if self.factor != 1.0 {
            write!(f, "{} · ", self.factor)?;
        }
        write!(f, "{other}")?;
        if self.offset > 0.0 {
            write!(f, " + {}", self.offset)?;
        } else if self.offset < 0.0 {
            write!(f, " − {}", -self.offset)?;
        }
        Ok(())
    }
}

pub(super) const fn accuracy(run: &'static str) -> Figure {
    Figure { measure: Measure::Accuracy, run }
}

pub(super) const fn loss(run: &'static str) -> Figure {
    Figure { measure: Measure::Loss, run }
}

pub(super) const fn parameters(run: &'static str) -> Figure {
    Figure { measure: Measure::Parameters, run }
}

pub(super) const fn work(run: &'static str) -> Figure {
    Figure { measure: Measure::Work, run }
}

pub(super) const fn span(run: &'static str) -> Figure {
    Figure { measure: Measure::Span, run }
}

pub(super) const fn makespan(run: &'static str) -> Figure {
    Figure { measure: Measure::Makespan, run }
}

pub(super) const fn memory(run: &'static str) -> Figure {
    Figure { measure: Measure::Memory, run }
}

/// `figure < factor · other`.
pub(super) const fn below(figure: Figure, factor: f64, other: Figure) -> Claim {
    Claim { figure, relation: Relation::Below, factor, other: Some(other), offset: 0.0 }
}

/// `figure ≥ other + offset`.
pub(super) const fn beside(figure: Figure, other: Figure, offset: f64) -> Claim {
    Claim { figure, relation: Relation::AtLeast, factor: 1.0, other: Some(other), offset }
}

pub(super) const fn at_least(figure: Figure, number: f64) -> Claim {
    Claim { figure, relation: Relation::AtLeast, factor: 0.0, other: None, offset: number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_inequalities() {
        let near = Claim {
            figure: accuracy("a"),
            relation: Relation::AtLeast,
            factor: 1.0,
            other: Some(accuracy("b")),
            offset: -0.01,
        };
        let half = Claim { relation: Relation::Below, factor: 0.5, offset: 0.0, ..near };
        assert_eq!(near.to_string(), "accuracy(a) ≥ accuracy(b) − 0.01");
        assert_eq!(half.to_string(), "accuracy(a) < 0.5 · accuracy(b)");
        assert_eq!(at_least(accuracy("a"), 0.955).to_string(), "accuracy(a) ≥ 0.955");
        let of = |a: f64, b: f64| move |f: Figure| if f.run == "a" { a } else { b };
        assert!(near.holds(of(0.9, 0.905)) && !near.holds(of(0.89, 0.905)));
        assert!(half.holds(of(0.4, 0.9)) && !half.holds(of(0.45, 0.9)));
        assert!(!near.holds(of(f64::NAN, 0.9)) && !half.holds(of(0.1, f64::NAN)));
    }
}
