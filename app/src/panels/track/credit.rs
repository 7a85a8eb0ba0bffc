//! The second line: how credit reaches each stage, by what the rule says of itself.

use engine::rules::Credit;

use super::layout::Layout;
use crate::tongue::t;

/// From the floor of the track down to where credit runs, and to where what comes straight from the answer does.
const LANE: f64 = 44.0;
const BUS: f64 = 64.0;
/// How a corner is cut.
const CUT: f64 = 7.0;

/// A piece of the line that belongs to one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Wire {
    pub stage: usize,
    pub d: String,
    /// Whether it ends, or begins, in an arrow.
    pub ends: [bool; 2],
    /// Whether it says only when, not how: one number for all.
    pub dotted: bool,
    /// Its long part, along which it runs: from, to, and at what height.
    pub run: [f64; 3],
}

/// What people call a way of credit.
pub fn said(credit: Credit) -> &'static str {
    match credit {
        Credit::Chain => t("credit, stage by stage"),
        Credit::Direct => t("credit, straight from the answer"),
        Credit::Local => t("credit, within each stage"),
        Credit::Neighbours => t("credit, between neighbours that settle"),
        Credit::Scalar => t("credit, one number for all stages"),
        Credit::Input => t("credit, into the input and forward again"),
        Credit::None => t("no credit"),
    }
}

/// The same for style sheets and tests.
pub fn word(credit: Credit) -> &'static str {
    match credit {
        Credit::Chain => "chain",
        Credit::Direct => "direct",
        Credit::Local => "local",
        Credit::Neighbours => "neighbours",
        Credit::Scalar => "scalar",
        Credit::Input => "input",
        Credit::None => "none",
    }
}

/// The line of credit below `layout`, stage by stage.
pub fn wires(credit: Credit, layout: &Layout) -> Vec<Wire> {
    let (lane, bus) = (layout.floor + LANE, layout.floor + BUS);
    let foot = layout.floor + 26.0;
    let last = layout.stages.len().saturating_sub(1);
    let Some(&(_, answer)) = layout.stages.last() else {
        return Vec::new();
    };
    let wire = |stage: usize, d: String, run: [f64; 3]| Wire { stage, d, ends: [false, true], dotted: false, run };
    let stages = layout.stages.iter().copied().enumerate();
    match credit {
        // Along the stage, from its right joint to its left one: from stage to stage.
        Credit::Chain => stages
            .map(|(i, (left, right))| {
                let (from, to) = (right - 5.0, left + 9.0);
                wire(i, format!("M{from:.1} {lane:.1}H{to:.1}"), [from, to, lane])
            })
            .collect(),
        Credit::Neighbours => stages
            .map(|(i, (left, right))| {
                let (from, to) = (right - 9.0, left + 9.0);
                Wire { ends: [true, true], ..wire(i, format!("M{from:.1} {lane:.1}H{to:.1}"), [from, to, lane]) }
            })
            .collect(),
        // Each stage has its own end of a line that comes from the answer.
        Credit::Direct | Credit::Scalar => stages
            .map(|(i, (left, right))| {
                let to = (left + right) / 2.0;
                let (from, begin) = match layout.stages.get(i + 1) {
                    Some((_, end)) => {
                        let from = (right + end) / 2.0 + CUT;
                        (from, format!("M{from:.1} {bus:.1}"))
                    }
                    None => (answer, format!("M{:.1} {foot:.1}V{:.1}l-{CUT} {CUT}", answer + 10.0, bus - CUT)),
                };
                let d = format!("{begin}H{:.1}l-{CUT} -{CUT}V{foot:.1}", to + CUT);
                Wire { dotted: credit == Credit::Scalar, ..wire(i, d, [from, to + CUT, bus]) }
            })
            .collect(),
        // Out of the stage, and back into it.
        Credit::Local => stages
            .map(|(i, (left, right))| {
                let (from, to) = (right - 26.0, left + 26.0);
                let depth = lane - foot - 2.0 * CUT + 6.0;
                let low = foot + depth + CUT;
                let d = format!("M{from:.1} {foot:.1}v{depth:.1}l-{CUT} {CUT}H{:.1}l-{CUT} -{CUT}V{foot:.1}", to + CUT);
                wire(i, d, [from - CUT, to + CUT, low])
            })
            .collect(),
        // Below the track back to the input, and from there forward once more.
        Credit::Input => {
            let (from, to) = (answer + 10.0, layout.stages[0].0 - 10.0);
            let high = bus - CUT;
            let d = format!("M{from:.1} {foot:.1}V{high:.1}l-{CUT} {CUT}H{:.1}l-{CUT} -{CUT}V{foot:.1}", to + CUT);
            let forward = |(i, (left, right)): (usize, (f64, f64))| {
                let (from, to) = (left + 4.0, right - 9.0);
                wire(i, format!("M{from:.1} {lane:.1}H{to:.1}"), [from, to, lane])
            };
            std::iter::once(wire(last, d, [from - CUT, to + CUT, bus])).chain(stages.map(forward)).collect()
        }
        Credit::None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the way, each stage but for none has its own line, and all of it lies below the track.
    #[test]
    fn credit_reaches_every_stage_below_the_track() {
        let layout =
            Layout { floor: 100.0, height: 184.0, stages: vec![(80.0, 200.0), (200.0, 400.0)], ..Layout::default() };
        let all = [Credit::Chain, Credit::Direct, Credit::Local, Credit::Neighbours, Credit::Scalar, Credit::Input];
        for way in all {
            let wires = wires(way, &layout);
            for stage in 0..2 {
                assert!(wires.iter().any(|w| w.stage == stage), "{way:?}");
            }
            for wire in wires {
                let [from, to, y] = wire.run;
                assert!(from != to && y > layout.floor && y < layout.height, "{way:?}: {wire:?}");
            }
        }
        assert!(wires(Credit::None, &layout).is_empty());
    }
}
