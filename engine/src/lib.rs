//! Signalbox's engine: a learning rule is a pure function from (network, task) to small programs over registers.

pub mod data;
pub mod diagnostic;
pub mod exec;
pub mod registry;
