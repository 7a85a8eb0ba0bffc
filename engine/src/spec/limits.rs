//! How large a spec may be: beyond, it is refused before anything is built.

/// Bytes of a spec's text, and of what a link unpacks to.
pub const TEXT: usize = 1 << 20;
pub const STAGES: usize = 64;
/// Blocks of all stages together, those inside other blocks included.
pub const BLOCKS: usize = 512;
/// Blocks within blocks.
pub const DEPTH: usize = 16;
pub const BATCH: u32 = 16_384;
pub const RATE: f64 = 1_000.0;
pub const CLIP: f64 = 1e6;
pub const STEPS: u32 = 100_000_000;
/// Lanes of a race, or cells of a sweep.
pub const LANES: usize = 32;
/// Knobs that are swept at once.
pub const AXES: usize = 2;
pub const SEEDS: u32 = 64;
/// Letters of a lane's name.
pub const NAME: usize = 80;
