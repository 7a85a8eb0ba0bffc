//! Percent-encoding of what stands in an address (RFC 3986, section 2.1).

use std::fmt::Write;

/// `text` with everything but letters, digits and a few marks that no address gives a meaning as `%XX` of its UTF-8.
pub fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,/:".contains(&byte) {
            out.push(byte.into());
        } else {
            // Writing to a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The text that was encoded; what is no encoding stands for itself.
pub fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let pair = (byte == b'%').then(|| std::str::from_utf8(after.get(..2)?).ok()).flatten();
        match pair.filter(|p| p.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|p| u8::from_str_radix(p, 16).ok()) {
            Some(meant) => {
                out.push(meant);
                rest = &after[2..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_comes_back() {
        for text in ["", "1/1.linear", "a=b&c#d%e f+g", "größer › ∞"] {
            let code = encode(text);
            assert!(code.bytes().all(|b| b.is_ascii_graphic() && !b"=&#+\"<>".contains(&b)), "{code}");
            assert_eq!(decode(&code), text);
        }
        assert_eq!(decode("50%, %+1, %zz, %"), "50%, %+1, %zz, %");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }
}
