//! What the CPU spends its time in: loops over slices of numbers, which know nothing of graphs, rules or plans.
//!
//! They are a crate of their own because they alone are built for speed; all the rest of the page's download is built
//! for size.

pub mod block;
pub mod conv;
pub mod grouped;
pub mod matmul;
pub mod noise;
pub mod pool;
pub mod reduce;
pub mod vmath;
