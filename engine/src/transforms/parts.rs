//! A network taken apart: every block with the weights that are its own, so that blocks can be moved, replaced and
//! changed without minding how registers are named.

use std::collections::BTreeMap;

use crate::spec::{BlockSpec, Choice};
use crate::weights::{Tensor, Weights};

/// A block, its weights, and the blocks that it holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    pub block: Choice,
    pub routing: Option<Choice>,
    /// By names within the block: `weight`, `bias`.
    pub weights: BTreeMap<String, Tensor>,
    pub parts: Vec<Part>,
}

/// All stages of a network, and the weights that belong to no block of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Network {
    pub stages: Vec<Vec<Part>>,
    pub others: Weights,
}

impl Network {
    /// Takes a network apart.
    pub fn apart(stages: &[Vec<BlockSpec>], weights: &Weights) -> Self {
        let mut others = weights.clone();
        let stage = |(i, blocks): (usize, &Vec<BlockSpec>)| apart(blocks, &(i + 1).to_string(), &mut others);
        let stages = stages.iter().enumerate().map(stage).collect();
        Self { stages, others }
    }

    /// Puts it together.
    pub fn together(self) -> (Vec<Vec<BlockSpec>>, Weights) {
        let mut weights = self.others;
        let stages = self.stages.into_iter().enumerate();
        let stages = stages.map(|(i, parts)| together(parts, &(i + 1).to_string(), &mut weights)).collect();
        (stages, weights)
    }

    /// Calls `on` with the path of every list of blocks (`1`, `1/2.residual`) and the list: inner ones first, so
    /// that a list may be changed and the paths are still those of before.
    pub fn lists(&mut self, on: &mut dyn FnMut(&str, &mut Vec<Part>)) {
        for (i, stage) in self.stages.iter_mut().enumerate() {
            lists(stage, &(i + 1).to_string(), on);
        }
    }

    /// Calls `on` with the path of every block and the block: inner ones first.
    pub fn blocks(&mut self, on: &mut dyn FnMut(&str, &mut Part)) {
        self.lists(&mut |path, list| {
            for (i, part) in list.iter_mut().enumerate() {
                on(&part.path(path, i), part);
            }
        });
    }
}

impl Part {
    pub fn new(block: Choice) -> Self {
        Self { block, ..Self::default() }
    }

    /// The same with a weight.
    pub fn with(mut self, name: &str, tensor: Tensor) -> Self {
        self.weights.insert(name.to_owned(), tensor);
        self
    }

    pub fn is(&self, id: &str) -> bool {
        self.block.id == id
    }

    /// Its path as block number `i` of the list at `list`.
    pub fn path(&self, list: &str, i: usize) -> String {
        format!("{list}/{}.{}", i + 1, self.block.id)
    }
}

fn apart(blocks: &[BlockSpec], path: &str, weights: &mut Weights) -> Vec<Part> {
    let part = |(i, spec): (usize, &BlockSpec)| {
        let path = format!("{path}/{}.{}", i + 1, spec.block.id);
        let parts = apart(&spec.blocks, &path, weights);
        let mut own = BTreeMap::new();
        let prefix = format!("{path}/");
        weights.retain(|name, tensor| match name.strip_prefix(&prefix) {
            Some(name) => {
                own.insert(name.to_owned(), std::mem::take(tensor));
                false
            }
            None => true,
        });
        Part { block: spec.block.clone(), routing: spec.routing.clone(), weights: own, parts }
    };
    blocks.iter().enumerate().map(part).collect()
}

fn together(parts: Vec<Part>, path: &str, weights: &mut Weights) -> Vec<BlockSpec> {
    let block = |(i, part): (usize, Part)| {
        let path = part.path(path, i);
        weights.extend(part.weights.into_iter().map(|(name, tensor)| (format!("{path}/{name}"), tensor)));
        let blocks = together(part.parts, &path, weights);
        BlockSpec { block: part.block, routing: part.routing, blocks }
    };
    parts.into_iter().enumerate().map(block).collect()
}

fn lists(list: &mut Vec<Part>, path: &str, on: &mut dyn FnMut(&str, &mut Vec<Part>)) {
    for (i, part) in list.iter_mut().enumerate() {
        if !part.parts.is_empty() {
            let path = part.path(path, i);
            lists(&mut part.parts, &path, on);
        }
    }
    on(path, list);
}
