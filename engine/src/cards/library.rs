//! The cards as data: what a page shows of them. The page fetches it when it is asked for, and does not name the cards
//! themselves, which would bring all that trains into its download.

use serde::{Deserialize, Serialize};

use super::papers::Paper;
use super::{CARDS, Card, Form, Run};
use crate::race::joined;
use crate::spec::{Choice, Spec};

/// A card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardInfo {
    pub id: String,
    /// Under what it is listed.
    pub name: String,
    /// Title of the paper; of several, the one that the card is about.
    pub title: String,
    /// Authors and year, as far as they are known.
    pub source: String,
    /// What it is about: one of [`FAMILIES`](super::papers::FAMILIES), by its name.
    pub family: String,
    /// The claim in one sentence.
    pub claim: String,
    /// In lines; `_x`, `_{xy}` and `^x`, `^{xy}` stand for what is set below and above.
    pub equation: String,
    pub watch: String,
    pub full: FormInfo,
    /// The same in short, where it takes longer.
    pub quick: Option<FormInfo>,
}

/// Runs and what they must show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormInfo {
    /// On two cores, outside of a browser.
    pub seconds: u32,
    pub runs: Vec<RunInfo>,
    /// As inequalities.
    pub claims: Vec<String>,
    /// All runs as lanes of one race, where lanes can have what differs between them.
    pub race: Option<Spec>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    pub name: String,
    pub spec: Spec,
    pub steps: u64,
    /// Transforms of the trained network, each with the steps that follow it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<(Choice, u64)>,
}

/// Every card, in the order of the registry.
pub fn library() -> Vec<CardInfo> {
    CARDS.iter().map(|card| info(card)).collect()
}

fn info(card: &Card) -> CardInfo {
    let meta = card.meta;
    let paper = Paper::of(meta.id);
    let text = |of: fn(&Paper) -> &'static str| paper.as_ref().map_or_else(String::new, |p| of(p).to_owned());
    let title = text(|p| p.title);
    CardInfo {
        id: meta.id.to_owned(),
        name: meta.name.to_owned(),
        title: if title.is_empty() { meta.name.to_owned() } else { title },
        // Where authors are not known, the source is the title again, in quotes.
        source: if meta.source.starts_with('"') { String::new() } else { meta.source.to_owned() },
        family: text(|p| p.family),
        claim: meta.help.to_owned(),
        equation: text(|p| p.equation),
        watch: card.watch.to_owned(),
        full: form(card.full()),
        quick: card.quick.map(form),
    }
}

fn form(form: Form) -> FormInfo {
    let runs = (form.runs)();
    FormInfo {
        seconds: form.seconds,
        claims: form.claims.iter().map(ToString::to_string).collect(),
        race: race(&runs),
        runs: runs
            .into_iter()
            .map(|Run { name, spec, steps, then }| RunInfo { name: name.to_owned(), spec, steps, then })
            .collect(),
    }
}

/// The race of at least two runs that are equally long and have nothing after them.
fn race(runs: &[Run]) -> Option<Spec> {
    let first = runs.first().filter(|_| runs.len() > 1)?;
    let alike = runs.iter().all(|r| r.steps == first.steps && r.then.is_empty());
    let all: Vec<(&str, &Spec)> = runs.iter().map(|r| (r.name, &r.spec)).collect();
    let joined = if alike { joined(&all) } else { None }?;
    Some(Spec { steps: u32::try_from(first.steps).ok()?, seeds: super::SEEDS.len() as u32, ..joined })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cards::papers::FAMILIES;
    use crate::race::lanes;

    #[test]
    fn every_card_says_all_of_itself() {
        for card in library() {
            assert!(FAMILIES.iter().any(|f| f.0 == card.family), "{}: papers/ holds no line for it", card.id);
            assert!(!card.title.is_empty() && !card.equation.trim().is_empty(), "{}", card.id);
            assert!(!card.full.claims.is_empty() && !card.full.runs.is_empty(), "{}", card.id);
        }
    }

    #[test]
    fn races_run_what_the_cards_run() {
        let cards = library();
        let races = cards.iter().filter_map(|c| c.full.race.as_ref().map(|race| (c, race)));
        let mut count = 0;
        for (card, race) in races {
            let lanes = lanes(race).unwrap();
            let runs = &card.full.runs;
            assert_eq!(lanes.len(), runs.len(), "{}", card.id);
            for ((name, spec), run) in lanes.iter().zip(runs) {
                assert_eq!((name, spec.steps), (&run.name, run.steps as u32), "{}", card.id);
                assert_eq!(Spec { steps: run.spec.steps, ..spec.clone() }, run.spec, "{}", card.id);
            }
            count += 1;
        }
        assert!(count > 10, "{count}");
    }
}
