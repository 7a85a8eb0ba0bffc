//! Text that the network writes.

use super::{Measure, Probe, Recording};
use crate::data::{Answer, Window};
use crate::ir::{Shape, Stmt};
use crate::lab::rows;
use crate::net::stream;
use crate::ops::random::{Distribution, Noise};
use crate::registry::{Entry, Meta};

/// Tokens written.
const LENGTH: usize = 120;
/// The logits are divided by this before one is drawn: below 1, the likely ones are preferred.
const TEMPERATURE: f32 = 0.8;

/// Where the network tells the next token at every place, `prompt [T]`, the beginning of the test text, and `text [N]`,
/// what it writes after it: each token drawn from what it answers at the last place of the `T` tokens before, anew each
/// time (by the largest of logits and Gumbel noise: Gumbel 1954).
pub struct Generated;

static META: Meta = Meta {
    id: "generated",
    name: "Written text",
    help: "What the network writes on from the beginning of the test text.",
    source: "Standard practice",
};

impl Entry for Generated {
    fn meta(&self) -> &'static Meta {
        &META
    }
}

impl Probe for Generated {
    fn measure(&self, cx: &mut Measure) -> Option<Recording> {
        let (Answer::ClassAtPlaces(places), Some(Window { length, offset: 1, .. })) = (cx.data.answer, cx.data.window)
        else {
            return None;
        };
        if places != length {
            return None;
        }
        let first = cx.learn.g.constant(0.0);
        let first = cx.learn.g.reshape(first, [1]);
        let prompt = rows(cx.learn.g, cx.registers.test, first, cx.learn.task).x;
        let context = cx.learn.scratch("generated/context", [1, length]);
        let text = cx.learn.scratch("generated/text", [LENGTH]);
        let count = cx.learn.scratch("generated/count", []);

        let g = &mut *cx.learn.g;
        let zero = g.constant(0.0);
        let none = g.broadcast(zero, [LENGTH]);
        let begin = Stmt::Tick(vec![(context, prompt), (text, none), (count, zero)]);

        let seen = g.read(context);
        let logits = cx.rule.predict(&mut cx.learn, seen);
        let g = &mut *cx.learn.g;
        let classes = g.shape(logits).last();
        let last = g.slice(logits, 1, length - 1, 1);
        let last = g.reshape(last, [classes]);
        let last = g.scale(last, 1.0 / TEMPERATURE);
        // Each token is drawn by numbers of its own: the first half of the step's counter serves to count tokens.
        let so_far = g.read(count);
        let turn = g.reshape(so_far, [1]);
        let step = g.slice(cx.learn.clock.step, 0, 0, 1);
        let step = g.concat(&[turn, step], 0);
        let noise =
            Noise { distribution: Distribution::Uniform, stream: stream("generated"), shape: Shape::from([classes]) };
        let uniform = g.push(noise, &[cx.learn.clock.seed, step]);
        let least = g.constant(1e-7);
        let uniform = g.maximum(uniform, least);
        let log = g.ln(uniform);
        let log = g.neg(log);
        let gumbel = g.ln(log);
        let drawn = g.sub(last, gumbel);
        let token = g.arg_max(drawn);
        let column = g.reshape(token, [1, 1]);
        let kept = g.slice(seen, 1, 1, length - 1);
        let shifted = g.concat(&[kept, column], 1);
        let written = g.read(text);
        let place = g.iota(LENGTH);
        let here = g.eq(place, so_far);
        let written = g.select(here, token, written);
        let one = g.constant(1.0);
        let next = g.add(so_far, one);
        let body = vec![Stmt::Tick(vec![(context, shifted), (text, written), (count, next)])];
        let before = vec![begin, Stmt::Repeat { times: LENGTH as u32, body }];

        let prompt = g.reshape(prompt, [length]);
        let text = g.read(text);
        Some(Recording { before, tensors: vec![("prompt".to_owned(), prompt), ("text".to_owned(), text)] })
    }
}
