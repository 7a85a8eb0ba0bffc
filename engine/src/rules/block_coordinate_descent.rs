//! Block coordinate descent (Zeng, Lau, Lin and Yao 2019, three-splitting; with the proximal term of Kwon and Lyu 2023):
//! activities and pre-activations become unknowns of their own beside the weights, and each is set in turn to its best
//! value given the others. No gradient is followed.
//!
//! For layers `j = 1 … L` with rows `V_0 = x [B, …]`, `U_j ≈ V_{j−1} W_j + b_j`, `V_j ≈ σ(U_j)` (σ is relu; none in the
//! last layer) and one-hot labels `Y`, a sweep never raises
//!
//! ```text
//! O = 1/2B ( ‖V_L − Y‖² + γ Σ_j ‖V_j − σ(U_j)‖² + ρ Σ_j ‖U_j − V_{j−1} W_j − b_j‖² ) + α/2 Σ_j ‖W_j − W_j of before‖²
//! ```
//!
//! From the output down, `j = L … 1`:
//!
//! ```text
//! V_L = (Y + γ U_L) / (1 + γ)              V_j: γ V + ρ V W Wᵀ = γ σ(U_j) + ρ (U_{j+1} − b) Wᵀ     W, b of layer j + 1
//! U_j: the better of the least on u ≥ 0 and that on u < 0, element by element
//! W_j: ρ/B VᵀV W + α W = ρ/B Vᵀ(U_j − b_j) + α W_before        V = V_{j−1}
//! b_j = mean (U_j − V_{j−1} W_j)
//! ```
//!
//! The two systems are solved by a few steps of conjugate gradients from where the unknown stands (each row of `V` and
//! each column of `W` is a system of its own), so that a solve cut short still lowers `O`.
//!
//! The paper sweeps over all its samples at once and carries `U` and `V` along. Here each batch begins with a plain
//! forward pass, for which both penalties are 0, and is swept a few times; what was learnt of earlier batches stays in
//! `W_before`, and `proximity` α says how much that weighs. The loss is the squared one, whatever the task's, as the
//! closed form of `V_L` asks.
//!
//! With `order = greedy` (Gauss–Southwell; Nutini, Laradji and Schmidt 2022) a sweep is in `L` turns, each of which sets
//! `V_j, U_j, W_j, b_j` of the one layer where the gradient of `O` is longest. All are computed and one is kept, which
//! takes `L` times the work.

use super::conjugate::{SOLVING, conjugate};
use super::{Credit, Needs, Rule, Task, try_out};
use crate::ad;
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, SlotId, Value};
use crate::lesson::{Batch, Learn, Lesson, Signal};
use crate::net::{Mode, Net};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Activities, pre-activations and weights in turn, each set to its best value.
pub struct BlockCoordinateDescent;

static META: Meta = Meta {
    id: "block-coordinate-descent",
    name: "Block coordinate descent",
    help: "Activities and weights are unknowns alike; each layer's are solved for in turn, so that no sweep makes it worse.",
    source: "Zeng, Lau, Lin and Yao 2019; Kwon and Lyu 2023; Nutini, Laradji and Schmidt 2022",
};

static KNOBS: [Knob; 4] = [
    Knob {
        id: "proximity",
        name: "Proximity",
        help: "How much the weights learnt so far weigh against the batch; the larger, the slower and steadier.",
        kind: KnobKind::Float { default: 0.1, min: 1e-4, max: 1e4, live: true },
    },
    Knob {
        id: "penalty",
        name: "Penalty",
        help: "Weight of both penalties, on activities and on pre-activations, beside the loss.",
        kind: KnobKind::Float { default: 1.0, min: 1e-3, max: 1e3, live: true },
    },
    Knob {
        id: "sweeps",
        name: "Sweeps",
        help: "How often all layers are solved for on each batch.",
        kind: KnobKind::Int { default: 1, min: 1, max: 8 },
    },
    Knob {
        id: "order",
        name: "Order",
        help: "cyclic: from the output down; greedy: always the layer where the gradient is longest.",
        kind: KnobKind::Choice { default: "cyclic", options: &["cyclic", "greedy"] },
    },
];

impl Entry for BlockCoordinateDescent {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for BlockCoordinateDescent {
    fn credit(&self) -> Credit {
        Credit::Neighbours
    }

