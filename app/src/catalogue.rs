//! All that the page offers to choose from.

use engine::catalogue::Facts;
use engine::protocol::Catalogue;

/// Written by the engine's test of the catalogue.
const FACTS: &str = include_str!("facts.json");

pub fn catalogue() -> Catalogue {
    Catalogue::new(serde_json::from_str::<Facts>(FACTS).unwrap_or_default())
}
