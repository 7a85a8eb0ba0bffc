//! Every block builds, and its derivatives with respect to its input and all of its weights are those that differences
//! give. What a block promises beyond that has a test of its own, in the file of its family.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod attention;
mod bench;
mod conditional;
mod core;
mod feed_forward;
mod fields;
mod made;
mod mixers;
mod neurons;
mod pruned;
mod recurrent;
mod regularisers;
mod sharing;
mod signals;
mod spiking;
mod stepped;
mod transformers;