    fn needs(&self, knobs: &Knobs) -> Needs {
        Needs {
            transposed_weights: true,
            global_error: true,
            stored_activities: true,
            labels_at_stages: false,
            derivatives: false,
            parallel_stages: false,
            // Two products for each step of either solve.
            passes: 1 + 4 * (SOLVING as u32 + 1) * knobs.int("sweeps") as u32,
        }
    }

    fn published(&self) -> &'static str {
        "94.5 % on MNIST with 1500-1500-1500 units, all 60,000 digits in each of 50 sweeps (BCD-for-DNNs-PyTorch)"
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        try_out(self, net, task, knobs)?;
        let last = net.stages.len() - 1;
        for (i, stage) in net.stages.iter().enumerate() {
            let kinds: Vec<&str> = stage.blocks.iter().map(|n| n.block.meta().id).collect();
            let fine = match &kinds[..] {
                ["linear"] => i == last && stage.blocks[0].knobs.bool("bias"),
                ["linear", "activation"] => {
                    i < last && stage.blocks[0].knobs.bool("bias") && stage.blocks[1].knobs.choice("function") == "relu"
                }
                _ => false,
            };
            if !fine {
                return Err(Diagnostic::new(
                    (i + 1).to_string(),
                    "its unknowns have no closed form: that is known of a linear block with bias, and relu",
                    "make each hidden stage `linear` and `activation` with relu, and the last `linear` alone",
                ));
            }
        }
        Ok(())
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = cx.series(Mode::Train, batch.x);
        let logits = forward.logits();
        let loss = cx.loss(logits, batch.target);
        let slots: Vec<[SlotId; 2]> = forward.passes.iter().map(|p| [p.params[0], p.params[1]]).collect();
        let mut problem = Problem::new(cx, batch, &slots);
        let first = problem.objective(cx.g);
        let mut objectives = vec![first];
        for _ in 0..cx.knobs.size("sweeps") {
            if cx.knobs.choice("order") == "greedy" {
                for _ in 0..problem.layers.len() {
                    problem.greedy(cx.g);
                }
            } else {
                for j in (0..problem.layers.len()).rev() {
                    problem.layers[j] = problem.solved(cx.g, j);
                }
            }
            objectives.push(problem.objective(cx.g));
        }
        let mut signals = Vec::new();
        let series: Vec<Value> = objectives.into_iter().map(|v| cx.g.reshape(v, [1])).collect();
        let value = cx.g.concat(&series, 0);
        signals.push(Signal { name: "objective", stage: problem.layers.len(), value });
        let mut lesson = forward.lesson(loss, logits, Vec::new());
        for (j, (layer, slots)) in problem.layers.iter().zip(&slots).enumerate() {
            let gap = problem.gap(cx.g, j);
            signals.push(Signal { name: "gap before the activation", stage: j + 1, value: cx.g.root_mean_square(gap) });
            lesson.writes.extend([(slots[0], layer.weight), (slots[1], layer.bias)]);
        }
        Lesson { signals, ..lesson }
    }
}

/// The unknowns of a layer.
#[derive(Clone, Copy)]
struct Layer {
    /// `V [B, units]` and `U [B, units]`.
    active: Value,
    before: Value,
    /// `W [inputs, units]` and `b [units]`.
    weight: Value,
    bias: Value,
    /// The weight as it was before the batch.
    anchor: Value,
}

/// All unknowns, and what is given.
struct Problem {
    /// `V_0 [B, features]` and `Y [B, classes]`.
    input: Value,
    target: Value,
    layers: Vec<Layer>,
    penalty: Value,
    proximity: Value,
    batch: usize,
}

impl Problem {
    /// The unknowns as a forward pass gives them.
    fn new(cx: &mut Learn, batch: Batch, slots: &[[SlotId; 2]]) -> Self {
        let (penalty, proximity) = (cx.live("penalty"), cx.live("proximity"));
        let input = cx.build(Mode::Train).flat(batch.x);
        let g = &mut *cx.g;
        let mut at = input;
        let mut layers = Vec::new();
        for (j, &[weight, bias]) in slots.iter().enumerate() {
            let (weight, bias) = (g.read(weight), g.read(bias));
            let before = g.matmul(at, weight);
            let before = g.add(before, bias);
            at = if j + 1 < slots.len() { g.relu(before) } else { before };
            layers.push(Layer { active: at, before, weight, bias, anchor: weight });
        }
        let rows = g.shape(input)[0];
        Self { input, target: batch.target, layers, penalty, proximity, batch: rows }
    }

    /// What layer `j` sees.
    fn seen(&self, j: usize) -> Value {
        j.checked_sub(1).map_or(self.input, |i| self.layers[i].active)
    }

