//! A person's own files and damaged assets: whatever the bytes are, the answer is a dataset or a diagnostic that says
//! where the fault is. Each reader meets every cut of a good file, thousands of damaged ones, and files of other kinds.

#![allow(clippy::unwrap_used)]

use std::{
    io::Write,
    time::{Duration, Instant},
};

use engine::{
    data::{DATASETS, Data, Look},
    diagnostic::Diagnostic,
    noise::Stream,
    registry::{Knobs, Setting, Settings, find},
};

fn load_with(id: &str, files: &[&[u8]], settings: &[(&str, Setting)]) -> Result<Data, Diagnostic> {
    let dataset = find(DATASETS, id, "data").unwrap();
    let settings: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    dataset.load(files, &Knobs::resolve(dataset.knobs(), &settings, "data").unwrap(), 7)
}

fn csv(text: impl AsRef<[u8]>) -> Result<Data, Diagnostic> {
    load_with("own-csv", &[text.as_ref()], &[])
}

fn idx(images: &[u8], labels: &[u8]) -> Result<Data, Diagnostic> {
    load_with("own-idx", &[images, labels], &[])
}

fn digits(file: &[u8]) -> Result<Data, Diagnostic> {
    load_with("digits", &[file], &[])
}

fn asset(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../assets/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_file(shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    file.extend(shape.iter().flat_map(|side| side.to_be_bytes()));
    file.extend_from_slice(values);
    file
}

/// Twelve images of 2 × 3 pixels in three classes, labelled 4, 5 and 9.
fn small_idx() -> (Vec<u8>, Vec<u8>) {
    let pixels: Vec<u8> = (0..72).map(|i| i * 3).collect();
    let labels: Vec<u8> = (0..12).map(|i| [4, 5, 9][i % 3]).collect();
    (idx_file(&[12, 2, 3], &pixels), idx_file(&[12], &labels))
}

const TABLE: &str = "width,class,height\n1,ant,2\n2,bee,4\n3,ant,5\n4,bee,1\n5.5,ant,2e-1\n6,bee,-7\n";

/// The fault of this table: where, and what.
fn fault(text: impl AsRef<[u8]>) -> (String, String) {
    let d = csv(text).unwrap_err();
    (d.path, d.message)
}

#[test]
fn a_table_is_read_as_written() {
    let data = csv(TABLE).unwrap();
    assert_eq!((data.look, data.input.as_slice()), (Look::Table, &[2][..]));
    assert_eq!(
        (data.columns.as_slice(), data.outputs.as_slice()),
        (&["width".to_owned(), "height".to_owned()][..], &["ant".to_owned(), "bee".to_owned()][..])
    );
    assert_eq!((data.train.len, data.test.len), (4, 2));
    assert!(data.train.x.iter().step_by(2).sum::<f32>().abs() < 1e-6);
    for same in [
        format!("\u{feff}{TABLE}"),
        TABLE.replace(',', ";"),
        TABLE.replace(',', "\t"),
        TABLE.replace('\n', "\r\n"),
        TABLE.replace('\n', "\n\n"),
        TABLE.replace("ant", "\"ant\""),
        TABLE.replace("ant", " ant  "),
        TABLE.trim_end().to_owned(),
        format!("\n\n{TABLE}"),
    ] {
        assert_eq!(csv(&same).unwrap(), data, "{same:?}");
    }
    assert_eq!(csv(gzip(TABLE.as_bytes())).unwrap(), data);
}

#[test]
fn the_class_is_the_named_column_or_the_last() {
    let last = csv("a,b\n1,x\n2,y\n3,x\n4,y\n").unwrap();
    assert_eq!((last.columns.as_slice(), last.outputs.len()), (&["a".to_owned()][..], 2));
    let bare = csv("1,2,0\n2,3,10\n3,4,9\n4,5,0\n5,6,10\n6,7,9\n").unwrap();
    assert_eq!(
        (bare.columns, bare.outputs),
        (vec!["column 1".to_owned(), "column 2".to_owned()], vec!["0".to_owned(), "9".to_owned(), "10".to_owned()])
    );
    let named = csv("TARGET,7,8\nu,1,2\nu,2,3\nv,3,4\nv,4,5\n").unwrap();
    assert_eq!(named.columns, ["7", "8"]);
    let words = [("header", Setting::Choice("names".into()))];
    let numbers = load_with("own-csv", &[b"1,2\n1,x\n2,x\n3,y\n4,y\n"], &words).unwrap();
    assert_eq!(numbers.columns, ["1"]);
}

#[test]
fn faults_of_a_table_name_the_line_and_the_column() {
    let is = |text: &str, path: &str, message: &str| {
        assert_eq!(fault(text), (path.to_owned(), message.to_owned()), "{text:?}");
        assert_eq!(fault(text.replace('\n', "\r\n")).0, path, "{text:?} with carriage returns");
    };
    is("a,b\n1,x\n2\n", "line 3", "cells: 1, where the first line has 2");
    is("a,b\n1,x\n2,x,3\n", "line 3", "cells: 3, where the first line has 2");
    is("a,b\n1,x\nbig,x\n", "line 3 › column 1 (a)", "`big` is no finite number");
    is("a,b\n\n\n1,x\nNaN,x\n", "line 5 › column 1 (a)", "`NaN` is no finite number");
    is("1,x\n1e99,x\n", "line 2 › column 1", "`1e99` is no finite number");
    is("a,b\n1,x\n,x\n", "line 3 › column 1 (a)", "the cell is empty");
    is("a,b\n1,x\n2,\n", "line 3 › column 2 (b)", "the cell is empty");
    is("a,b\n1,x\n2,x\n3,y\n", "line 4", "class `y` has this row alone");
    is("a,b\n1,x\n2,x\n", "line 1", "classes in the table: 1");
    is("a,b\n", "line 1", "classes in the table: 0");
    is("\n\n", "line 1", "there are no rows");
    is("just text\n", "line 1", "there is one column");
    is("a,\"b\nb\"\n1,x\n?,x\n", "line 4 › column 1 (a)", "`?` is no finite number");
    assert_eq!(fault(b"a,b\n1,x\n2,\xff\n").0, "line 3");
    let many: String = (0..101).map(|i| format!("{i},c{i}\n")).collect();
    assert_eq!(
        fault(many),
        ("line 101 › column 2".into(), "`c100` is one class more than the 100 that are read".into())
    );
    let wide = vec!["1"; 5000].join(",");
    assert_eq!(fault(wide), ("line 1".into(), "5000 columns".into()));
    let long = "1,x\n".repeat(100_001);
    assert_eq!(fault(long), ("line 100001".into(), "more than 100000 rows".into()));
    let heavy = format!("{}\n", vec!["1"; 4000].join(",")).repeat(4200);
    assert_eq!(fault(heavy), ("line 4196".into(), "more than 16777216 values".into()));
}

#[test]
fn images_are_read_as_written() {
    let (images, labels) = small_idx();
    let data = idx(&images, &labels).unwrap();
    assert_eq!((data.look, data.input.as_slice()), (Look::Image { height: 2, width: 3 }, &[2, 3, 1][..]));
    assert_eq!(data.outputs, ["4", "5", "9"]);
    assert_eq!((data.train.len, data.test.len), (9, 3));
    for (image, class) in data.train.x.chunks_exact(6).zip(&data.train.y) {
        let first = (image[0] * 255.0).round() as u32;
        assert_eq!(first / 18 % 3, *class as u32);
    }
    assert_eq!(idx(&gzip(&images), &gzip(&labels)).unwrap(), data);
    let fewer = load_with("own-idx", &[&images, &labels], &[("samples", Setting::Int(10))]).unwrap();
    assert_eq!(fewer.train.len + fewer.test.len, 10);
}

#[test]
fn faults_of_images_name_the_byte() {
    let (images, labels) = small_idx();
    let is = |images: &[u8], labels: &[u8], path: &str, message: &str| {
        let d = idx(images, labels).unwrap_err();
        assert_eq!((d.path.as_str(), d.message.as_str()), (path, message));
    };
    is(&labels, &images, "images › byte 3", "this is the file of the labels");
    is(&images, &images, "labels › byte 3", "this is the file of the images");
    is(&images[..80], &labels, "images › byte 80", "the file ends here, but should have 88 bytes");
    is(&images[..9], &labels, "images › byte 9", "the file ends here, but should have 16 bytes");
    is(
        &images,
        &[&labels[..], b"xy"].concat(),
        "labels › byte 20",
        "2 bytes too many: the sizes at its head call for 20",
    );
    is(&images, &idx_file(&[2], &[1, 2]), "labels › byte 4", "2 labels for 12 images");
    is(&idx_file(&[12, 0, 3], &[]), &labels, "images › byte 8", "images of 0 × 3 pixels");
    is(&idx_file(&[12, 1, 257], &[0; 12 * 257]), &labels, "images › byte 12", "images of 1 × 257 pixels");
    let mut floats = images.clone();
    floats[2] = 13;
    is(&floats, &labels, "images › byte 2", "13 stands where an IDX file has 8");
    let huge = idx_file(&[u32::MAX; 3], &[]);
    let message = "4294967295 × 4294967295 × 4294967295 values are more than a file may hold";
    is(&huge, &labels, "images › byte 4", message);
    let lonely = idx_file(&[12], &[4, 4, 4, 4, 4, 8, 4, 4, 4, 4, 4, 4]);
    is(&images, &lonely, "labels › byte 13", "label 8 occurs once in 12 samples");
    is(&images, &idx_file(&[12], &[4; 12]), "labels › byte 8", "different labels in 12 samples: 1");
    is(&idx_file(&[0, 2, 3], &[]), &idx_file(&[0], &[]), "labels › byte 8", "different labels in 0 samples: 0");
    let big = idx_file(&[300, 256, 256], &vec![0; 300 << 16]);
    is(&big, &idx_file(&[300], &[1; 300]), "samples", "300 images of 65536 pixels are 19660800 values");
}

#[test]
fn other_formats_are_called_by_their_name() {
    let (images, labels) = small_idx();
    let foreign: [(&[u8], &str); 7] = [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html></html>", "this is a web page"),
        (b"\xef\xbb\xbf\n <html>", "this is a web page"),
        (b"PK\x03\x04\x14\0\0\0", "this is a zip archive"),
        (b"\x89PNG\r\n\x1a\n", "this is a PNG image"),
        (b"\xff\xfea\0,\0b\0", "this is text in UTF-16"),
        (b"\x93NUMPY\x01\0", "this is a NumPy array"),
    ];
    for (bytes, message) in foreign {
        for bytes in [bytes.to_vec(), gzip(bytes)] {
            let faults =
                [csv(&bytes).unwrap_err(), idx(&bytes, &labels).unwrap_err(), idx(&images, &bytes).unwrap_err()];
            for fault in faults {
                assert!(fault.message.starts_with(message) && fault.path.ends_with("byte 0"), "{fault}");
            }
        }
        assert!(digits(bytes).unwrap_err().message.starts_with(message));
    }
    let fault = csv([&gzip(TABLE.as_bytes())[..], b"tail"].concat()).unwrap_err();
    assert!(fault.message.starts_with("the gzip data is damaged"), "{fault}");
    let packed = asset("digits.sbd");
    assert!(csv(&packed).is_err() && idx(&packed, &labels).is_err() && digits(TABLE.as_bytes()).is_err());
    let d = load_with("digits", &[&asset("iris.sbd")], &[]).unwrap_err();
    assert_eq!(d.message, "the samples have shape [4], but this dataset's have [8, 8, 1]");
}

#[test]
fn a_gzip_bomb_is_cut_off() {
    let bomb = gzip(&vec![b'1'; 80 << 20]);
    let started = Instant::now();
    let fault = csv(&bomb).unwrap_err();
    assert_eq!(fault.message, "the file has more than 64 MiB");
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// Every cut of a good file; `whole` says that only the full length may be read.
fn cut(file: &[u8], whole: bool, read: impl Fn(&[u8]) -> Result<Data, Diagnostic>) {
    for length in 0..file.len() {
        if let Err(fault) = read(&file[..length]) {
            assert!(!fault.path.is_empty() && !fault.message.is_empty(), "cut at {length}: {fault:?}");
        } else {
            assert!(!whole, "cut at {length}, and yet it was read");
        }
    }
    assert!(read(file).is_ok());
}

/// A thousand copies of a good file with one to eight bytes changed; `sealed` says that none may be read.
fn damaged(file: &[u8], sealed: bool, read: impl Fn(&[u8]) -> Result<Data, Diagnostic>) {
    let stream = Stream::named(11, b"flip");
    for round in 0..1000 {
        let draws = &mut stream.draws(round);
        let mut copy = file.to_vec();
        for _ in 0..=draws.below(8) {
            let at = draws.below(copy.len() as u32) as usize;
            copy[at] = draws.below(256) as u8;
        }
        match read(&copy) {
            Ok(data) => {
                assert!(!sealed || copy == file, "round {round}");
                assert!(data.train.x.iter().chain(&data.test.x).all(|v| v.is_finite()), "round {round}");
                assert_eq!(data.train.x.len(), data.train.len * data.input.iter().product::<usize>());
            }
            Err(fault) => assert!(!fault.path.is_empty() && !fault.message.is_empty(), "round {round}: {fault:?}"),
        }
    }
}

#[test]
fn cut_and_damaged_files_never_panic() {
    let (images, labels) = small_idx();
    let iris = asset("iris.sbd");
    let packed = |file: &[u8]| load_with("iris", &[file], &[]);
    cut(TABLE.as_bytes(), false, |file| csv(file));
    cut(&gzip(TABLE.as_bytes()), true, |file| csv(file));
    cut(&images, true, |file| idx(file, &labels));
    cut(&labels, true, |file| idx(&images, file));
    cut(&gzip(&images), true, |file| idx(file, &labels));
    cut(&iris, true, packed);
    damaged(TABLE.as_bytes(), false, |file| csv(file));
    damaged(&gzip(TABLE.as_bytes()), false, |file| csv(file));
    damaged(&images, false, |file| idx(file, &labels));
    damaged(&labels, false, |file| idx(&images, file));
    damaged(&iris, true, packed);
    damaged(&asset("digits.sbd"), true, digits);
    let series = |file: &[u8]| load_with("series", &[file], &[]);
    cut(&asset("series.sbd"), true, series);
    let photos = asset("photos.sbd");
    damaged(&photos, true, |file| load_with("image", &[file], &[]));
    // Sound packs of another kind.
    assert!(series(&iris).is_err() && packed(&photos).is_err());
    assert_eq!(series(&photos).unwrap_err().message, "there is no part `sunspots`");
    assert!(load_with("image", &[&asset("shakespeare.sbd")], &[]).is_err());
}
