//! Every transform makes a network that runs; one that keeps the function gives the same answers; and each keeps what its
//! paper promises. What holds of all is in `every`, the rest in the file of its family.

#![allow(clippy::unwrap_used)]

#[path = "../assets/mod.rs"]
mod assets;
mod bench;
mod every;
mod experts;
mod low_rank;
mod pruning;
mod rounding;
mod structure;
