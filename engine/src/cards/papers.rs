//! What a card's paper is called and what it says, in a line or two: one list for each family in `papers/`.
//!
//! Equations are those of the rule, block, routing or transform that the card runs, where these can be looked up with
//! their source. They are plain text: `_x`, `_{xy}` and `^x`, `^{xy}` stand for what is set below and above.

mod blocks;
mod routing;
mod rules;
mod sequences;
mod training;
mod transforms;

/// A paper, by the id of its card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    pub id: &'static str,
    pub family: &'static str,
    /// Empty where the card's name is the title.
    pub title: &'static str,
    pub equation: &'static str,
}

/// The families by name, each with its papers by card, title and equation.
pub const FAMILIES: &[(&str, &[Line])] = &[
    ("learning rules", rules::PAPERS),
    ("training and regularisation", training::PAPERS),
    ("blocks", blocks::PAPERS),
    ("sequences", sequences::PAPERS),
    ("routing", routing::PAPERS),
    ("transforms", transforms::PAPERS),
];

/// Card, title, equation.
type Line = (&'static str, &'static str, &'static str);

impl Paper {
    /// The paper of the card `id`.
    pub fn of(id: &str) -> Option<Self> {
        FAMILIES.iter().find_map(|&(family, papers)| {
            let found = papers.iter().find(|line| line.0 == id);
            found.map(|&(id, title, equation)| Self { id, family, title, equation })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_card_stands_twice() {
        let ids: Vec<&str> = FAMILIES.iter().flat_map(|f| f.1).map(|line| line.0).collect();
        for (i, id) in ids.iter().enumerate() {
            assert!(!ids[..i].contains(id), "{id}");
        }
        assert_eq!(Paper::of("backprop").map(|p| p.family), Some("learning rules"));
        assert_eq!(Paper::of("frontprop"), None);
    }
}
