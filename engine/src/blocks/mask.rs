//! Which places of a sequence may look at which: a formula on the query's place `i` and the key's place `j`. Every
//! place may look at itself, so no row of shares is empty. Nothing is stored.

use crate::ir::{Graph, Value};
use crate::registry::{Knob, KnobKind, Knobs};

pub const MASK: Knob = Knob {
    id: "mask",
    name: "Mask",
    help: "What a place may look at: none, all; causal, itself and what is before; window, what is nearer than the \
           width; causal-window, the last width places; block, its own block; causal-block, its own block up to \
           itself; block-causal, its own block and those before; strided, the last width places and every width-th \
           before; prefix, the first width places and what is before.",
    kind: KnobKind::Choice {
        default: "none",
        options: &[
            "none",
            "causal",
            "window",
            "causal-window",
            "block",
            "causal-block",
            "block-causal",
            "strided",
            "prefix",
        ],
    },
};

pub const WIDTH: Knob = Knob {
    id: "mask-width",
    name: "Mask's width",
    help: "Places in a window, a block, a stride or a prefix; masks without these ignore it.",
    kind: KnobKind::Int { default: 4, min: 1, max: 1024 },
};

/// Whether under this mask no place looks at a later one.
pub fn is_causal(knobs: &Knobs) -> bool {
    ["causal", "causal-window", "causal-block", "strided"].contains(&knobs.choice(MASK.id))
}

/// `⌊x / by⌋` of whole numbers; half a unit keeps clear of a device's inexact division.
fn whole(g: &mut Graph, x: Value, by: usize) -> Value {
    let half = g.constant(0.5);
    let middle = g.add(x, half);
    let share = g.scale(middle, 1.0 / by as f32);
    g.floor(share)
}

/// 1 where query `i` may look at key `j`, else 0: `[places, places]`; nothing where every place may look at all.
pub fn allowed(g: &mut Graph, knobs: &Knobs, places: usize) -> Option<Value> {
    let width = knobs.size(WIDTH.id);
    let key = g.iota(places);
    let query = g.reshape(key, [places, 1]);
    let apart = g.sub(query, key);
    let half = g.constant(-0.5);
    let past = g.lt(half, apart);
    let wide = g.constant(width as f32);
    let allowed = match knobs.choice(MASK.id) {
        "causal" => past,
        "window" => {
            let far = g.abs(apart);
            g.lt(far, wide)
        }
        "causal-window" => {
            let near = g.lt(apart, wide);
            g.mul(past, near)
        }
        "strided" => {
            let near = g.lt(apart, wide);
            let strides = whole(g, apart, width);
            let down = g.mul(strides, wide);
            let met = g.eq(apart, down);
            let either = g.maximum(near, met);
            g.mul(past, either)
        }
        "prefix" => {
            let open = g.lt(key, wide);
            g.maximum(past, open)
        }
        choice @ ("block" | "causal-block" | "block-causal") => {
            let of_key = whole(g, key, width);
            let of_query = whole(g, query, width);
            match choice {
                "block" => g.eq(of_query, of_key),
                "causal-block" => {
                    let own = g.eq(of_query, of_key);
                    g.mul(own, past)
                }
                _ => {
                    let blocks = g.sub(of_query, of_key);
                    g.lt(half, blocks)
                }
            }
        }
        _ => return None,
    };
    Some(allowed)
}

/// Softmax of `scores […, T, T]` over the keys that are `allowed`; the others get a share of 0.
pub fn shares(g: &mut Graph, scores: Value, allowed: Option<Value>) -> Value {
    let scores = match allowed {
        None => scores,
        Some(allowed) => {
            // Finite, so that no infinity is taken from another.
            let never = g.constant(-1e9);
            g.select(allowed, scores, never)
        }
    };
    g.softmax(scores)
}
