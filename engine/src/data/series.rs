//! Measured series to be forecast: from so many values in a row, the next ones. The last fifth of the time is for
//! testing; a test sample may look back into the time before, but what it asks for lies in that fifth.

use super::{Answer, Data, Dataset, Look, Source, Split, Window, bytes, pack, split};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

const TRAIN_SHARE: f64 = 0.8;

pub struct Series;

impl Entry for Series {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "series",
            name: "Series to forecast",
            help: "From so many values of a measured series the next ones are to be told.",
            source: "NOAA, Scripps (Keeling and Whorf 2004), Cobb 1978; by way of statsmodels",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "series",
                name: "Series",
                help: "Sunspots by year, carbon dioxide by week, a sea's warmth by month, the Nile's flow by year.",
                kind: KnobKind::Choice { default: "sunspots", options: &["sunspots", "co2", "el-nino", "nile"] },
            },
            Knob {
                id: "length",
                name: "Values shown",
                help: "How many values in a row a sample shows.",
                kind: KnobKind::Int { default: 16, min: 2, max: 128 },
            },
            Knob {
                id: "ahead",
                name: "Values asked for",
                help: "How many of the next values are to be told.",
                kind: KnobKind::Int { default: 1, min: 1, max: 32 },
            },
            Knob {
                id: "changes",
                name: "Changes",
                help: "Shows and asks for the change from value to value: for series that rise all the time.",
                kind: KnobKind::Bool { default: false },
            },
        ];
        KNOBS
    }
}

impl Dataset for Series {
    fn source(&self) -> Source {
        Source::Asset("series.sbd")
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, _seed: u32) -> Result<Data, Diagnostic> {
        let (length, ahead) = (knobs.size("length"), knobs.size("ahead"));
        let (header, parts) = pack::lines(bytes::one(files)?)?;
        let mut values = pack::named(&header, parts, knobs.choice("series"))?;
        if knobs.bool("changes") {
            values = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        }
        let cut = (values.len() as f64 * TRAIN_SHARE) as usize;
        let window = Window { length, offset: length, answer: ahead, stride: 1 };
        if window.samples(cut) == 0 || values.len() - cut < ahead {
            let message = format!("{length} + {ahead} values do not fit into the {cut} that are trained on");
            return Err(Diagnostic::new("length", message, "choose a smaller length, or ask for fewer"));
        }
        let mut test = values[cut - length..].to_vec();
        values.truncate(cut);
        split::scores(&mut values, &mut test, 1);
        let split = |x: Vec<f32>| Split { len: window.samples(x.len()), x, y: Vec::new() };
        let outputs = (1..=ahead).map(|i| format!("{i} ahead")).collect();
        let data = Data::of_classes(vec![length], outputs, split(values), split(test), Look::Series);
        Ok(Data { answer: Answer::Numbers, window: Some(window), ..data })
    }
}
