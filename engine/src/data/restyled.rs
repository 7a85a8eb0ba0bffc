//! The 8 × 8 digits in another style: what a network that knows the usual ones can be taught next.

use super::{Data, Dataset, Look, Source, bytes, pack};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

const SIDE: usize = 8;

pub struct Restyled;

static META: Meta = Meta {
    id: "restyled-digits",
    name: "Digits, restyled",
    help: "The 8 × 8 digits as negatives, or turned, or both beside the usual ones: something new for a network that knows the usual ones.",
    source: "Alpaydin and Kaynak 1998, UCI Machine Learning Repository, by way of scikit-learn",
};

static KNOBS: [Knob; 1] = [Knob {
    id: "style",
    name: "Style",
    help: "negative: ink and paper change places; turned: a quarter to the right; mixed: a third of the samples each, \
           usual, negative and turned.",
    kind: KnobKind::Choice { default: "negative", options: &["negative", "turned", "mixed"] },
}];

impl Entry for Restyled {
    fn meta(&self) -> &'static Meta {
        &META
    }
    fn knobs(&self) -> &'static [Knob] {
        &KNOBS
    }
}

impl Dataset for Restyled {
    fn source(&self) -> Source {
        Source::Asset("digits.sbd")
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let look = Look::Image { height: SIDE, width: SIDE };
        let mut data = pack::read(bytes::one(files)?, &[SIDE, SIDE, 1], look)?;
        let style = knobs.choice("style");
        for split in [&mut data.train, &mut data.test] {
            for (i, image) in split.x.chunks_exact_mut(SIDE * SIDE).enumerate() {
                match (style, i % 3) {
                    ("negative", _) | ("mixed", 1) => negative(image),
                    ("turned", _) | ("mixed", 2) => turn(image),
                    _ => {}
                }
            }
        }
        Ok(data)
    }
}

fn negative(image: &mut [f32]) {
    image.iter_mut().for_each(|v| *v = 1.0 - *v);
}

/// A quarter to the right: the left column is the upper row then.
fn turn(image: &mut [f32]) {
    let upright = image.to_vec();
    for (i, v) in image.iter_mut().enumerate() {
        let (row, column) = (i / SIDE, i % SIDE);
        *v = upright[(SIDE - 1 - column) * SIDE + row];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_to_the_right_brings_the_left_column_up() {
        let mut image = [0.0; SIDE * SIDE];
        // The foot of the left column, and a pixel right of its head.
        image[(SIDE - 1) * SIDE] = 1.0;
        image[1] = 0.5;
        turn(&mut image);
        assert_eq!((image[0], image[SIDE + SIDE - 1]), (1.0, 0.5));
        negative(&mut image);
        assert_eq!((image[0], image[1]), (0.0, 1.0));
    }
}
