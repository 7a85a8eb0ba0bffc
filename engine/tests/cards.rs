//! The page's library of papers, `assets/cards.json`, is to be looked at and committed.
//! `BLESS=1 cargo test -p engine --test cards` writes it anew.

#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use engine::cards::library::library;

#[test]
fn the_page_shows_the_cards_there_are() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/cards.json");
    let cards: Vec<String> = library().iter().map(|card| serde_json::to_string(card).unwrap()).collect();
    let now = format!("[\n{}\n]\n", cards.join(",\n"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let before = std::fs::read_to_string(path).unwrap_or_default();
    assert!(before == now, "assets/cards.json is out of date: BLESS=1 cargo test -p engine --test cards");
}
