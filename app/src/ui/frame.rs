//! Drawings take turns: as many in a frame as a few milliseconds hold, the others in the next one.

use std::cell::RefCell;
use std::collections::VecDeque;

use leptos::prelude::request_animation_frame;

/// Milliseconds of drawing after which the page gets its turn.
const SHARE: f64 = 6.0;

type Drawing = Box<dyn FnOnce()>;

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Drawing>,
    /// Whether a frame has been asked for.
    asked: bool,
}

thread_local! {
    static QUEUE: RefCell<Queue> = RefCell::default();
}

/// Draws in one of the next frames.
pub fn draw(drawing: impl FnOnce() + 'static) {
    let ask = QUEUE.with_borrow_mut(|q| {
        q.waiting.push_back(Box::new(drawing));
        !std::mem::replace(&mut q.asked, true)
    });
    if ask {
        request_animation_frame(turn);
    }
}

fn turn() {
    let began = now();
    while now() - began < SHARE {
        let Some(next) = QUEUE.with_borrow_mut(|q| q.waiting.pop_front()) else {
            break;
        };
        next();
    }
    let more = QUEUE.with_borrow_mut(|q| {
        q.asked = !q.waiting.is_empty();
        q.asked
    });
    if more {
        request_animation_frame(turn);
    }
}

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    web_sys::window().and_then(|w| w.performance()).map_or(0.0, |p| p.now())
}
