//! 342 penguins of the Palmer archipelago (Gorman, Williams and Fraser 2014): the species by four measures, or the weight
//! by the other three; a fifth for testing, the split fixed and stratified by species.

use super::{Answer, Data, Dataset, Look, Source, Split, bytes, pack, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

const MEASURES: usize = 4;

pub struct Penguins;

impl Entry for Penguins {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "penguins",
            name: "Palmer penguins",
            help: "Penguins by the measures of bill, flipper and weight: which species, or how heavy.",
            source: "Gorman, Williams and Fraser 2014; Horst, Hill and Gorman 2020, by way of palmerpenguins",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        &[Knob {
            id: "asks",
            name: "Asks for",
            help: "The species by all four measures, or the weight by the other three.",
            kind: KnobKind::Choice { default: "species", options: &["species", "weight"] },
        }]
    }
}

impl Dataset for Penguins {
    fn source(&self) -> Source {
        Source::Asset("penguins.sbd")
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let mut data = pack::read(bytes::one(files)?, &[MEASURES], Look::Table)?;
        split::standardise(&mut data.train, &mut data.test, MEASURES);
        if knobs.choice("asks") == "weight" {
            let others = MEASURES - 1;
            for split in [&mut data.train, &mut data.test] {
                let rows = || split.x.chunks_exact(MEASURES);
                let x = rows().flat_map(|row| &row[..others]).copied().collect();
                *split = Split { x, y: rows().map(|row| row[others]).collect(), len: split.len };
            }
            data.outputs = data.columns.split_off(others);
            data.answer = Answer::Numbers;
            data.input = vec![others];
        }
        Ok(data)
    }
}
