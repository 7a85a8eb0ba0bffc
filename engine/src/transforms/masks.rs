//! Masks over the weights of the linear layers: what the ways of pruning single weights share.

use super::parts::Network;
use crate::diagnostic::Diagnostic;
use crate::registry::{Knob, KnobKind};
use crate::weights::Tensor;

pub const DENSITY: Knob = Knob {
    id: "density",
    name: "Density",
    help: "Share of the weights that stay.",
    kind: KnobKind::Float { default: 0.2, min: 0.0, max: 1.0, live: false },
};

/// A linear layer and its mask.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Path of its block: `1/2.linear`.
    pub path: String,
    /// `[inputs, units]`, or `[E, inputs, units]` inside experts.
    pub weight: Tensor,
    /// 1 where a weight stays, 0 where it goes; of the weight's shape.
    pub mask: Tensor,
}

impl Layer {
    /// Numbers of the weights that stay.
    pub fn standing(&self) -> impl Iterator<Item = usize> + '_ {
        self.mask.data.iter().enumerate().filter(|(_, m)| **m != 0.0).map(|(i, _)| i)
    }
}

/// The linear layers of `network`, masked or not. A mask that is there already stays. Experts beside a shared one stay
/// as they are, since all of them have the same blocks.
///
/// # Errors
/// There are none.
pub fn layers(network: &mut Network) -> Result<Vec<Layer>, Diagnostic> {
    let mut layers = Vec::new();
    let mut apart: Vec<String> = Vec::new();
    network.blocks(&mut |path, part| {
        apart.extend(part.weights.keys().any(|name| name.starts_with("shared/")).then(|| format!("{path}/")));
    });
    network.blocks(&mut |path, part| {
        if apart.iter().any(|route| path.starts_with(route)) {
            return;
        }
        let Some(weight) = part.weights.get("weight").filter(|_| part.is("linear") || part.is("masked-linear")) else {
            return;
        };
        let mask = part.weights.get("mask").cloned().unwrap_or_else(|| Tensor::filled(&weight.shape, 1.0));
        layers.push(Layer { path: path.to_owned(), weight: weight.clone(), mask });
    });
    if layers.is_empty() {
        return Err(Diagnostic::new("stages", "there is no linear layer to prune", "choose a network that has one"));
    }
    Ok(layers)
}

/// Share of the weights of `layers` that stay.
pub fn density(layers: &[Layer]) -> f64 {
    let total: usize = layers.iter().map(|layer| layer.mask.data.len()).sum();
    layers.iter().map(|layer| layer.standing().count()).sum::<usize>() as f64 / total.max(1) as f64
}

/// Puts the layers back as masked ones, with weights of 0 where the mask is.
pub fn put(network: &mut Network, layers: Vec<Layer>) {
    let mut layers = layers.into_iter().peekable();
    network.blocks(&mut |path, part| {
        let Some(mut layer) = layers.next_if(|layer| layer.path == path) else { return };
        layer.weight.data.iter_mut().zip(&layer.mask.data).for_each(|(w, m)| *w *= m);
        part.block.id = "masked-linear".to_owned();
        part.weights.insert("weight".to_owned(), layer.weight);
        part.weights.insert("mask".to_owned(), layer.mask);
    });
}
