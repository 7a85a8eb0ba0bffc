//! A model in ONNX: nodes over named values, and the constants that they begin from.
//!
//! Fields and their numbers are those of `onnx.proto3`, IR version 8; operators those of opset 18.

use super::protobuf::Message;
use crate::ir::Shape;
use crate::weights::Weights;

const IR_VERSION: i64 = 8;
const OPSET: i64 = 18;
/// Types of elements.
pub const FLOAT: i64 = 1;
pub const INT64: i64 = 7;
pub const BOOL: i64 = 9;

#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    Int(i64),
    Ints(Vec<i64>),
    Text(&'static str),
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub op: &'static str,
    pub inputs: Vec<String>,
    /// The last one is used.
    pub outputs: Vec<String>,
    pub attributes: Vec<(&'static str, Attribute)>,
    /// Path of the block that it belongs to.
    pub path: String,
}

/// What nodes begin from.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// What the register of this name holds.
    Register(String, Shape),
    Floats(Shape, Vec<f32>),
    /// Extents, axes, rows: of shape `[n]`, or `[]`.
    Ints(Vec<usize>, Vec<i64>),
}

/// An extent: fixed, or as many as there are samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Fixed(usize),
    Batch,
}

/// See the head of this file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    pub nodes: Vec<Node>,
    pub constants: Vec<(String, Constant)>,
    pub inputs: Vec<(String, Vec<Extent>)>,
    pub outputs: Vec<(String, Vec<Extent>)>,
    /// What the file says of itself.
    pub about: Vec<(&'static str, String)>,
}

impl Attribute {
    fn message(&self, name: &str) -> Message {
        let message = Message::new().text(1, name);
        match self {
            Attribute::Int(v) => message.int(3, *v).int(20, 2),
            Attribute::Ints(v) => message.ints(8, v.iter().copied()).int(20, 7),
            Attribute::Text(v) => message.text(4, v).int(20, 3),
        }
    }
}

impl Node {
    fn message(&self) -> Message {
        Message::new()
            .texts(1, self.inputs.iter().map(String::as_str))
            .texts(2, self.outputs.iter().map(String::as_str))
            .text(3, self.outputs.last().map_or("", String::as_str))
            .text(4, self.op)
            .messages(5, self.attributes.iter().map(|(name, a)| a.message(name)))
            .text(6, &self.path)
    }
}

impl Constant {
    fn message(&self, name: &str, registers: &Weights) -> Message {
        let floats = |shape: &[usize], data: &[f32]| {
            let bytes: Vec<u8> = data.iter().flat_map(|v| v.to_le_bytes()).collect();
            tensor(name, shape, FLOAT, &bytes)
        };
        match self {
            Constant::Register(register, shape) => {
                floats(shape, registers.get(register).map_or(&[], |t| t.data.as_slice()))
            }
            Constant::Floats(shape, data) => floats(shape, data),
            Constant::Ints(shape, data) => {
                let bytes: Vec<u8> = data.iter().flat_map(|v| v.to_le_bytes()).collect();
                tensor(name, shape, INT64, &bytes)
            }
        }
    }
}

fn tensor(name: &str, shape: &[usize], kind: i64, bytes: &[u8]) -> Message {
    Message::new().ints(1, shape.iter().map(|&d| d as i64)).int(2, kind).text(8, name).bytes(9, bytes)
}

/// A value that goes in or comes out.
fn value(name: &str, shape: &[Extent]) -> Message {
    let extents = shape.iter().map(|extent| match extent {
        Extent::Fixed(n) => Message::new().int(1, *n as i64),
        Extent::Batch => Message::new().text(2, "batch"),
    });
    let shape = Message::new().messages(1, extents);
    let tensor = Message::new().int(1, FLOAT).message(2, shape);
    Message::new().text(1, name).message(2, Message::new().message(1, tensor))
}

impl Model {
    /// The file, with the registers' content in it.
    pub fn bytes(&self, registers: &Weights) -> Vec<u8> {
        let graph = Message::new()
            .messages(1, self.nodes.iter().map(Node::message))
            .text(2, "prediction")
            .messages(5, self.constants.iter().map(|(name, c)| c.message(name, registers)))
            .messages(11, self.inputs.iter().map(|(name, shape)| value(name, shape)))
            .messages(12, self.outputs.iter().map(|(name, shape)| value(name, shape)));
        let about = self.about.iter().map(|(key, text)| Message::new().text(1, key).text(2, text));
        Message::new()
            .int(1, IR_VERSION)
            .text(2, "Signalbox")
            .text(3, env!("CARGO_PKG_VERSION"))
            .message(7, graph)
            .message(8, Message::new().text(1, "").int(2, OPSET))
            .messages(14, about)
            .into_bytes()
    }
}
