//! The registries as one message: all that a page or a command line needs to offer what there is.

use crate::blocks::{BLOCKS, Block, Holds};
use crate::cards::CARDS;
use crate::data::{DATASETS, Dataset, Part, Source};
use crate::optim::{OPTIMIZERS, SCHEDULES};
use crate::probes::PROBES;
use crate::protocol::{Catalogue, EntryInfo, FileInfo};
use crate::registry::{Entry, Knobs};
use crate::routing::ROUTINGS;
use crate::rules::{RULES, Rule};
use crate::transforms::TRANSFORMS;

/// Everything that can be chosen, in the order of the registries.
pub fn catalogue() -> Catalogue {
    Catalogue {
        datasets: DATASETS.iter().map(|d| dataset(*d)).collect(),
        blocks: BLOCKS.iter().map(|b| block(*b)).collect(),
        routings: entries(ROUTINGS),
        rules: RULES.iter().map(|r| rule(*r)).collect(),
        optimizers: OPTIMIZERS.iter().map(|o| EntryInfo { rate: Some(o.rate()), ..info(*o) }).collect(),
        schedules: entries(SCHEDULES),
        probes: entries(PROBES),
        transforms: entries(TRANSFORMS),
        cards: entries(CARDS),
    }
}

fn info<T: Entry + ?Sized>(entry: &T) -> EntryInfo {
    EntryInfo::new(entry.meta(), entry.knobs())
}

fn entries<T: Entry + ?Sized>(registry: &[&'static T]) -> Vec<EntryInfo> {
    registry.iter().map(|e| info(*e)).collect()
}

fn rule(rule: &dyn Rule) -> EntryInfo {
    let needs = rule.needs(&Knobs::defaults(rule.knobs()));
    EntryInfo { credit: Some(rule.credit()), needs: Some(needs), ..info(rule) }
}

fn dataset(dataset: &dyn Dataset) -> EntryInfo {
    let files = match dataset.source() {
        Source::Generated => Vec::new(),
        Source::Asset(file) => vec![FileInfo::Asset(file.to_owned())],
        Source::Own(parts) => {
            let own = |p: &Part| FileInfo::Own { name: p.name.to_owned(), accept: p.accept.to_owned() };
            parts.iter().map(own).collect()
        }
    };
    EntryInfo { files, ..info(dataset) }
}

fn block(block: &dyn Block) -> EntryInfo {
    let holds = match block.holds() {
        Holds::Nothing => "nothing",
        Holds::Blocks => "blocks",
        Holds::Experts => "experts",
    };
    EntryInfo { holds: holds.to_owned(), ..info(block) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_presents_itself() {
        let all = catalogue();
        for list in [
            &all.datasets,
            &all.blocks,
            &all.routings,
            &all.rules,
            &all.optimizers,
            &all.schedules,
            &all.cards,
            &all.transforms,
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
