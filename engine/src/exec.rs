//! Executors: the only place that does anything.

pub mod cpu;
