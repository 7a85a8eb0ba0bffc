//! Dragging a block from the palette, or from its place, to another place on the track. By pointer events, so that mouse,
//! pen and finger do alike. Nothing is dragged before the pointer has moved a little: until then it is a press.

use engine::spec::BlockSpec;
use leptos::html;
use leptos::prelude::*;
use web_sys::PointerEvent;

use super::layout::{Layout, Spot};
use super::{Chosen, focus_on};
use crate::panels::palette::fresh;
use crate::state::Lab;
use crate::tree::{self, Place};

/// How far the pointer moves before it drags.
const SLACK: f64 = 6.0;
/// How near a place must be.
const NEAR: f64 = 90.0;
/// Within this of an end of the track's window it scrolls.
const BORDER: f64 = 48.0;
const SCROLL: f64 = 14.0;

/// What is dragged.
#[derive(Debug, Clone, PartialEq)]
pub enum Cargo {
    /// A new block of this kind.
    New(String),
    /// The block that stands there.
    Standing(Place),
}

/// A drag, or a press that may become one.
#[derive(Debug, Clone, PartialEq)]
struct Pressed {
    cargo: Cargo,
    name: String,
    from: (f64, f64),
}

/// The drag that goes on, if one does.
#[derive(Clone, Copy)]
pub struct Drag {
    pressed: StoredValue<Option<Pressed>>,
    /// What is dragged, by name, and where the pointer is.
    pub carried: RwSignal<Option<(Cargo, String)>>,
    pub at: RwSignal<(f64, f64)>,
    /// Number of the spot that it would fall on.
    pub over: RwSignal<Option<usize>>,
    /// Whether the last press became a drag: the click that follows it means nothing.
    moved: StoredValue<bool>,
    pub window: NodeRef<html::Div>,
}

impl Drag {
    pub fn new() -> Self {
        Self {
            pressed: StoredValue::default(),
            carried: RwSignal::default(),
            at: RwSignal::default(),
            over: RwSignal::default(),
            moved: StoredValue::default(),
            window: NodeRef::new(),
        }
    }

    /// A press on something that can be dragged.
    pub fn press(self, e: &PointerEvent, cargo: Cargo, name: String) {
        self.moved.set_value(false);
        if e.is_primary() && e.button() == 0 {
            let from = (f64::from(e.client_x()), f64::from(e.client_y()));
            self.pressed.set_value(Some(Pressed { cargo, name, from }));
        }
    }

    /// Whether a click is what is left of a drag.
    pub fn was_drag(self) -> bool {
        self.moved.get_value()
    }

    fn end(self) {
        self.pressed.set_value(None);
        if self.carried.with_untracked(Option::is_some) {
            self.carried.set(None);
            self.over.set(None);
        }
    }

    /// Where on the sheet a point of the screen is; `None` outside of the track's window.
    fn on_sheet(self, (x, y): (f64, f64)) -> Option<(f64, f64)> {
        let window = self.window.get_untracked()?;
        let rect = window.get_bounding_client_rect();
        let inside = (rect.left()..rect.right()).contains(&x) && (rect.top() - 8.0..rect.bottom() + 8.0).contains(&y);
        if x > rect.right() - BORDER && x < rect.right() {
            window.scroll_by_with_x_and_y(SCROLL, 0.0);
        } else if x < rect.left() + BORDER && x > rect.left() {
            window.scroll_by_with_x_and_y(-SCROLL, 0.0);
        }
        inside.then(|| (x - rect.left() + f64::from(window.scroll_left()), y - rect.top()))
    }

