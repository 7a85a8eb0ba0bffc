//! Linear layers of two factors, of which at least one is block-diagonal (Wei et al. 2024, "Building on Efficient
//! Foundations"; Monarch matrices, Dao et al. 2022).
//!
//! ```text
//! block-shuffle: y = f⁻¹(f(x V) U) + b    V: B blocks [F/B, r/B], U: B blocks [r/B, units/B]     F r / B + r units / B weights
//! block-dense:   y = (x V) U + b          V: B blocks [F/B, r/B], U [r, units]                  F r / B + r units weights
//! ```
//!
//! The shuffle `f` turns `[B, r/B]` into `[r/B, B]`, so that every block behind it sees all blocks before it when `B²`
//! divides `r`. The authors make each block orthogonal at first; here it is drawn so that it keeps the variance.

use super::{Block, guide, rows};
use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::{Entry, Knob, KnobKind, Meta};

/// Two matrices made of blocks in the place of one. Works on the last axis.
pub struct BlockDiagonal;

static META: Meta = Meta {
    id: "block-diagonal",
    name: "Block-diagonal linear",
    help: "Groups of features have small matrices of their own; a shuffle or a dense matrix behind them joins the groups.",
    source: "Dao et al. 2022; Wei, Moalla, Pascanu and Gulcehre 2024",
};

static KNOBS: [Knob; 6] = [
    Knob {
        id: "form",
        name: "Form",
        help: "What stands behind the first blocks: block-shuffle a shuffle and more blocks, block-dense a full matrix.",
        kind: KnobKind::Choice { default: "block-shuffle", options: &["block-shuffle", "block-dense"] },
    },
    Knob {
        id: "parts",
        name: "Blocks",
        help: "Into how many groups the features fall.",
        kind: KnobKind::Int { default: 2, min: 1, max: 64 },
    },
    rows::UNITS,
    Knob {
        id: "rank",
        name: "Rank",
        help: "How many features lie between the two factors; 0 takes the smaller of inputs and units.",
        kind: KnobKind::Int { default: 0, min: 0, max: 4096 },
    },
    rows::BIAS,
    guide::KNOB,
];

impl Entry for BlockDiagonal {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Block for BlockDiagonal {
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value {
        let inputs = match rows::inputs(b, x) {
            Ok(inputs) => inputs,
            Err(fault) => return fault,
        };
        let blocks = node.knobs.size("parts");
        let units = rows::size(node, "units", inputs);
        let rank = rows::size(node, "rank", inputs.min(units));
        let shuffled = node.knobs.choice("form") == "block-shuffle";
        let behind = if shuffled { units } else { blocks };
        for (count, what) in [(inputs, "inputs"), (rank, "features between"), (behind, "units")] {
            if count % blocks != 0 {
                let message = format!("{blocks} blocks do not divide {count} {what}");
                return b.fault(message, "choose a number of blocks that divides inputs, rank and units");
            }
        }
        let mut factors = names("into", blocks);
        factors.extend(if shuffled { names("out", blocks) } else { vec!["out".to_owned()] });
        let y = guide::guided(node, b, x, &factors, |b, x| {
            let middle = diagonal(b, "into", x, blocks, rank);
            if !shuffled {
                return b.matmul("out", middle, units, 1.0);
            }
            let mixed = transposed(b, middle, blocks, rank / blocks);
            let y = diagonal(b, "out", mixed, blocks, units);
            transposed(b, y, units / blocks, blocks)
        });
        rows::biased(node, b, y)
    }
}

fn names(factor: &str, blocks: usize) -> Vec<String> {
    (1..=blocks).map(|i| format!("{factor} {i}")).collect()
}

/// Each of `blocks` parts of `x [.., F]` by a matrix of its own, side by side: `[.., units]`.
fn diagonal(b: &mut Build, factor: &str, x: Value, blocks: usize, units: usize) -> Value {
    let shape = b.g.shape(x).clone();
    let (axis, width) = (shape.rank() - 1, shape.last() / blocks);
    let parts: Vec<Value> = names(factor, blocks)
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let part = b.g.slice(x, axis, i * width, width);
            b.matmul(name, part, units / blocks, 1.0)
        })
        .collect();
    b.g.concat(&parts, axis)
}

/// The last axis read as `[rows, columns]` and transposed.
fn transposed(b: &mut Build, x: Value, rows: usize, columns: usize) -> Value {
    let shape = b.g.shape(x).clone();
    let outer = shape.size() / (rows * columns).max(1);
    let y = b.g.reshape(x, [outer, rows, columns]);
    let y = b.g.transpose(y, &[0, 2, 1]);
    b.g.reshape(y, shape)
}
