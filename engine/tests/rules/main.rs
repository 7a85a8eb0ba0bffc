//! Every rule learns; and each keeps what it promises of its updates: whose weights they depend on, and what they
//! equal. What holds of all rules is in `every`, what theory says of one family in the file of its name.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod backprop;
mod bench;
mod disinhibition;
mod every;
mod feedback;
mod forward_forward;
mod hebbian;
mod needs;
mod predictive_coding;
