//! The wire format of protocol buffers, as far as a model needs it: numbers as variable-length integers, everything
//! else as bytes with their length before them. (A message is what is written, field after field; no description of the
//! format is needed to write it, so that a crate would be code for reading and reflecting that nobody calls.)

/// A message being written.
#[derive(Debug, Clone, Default)]
pub struct Message {
    bytes: Vec<u8>,
}

impl Message {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn varint(&mut self, mut v: u64) {
        while v >= 0x80 {
            self.bytes.push(v as u8 | 0x80);
            v >>= 7;
        }
        self.bytes.push(v as u8);
    }

    /// A whole number; a negative one takes ten bytes, as two's complement.
    pub fn int(mut self, field: u64, v: i64) -> Self {
        self.varint(field << 3);
        self.varint(v as u64);
        self
    }

    /// The same field once for each number.
    pub fn ints(self, field: u64, all: impl IntoIterator<Item = i64>) -> Self {
        all.into_iter().fold(self, |message, v| message.int(field, v))
    }

    pub fn bytes(mut self, field: u64, v: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(v.len() as u64);
        self.bytes.extend_from_slice(v);
        self
    }

    pub fn text(self, field: u64, v: &str) -> Self {
        self.bytes(field, v.as_bytes())
    }

    pub fn texts<'a>(self, field: u64, all: impl IntoIterator<Item = &'a str>) -> Self {
        all.into_iter().fold(self, |message, v| message.text(field, v))
    }

    pub fn message(self, field: u64, v: Message) -> Self {
        self.bytes(field, &v.bytes)
    }

    pub fn messages(self, field: u64, all: impl IntoIterator<Item = Message>) -> Self {
        all.into_iter().fold(self, |message, v| message.message(field, v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the format's own description.
    #[test]
    fn a_message_is_written_as_the_format_says() {
        assert_eq!(Message::new().int(1, 150).into_bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::new().text(2, "testing").into_bytes(), *b"\x12\x07testing");
        let inner = Message::new().int(1, 150);
        assert_eq!(Message::new().message(3, inner).into_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(Message::new().int(1, -2).into_bytes(), [8, 0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    }
}
