//! Values without arguments: registers, constants, counting tables; and the two that no program may hold.

use super::{Cost, Lower, Primitive, Tensor};
use crate::ir::{Graph, Shape, SlotId, Value};

/// The content of a register when the tick began.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Read {
    pub slot: SlotId,
}

/// One number, shape `[]`; kept by its bits so that it can be compared and hashed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Const {
    bits: u32,
}

impl Const {
    pub fn new(v: f32) -> Self {
        // −0 and 0 are one constant, so that they share a node.
        Self { bits: (v + 0.0).to_bits() }
    }

    pub fn get(&self) -> f32 {
        f32::from_bits(self.bits)
    }
}

/// `0, 1, …, len − 1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Iota {
    pub len: usize,
}

/// A place to differentiate through; gone again when the derivative is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Symbol {
    pub id: u32,
}

/// What a fault yields.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Poison;

macro_rules! leaf {
    ($name:ident, $text:expr, $shape:expr, $eval:expr) => {
        impl Primitive for $name {
            fn name(&self) -> String {
                ($text)(self)
            }
            fn shape(&self, _: &[&Shape]) -> Result<Shape, String> {
                ($shape)(self)
            }
            fn cost(&self, _: &[&Shape], _: &Shape) -> Cost {
                Cost::FREE
            }
            fn eval(&self, _: &[&Tensor], _out: &Shape) -> Tensor {
                ($eval)(self)
            }
            fn vjp(&self, _: &mut Graph, _: Value, _: &[Value], _: Value) -> Vec<Option<Value>> {
                Vec::new()
            }
            fn lower(&self) -> Lower {
                Lower::Leaf
            }
        }
    };
}

leaf!(Const, |c: &Const| format!("const {}", c.get()), |_| Ok(Shape::default()), |c: &Const| Tensor::new(
    [],
    vec![c.get().into()]
));
leaf!(Iota, |i: &Iota| format!("iota {}", i.len), |i: &Iota| Ok(Shape::from([i.len])), |i: &Iota| Tensor::new(
    [i.len],
    (0..i.len).map(|v| v as f64).collect()
));
leaf!(
    Read,
    |r: &Read| format!("read {}", r.slot.index()),
    |_| Err("a register's shape is known to the graph alone".to_owned()),
    |_| unreachable!("registers are looked up by the executor")
);
leaf!(
    Symbol,
    |s: &Symbol| format!("symbol {}", s.id),
    |_| Err("a symbol's shape is given where it is made".to_owned()),
    |_| unreachable!("`check` refuses programs that hold a symbol")
);
leaf!(Poison, |_| "poison".to_owned(), |_| Err("poisoned".to_owned()), |_| unreachable!(
    "`check` refuses programs that hold a fault"
));
