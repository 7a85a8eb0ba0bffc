//! A picture read figure by figure, and heard: by arrow keys one at a time, or series after series as they run.

use std::rc::Rc;
use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::Told;
use super::hearing::Hearing;
use super::numbers::{Cell, Numbers, Spot};
use crate::ui::frame::now;
use crate::ui::sound::{self, Tone};

/// Seconds that one series takes at the usual speed, and one figure.
const RUN: f64 = 3.0;
const NOTE: f64 = 0.22;
/// Milliseconds for which a series is named before it is played, and the whole before the first.
const NAME: u64 = 800;
const WHOLE: u64 = 1500;
/// Pitches to a series.
const PITCHES: usize = 240;
/// Figures that Page Up and Page Down pass.
const PAGE: usize = 10;

/// Where one reads in a picture, and what is played of it.
#[derive(Clone, Copy)]
pub struct Reader {
    numbers: StoredValue<Rc<dyn Fn() -> Numbers>, LocalStorage>,
    title: Signal<String>,
    spot: RwSignal<Option<Spot>>,
    /// The same along the axis, where that has a length.
    cursor: RwSignal<Option<f64>>,
    /// What is read out.
    pub said: RwSignal<String>,
    /// What is seen of the figure that is read.
    pub shown: RwSignal<String>,
    pub playing: RwSignal<bool>,
    hearing: Hearing,
    /// Counts what was begun, so that what is over no longer goes on.
    turn: StoredValue<u32>,
    tone: StoredValue<Option<Tone>, LocalStorage>,
}

/// What is played: the series in order, and the range that all of them lie in.
struct Piece {
    numbers: Numbers,
    series: Vec<usize>,
    range: (f64, f64),
}

impl Reader {
    pub fn new(numbers: Rc<dyn Fn() -> Numbers>, title: Signal<String>, cursor: RwSignal<Option<f64>>) -> Self {
        let reader = Self {
            numbers: StoredValue::new_local(numbers),
            title,
            spot: RwSignal::new(None),
            cursor,
            said: RwSignal::new(String::new()),
            shown: RwSignal::new(String::new()),
            playing: RwSignal::new(false),
            hearing: Hearing::get(),
            turn: StoredValue::new(0),
            tone: StoredValue::new_local(None),
        };
        on_cleanup(move || {
            if let Some(tone) = reader.tone.try_update_value(Option::take).flatten() {
                tone.stop();
            }
        });
        reader
    }

    pub fn numbers(self) -> Numbers {
        untrack(|| self.numbers.with_value(|n| n()))
    }

    /// Follows the pointer: what it shows is not read out.
    pub fn point(self, told: Option<Told>) {
        if self.playing.get_untracked() {
            return;
        }
        let shown = match told {
            Some(Told::Figure(spot)) => self.numbers().reading(spot),
            Some(Told::Words(words)) => words,
            None => String::new(),
        };
        if self.shown.with_untracked(|s| *s != shown) {
            self.shown.set(shown);
        }
    }

    /// Takes a key; `false` where it means nothing here.
    pub fn press(self, e: &KeyboardEvent) -> bool {
        if e.ctrl_key() || e.alt_key() || e.meta_key() {
            return false;
        }
        let key = e.key();
        match key.as_str() {
            "h" | "H" if self.playing.get_untracked() => self.stop(),
            "h" | "H" => self.play(self.spot.get_untracked().map(|s| s.series)),
            "Escape" if self.playing.get_untracked() => self.stop(),
            "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End" | "PageUp" | "PageDown" => {
                self.go(&key);
            }
            _ => return false,
        }
        true
    }

    fn go(self, key: &str) {
        self.stop();
        let numbers = self.numbers();
        let (all, length) = numbers.extent();
        if all == 0 || length == 0 {
            self.say("There are no figures yet.".to_owned());
            return;
        }
        let spot = match self.spot.get_untracked() {
            // The first key begins where the newest figure is, or the first.
            None if numbers.backwards => Spot { series: 0, at: length - 1 },
            None => Spot::default(),
            Some(Spot { series, at }) => {
                let (series, at) = (series.min(all - 1), at.min(length - 1));
                match key {
                    "ArrowLeft" => Spot { series, at: at.saturating_sub(1) },
                    "ArrowRight" => Spot { series, at: at + 1 },
                    "ArrowUp" => Spot { series: series.saturating_sub(1), at },
                    "ArrowDown" => Spot { series: series + 1, at },
                    "Home" => Spot { series, at: 0 },
                    "End" => Spot { series, at: length - 1 },
                    "PageUp" => Spot { series, at: at.saturating_sub(PAGE) },
                    _ => Spot { series, at: at + PAGE },
                }
            }
        };
        let spot = Spot { series: spot.series.min(all - 1), at: spot.at.min(length - 1) };
        self.stand(&numbers, spot);
        self.say(numbers.reading(spot));
        if let (Some(range), Cell::Number(_), false) = (numbers.range(), numbers.cell(spot), self.hearing.mute()) {
            let side = pan(numbers.share(spot.at));
            let tone = sound::play(&[numbers.height(spot, range)], (side, side), NOTE, spot.series);
            self.tone.set_value(tone);
        }
    }