    fn bent(&self, g: &mut Graph, j: usize) -> Value {
        let before = self.layers[j].before;
        if j + 1 < self.layers.len() { g.relu(before) } else { before }
    }

    /// `V_{j−1} W_j + b_j`.
    fn reached(&self, g: &mut Graph, j: usize) -> Value {
        let sum = g.matmul(self.seen(j), self.layers[j].weight);
        g.add(sum, self.layers[j].bias)
    }

    fn gap(&self, g: &mut Graph, j: usize) -> Value {
        let reached = self.reached(g, j);
        g.sub(self.layers[j].before, reached)
    }

    /// `O []`.
    fn objective(&self, g: &mut Graph) -> Value {
        let mut off = Vec::new();
        for j in 0..self.layers.len() {
            let bent = self.bent(g, j);
            let apart = g.sub(self.layers[j].active, bent);
            let gap = self.gap(g, j);
            off.extend([g.dot(apart, apart), g.dot(gap, gap)]);
        }
        let penalties = off.into_iter().reduce(|a, b| g.add(a, b)).unwrap_or(self.penalty);
        let penalties = g.mul(self.penalty, penalties);
        let last = self.layers.last().map_or(self.target, |l| l.active);
        let wrong = g.sub(last, self.target);
        let wrong = g.dot(wrong, wrong);
        let sum = g.add(wrong, penalties);
        let mean = g.scale(sum, 0.5 / self.batch as f32);
        let moved = self.layers.iter().map(|l| (l.weight, l.anchor)).collect::<Vec<_>>();
        moved.into_iter().fold(mean, |sum, (w, anchor)| {
            let far = g.sub(w, anchor);
            let far = g.dot(far, far);
            let far = g.mul(self.proximity, far);
            let far = g.scale(far, 0.5);
            g.add(sum, far)
        })
    }

    /// Layer `j` with each of its unknowns set in turn to the best for the others.
    fn solved(&self, g: &mut Graph, j: usize) -> Layer {
        let mut layer = self.layers[j];
        let penalty = self.penalty;
        let last = j + 1 == self.layers.len();
        let bent = self.bent(g, j);
        let pulled = g.mul(penalty, bent);
        layer.active = if last {
            let sum = g.add(self.target, pulled);
            let one = g.constant(1.0);
            let weight = g.add(one, penalty);
            g.div(sum, weight)
        } else {
            let next = self.layers[j + 1];
            let wanted = g.sub(next.before, next.bias);
            let wanted = g.matmul_t(wanted, next.weight, false, true);
            let right = g.add(bent, wanted);
            // The penalty stands on both sides.
            let system = |g: &mut Graph, v: Value| {
                let there = g.matmul(v, next.weight);
                let back = g.matmul_t(there, next.weight, false, true);
                g.add(v, back)
            };
            conjugate(g, &system, right, layer.active, 1)
        };
        let reached = self.reached(g, j);
        let between = g.add(layer.active, reached);
        let between = g.scale(between, 0.5);
        layer.before = if last { between } else { nearest(g, layer.active, reached, between) };

        let seen = self.seen(j);
        let share = g.scale(penalty, 1.0 / self.batch as f32);
        let wanted = g.sub(layer.before, layer.bias);
        let wanted = g.matmul_t(seen, wanted, true, false);
        let wanted = g.mul(share, wanted);
        let kept = g.mul(self.proximity, layer.anchor);
        let right = g.add(wanted, kept);
        let system = |g: &mut Graph, w: Value| {
            let there = g.matmul(seen, w);
            let back = g.matmul_t(seen, there, true, false);
            let back = g.mul(share, back);
            let kept = g.mul(self.proximity, w);
            g.add(back, kept)
        };
        layer.weight = conjugate(g, &system, right, layer.weight, 0);
        let sum = g.matmul(seen, layer.weight);
        let rest = g.sub(layer.before, sum);
        let mean = g.mean(rest, &[0]);
        let shape = g.shape(layer.bias).clone();
        layer.bias = g.reshape(mean, shape);
        layer
    }

