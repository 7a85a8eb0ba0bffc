//! Points that a person puts on the plane by hand. They are part of the experiment itself: a knob holds them as letters, so
//! that links, files and undoing have them too.
//!
//! A point is five letters: its class, `a` to `d`, then both coordinates, two digits of base 36 each, `00` for −1 and `zz`
//! for 1.

use super::{Data, Dataset, Look, Source, plane, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

/// Letters of a point, and the most points.
const LETTERS: usize = 5;
pub const POINTS_MAX: usize = 400;
const CLASSES: [&str; 4] = ["a", "b", "c", "d"];
const DIGITS: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
/// The largest number of two digits.
const LAST: f64 = 1295.0;
/// Two bows around each other.
const FIRST: &str = "anxfubc2k5anxjjbc2ggamimsbdhd7ajqp6bg9atag0qgbjz9j\
    abxqgbo29ja89p6brqata5lmsbued7a4ajjbvpgga4afubvpk5";

pub struct Points;

/// A point with its class, 0 to 3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub class: usize,
    /// Both −1 to 1.
    pub at: [f64; 2],
}

/// The points that a knob holds.
///
/// # Errors
/// The letters are no points: with the place of the first that is none.
pub fn read(text: &str) -> Result<Vec<Point>, Diagnostic> {
    let letters: Vec<char> = text.chars().collect();
    let point = |(i, letters): (usize, &[char])| {
        let class = letters.first().and_then(|&c| CLASSES.iter().position(|name| name.starts_with(c)));
        let along = |at: usize| {
            let (high, low) = (letters.get(at)?.to_digit(36)?, letters.get(at + 1)?.to_digit(36)?);
            Some(2.0 * f64::from(high * 36 + low) / LAST - 1.0)
        };
        let point = class.zip(along(1)).zip(along(3)).map(|((class, x), y)| Point { class, at: [x, y] });
        point.ok_or_else(|| {
            let place = format!("points › letter {}", i * LETTERS + 1);
            Diagnostic::new(
                place,
                "here stands no point",
                "a point is a, b, c or d, and two digits for each coordinate",
            )
        })
    };
    letters.chunks(LETTERS).enumerate().map(point).collect()
}

/// The points as a knob holds them; coordinates beyond the edge lie on it.
pub fn write(points: &[Point]) -> String {
    let digit = |n: u32| char::from_digit(n, 36).unwrap_or('0');
    let mut text = String::with_capacity(points.len() * LETTERS);
    for point in points.iter().take(POINTS_MAX) {
        text.push_str(CLASSES[point.class.min(CLASSES.len() - 1)]);
        for along in point.at {
            let n = ((along.clamp(-1.0, 1.0) + 1.0) / 2.0 * LAST).round() as u32;
            text.extend([digit(n / 36), digit(n % 36)]);
        }
    }
    text
}

impl Entry for Points {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "points",
            name: "Your points",
            help: "Points that you put on the plane yourself, of up to four classes.",
            source: "Signalbox; after Karpathy's ConvNetJS demo of 2014",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "points",
                name: "Points",
                help: "Five letters a point: its class, a to d, then two digits of base 36 for each coordinate.",
                kind: KnobKind::Text { default: FIRST, letters: DIGITS, most: LETTERS * POINTS_MAX },
            },
            plane::TRAIN,
        ];
        KNOBS
    }
}

impl Dataset for Points {
    fn source(&self) -> Source {
        Source::Generated
    }

    fn load(&self, _files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let points = read(knobs.choice("points"))?;
        let mut tally = [0_usize; CLASSES.len()];
        points.iter().for_each(|p| tally[p.class] += 1);
        let present = tally.iter().filter(|n| **n > 0).count();
        if present < 2 || tally.iter().all(|n| *n < 2) {
            let message = format!("there are {} points in {present} classes", points.len());
            return Err(Diagnostic::new("points", message, "put two of one class, and one of another, at least"));
        }
        // A class between others may have no points yet.
        let classes = CLASSES.len() - tally.iter().rev().take_while(|n| **n == 0).count();
        let x: Vec<f32> = points.iter().flat_map(|p| p.at).map(|v| v as f32).collect();
        let y: Vec<u32> = points.iter().map(|p| p.class as u32).collect();
        let (train, test) = split::stratified(&x, 2, &y, classes, knobs.float("train"), seed);
        let outputs = CLASSES[..classes].iter().map(|c| (*c).to_owned()).collect();
        Ok(Data::of_classes(vec![2], outputs, train, test, Look::Plane))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_written_as_they_are_read() {
        assert_eq!(write(&read(FIRST).unwrap_or_default()), FIRST);
        let corners = [Point { class: 3, at: [-1.0, 1.0] }, Point { class: 0, at: [1.0, -9.0] }];
        assert_eq!(write(&corners), "d00zzazz00");
        assert_eq!(read("d00zz").as_deref(), Ok(&corners[..1]));
        for (text, letter) in [("a0000b00", 6), ("e0000", 1), ("a0000x", 6), ("a00é0", 1)] {
            let fault = read(text).expect_err(text);
            assert_eq!(fault.path, format!("points › letter {letter}"));
        }
    }

    #[test]
    fn what_cannot_be_learnt_is_refused() {
        let load = |text: &str| {
            let given = [("points".to_owned(), crate::registry::Setting::Choice(text.to_owned()))].into();
            let knobs = Knobs::resolve(Points.knobs(), &given, "data").map_err(|f| f[0].clone())?;
            Points.load(&[], &knobs, 1)
        };
        assert_eq!(load("a0000").expect_err("one").message, "there are 1 points in 1 classes");
        assert_eq!(load("a0000a0101").expect_err("one class").message, "there are 2 points in 1 classes");
        assert_eq!(load("a0000b0101").expect_err("none to test").message, "there are 2 points in 2 classes");
        let data = load("a0000a0101c0202").expect("a class without points between");
        assert_eq!((data.outputs.len(), data.train.len, data.test.len), (3, 2, 1));
    }
}
