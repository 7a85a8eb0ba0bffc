//! The registries as data: all that a page or a command line needs to offer what there is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::blocks::BLOCK_ENTRIES;
use crate::cards::CARDS;
use crate::data::{DATASET_ENTRIES, DATASETS, Part, Source};
use crate::optim::{OPTIMIZER_ENTRIES, OPTIMIZERS, SCHEDULE_ENTRIES};
use crate::probes::PROBE_ENTRIES;
use crate::protocol::{Catalogue, EntryInfo, FileInfo};
use crate::registry::{Entry, Knobs};
use crate::routing::ROUTING_ENTRIES;
use crate::rules::{Credit, Needs, RULE_ENTRIES, RULES};
use crate::transforms::TRANSFORM_ENTRIES;

/// What entries say by their code alone, each under the entry's id. The page, which has none of that code in its
/// download, reads it from a file that is held to the registries by a test.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Of datasets: the assets to fetch, or what the person is asked for.
    pub files: BTreeMap<String, Vec<FileInfo>>,
    /// Of optimizers: the learning rate to begin with.
    pub rates: BTreeMap<String, f64>,
    /// Of rules: from where a hidden stage's credit comes.
    pub credits: BTreeMap<String, Credit>,
    /// Of rules: what they ask for, at their defaults.
    pub needs: BTreeMap<String, Needs>,
    /// The names of all cards: the rest of them is fetched when it is read.
    pub cards: BTreeMap<String, String>,
}

impl Facts {
    /// As the registries have them.
    pub fn gather() -> Self {
        let id = |entry: &dyn Entry| entry.meta().id.to_owned();
        Self {
            files: DATASETS.iter().map(|d| (id(*d), files(d.source()))).filter(|(_, f)| !f.is_empty()).collect(),
            rates: OPTIMIZERS.iter().map(|o| (id(*o), o.rate())).collect(),
            credits: RULES.iter().map(|r| (id(*r), r.credit())).collect(),
            needs: RULES.iter().map(|r| (id(*r), r.needs(&Knobs::defaults(r.knobs())))).collect(),
            cards: CARDS.iter().map(|c| (id(*c), c.meta().name.to_owned())).collect(),
        }
    }
}

fn files(source: Source) -> Vec<FileInfo> {
    match source {
        Source::Generated => Vec::new(),
        Source::Asset(file) => vec![FileInfo::Asset(file.to_owned())],
        Source::Own(parts) => {
            let own = |p: &Part| FileInfo::Own { name: p.name.to_owned(), accept: p.accept.to_owned() };
            parts.iter().map(own).collect()
        }
    }
}

impl Catalogue {
    /// Everything that can be chosen, in the order of the registries: what entries say of themselves, and `facts`.
    pub fn new(facts: Facts) -> Self {
        let Facts { mut files, rates, credits, needs, cards } = facts;
        let mut datasets = entries(DATASET_ENTRIES);
        for entry in &mut datasets {
            entry.files = files.remove(&entry.id).unwrap_or_default();
        }
        let mut optimizers = entries(OPTIMIZER_ENTRIES);
        for entry in &mut optimizers {
            entry.rate = rates.get(&entry.id).copied();
        }
        let mut rules = entries(RULE_ENTRIES);
        for entry in &mut rules {
            entry.credit = credits.get(&entry.id).copied();
            entry.needs = needs.get(&entry.id).copied();
        }
        Self {
            datasets,
            blocks: entries(BLOCK_ENTRIES),
            routings: entries(ROUTING_ENTRIES),
            rules,
            optimizers,
            schedules: entries(SCHEDULE_ENTRIES),
            probes: entries(PROBE_ENTRIES),
            transforms: entries(TRANSFORM_ENTRIES),
            cards,
        }
    }
}

/// Everything that can be chosen.
pub fn catalogue() -> Catalogue {
    Catalogue::new(Facts::gather())
}

fn entries(registry: &[&'static dyn Entry]) -> Vec<EntryInfo> {
    registry.iter().map(|e| EntryInfo::new(*e)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_presents_itself() {
        let all = catalogue();
        let cards = CARDS.iter().map(|c| EntryInfo::new(*c)).collect::<Vec<_>>();
        for list in [
            &all.datasets,
            &all.blocks,
            &all.routings,
            &all.rules,
            &all.optimizers,
            &all.schedules,
            &all.transforms,
            &cards,
        ] {
            assert!(!list.is_empty());
            for (i, entry) in list.iter().enumerate() {
                assert!(list[..i].iter().all(|e| e.id != entry.id), "{} stands twice", entry.id);
                assert!(
                    entry.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
                    "{}",
                    entry.id
                );
                assert!(
                    !entry.name.is_empty() && entry.help.ends_with('.') && !entry.source.is_empty(),
                    "{}",
                    entry.id
                );
                assert!(entry.knobs.iter().all(|k| !k.name.is_empty() && k.help.ends_with('.')), "{}", entry.id);
            }
        }
        let file = |id: &str| all.datasets.iter().find(|d| d.id == id).map(|d| d.files.clone());
        assert_eq!(file("mnist"), Some(vec![FileInfo::Asset("mnist.sbd".to_owned())]));
        assert_eq!(file("xor"), Some(Vec::new()));
        assert!(all.blocks.iter().any(|b| b.id == "route" && b.holds == "experts"));
    }
}
