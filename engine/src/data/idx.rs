//! A person's own images: the IDX format of MNIST, images and labels in a file each, plain or packed with gzip.
//!
//! An IDX file is two zero bytes, the type (8: unsigned byte), the number of dimensions, each dimension as a big-endian
//! 32-bit number, then the values.

use super::{CLASSES_MAX, Data, Dataset, Look, Part, Source, VALUES_MAX, bytes, plane, split};
use crate::{
    diagnostic::Diagnostic,
    noise::Stream,
    registry::{Entry, Knob, KnobKind, Knobs, Meta},
    sorting::Sorting as _,
};

/// MNIST's own files have no usual ending, so every file may be chosen.
const PARTS: &[Part; 2] = &[Part { name: "images", accept: "*/*" }, Part { name: "labels", accept: "*/*" }];

/// The longest side of an image.
const SIDE_MAX: usize = 256;

pub struct OwnIdx;

impl Entry for OwnIdx {
    fn meta(&self) -> &'static Meta {
        &Meta {
            id: "own-idx",
            name: "Your images (IDX)",
            help: "A file of images and a file of labels in MNIST's format: Fashion-MNIST, KMNIST, EMNIST or your own.",
            source: "your files; the format is that of LeCun, Cortes and Burges' MNIST database",
        }
    }

    fn knobs(&self) -> &'static [Knob] {
        const KNOBS: &[Knob] = &[
            Knob {
                id: "samples",
                name: "Samples",
                help: "How many images are taken at most, training and test together, drawn at random.",
                kind: KnobKind::Int { default: 10_000, min: 10, max: 70_000 },
            },
            plane::TRAIN,
        ];
        KNOBS
    }
}

impl Dataset for OwnIdx {
    fn source(&self) -> Source {
        Source::Own(PARTS)
    }

    fn load(&self, files: &[&[u8]], knobs: &Knobs, seed: u32) -> Result<Data, Diagnostic> {
        let [images, labels] = bytes::parts(files, PARTS)?;
        let images = bytes::unpacked(images, "an IDX file").map_err(|d| d.within("images"))?;
        let labels = bytes::unpacked(labels, "an IDX file").map_err(|d| d.within("labels"))?;
        let ([count, height, width], pixels) = idx::<3>(&images, "labels").map_err(|d| d.within("images"))?;
        let ([named], labels) = idx::<1>(&labels, "images").map_err(|d| d.within("labels"))?;
        if count != named {
            let message = format!("{named} labels for {count} images");
            return Err(bytes::at(4, message, "choose two files of the same set").within("labels"));
        }
        for (offset, side) in [(8, height), (12, width)] {
            if side == 0 || side > SIDE_MAX {
                let message = format!("images of {height} × {width} pixels");
                return Err(bytes::at(offset, message, format!("a side may have 1 to {SIDE_MAX}")).within("images"));
            }
        }
        let size = height * width;
        let taken = count.min(knobs.size("samples"));
        if taken * size > VALUES_MAX {
            let message = format!("{taken} images of {size} pixels are {} values", taken * size);
            let mend = format!("at most {VALUES_MAX} fit: set samples to {} or fewer", VALUES_MAX / size);
            return Err(Diagnostic::new("samples", message, mend));
        }

        let mut order = Stream::named(seed, b"ownx").permutation(0, count);
        order.truncate(taken);
        let mut present: Vec<u8> = order.iter().map(|&i| labels[i as usize]).collect();
        present.put_in_order();
        present.dedup();
        if present.len() < 2 || present.len() > CLASSES_MAX {
            let message = format!("different labels in {taken} samples: {}", present.len());
            return Err(bytes::at(8, message, format!("2 to {CLASSES_MAX} are needed")).within("labels"));
        }
        // Labels need not be gapless: EMNIST's letters count from 1.
        let class_of = |label: u8| present.binary_search(&label).unwrap_or_default() as u32;
        let mut tally = vec![0_usize; present.len()];
        let mut x = Vec::with_capacity(taken * size);
        let mut y = Vec::with_capacity(taken);
        for i in order.into_iter().map(|i| i as usize) {
            x.extend(pixels[i * size..(i + 1) * size].iter().map(|&v| f32::from(v) / 255.0));
            let class = class_of(labels[i]);
            tally[class as usize] += 1;
            y.push(class);
        }
        if let Some(lonely) = tally.iter().position(|&n| n == 1) {
            let label = present[lonely];
            let at = labels.iter().position(|&l| l == label).unwrap_or_default();
            let message = format!("label {label} occurs once in {taken} samples");
            let mend = "a class needs two, one to train on and one to test: take more samples";
            return Err(bytes::at(8 + at, message, mend).within("labels"));
        }
        let (train, test) = split::stratified(&x, size, &y, present.len(), knobs.float("train"), seed);
        let outputs = present.iter().map(u8::to_string).collect();
        Ok(Data::of_classes(vec![height, width, 1], outputs, train, test, Look::Image { height, width }))
    }
}

/// The dimensions and values of an IDX file of unsigned bytes with `D` dimensions. `other` is what the file is when it
/// has the dimensions of its companion.
fn idx<'a, const D: usize>(file: &'a [u8], other: &str) -> Result<([usize; D], &'a [u8]), Diagnostic> {
    const MEND: &str = "choose an IDX file of unsigned bytes, as MNIST's are";
    let cut = |wanted: u64| {
        let message = format!("the file ends here, but should have {wanted} bytes");
        bytes::at(file.len(), message, "download it again")
    };
    let companion = 4 - D;
    for (at, (have, want)) in file.iter().zip([0, 0, 8, D as u8]).enumerate() {
        if *have == want {
            continue;
        }
        if at == 3 && usize::from(*have) == companion {
            return Err(bytes::at(3, format!("this is the file of the {other}"), "exchange the two files"));
        }
        return Err(bytes::at(at, format!("{have} stands where an IDX file has {want}"), MEND));
    }
    let start = 4 + 4 * D;
    let Some((header, values)) = file.split_at_checked(start) else {
        return Err(cut(start as u64));
    };
    let mut shape = [0; D];
    for (side, word) in shape.iter_mut().zip(header[4..].chunks_exact(4)) {
        *side = u32::from_be_bytes([word[0], word[1], word[2], word[3]]) as usize;
    }
    let total = shape.iter().try_fold(1_u64, |n, &side| n.checked_mul(side as u64));
    let wanted = total.and_then(|n| n.checked_add(start as u64)).filter(|&n| n <= bytes::FILE_MAX as u64);
    let Some(wanted) = wanted else {
        let sides: Vec<_> = shape.iter().map(usize::to_string).collect();
        let message = format!("{} values are more than a file may hold", sides.join(" × "));
        return Err(bytes::at(4, message, format!("at most {} MiB are read", bytes::FILE_MAX >> 20)));
    };
    let have = file.len() as u64;
    if have < wanted {
        return Err(cut(wanted));
    }
    if have > wanted {
        let message = format!("{} bytes too many: the sizes at its head call for {wanted}", have - wanted);
        return Err(bytes::at(wanted as usize, message, MEND));
    }
    Ok((shape, values))
}
