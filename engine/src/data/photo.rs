//! One picture to be fitted: from the place of a pixel, its colour is to be told. Two photographs of 64 × 64 pixels.

use super::{Answer, Data, Dataset, Look, Source, bytes, pack, plane, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

const SIDE: usize = 64;
/// How much red, green and blue count for lightness (ITU-R BT.601).
const LIGHTNESS: [f32; 3] = [0.299, 0.587, 0.114];

pub struct Photo;

impl Entry for Photo {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "image",
            name: "A picture",
            help: "From the place of a pixel its colour is to be told: the network becomes the picture.",
            source: "Photographs by danielbuechele and vultilion, CC BY 2.0, by way of scikit-learn, made smaller",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "picture",
                name: "Picture",
                help: "A temple in China, or a flower.",
                kind: KnobKind::Choice { default: "flower", options: &["china", "flower"] },
            },
            Knob {
                id: "colour",
                name: "Colour",
                help: "Asks for red, green and blue in the place of lightness.",
                kind: KnobKind::Bool { default: false },
            },
            Knob {
                help: "The share of the pixels that is trained on, drawn at random; the rest is for testing.",
                ..plane::TRAIN
            },
        ];
        KNOBS
    }
}

impl Dataset for Photo {
    fn source(&self) -> Source {
        Source::Asset("photos.sbd")
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let (header, parts) = pack::lines(bytes::one(files)?)?;
        let pixels = pack::named(&header, parts, knobs.choice("picture"))?;
        if pixels.len() != SIDE * SIDE * 3 {
            let message = format!("{} values are no picture of {SIDE} × {SIDE} pixels", pixels.len());
            return Err(Diagnostic::new("files", message, ""));
        }
        let middle = |i: usize| (2 * i + 1) as f32 / SIDE as f32 - 1.0;
        let x: Vec<f32> = (0..SIDE * SIDE).flat_map(|i| [middle(i % SIDE), -middle(i / SIDE)]).collect();
        let (names, y) = if knobs.bool("colour") {
            (vec!["red", "green", "blue"], pixels)
        } else {
            let light = |p: &[f32]| p.iter().zip(LIGHTNESS).map(|(v, share)| v * share).sum();
            (vec!["lightness"], pixels.chunks_exact(3).map(light).collect())
        };
        // Which pixels are for testing is fixed, as in every asset.
        let (train, test) = split::random(&x, 2, &y, names.len(), knobs.float("train"), 0);
        let outputs = names.into_iter().map(str::to_owned).collect();
        Ok(Data { answer: Answer::Numbers, ..Data::of_classes(vec![2], outputs, train, test, Look::Plane) })
    }
}
