//! A person's own NumPy arrays: samples and their answers, in two files or in one archive; and images, which the page
//! makes such an archive of.
//!
//! The samples' first axis counts them. What is left of the shape says what they are: numbers in columns, grey images
//! `[height, width]`, or images with one or three colours as the last axis or the one before the sides.

use std::borrow::Cow;

use super::npy::{self, Array};
use super::{Data, Dataset, Part, Source, bytes, plane, zip};
use crate::{
    diagnostic::Diagnostic,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
};

mod answers;
mod samples;

use samples::assemble;

/// Where arrays come from.
enum Form {
    /// Samples and answers in a file each.
    Files,
    Archive,
}

/// A dataset made of arrays.
pub struct Arrays {
    meta: &'static Meta,
    form: Form,
    parts: &'static [Part],
}

pub static OWN_NPY: Arrays = Arrays {
    meta: &Meta {
        id: "own-npy",
        name: "Your arrays (NPY)",
        help: "A NumPy array of samples and one of their answers: classes, or numbers.",
        source: "your files; the format is that of NumPy Enhancement Proposal 1",
    },
    form: Form::Files,
    parts: &[Part { name: "samples", accept: ".npy,.gz" }, Part { name: "answers", accept: ".npy,.gz" }],
};

pub static OWN_NPZ: Arrays = Arrays {
    meta: &Meta {
        id: "own-npz",
        name: "Your arrays (NPZ)",
        help: "An archive of NumPy arrays: x and y, or x_train, y_train, x_test and y_test.",
        source: "your file; the format is that of NumPy's savez",
    },
    form: Form::Archive,
    parts: &[Part { name: "archive", accept: ".npz,application/zip" }],
};

pub static OWN_IMAGES: Arrays = Arrays {
    meta: &Meta {
        id: "own-images",
        name: "Your pictures",
        help: "A folder or a zip of pictures; the folder that one lies in is its class.",
        source: "your pictures, made into arrays by the page",
    },
    form: Form::Archive,
    parts: &[Part { name: "pictures", accept: "image/*,.zip" }],
};

impl Entry for Arrays {
    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "asks",
                name: "Asks for",
                help: "Classes or numbers; auto: classes where answers are words or few whole numbers.",
                kind: KnobKind::Choice { default: "auto", options: &["auto", "classes", "numbers"] },
            },
            Knob {
                id: "samples",
                name: "Samples",
                help: "How many samples are taken at most, training and test together, drawn at random.",
                kind: KnobKind::Int { default: 10_000, min: 10, max: 100_000 },
            },
            plane::TRAIN,
        ];
        KNOBS
    }
}

impl Dataset for Arrays {
    fn source(&self) -> Source {
        Source::Own(self.parts)
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        match self.form {
            Form::Files => {
                let [x, y] = bytes::parts(files, &[OWN_NPY.parts[0], OWN_NPY.parts[1]])?;
                let (x, y) = (file(x).map_err(|d| d.within("samples"))?, file(y).map_err(|d| d.within("answers"))?);
                let array = |name: &'static str, file| {
                    Ok(Named { name: name.into(), array: Array::read(file).map_err(|d| d.within(name))? })
                };
                let [x, y] = [array("samples", &x)?, array("answers", &y)?];
                assemble(&Arranged { x, y, test: None, names: None }, knobs, seed)
            }
            Form::Archive => {
                let [file] = bytes::parts(files, &[self.parts[0]])?;
                archive(file, knobs, seed)
            }
        }
    }
}

/// A file that may be packed with gzip, but is an array.
fn file(file: &[u8]) -> Result<Cow<'_, [u8]>, Diagnostic> {
    let inner = if bytes::is_gzip(file) { Cow::Owned(bytes::inflated(file)?) } else { Cow::Borrowed(file) };
    if !inner.starts_with(npy::MAGIC) {
        bytes::refuse_foreign(&inner, "a NumPy array")?;
    }
    Ok(inner)
}

/// An array with what it is called.
struct Named<'a> {
    name: String,
    array: Array<'a>,
}

