//! A person's own arrays and texts: what NumPy writes is read as it was meant, and whatever else the bytes are, the answer
//! is a dataset or a diagnostic with its place.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use engine::{
    data::{Answer, DATASETS, Data, Look},
    diagnostic::Diagnostic,
    noise::Stream,
    registry::{Knobs, Setting, Settings, find},
};

fn load(id: &str, files: &[&[u8]], settings: &[(&str, Setting)]) -> Result<Data, Diagnostic> {
    let dataset = find(DATASETS, id, "data").unwrap();
    let settings: Settings = settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    dataset.load(files, &Knobs::resolve(dataset.knobs(), &settings, "data").unwrap(), 7)
}

fn npy(x: &[u8], y: &[u8]) -> Result<Data, Diagnostic> {
    load("own-npy", &[x, y], &[])
}

fn npz(file: &[u8]) -> Result<Data, Diagnostic> {
    load("own-npz", &[file], &[])
}

fn fault(read: Result<Data, Diagnostic>) -> (String, String) {
    let d = read.unwrap_err();
    assert!(!d.mend.is_empty(), "{d}");
    (d.path, d.message)
}

/// An NPY file of version `version`.
fn array(version: u8, descr: &str, fortran: bool, shape: &[u64], values: &[u8]) -> Vec<u8> {
    let sides: String = shape.iter().map(|s| format!("{s}, ")).collect();
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({sides}), }}\n");
    let mut file = b"\x93NUMPY".to_vec();
    file.extend([version, 0]);
    let length = (header.len() as u32).to_le_bytes();
    file.extend(&length[..if version == 1 { 2 } else { 4 }]);
    file.extend(header.as_bytes());
    file.extend(values);
    file
}

