//! Blocks: what networks are made of. One file each in `blocks/`, one line in [`BLOCKS`].

use crate::ir::Value;
use crate::net::{Build, Node};
use crate::registry::Entry;

/// What a block may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Nothing,
    /// A list of blocks.
    Blocks,
    /// A list of blocks that make up one expert, and a routing.
    Experts,
}

/// A kind of block.
pub trait Block: Entry {
    fn holds(&self) -> Holds {
        Holds::Nothing
    }

    /// Builds `node` (of this kind) on `x [B, …]`, declaring weights through `b`. Faults are noted through `b` too, and
    /// yield a poisoned value.
    fn build(&self, node: &Node, b: &mut Build, x: Value) -> Value;
}

pub const BLOCKS: &[&dyn Block] = &[];
