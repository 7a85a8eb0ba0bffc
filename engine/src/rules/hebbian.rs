//! Hebb's rule held in bounds: Oja's single unit (1982), Sanger's hierarchy of units (1989), and competition (Rumelhart
//! and Zipser 1985). With `u = Wx` the sums of a stage's units and `w_i` the weights of unit `i`:
//!
//! ```text
//! oja       dw_i = u_i (x − u_i w_i)                    each unit alone finds the first principal component
//! sanger    dw_i = u_i (x − Σ_{j ≤ i} u_j w_j)          unit i finds the i-th
//! winner    dw_i = y_i (x − ‖x‖ w_i)                    y_i = 1 for the largest u_i, else 0: prototypes
//! ```
//!
//! averaged over the batch, and over the places of a filter. For the first two the mean is divided by the number of
//! inputs: these have mean square 1, so that a rate is in units of the inputs' whole variance, and one below 1 is
//! stable. The winner's is divided by the mean of `y_i` and `‖x‖`: its rate is the share of the way to the mean
//! direction of what a unit has won. `‖x‖` is `√inputs`, which for filters holds of the mean patch.

use super::hebbian_stages::{self, LOCAL};
use super::linear_maps::LinearMap;
use super::{Credit, Needs, Rule, Task, try_out};
use crate::diagnostic::Diagnostic;
use crate::ir::{Graph, Value};
use crate::lesson::{Batch, Forward, Learn, Lesson};
use crate::net::{Mode, Net};
use crate::registry::{Entry, Knob, KnobKind, Knobs, Meta};

/// Units that strengthen what drives them, and forget as much.
pub struct Hebbian;

static META: Meta = Meta {
    id: "hebbian",
    name: "Hebbian learning",
    help: "Units strengthen the inputs that drive them, by competing or by dividing up the variance; no error is involved.",
    source: "Oja 1982; Sanger 1989; Rumelhart and Zipser 1985",
};

static KNOBS: [Knob; 2] = [
    Knob {
        id: "form",
        name: "Form",
        help: "winner: the most active unit learns its input; sanger: units find principal components; oja: each the first.",
        kind: KnobKind::Choice { default: "winner", options: &["winner", "sanger", "oja"] },
    },
    Knob {
        id: "rate",
        name: "Hidden stages' rate",
        help: "How far a unit's weights move towards its lesson in one step; the optimizer moves the read-out alone.",
        kind: KnobKind::Float { default: 0.05, min: 0.0, max: 1.0, live: true },
    },
];

impl Entry for Hebbian {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Rule for Hebbian {
    fn credit(&self) -> Credit {
        Credit::None
    }

    fn needs(&self, _: &Knobs) -> Needs {
        LOCAL
    }

    fn fits(&self, net: &Net, task: &Task, knobs: &Knobs) -> Result<(), Diagnostic> {
        hebbian_stages::fits(net)?;
        try_out(self, net, task, knobs)
    }

    fn forward(&self, cx: &mut Learn, mode: Mode, x: Value) -> Forward {
        hebbian_stages::forward(cx, mode, x)
    }

    fn learn(&self, cx: &mut Learn, batch: Batch) -> Lesson {
        let forward = self.forward(cx, Mode::Train, batch.x);
        let rate = cx.live("rate");
        let form = cx.knobs.choice("form").to_owned();
        hebbian_stages::lesson(cx, batch, forward, &mut |cx, map| {
            let change = match form.as_str() {
                "oja" => oja(cx.g, map),
                "sanger" => sanger(cx.g, map),
                _ => winner(cx.g, map),
            };
            let by = cx.g.mul(change, rate);
            let weight = cx.g.read(map.weight);
            cx.g.add(weight, by)
        })
    }
}

/// `Σ u x` over all rows, divided by rows and inputs, and the factor of that division.
fn drive(g: &mut Graph, map: &LinearMap) -> (Value, f32) {
    let share = 1.0 / (map.rows(g) * map.fan_in(g)).max(1) as f32;
    let drive = map.correlate(g, map.sums);
    (g.scale(drive, share), share)
}

fn oja(g: &mut Graph, map: &LinearMap) -> Value {
    let (drive, share) = drive(g, map);
    let square = g.square(map.sums);
    let strength = map.per_unit(g, square);
    let strength = g.scale(strength, share);
    let weight = g.read(map.weight);
    let forgotten = g.mul(weight, strength);
    g.sub(drive, forgotten)
}

fn sanger(g: &mut Graph, map: &LinearMap) -> Value {
    let (drive, share) = drive(g, map);
    let (rows, units, inputs) = (map.rows(g), map.units(g), map.fan_in(g));
    let sums = g.reshape(map.sums, [rows, units]);
    let together = g.matmul_t(sums, sums, true, false);
    let together = g.scale(together, share);
    let (i, half) = (g.iota(units), g.constant(0.5));
    let j = g.reshape(i, [units, 1]);
    let after = g.add(i, half);
    let earlier = g.lt(j, after);
    let earlier = g.mul(together, earlier);
    let weight = g.read(map.weight);
    let shape = g.shape(weight).clone();
    let weight = g.reshape(weight, [inputs, units]);
    let explained = g.matmul(weight, earlier);
    let explained = g.reshape(explained, shape);
    g.sub(drive, explained)
}

fn winner(g: &mut Graph, map: &LinearMap) -> Value {
    let units = map.units(g);
    let best = g.arg_max(map.sums);
    let won = g.one_hot(best, units);
    let wins = map.per_unit(g, won);
    // A unit that won nothing has nothing to learn.
    let one = g.constant(1.0);
    let least = g.maximum(wins, one);
    let length = (map.fan_in(g) as f32).sqrt();
    let lesson = map.correlate(g, won);
    let lesson = g.scale(lesson, 1.0 / length);
    let weight = g.read(map.weight);
    let forgotten = g.mul(weight, wins);
    let change = g.sub(lesson, forgotten);
    g.div(change, least)
}
