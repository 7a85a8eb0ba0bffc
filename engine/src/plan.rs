//! From programs to commands over one arena of memory, once; what an executor then replays.
//!
//! All registers, constants and intermediate values of an experiment lie in one arena of 32-bit floats:
//!
//! ```text
//! | params state feedback | knobs | metrics | inputs | constants | temporaries |
//!   `---- checkpoint ---'
//! ```
//!
//! Offsets and lengths count floats. A [`Tick`](crate::ir::Stmt::Tick) becomes a list of [`Command`]s in the order in
//! which they must run; each reads and writes [`View`]s of the arena. What a command reads, an earlier one has
//! written; no command reads a register that an earlier command of its tick has overwritten.

use std::ops::Range;

pub mod compile;
mod emit;
mod follow;
mod fuse;
mod join;
mod order;
mod place;
mod print;
mod units;
mod view;

pub use compile::compile;

use crate::ir::{Role, SlotId};
use crate::ops::{
    Op,
    reduce::Kind,
    scalar::{Binary, Unary},
};

/// A strided window into the arena. A stride of 0 repeats.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View {
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// One instruction of an elementwise program; its result is named by its position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Instr {
    /// The element of the input view of this number.
    Input(usize),
    /// Number `n` of the results that the program finishes: only in what a command makes of its own results.
    Result(usize),
    Const(f32),
    Unary(Unary, usize),
    Binary(Binary, usize, usize),
    /// `a` where `c` is not 0, else `b`: `(c, a, b)`.
    Select(usize, usize, usize),
}

/// One pass over an index space: every element is computed alone. An output may be the very view that an input is
/// (then each element is read before it is written); otherwise outputs overlap no input.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    pub shape: Vec<usize>,
    /// Each of shape `shape`.
    pub inputs: Vec<View>,
    pub code: Vec<Instr>,
    /// Which instruction's result goes where; each view of shape `shape`.
    pub outputs: Vec<(usize, View)>,
}

/// What becomes of the results of a command, which number its index space row-major.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// They lie in order, from this place on.
    Plain(usize),
    /// Each goes through an elementwise program as it comes, and only what that makes is written. Its index space
    /// counts the results in the same order; it reads nothing that the command itself reads in another order and that
    /// it writes.
    Mapped(Map),
}

/// Results of an elementwise program, folded over the trailing axes of its index space.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduce {
    /// The first `kept` axes stay, the others are reduced.
    pub kept: usize,
    pub shape: Vec<usize>,
    pub inputs: Vec<View>,
    pub code: Vec<Instr>,
    /// Several share a pass over the index space; they are numbered results of shape `shape[..kept]`.
    pub folds: Vec<Fold>,
    /// [`Output::Plain`] for one fold alone.
    pub output: Output,
}

/// How the result of one instruction is reduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    pub kind: Kind,
    pub result: usize,
}

/// One unit of work.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Map(Map),
    Reduce(Reduce),
    /// A primitive with an implementation of its own. Inputs of `MatMul` may be strided in any way, and have the leading
    /// axes of the result; those of all others are contiguous. Only products and convolutions map what they output.
    Routine {
        op: Op,
        inputs: Vec<View>,
        /// Of the result.
        shape: Vec<usize>,
        output: Output,
    },
}

/// The effects of a program, lowered.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Tick(Vec<Command>),
    Repeat {
        times: u32,
        body: Vec<Step>,
    },
    /// `flag` is the offset of a knob register: only the host writes those, so it knows the value.
    When {
        flag: usize,
        body: Vec<Step>,
    },
}

/// In which order a tick's commands were laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Order {
    AsBuilt,
    LeastAliveFirst,
    DeepestFirst,
}

/// A program, lowered.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub name: String,
    pub body: Vec<Step>,
    /// Probe and register, for each value wanted after a replay.
    pub emits: Vec<(String, SlotId)>,
    /// Floats of temporaries at the fullest moment, and the order that reached it.
    pub peak: usize,
    pub order: Order,
}

/// An experiment, lowered: what an executor loads.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Offset and length of each register, by [`SlotId::index`].
    pub slots: Vec<Range<usize>>,
    /// The span of each role, by its place in [`Role::ALL`].
    pub roles: [Range<usize>; 6],
    /// Written once, when the plan is loaded.
    pub constants: (usize, Vec<f32>),
    /// Floats in the whole arena.
    pub size: usize,
    pub programs: Vec<Planned>,
}

impl Plan {
    pub fn slot(&self, id: SlotId) -> Range<usize> {
        self.slots[id.index()].clone()
    }

    pub fn role(&self, role: Role) -> Range<usize> {
        let i = Role::ALL.iter().position(|r| *r == role).unwrap_or(0);
        self.roles[i].clone()
    }

    /// What a checkpoint holds: one span, from the start of the arena.
    pub fn checkpoint(&self) -> Range<usize> {
        0..Role::ALL.iter().filter(|r| r.persists()).map(|&r| self.role(r).end).max().unwrap_or(0)
    }
}

impl View {
    /// Row-major and without gaps.
    pub fn contiguous(offset: usize, shape: &[usize]) -> Self {
        let strides = crate::ir::Shape::from(shape).strides();
        Self { offset, shape: shape.to_vec(), strides }
    }

    pub fn is_contiguous(&self) -> bool {
        let mut expect = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&extent, &stride)| {
            let ok = extent == 1 || stride == expect;
            expect *= extent;
            ok
        })
    }

    /// Number of elements it shows.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Planned {
    /// Commands in one replay.
    pub fn dispatches(&self) -> u64 {
        fn count(body: &[Step]) -> u64 {
            body.iter()
                .map(|s| match s {
                    Step::Tick(commands) => commands.len() as u64,
                    Step::Repeat { times, body } => u64::from(*times) * count(body),
                    Step::When { body, .. } => count(body),
                })
                .sum()
        }
        count(&self.body)
    }
}
