//! One file for each picture of a probe.

pub mod alignment;
pub mod card;
pub mod chart;
pub mod confusion;
pub mod curves;
pub mod density;
pub mod dials;
pub mod draw;
pub mod exhibits;
pub mod experts;
pub mod fit;
pub mod microscope;
pub mod path;
pub mod plane;
pub mod plot;
pub mod quantities;
pub mod race;
pub mod regions;
pub mod samples;
pub mod signals;
pub mod stages;
pub mod surface;
pub mod touched;
pub mod units;
pub mod weights;
pub mod written;