    /// Hears the pointer wherever it is, as long as the component lives.
    pub fn listen(self, lab: Lab, chosen: Chosen, layout: Memo<Layout>) {
        let moves = window_event_listener(leptos::ev::pointermove, move |e| {
            let Some(pressed) = self.pressed.get_value() else {
                return;
            };
            let at = (f64::from(e.client_x()), f64::from(e.client_y()));
            if self.carried.with_untracked(Option::is_none) {
                if (at.0 - pressed.from.0).hypot(at.1 - pressed.from.1) < SLACK {
                    return;
                }
                self.moved.set_value(true);
                self.carried.set(Some((pressed.cargo.clone(), pressed.name)));
            }
            e.prevent_default();
            self.at.set(at);
            let over =
                self.on_sheet(at).and_then(|at| layout.with_untracked(|l| nearest(&l.spots, &pressed.cargo, at)));
            if over != self.over.get_untracked() {
                self.over.set(over);
            }
        });
        let ups = window_event_listener(leptos::ev::pointerup, move |_| {
            let carried = self.carried.get_untracked();
            let spot = self.over.get_untracked().and_then(|i| layout.with_untracked(|l| l.spots.get(i).cloned()));
            self.end();
            if let (Some((cargo, _)), Some(spot)) = (carried, spot) {
                drop_at(lab, chosen, &cargo, &spot);
            }
        });
        let cancels = window_event_listener(leptos::ev::pointercancel, move |_| self.end());
        let keys = window_event_listener(leptos::ev::keydown, move |e| {
            if e.key() == "Escape" && self.carried.with_untracked(Option::is_some) {
                e.prevent_default();
                self.end();
            }
        });
        on_cleanup(move || {
            moves.remove();
            ups.remove();
            cancels.remove();
            keys.remove();
        });
    }
}

/// Whether the cargo may fall there, and would stand elsewhere than before.
pub fn fits(cargo: &Cargo, spot: &Spot) -> bool {
    match cargo {
        Cargo::New(_) => true,
        Cargo::Standing(place) => {
            let here =
                place.split_last().is_some_and(|(i, outer)| spot.place == outer && (spot.at == *i || spot.at == i + 1));
            !here && !spot.place.starts_with(place)
        }
    }
}

fn nearest(spots: &[Spot], cargo: &Cargo, (x, y): (f64, f64)) -> Option<usize> {
    // Along the line it is easy to aim; above and below it there is room.
    let far = |s: &Spot| (s.x - x).hypot((s.y - y) * 0.7);
    let legal = spots.iter().enumerate().filter(|(_, s)| fits(cargo, s) && far(s) < NEAR);
    legal.min_by(|a, b| far(a.1).total_cmp(&far(b.1))).map(|(i, _)| i)
}

fn drop_at(lab: Lab, chosen: Chosen, cargo: &Cargo, spot: &Spot) {
    let new: Option<BlockSpec> = match cargo {
        Cargo::New(id) => fresh(lab, id, &spot.place),
        Cargo::Standing(_) => None,
    };
    let mut to = None;
    lab.edit(|s| {
        to = match cargo {
            Cargo::New(_) => new.and_then(|new| tree::insert(s, &spot.place, spot.at, new)),
            Cargo::Standing(from) => tree::carry(s, from, &spot.place, spot.at),
        };
    });
    if let Some(to) = to {
        focus_on(&to);
        chosen.set(Some(to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(place: &[usize], at: usize, x: f64) -> Spot {
        Spot { place: place.to_vec(), at, x, y: 0.0, empty: false }
    }

    #[test]
    fn cargo_falls_on_the_nearest_place_where_it_may() {
        let spots = [spot(&[0], 0, 0.0), spot(&[0], 1, 50.0), spot(&[0, 1], 0, 70.0), spot(&[0], 2, 100.0)];
        let new = Cargo::New("linear".into());
        assert_eq!(nearest(&spots, &new, (58.0, 4.0)), Some(1));
        assert_eq!(nearest(&spots, &new, (68.0, 4.0)), Some(2));
        assert_eq!(nearest(&spots, &new, (58.0, 400.0)), None);
        // Not into itself, and not to where it stands.
        assert_eq!(nearest(&spots, &Cargo::Standing(vec![0, 1]), (68.0, 4.0)), Some(0));
        assert_eq!(nearest(&spots, &Cargo::Standing(vec![0, 0]), (40.0, 4.0)), Some(2));
    }
}
