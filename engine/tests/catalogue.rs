//! The page offers what the registries hold: its copy of the catalogue, `app/src/catalogue.json`, is to be looked at and
//! committed. `BLESS=1 cargo test -p engine --test catalogue` writes it anew.

#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use engine::catalogue::catalogue;

#[test]
fn the_page_offers_what_there_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../app/src/catalogue.json");
    let serde_json::Value::Object(lists) = serde_json::to_value(catalogue()).unwrap() else { panic!("an object") };
    let list = |(name, entries): (&String, &serde_json::Value)| {
        let entries: Vec<String> = entries.as_array().unwrap().iter().map(|e| format!("  {e}")).collect();
        format!("\"{name}\": [\n{}\n]", entries.join(",\n"))
    };
    let now = format!("{{\n{}\n}}\n", lists.iter().map(list).collect::<Vec<_>>().join(",\n"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let before = std::fs::read_to_string(path).unwrap_or_default();
    assert!(before == now, "app/src/catalogue.json is out of date: BLESS=1 cargo test -p engine --test catalogue");
}
