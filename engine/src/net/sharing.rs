//! Weights that several places of a network use.

use super::{Build, Net, Node};
use crate::diagnostic::Diagnostic;

impl Node {
    /// Whether `other` is the same kind of block with the same settings, and holds the same.
    fn is_like(&self, other: &Node) -> bool {
        let routing = |node: &Node| node.routing.as_ref().map(|(r, knobs)| (r.meta().id, knobs.clone()));
        self.block.meta().id == other.block.meta().id
            && self.knobs == other.knobs
            && routing(self) == routing(other)
            && self.holds_like(other)
    }

    fn holds_like(&self, other: &Node) -> bool {
        self.children.len() == other.children.len()
            && self.children.iter().zip(&other.children).all(|(own, other)| own.is_like(other))
    }
}

impl Net {
    /// Every node that keeps its weights under a number, with its path, in order.
    pub fn shared(&self) -> Vec<(String, &Node)> {
        fn walk<'a>(path: &str, blocks: &'a [Node], out: &mut Vec<(String, &'a Node)>) {
            for (i, node) in blocks.iter().enumerate() {
                let path = format!("{path} › {}.{}", i + 1, node.block.meta().id);
                if node.block.shares(&node.knobs).is_some() {
                    out.push((path.clone(), node));
                }
                walk(&path, &node.children, out);
            }
        }
        let mut out = Vec::new();
        for (i, stage) in self.stages.iter().enumerate() {
            walk(&(i + 1).to_string(), &stage.blocks, &mut out);
        }
        out
    }

    /// Whether all that keep their weights under the same number hold the same blocks.
    ///
    /// # Errors
    /// The first that does not hold what an earlier one holds.
    pub fn shares_alike(&self) -> Result<(), Diagnostic> {
        let shared = self.shared();
        for (i, (place, node)) in shared.iter().enumerate() {
            let number = node.block.shares(&node.knobs);
            let earlier = shared[..i].iter().find(|(_, other)| other.block.shares(&other.knobs) == number);
            let Some((first, _)) = earlier.filter(|(_, other)| !node.holds_like(other)) else { continue };
            return Err(Diagnostic::new(
                place,
                format!("it has the number of {first}, but holds other blocks or settings"),
                "give it another number, or let both hold the same",
            ));
        }
        Ok(())
    }
}

impl Build<'_> {
    /// `part`, whose registers are those of every part of this number, wherever it stands.
    pub fn shared<T>(&mut self, number: i64, part: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.home.replace((format!("shared {number}"), self.path.len()));
        let out = part(self);
        self.home = outer;
        out
    }
}
