//! What a person builds, chooses, runs and reads.

mod badges;
pub mod checkpoints;
pub mod choose;
pub mod cost;
pub mod export;
pub mod header;
pub mod herald;
mod language;
pub mod net;
pub mod notices;
pub mod own;
pub mod palette;
pub mod presets;
pub mod race;
mod rules;
pub mod run;
pub mod stop;
pub mod track;
pub mod transform;
pub mod watch;