/// Which array is what.
struct Arranged<'a> {
    x: Named<'a>,
    y: Named<'a>,
    test: Option<(Named<'a>, Named<'a>)>,
    /// Names of the classes.
    names: Option<Named<'a>>,
}

const SAMPLES: [&str; 7] = ["x", "images", "data", "features", "inputs", "samples", "arr_0"];
const ANSWERS: [&str; 7] = ["y", "labels", "target", "targets", "outputs", "answers", "arr_1"];
const NAMES: [&str; 4] = ["classes", "class_names", "label_names", "target_names"];

fn missing(members: &[zip::Member<'_>], wanted: &str) -> Diagnostic {
    let all: Vec<_> = members.iter().map(|m| m.name.as_ref()).take(8).collect();
    let all = if all.is_empty() { "nothing".to_owned() } else { all.join(", ") };
    let message = format!("no array is called {wanted}; there is {all}");
    Diagnostic::new("archive", message, "save it with np.savez(\"data.npz\", x=…, y=…)")
}

fn archive(file: &[u8], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
    if !zip::is(file) {
        bytes::refuse_foreign(file, "an archive of NumPy arrays")?;
    }
    let members = zip::members(file)?;
    let called = |member: &zip::Member<'_>| member.name.strip_suffix(".npy").map(str::to_ascii_lowercase);
    let find = |wanted: &str| members.iter().find(|m| called(m).as_deref() == Some(wanted));
    let one_of = |bases: &[&str], split: &str| {
        bases.iter().find_map(|base| find(&format!("{base}_{split}")).or_else(|| find(&format!("{split}_{base}"))))
    };
    let plain = |bases: &[&str]| one_of(bases, "train").or_else(|| bases.iter().find_map(|base| find(base)));
    let x = plain(&SAMPLES).ok_or_else(|| missing(&members, "x"))?;
    let y = plain(&ANSWERS).ok_or_else(|| missing(&members, "y"))?;
    let test = one_of(&SAMPLES, "test").zip(one_of(&ANSWERS, "test"));
    let names = NAMES.iter().find_map(|name| find(name));
    let picked = [Some(x), Some(y), test.map(|t| t.0), test.map(|t| t.1), names];
    let mut contents = Vec::new();
    for member in picked.into_iter().flatten() {
        let name = called(member).unwrap_or_default();
        contents.push((name.clone(), member.content(file).map_err(|d| d.within(&name))?));
    }
    let read = |(name, content)| {
        let (name, content): (&String, &'_ Cow<'_, [u8]>) = (name, content);
        Ok(Named { name: name.clone(), array: Array::read(content).map_err(|d| d.within(name))? })
    };
    let mut arrays = contents.iter().map(|c| read((&c.0, &c.1))).collect::<Result<Vec<_>, Diagnostic>>()?.into_iter();
    let (Some(x), Some(y)) = (arrays.next(), arrays.next()) else {
        return Err(Diagnostic::new("archive", "there are no arrays", "save x and y"));
    };
    let test = if test.is_some() { arrays.next().zip(arrays.next()) } else { None };
    assemble(&Arranged { x, y, test, names: arrays.next() }, knobs, seed)
}

impl Named<'_> {
    fn fault(&self, message: impl Into<String>, mend: impl Into<String>) -> Diagnostic {
        Diagnostic::new(&self.name, message, mend)
    }

    fn len(&self) -> usize {
        self.array.shape.first().copied().unwrap_or(0)
    }

    fn shape(&self) -> String {
        let sides: Vec<_> = self.array.shape.iter().map(usize::to_string).collect();
        sides.join(" × ")
    }
}

fn finite(of: &Named<'_>, at: usize, sample: usize) -> Result<f32, Diagnostic> {
    let value = of.array.number(at) as f32;
    if value.is_finite() {
        return Ok(value);
    }
    let place = bytes::at(of.array.byte(at), format!("sample {sample} holds {value}"), "fill the gaps or leave it out");
    Err(place.within(&of.name))
}
