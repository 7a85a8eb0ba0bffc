#![allow(clippy::unwrap_used)]

use super::*;
use crate::spec::{BlockSpec, Choice};

fn sample() -> Spec {
    let hidden = vec![BlockSpec::new("linear").with("units", 256), BlockSpec::new("activation")];
    let mut spec = Spec::new(Choice::new("mnist"), vec![hidden, vec![BlockSpec::new("linear")]]);
    spec.seed = 7;
    spec
}

fn pack(packing: u8, body: &[u8]) -> String {
    let mut bytes = vec![packing];
    bytes.extend(crc32(body).to_le_bytes());
    bytes.extend(body);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn message(link: &str) -> String {
    decode(link).unwrap_err()[0].message.clone()
}

#[test]
fn a_link_gives_back_the_experiment() {
    let code = encode(&sample());
    assert!(code.len() < 300, "{} characters", code.len());
    assert_eq!(decode(&code), Ok(sample()));
    assert_eq!(decode(&format!("#{code}")), Ok(sample()));
    assert_eq!(decode(&format!(" https://example.org/lab/?bench=1#{code}\n")), Ok(sample()));
    assert_eq!(decode(&format!("https://example.org/#spec={code}&device=cpu")), Ok(sample()));
}

#[test]
fn every_cut_and_every_changed_byte_is_noticed() {
    let code = encode(&sample());
    for end in 0..code.len() {
        assert!(decode(&code[..end]).is_err(), "cut at {end}");
    }
    for at in 0..code.len() {
        for byte in 0..128u8 {
            let mut changed = code.clone().into_bytes();
            if byte != changed[at] {
                changed[at] = byte;
                let changed = String::from_utf8(changed).unwrap();
                // A blank, or a `#`, put before the first letter but not into it, would be no damage.
                assert!(decode(&changed).is_err(), "{byte} at {at}");
            }
        }
    }
}

#[test]
fn what_carries_a_good_checksum_may_still_be_nonsense() {
    assert_eq!(message(&pack(PACKING, b"no deflate stream")), "it is damaged or incomplete");
    assert_eq!(message(&pack(PACKING, &compress_to_vec(&[0xff, 0xfe], LEVEL))), "it is damaged or incomplete");
    let bomb = compress_to_vec(&vec![b' '; limits::TEXT + 1], LEVEL);
    assert_eq!(message(&pack(PACKING, &bomb)), "what it unpacks to is too large");
    assert_eq!(message(&pack(PACKING + 1, b"?")), "it was made by a newer Signalbox");
    assert_eq!(message(&pack(PACKING, &compress_to_vec(b"[]", LEVEL))), "a list is no experiment");
    assert_eq!(message("https://example.org/#"), "there is no experiment in it");
}

#[test]
fn the_checksum_is_the_common_one() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
}