/// The zip archive of these members, deflated where it is said.
fn archive(members: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for &(name, content, deflated) in members {
        let packed = if deflated { miniz_oxide::deflate::compress_to_vec(content, 6) } else { content.to_vec() };
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        common.extend(if deflated { [8_u8, 0] } else { [0, 0] });
        common.extend([0; 4]);
        common.extend(crc.sum().to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        directory.extend(b"PK\x01\x02\x14\0\x14\0\0\0");
        directory.extend(&common);
        directory.extend([0; 12]);
        directory.extend((file.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        file.extend(b"PK\x03\x04\x14\0\0\0");
        file.extend(&common);
        file.extend([0; 2]);
        file.extend(name.as_bytes());
        file.extend(&packed);
    }
    let start = file.len() as u32;
    let count = (members.len() as u16).to_le_bytes();
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count, count].concat());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

/// Twelve images of 2 × 3 pixels: pixel `p` of image `i` is `20 i + p`; and their classes 4, 5, 9 in turn.
fn pixels() -> Vec<u8> {
    (0..12).flat_map(|i| (0..6).map(move |p| 20 * i + p)).collect()
}

fn labels() -> Vec<u8> {
    (0..12).map(|i| [4, 5, 9][i % 3]).collect()
}

fn images() -> (Vec<u8>, Vec<u8>) {
    (array(1, "|u1", false, &[12, 2, 3], &pixels()), array(1, "|u1", false, &[12], &labels()))
}

#[test]
fn images_of_every_order_and_version_are_the_same() {
    let (x, y) = images();
    let data = npy(&x, &y).unwrap();
    assert_eq!((data.look, data.input.as_slice()), (Look::Image { height: 2, width: 3 }, &[2, 3, 1][..]));
    assert_eq!((data.outputs.as_slice(), data.answer), (&["4", "5", "9"].map(str::to_owned)[..], Answer::Class));
    assert_eq!((data.train.len, data.test.len), (9, 3));
    for (image, class) in data.train.x.chunks_exact(6).zip(&data.train.y) {
        let first = (image[0] * 255.0).round() as u32;
        assert_eq!((first / 20 % 3, first % 20), (*class as u32, 0));
        assert!((image[5] * 255.0 - image[0] * 255.0 - 5.0).abs() < 1e-4);
    }
    for version in [2, 3] {
        assert_eq!(npy(&array(version, "|u1", false, &[12, 2, 3], &pixels()), &y).unwrap(), data);
    }
    // Columns first: value (i, row, column) lies at i + 12 row + 24 column.
    let turned: Vec<u8> = (0..72).map(|at| 20 * (at % 12) + 3 * (at / 12 % 2) + at / 24).collect();
    assert_eq!(npy(&array(1, "|u1", true, &[12, 2, 3], &turned), &y).unwrap(), data);
    assert_eq!(npy(&array(1, "|u1", false, &[12, 2, 3, 1], &pixels()), &y).unwrap(), data);
    assert_eq!(npy(&array(1, "|u1", false, &[12, 1, 3, 2], &pixels()), &y).unwrap().input, [3, 2, 1]);
    let column = array(1, "|u1", false, &[12, 1], &labels());
    assert_eq!(npy(&x, &column).unwrap(), data);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&x).unwrap();
    assert_eq!(npy(&gzip.finish().unwrap(), &y).unwrap(), data);
    for packed in [false, true] {
        let file = archive(&[("x.npy", &x, packed), ("y.npy", &y, packed)]);
        assert_eq!(npz(&file).unwrap(), data);
        assert_eq!(load("own-images", &[&file], &[]).unwrap(), data);
    }
}

/// A number as the bytes of an array.
type Bytes = fn(i16) -> Vec<u8>;

#[test]
fn every_type_and_byte_order_is_read() {
    let (_, y) = images();
    let table = |descr: &str, values: Vec<u8>| npy(&array(1, descr, false, &[12, 1], &values), &y).unwrap().train.x;
    let wanted = table("<f4", (0..12).flat_map(|i| (i as f32).to_le_bytes()).collect());
    let whole: [(&str, Bytes); 14] = [
        ("|u1", |i| vec![i as u8]),
        ("|i1", |i| (i as i8 - 6).to_le_bytes().to_vec()),
        ("<u2", |i| (i as u16).to_le_bytes().to_vec()),
        (">u2", |i| (i as u16).to_be_bytes().to_vec()),
        ("<i2", |i| (i - 6).to_le_bytes().to_vec()),
        (">i2", |i| (i - 6).to_be_bytes().to_vec()),
        ("<u4", |i| (i as u32).to_le_bytes().to_vec()),
        (">i4", |i| (i32::from(i) - 6).to_be_bytes().to_vec()),
        ("<u8", |i| (i as u64).to_le_bytes().to_vec()),
        (">i8", |i| (i64::from(i) - 6).to_be_bytes().to_vec()),
        (">f4", |i| f32::from(i).to_be_bytes().to_vec()),
        ("<f8", |i| f64::from(i).to_le_bytes().to_vec()),
        (">f8", |i| f64::from(i).to_be_bytes().to_vec()),
        // 2 to the power of 4 and more, whose half of precision has its exponent in the upper six bits.
        ("<f2", |i| (0x4c00_u16 + (i as u16) * 64).to_le_bytes().to_vec()),
    ];
    for (descr, bytes) in whole {
        // Standardised, so that what is added or multiplied does not show.
        let read = table(descr, (0..12).flat_map(bytes).collect());
        assert!(read.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-5), "{descr}: {read:?} is not {wanted:?}");
    }
    let truth = array(1, "|b1", false, &[12], &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let (x, _) = images();
    assert_eq!(npy(&x, &truth).unwrap().outputs, ["0", "1"]);
    let words: Vec<u8> = (0..12)
        .flat_map(|i| ["été", "ox"][i % 2].chars().chain(['\0'; 3]).take(3).collect::<Vec<_>>())
        .flat_map(|c| (c as u32).to_le_bytes())
        .collect();
    assert_eq!(npy(&x, &array(1, "<U3", false, &[12], &words)).unwrap().outputs, ["ox", "été"]);
    let bytes: Vec<u8> = (0..12).flat_map(|i| *[b"b\0", b"ab"][i % 2]).collect();
    assert_eq!(npy(&x, &array(1, "|S2", false, &[12], &bytes)).unwrap().outputs, ["ab", "b"]);
}

#[test]
fn answers_are_classes_or_numbers() {
    let (x, _) = images();
    let floats = |v: &[f32]| v.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    let halves: Vec<f32> = (0..12).map(|i| i as f32 / 2.0).collect();
    let numbers = npy(&x, &array(1, "<f4", false, &[12], &floats(&halves))).unwrap();
    assert_eq!((numbers.answer, numbers.outputs.len()), (Answer::Numbers, 1));
    assert!(numbers.train.y.iter().sum::<f32>().abs() < 1e-4);
    let pairs =
        npy(&x, &array(1, "<f4", false, &[12, 2], &floats(&[halves.clone(), halves.clone()].concat()))).unwrap();
    assert_eq!((pairs.answer, pairs.outputs.len(), pairs.train.y.len()), (Answer::Numbers, 2, 2 * pairs.train.len));
    let hot: Vec<f32> = (0..36).map(|i| f32::from(u8::from(i / 3 % 3 == i % 3))).collect();
    let classes = npy(&x, &array(1, "<f4", false, &[12, 3], &floats(&hot))).unwrap();
    assert_eq!((classes.answer, classes.outputs.len(), classes.train.y.len()), (Answer::Class, 3, classes.train.len));
    let asked = load("own-npy", &[&x, &images().1], &[("asks", Setting::Choice("numbers".into()))]).unwrap();
    assert_eq!(asked.answer, Answer::Numbers);
}

#[test]
fn a_split_of_the_archives_own_stands() {
    let (x, y) = images();
    let (few, of_few) =
        (array(1, "|u1", false, &[3, 2, 3], &pixels()[..18]), array(1, "|u1", false, &[3], &labels()[..3]));
    let words: Vec<u8> = (0..10).flat_map(|i| [b'A' + i, 0]).collect();
    let names = array(1, "|S2", false, &[10], &words);
    let members: [(&str, &[u8], bool); 5] = [
        ("train_images.npy", &x, true),
        ("train_labels.npy", &y, false),
        ("test_images.npy", &few, true),
        ("test_labels.npy", &of_few, false),
        ("class_names.npy", &names, false),
    ];
    let data = npz(&archive(&members)).unwrap();
    assert_eq!((data.train.len, data.test.len), (12, 3));
    assert_eq!(data.outputs, ["E", "F", "J"]);
    let colours = array(1, "|u1", false, &[12, 2, 1, 3], &pixels());
    assert_eq!(npy(&colours, &y).unwrap().input, [2, 1, 3]);
}

#[test]
fn faults_name_the_array_and_the_byte() {
    let (x, y) = images();
    let is = |read, path: &str, message: &str| assert_eq!(fault(read), (path.to_owned(), message.to_owned()));
    is(npy(&x[..100], &y), "samples › byte 100", &format!("the file ends here, but should have {} bytes", x.len()));
    is(
        npy(&[&x[..], b"more"].concat(), &y),
        &format!("samples › byte {}", x.len()),
        "4 bytes too many: the shape calls for 72",
    );
    is(npy(b"\x93NUMPX\x01\0", &y), "samples › byte 5", "this is no NumPy array");
    is(npy(b"", &y), "samples › byte 0", "the file is empty");
    is(npy(b"%PDF-1.7 and so on", &y), "samples › byte 0", "this is a PDF document, not a NumPy array");
    is(
        npy(&array(9, "|u1", false, &[12, 2, 3], &pixels()), &y),
        "samples › byte 6",
        "version 9.0 of the format is not known",
    );
    is(npy(&array(1, "|O", false, &[12], &[0; 96]), &y), "samples › byte 10", "it holds Python objects");
    is(npy(&array(1, "<c8", false, &[12], &[0; 96]), &y), "samples › byte 10", "its numbers are complex");
    is(npy(&array(1, "<M8[ns]", false, &[12], &[0; 96]), &y), "samples › byte 10", "its type `<M8[ns]` is not read");
    is(npy(&array(1, "|u1", false, &[2, 2, 3, 2, 3], &pixels()), &y), "samples", "its shape is 2 × 2 × 3 × 2 × 3");
    is(npy(&array(1, "|u1", false, &[6, 2, 3, 2], &pixels()), &y), "samples", "its shape is 6 × 2 × 3 × 2");
    is(npy(&array(1, "|u1", false, &[0, 2, 3], &[]), &array(1, "|u1", false, &[0], &[])), "samples", "samples: 0");
    is(npy(&x, &array(1, "|u1", false, &[3], &[1, 2, 3])), "answers", "3 answers for 12 samples");
    is(npy(&x, &array(1, "|u1", false, &[12], &[7; 12])), "answers", "classes in 12 samples: 1");
    is(
        npy(&x, &array(1, "|u1", false, &[12], &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8])),
        "answers",
        "class `8` has one sample",
    );
    let mut gaps = vec![0; 96];
    gaps[20..24].copy_from_slice(&f32::NAN.to_le_bytes());
    let head = array(1, "<f4", false, &[12, 2], &[]).len();
    is(
        npy(&array(1, "<f4", false, &[12, 2], &gaps), &y),
        &format!("samples › byte {}", head + 20),
        "sample 2 holds NaN",
    );
    is(
        npz(&archive(&[("a.npy", &x, false), ("b.txt", b"", false)])),
        "archive",
        "no array is called x; there is a.npy, b.txt",
    );
    is(npz(&archive(&[("x.npy", &x, false)])), "archive", "no array is called y; there is x.npy");
    is(npz(&x), "byte 0", "this is a NumPy array, not an archive of NumPy arrays");
    is(npz(b"nothing of the kind"), "byte 0", "this is no zip archive");
    let mut other = archive(&[("x.npy", &x, false), ("y.npy", &y, false)]);
    other[60] ^= 1;
    is(npz(&other), "x › byte 0", "its checksum is wrong");
}