    fn stand(self, numbers: &Numbers, spot: Spot) {
        self.spot.set(Some(spot));
        self.cursor.set(numbers.places.get(spot.at).copied());
    }

    fn say(self, text: String) {
        self.shown.set(text.clone());
        self.said.set(text);
    }

    pub fn stop(self) {
        self.turn.update_value(|t| *t += 1);
        if let Some(tone) = self.tone.try_update_value(Option::take).flatten() {
            tone.stop();
        }
        self.playing.set(false);
    }

    /// Plays one series, or all of them one after the other.
    pub fn play(self, series: Option<usize>) {
        self.stop();
        let numbers = self.numbers();
        let (all, length) = numbers.extent();
        let Some(range) = numbers.range().filter(|_| all > 0 && length > 0) else {
            let words = !numbers.rows.is_empty();
            let why = if words { "These are words: arrow keys read them." } else { "There is nothing to hear yet." };
            self.say(why.to_owned());
            return;
        };
        let series: Vec<usize> = match series {
            Some(one) => vec![one.min(all - 1)],
            None => (0..all).collect(),
        };
        let write = numbers.write;
        let whole = format!(
            "{}: low is {}, high is {}; from left, {}, to right, {}.",
            self.title.get_untracked(),
            write(range.0),
            write(range.1),
            numbers.place_name(0),
            numbers.place_name(length - 1)
        );
        self.playing.set(true);
        self.sound(Rc::new(Piece { numbers, series, range }), 0, Some(whole));
    }

    fn is_over(self, turn: u32) -> bool {
        self.turn.try_get_value() != Some(turn)
    }

    /// Names series number `i` of the piece, plays it, and goes on to the next.
    fn sound(self, piece: Rc<Piece>, i: usize, whole: Option<String>) {
        let turn = self.turn.get_value();
        let Some(&series) = piece.series.get(i) else {
            self.playing.set(false);
            self.cursor.set(None);
            self.shown.set(String::new());
            return;
        };
        let name = piece.numbers.series_name(series).to_owned();
        let wait = if whole.is_some() { WHOLE } else { NAME };
        self.say(match whole {
            Some(whole) if name.is_empty() => whole,
            Some(whole) => format!("{whole} {name}"),
            None => name,
        });
        let begin = move || {
            if self.is_over(turn) {
                return;
            }
            let seconds = RUN / self.hearing.speed();
            let height = |k: usize| {
                let at = piece.numbers.nearest(k as f64 / (PITCHES - 1) as f64);
                piece.numbers.height(Spot { series, at }, piece.range)
            };
            if !self.hearing.mute() {
                let heights: Vec<f32> = (0..PITCHES).map(height).collect();
                self.tone.set_value(sound::play(&heights, (-1.0, 1.0), seconds, series));
            }
            self.run(piece, i, (now(), seconds * 1000.0), turn);
        };
        set_timeout(begin, Duration::from_millis(wait));
    }

    /// Moves the mark along with the sound.
    fn run(self, piece: Rc<Piece>, i: usize, (began, length): (f64, f64), turn: u32) {
        if self.is_over(turn) {
            return;
        }
        let share = (now() - began) / length;
        let series = piece.series[i];
        let spot = Spot { series, at: piece.numbers.nearest(share.min(1.0)) };
        if self.spot.get_untracked() != Some(spot) {
            self.stand(&piece.numbers, spot);
            self.shown.set(piece.numbers.reading(spot));
        }
        if share < 1.0 {
            request_animation_frame(move || self.run(piece, i, (began, length), turn));
            return;
        }
        if !self.hearing.mute() {
            sound::click();
        }
        self.sound(piece, i + 1, None);
    }
}

/// Where a share of the axis sounds, −1 (left) to 1 (right).
fn pan(share: f64) -> f32 {
    (2.0 * share - 1.0) as f32
}
