//! The learning rules as options, grouped by the way that credit takes.

use engine::protocol::EntryInfo;
use engine::rules::Credit;

use crate::tongue::t;
use crate::ui::field::Choose;

/// The ways of credit, in the order in which they are offered, as people call them.
const WAYS: [(Credit, &str); 7] = [
    (Credit::Chain, key!("Errors travel back, stage by stage")),
    (Credit::Direct, key!("Errors go straight to every stage")),
    (Credit::Input, key!("Errors enter at the input")),
    (Credit::Neighbours, key!("Stages settle with their neighbours")),
    (Credit::Local, key!("Every stage has its own aim")),
    (Credit::Scalar, key!("One number tells every stage")),
    (Credit::None, key!("No error at all")),
];

pub fn options(rules: Vec<EntryInfo>) -> Vec<Choose> {
    let of = |way: Credit| rules.iter().filter(move |r| r.credit == Some(way));
    WAYS.iter()
        .flat_map(|(way, name)| of(*way).map(|r| Choose::new(r.id.clone(), r.name.clone()).within(t(name))))
        .collect()
}
