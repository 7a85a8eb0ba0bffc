//! The page knows what the registries hold: what entries say by their code alone stands in `app/src/facts.json`, which is
//! to be looked at and committed. `BLESS=1 cargo test -p engine --test catalogue` writes it anew.

#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use engine::catalogue::Facts;
use serde_json::Value;

#[test]
fn the_page_offers_what_there_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../app/src/facts.json");
    let Value::Object(all) = serde_json::to_value(Facts::gather()).unwrap() else { panic!("an object") };
    let kind = |(name, entries): (&String, &Value)| {
        let entries: Vec<String> =
            entries.as_object().unwrap().iter().map(|(id, e)| format!("  \"{id}\": {e}")).collect();
        format!("\"{name}\": {{\n{}\n}}", entries.join(",\n"))
    };
    let now = format!("{{\n{}\n}}\n", all.iter().map(kind).collect::<Vec<_>>().join(",\n"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let before = std::fs::read_to_string(path).unwrap_or_default();
    assert!(before == now, "app/src/facts.json is out of date: BLESS=1 cargo test -p engine --test catalogue");
}