#[test]
fn no_size_is_taken_on_trust() {
    let (_, y) = images();
    let huge = array(1, "<f8", false, &[u64::MAX / 8, 2, 3], &[]);
    assert!(fault(npy(&huge, &y)).1.ends_with("values of 8 bytes are more than are read"));
    let wide = array(1, "<f8", false, &[1 << 40], &[]);
    assert!(fault(npy(&wide, &y)).1.starts_with("1099511627776 values of 8 bytes"));
    let empty = array(1, "<f8", false, &[0, u64::MAX / 2, 3], &[]);
    assert!(fault(npy(&empty, &y)).1.starts_with("0 × 9223372036854775807 × 3 values of 8 bytes"));
    // A bomb: its directory says what it unpacks to, and a lie is caught at the size that it tells.
    let zeros = array(1, "|u1", false, &[60 << 20], &vec![0; 60 << 20]);
    let bomb = archive(&[("x.npy", &zeros, true), ("y.npy", &zeros, true)]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(fault(npz(&bomb)).1, "classes in 10000 samples: 1");
    let over = vec![0; 65 << 20];
    assert_eq!(
        fault(npz(&archive(&[("x.npy", &over, true), ("y.npy", &y, true)]))),
        ("x › byte 0".into(), "it has more than 64 MiB".into())
    );
}

#[test]
fn cut_and_damaged_files_never_panic() {
    let (x, y) = images();
    let sound = |read: Result<Data, Diagnostic>| match read {
        Ok(data) => assert!(data.train.x.iter().chain(&data.test.x).all(|v| v.is_finite())),
        Err(fault) => assert!(!fault.path.is_empty() && !fault.message.is_empty(), "{fault:?}"),
    };
    let stored = archive(&[("x.npy", &x, false), ("y.npy", &y, false)]);
    let deflated = archive(&[("x.npy", &x, true), ("y.npy", &y, true)]);
    for length in 0..x.len() {
        assert!(npy(&x[..length], &y).is_err(), "cut at {length}");
    }
    for file in [&stored, &deflated] {
        for length in 0..file.len() {
            assert!(npz(&file[..length]).is_err(), "cut at {length}");
        }
    }
    let stream = Stream::named(11, b"flip");
    for round in 0..1500 {
        let draws = &mut stream.draws(round);
        let mut damage = |file: &[u8]| {
            let mut copy = file.to_vec();
            for _ in 0..=draws.below(8) {
                let at = draws.below(copy.len() as u32) as usize;
                copy[at] = draws.below(256) as u8;
            }
            copy
        };
        sound(npy(&damage(&x), &y));
        sound(npy(&x, &damage(&y)));
        sound(npz(&damage(&stored)));
        sound(npz(&damage(&deflated)));
    }
}

#[test]
fn a_text_is_its_characters() {
    let text = "Ring a ring o' roses,\r\nA pocket full of posies.\r\n".repeat(20);
    let data = load("own-text", &[text.as_bytes()], &[]).unwrap();
    let plain = text.replace("\r\n", "\n");
    assert_eq!(load("own-text", &[plain.as_bytes()], &[]).unwrap(), data);
    let written: String = data.train.x.iter().chain(&data.test.x).map(|&t| data.tokens[t as usize].as_str()).collect();
    assert_eq!((written, data.look), (plain, Look::Text));
    assert_eq!((data.answer, data.window.unwrap().length), (Answer::ClassAtPlaces(32), 32));
    assert!(data.samples(&data.test) > 0);

    // Rare characters are one token, which stands last though others come after it in Unicode.
    let many: String = (0x4e00..0x4f80).chain(0x1f600..0x1f610).filter_map(char::from_u32).collect();
    let many = format!("{many}{}", "\u{1f600}\u{4e00}".repeat(2000));
    let data = load("own-text", &[many.as_bytes()], &[]).unwrap();
    assert_eq!((data.tokens.len(), data.tokens[255].as_str()), (256, "\u{fffd}"));
    let end: String = data.test.x[data.test.x.len() - 2..].iter().map(|&t| data.tokens[t as usize].as_str()).collect();
    assert_eq!(end, "\u{1f600}\u{4e00}");
}

#[test]
fn a_text_that_is_too_short_is_told_what_it_needs() {
    let read = |text: &str| load("own-text", &[text.as_bytes()], &[]);
    let enough = format!("{}a", "ab".repeat(160));
    assert!(read(&enough).is_ok());
    let d = read(&enough[1..]).unwrap_err();
    assert_eq!(
        (d.path.as_str(), d.message.as_str()),
        ("text", "the text has 320 characters; a context of 32 needs 321")
    );
    assert_eq!(d.mend, "add to it, or set Context to 31");
    assert!(load("own-text", &[&enough.as_bytes()[1..]], &[("length", Setting::Int(31))]).is_ok());
    assert!(read("too short").unwrap_err().mend.starts_with("add to it: 41 are the least"));
    assert_eq!(read(&"a".repeat(900)).unwrap_err().message, "it is one character again and again");
    let d = load("own-text", &[b"one\ntwo \xff"], &[]).unwrap_err();
    assert_eq!((d.path.as_str(), d.message.as_str()), ("line 2", "byte 0xff is not UTF-8"));
    assert_eq!(read("").unwrap_err().message, "the file is empty");
}