    /// The squared length `[]` of the gradient of `O` by each layer's unknowns.
    fn gradients(&self, g: &mut Graph) -> Vec<Value> {
        // Unknowns are partly made of one another: the gradient is taken at places that stand for them.
        let mut free = Vec::new();
        let mut place = |g: &mut Graph, value: Value| {
            let shape = g.shape(value).clone();
            free.push((g.symbol(shape), value));
            free[free.len() - 1].0
        };
        let layers: Vec<Layer> = self
            .layers
            .iter()
            .map(|l| Layer {
                active: place(g, l.active),
                before: place(g, l.before),
                weight: place(g, l.weight),
                bias: place(g, l.bias),
                anchor: l.anchor,
            })
            .collect();
        let apart = Problem { layers, ..*self };
        let objective = apart.objective(g);
        let mut lengths = Vec::new();
        for l in &apart.layers {
            let gradients = ad::gradients(g, objective, &[l.active, l.before, l.weight, l.bias], &ad::Exact);
            let squares: Vec<Value> = gradients.into_iter().map(|d| g.dot(d, d)).collect();
            lengths.extend(squares.into_iter().reduce(|a, b| g.add(a, b)));
        }
        ad::replaced(g, &lengths, &free)
    }

    /// Sets the unknowns of the layer where the gradient of `O` by them is longest.
    fn greedy(&mut self, g: &mut Graph) {
        let lengths: Vec<Value> = self.gradients(g).into_iter().map(|length| g.reshape(length, [1])).collect();
        let lengths = g.concat(&lengths, 0);
        let longest = g.arg_max(lengths);
        let solved: Vec<Layer> = (0..self.layers.len()).map(|j| self.solved(g, j)).collect();
        for (j, new) in solved.into_iter().enumerate() {
            let number = g.constant(j as f32);
            let chosen = g.eq(longest, number);
            let old = self.layers[j];
            self.layers[j] = Layer {
                active: g.select(chosen, new.active, old.active),
                before: g.select(chosen, new.before, old.before),
                weight: g.select(chosen, new.weight, old.weight),
                bias: g.select(chosen, new.bias, old.bias),
                anchor: old.anchor,
            };
        }
    }
}

/// The `u` of least `(v − relu u)² + (u − a)²`, where `between` is the mean of `v` and `a`.
fn nearest(g: &mut Graph, v: Value, a: Value, between: Value) -> Value {
    let zero = g.constant(0.0);
    let (above, below) = (g.maximum(between, zero), g.minimum(a, zero));
    let cost = |g: &mut Graph, u: Value| {
        let bent = g.relu(u);
        let apart = g.sub(v, bent);
        let apart = g.square(apart);
        let far = g.sub(u, a);
        let far = g.square(far);
        g.add(apart, far)
    };
    let (over, under) = (cost(g, above), cost(g, below));
    let lower = g.lt(under, over);
    g.select(lower, below, above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::oracle::Oracle;
    use crate::ir::{Init, Role, Shape, Slot};
    use crate::noise::{pcg4d, uniform};
    use crate::ops::Tensor;

    fn given(g: &mut Graph, name: &str, shape: [usize; 2]) -> (SlotId, Tensor) {
        let slot = Slot { name: name.to_owned(), role: Role::Input, shape: shape.into(), init: Init::Constant(0.0) };
        let seed = name.len() as u32;
        let data = (0..(shape[0] * shape[1]) as u32).map(|i| f64::from(uniform(pcg4d([i, seed, 3, 5])[0])) * 4.0 - 2.0);
        (g.declare(slot), Tensor::new(Shape::from(shape), data.collect()))
    }

    /// No pre-activation of a fine grid does better.
    #[test]
    fn the_nearest_pre_activation_is_the_nearest() {
        let mut g = Graph::new();
        let slots = [given(&mut g, "v", [8, 8]), given(&mut g, "at", [8, 8])];
        let [v, a] = [0, 1].map(|i: usize| g.read(slots[i].0));
        let sum = g.add(v, a);
        let between = g.scale(sum, 0.5);
        let found = nearest(&mut g, v, a, between);
        let mut oracle = Oracle::new(&g, |id| vec![0.0; g.slot(id).shape.size()]);
        slots.iter().for_each(|(slot, t)| oracle.write(*slot, t.clone()));
        let found = oracle.values(&g, &[found])[0].data.clone();
        for (i, u) in found.into_iter().enumerate() {
            let (v, a) = (slots[0].1.data[i], slots[1].1.data[i]);
            let cost = |u: f64| (v - u.max(0.0)).powi(2) + (u - a).powi(2);
            let least = (-4000..4000).map(|k| cost(f64::from(k) / 1000.0)).fold(f64::INFINITY, f64::min);
            assert!(cost(u) <= least + 1e-12, "v {v}, a {a}: {u}");
        }
    }
}
