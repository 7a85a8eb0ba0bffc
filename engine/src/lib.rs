//! Signalbox's engine: a learning rule is a pure function from (network, task) to small programs over registers.
//!
//! Strata, each knowing only those below: `cards · rules · blocks · routing · data · probes` say what a paper says;
//! `net · optim · ad · build` turn graphs into graphs; `ir` is the narrow waist; `plan` lowers it; `exec` runs it.

pub mod ad;
pub mod answer;
pub mod bench;
pub mod blocks;
pub mod build;
pub mod cards;
pub mod catalogue;
pub mod check;
mod clusters;
pub mod cost;
pub mod data;
pub mod diagnostic;
pub mod dial;
pub mod examiner;
pub mod exec;
pub mod export;
pub mod ir;
pub mod lab;
pub mod lens;
pub mod lesson;
pub mod net;
pub mod ops;
pub mod optim;
pub mod plan;
pub mod presets;
pub mod probes;
pub mod protocol;
pub mod race;
pub mod registry;
pub mod routing;
pub mod rules;
pub mod session;
pub mod sorting;
pub mod spec;
pub mod touch;
pub mod transforms;
pub mod trial;
pub mod weights;
pub mod workloads;

pub use kernels::noise;
