//! How a header travels between page and worker: as few bytes without names, for which both sides need far less code than
//! for JSON, and in which numbers are what they were.

use serde::{Serialize, de::DeserializeOwned};

/// The bytes of a [`Command`](super::Command), an [`Examine`](super::Examine) or an [`Event`](super::Event).
///
/// # Errors
/// It holds what has no such form: a sequence of unknown length, a type that describes itself.
pub fn pack<H: Serialize>(header: &H) -> Result<Vec<u8>, String> {
    postcard::to_allocvec(header).map_err(|e| e.to_string())
}

/// # Errors
/// The bytes are cut, or of another kind of header.
pub fn unpack<H: DeserializeOwned>(bytes: &[u8]) -> Result<H, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((header, [])) => Ok(header),
        Ok((_, rest)) => Err(format!("{} bytes too many", rest.len())),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::presets::PRESETS;
    use crate::protocol::{Command, Event};
    use crate::registry::Setting;

    #[test]
    fn headers_come_out_as_they_went_in() {
        for preset in PRESETS {
            let spec = preset().spec;
            let mut load = Command::Load { run: 3, spec: Box::new(spec), device: None, from: None };
            assert_eq!(unpack::<Command>(&pack(&load).unwrap()).unwrap(), load);
            let Command::Load { spec, .. } = &mut load else { panic!("it loads") };
            let odd = [Setting::Bool(true), Setting::Int(-7), Setting::Float(0.1 + 0.2), Setting::Choice("é".into())];
            for (i, setting) in odd.into_iter().enumerate() {
                spec.rule.settings.insert(format!("knob {i}"), setting);
            }
            assert_eq!(unpack::<Command>(&pack(&load).unwrap()).unwrap(), load);
        }
    }

    #[test]
    fn what_is_cut_or_longer_is_refused() {
        let bytes = pack(&Event::Hello { build: "any".into() }).unwrap();
        assert!(unpack::<Event>(&bytes[..bytes.len() - 1]).is_err());
        assert!(unpack::<Event>(&[&bytes[..], &[0]].concat()).unwrap_err().contains("1 bytes too many"));
        assert!(unpack::<Event>(&[250]).is_err());
    }
}
