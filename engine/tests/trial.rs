//! A card's claims tried in slices, by themselves and by the examiner as the page asks for it.
//!
//! What one card comes to is written down in `e2e/verdict.json`, to which the page is held too.
//! `BLESS=1 cargo test -p engine --test trial` writes it anew.

#![allow(clippy::unwrap_used)]
#![cfg(not(target_arch = "wasm32"))]

use engine::cards::CARDS;
use engine::examiner::Examiner;
use engine::exec::Device;
use engine::protocol::{Event, Examine, Message, Verdict};
use engine::registry::find;
use engine::session::devices::Machine;
use engine::trial::{Judged, Means, Trial};

/// A card of a moment, on data that is made.
const CARD: &str = "gated-perceptron";

fn trial() -> Trial {
    Trial::new(find(CARDS, CARD, "card").unwrap().quick().unwrap())
}

/// Tries the card to its end; where it stood on the way.
fn tried() -> (Vec<Judged>, Vec<engine::trial::Standing>) {
    let (mut trial, machine) = (trial(), Machine::default());
    let means = Means { assets: &|_| None, devices: &machine, device: Device::Cpu };
    let mut stood: Vec<_> = trial.standing().into_iter().collect();
    while pollster::block_on(trial.advance(&means)).unwrap() {
        stood.extend(trial.standing());
    }
    assert!(trial.standing().is_none() && trial.next().is_none());
    (trial.judge(), stood)
}

#[test]
fn figures_are_those_that_were_looked_at() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/verdict.json");
    let (judged, _) = tried();
    assert!(judged.iter().all(Judged::holds), "{judged:?}");
    let now = format!("{}\n", serde_json::to_string_pretty(&judged).unwrap());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let before = std::fs::read_to_string(path).unwrap_or_default();
    assert!(before == now, "e2e/verdict.json is out of date: BLESS=1 cargo test -p engine --test trial\n{now}");
}

#[test]
fn a_trial_says_where_it_stands() {
    let (_, stood) = tried();
    let first = stood.first().unwrap();
    assert_eq!((first.run, first.seed, first.step, first.done, first.of), ("with the product", 1, 0, 0, 6 * 300));
    assert!(stood.windows(2).all(|w| w[0].done <= w[1].done), "it never goes back");
    let seeds: std::collections::BTreeSet<_> = stood.iter().map(|s| (s.run, s.seed)).collect();
    assert_eq!(seeds.len(), 6);
    assert!(stood.len() > 6 * 100, "slices are short: {}", stood.len());
    assert!(stood.iter().all(|s| s.step <= s.steps && s.steps == 300));
}

fn verify(examiner: &mut Examiner, card: &str, assets: Vec<String>) -> Vec<Message> {
    let files = assets.iter().map(|_| vec![1, 2, 3]).collect();
    let mut out = examiner.handle(Examine { card: card.into(), quick: true, assets }, files);
    while !examiner.idle() {
        out.extend(pollster::block_on(examiner.advance()));
    }
    out
}

fn verdict(out: &[Message]) -> Result<Verdict, String> {
    let Some(Event::Verified { verdict, faults }) = out.last().map(|m| &m.event) else { panic!("{out:?}") };
    let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
    verdict.as_deref().cloned().ok_or(faults.join("; "))
}

#[test]
fn the_examiner_tries_a_card_and_tells_how_far_it_is() {
    let mut examiner = Examiner::new(Box::new(Machine::default()));
    let out = verify(&mut examiner, CARD, Vec::new());
    let verdict = verdict(&out).unwrap();
    assert_eq!((verdict.card.as_str(), verdict.quick, &verdict.claims), (CARD, true, &tried().0));
    assert!(verdict.seconds > 0.0 && !verdict.device.is_empty());
    let told = out.iter().filter(|m| matches!(m.event, Event::Verifying { .. })).count();
    assert!(told >= 1 && out.len() == told + 1, "{out:?}");
}

#[test]
fn what_cannot_be_tried_is_said() {
    let mut examiner = Examiner::new(Box::new(Machine::default()));
    let fault = |out: &[Message]| verdict(out).unwrap_err();
    assert!(fault(&verify(&mut examiner, "backdrop", Vec::new())).contains("did you mean `backprop`?"));
    assert!(fault(&verify(&mut examiner, "backprop", Vec::new())).contains("`digits.sbd` was not given"));
    let unreadable = fault(&verify(&mut examiner, "backprop", vec!["digits.sbd".into()]));
    assert!(unreadable.starts_with("data"), "{unreadable}");
    // And it goes on working.
    assert!(verdict(&verify(&mut examiner, CARD, Vec::new())).is_ok());
}

#[test]
fn another_trial_ends_the_one_that_goes_on() {
    let mut examiner = Examiner::new(Box::new(Machine::default()));
    examiner.handle(Examine { card: "backprop".into(), quick: true, assets: Vec::new() }, Vec::new());
    assert_eq!(verdict(&verify(&mut examiner, CARD, Vec::new())).unwrap().card, CARD);
}
