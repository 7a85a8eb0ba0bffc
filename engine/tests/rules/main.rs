//! Every rule learns; and each keeps what it promises of its updates: whose weights they depend on, and what they
//! equal. What holds of all rules is in `every`, what theory says of one family in the file of its name.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod backprop;
mod bench;
mod boosting;
mod continual;
mod contrast;
mod controls;
mod counter_current;
mod descent;
mod diffusion_blocks;
mod disinhibition;
mod every;
mod feedback;
mod forward_forward;
mod hebbian;
mod local;
mod momentum_auxiliary;
mod needs;
mod no_prop;
mod pepita;
mod perturbation;
mod pipeline;
mod predictive_coding;
mod schedules;
mod variants;
