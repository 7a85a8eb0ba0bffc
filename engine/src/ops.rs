//! The closed list of primitives, and what each must say of itself.
//!
//! [`Primitive::eval`] is the definition of an operation: every executor is tested against it. [`Primitive::vjp`] is
//! the only derivative rule: forward mode is made from it ([`crate::ad::jvp`]).

use std::fmt;

use crate::ir::{Graph, Shape, Value};

pub mod conv;
pub mod grouped;
pub mod leaf;
pub mod matmul;
pub mod random;
pub mod reduce;
pub mod rows;
pub mod scalar;
pub mod shape;
pub mod sort;
pub mod windows;

/// A dense array in row-major order: what the definitions compute on.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub shape: Shape,
    pub data: Vec<f64>,
}

impl Tensor {
    pub fn new(shape: impl Into<Shape>, data: Vec<f64>) -> Self {
        let shape = shape.into();
        assert_eq!(shape.size(), data.len(), "a tensor's data fills its shape {shape}");
        Self { shape, data }
    }

    pub fn zeros(shape: &Shape) -> Self {
        Self { shape: shape.clone(), data: vec![0.0; shape.size()] }
    }
}

/// The exact work of one node, before fusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Floating-point operations.
    pub work: u64,
    /// The longest chain of dependent operations within the node.
    pub span: u64,
}

impl Cost {
    pub const FREE: Cost = Cost { work: 0, span: 0 };

    /// Every element of `out` on its own, `flops` operations each.
    pub fn map(out: &Shape, flops: u64) -> Self {
        Cost { work: out.size() as u64 * flops, span: flops.min(1) }
    }

    /// `outputs` trees of `terms` terms each, `flops` operations a term.
    pub fn tree(outputs: usize, terms: usize, flops: u64) -> Self {
        Cost { work: outputs as u64 * terms as u64 * flops, span: depth(terms) + flops.saturating_sub(1) }
    }
}

/// Depth of a balanced tree over `terms` terms.
pub fn depth(terms: usize) -> u64 {
    terms.max(1).next_power_of_two().trailing_zeros().into()
}

/// How a primitive reaches an executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lower {
    /// Has no command of its own: a register, a constant, a table laid down when the plan is loaded.
    Leaf,
    /// The same numbers under other indices.
    View,
    /// Element by element; fused with its neighbours.
    Map,
    /// A reduction over axes; takes the elementwise chain before it along.
    Reduce,
    /// Its parts are copied side by side into the output, the rest is zero.
    Assemble,
    /// Written by hand for each executor and never fused: its access pattern is what its speed depends on.
    Routine,
}

/// One operation of the closed list.
pub trait Primitive {
    /// Name with attributes, as programs print it.
    fn name(&self) -> String;
    /// Shape of the result, or why the arguments do not fit.
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String>;
    /// Exact cost, given shapes for which [`Primitive::shape`] succeeded.
    fn cost(&self, args: &[&Shape], out: &Shape) -> Cost;
    /// The definition, in 64-bit floats.
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor;
    /// The cotangents of the arguments, given that of the result; `None` where no derivative flows.
    fn vjp(&self, g: &mut Graph, y: Value, args: &[Value], ct: Value) -> Vec<Option<Value>>;
    fn lower(&self) -> Lower;
}

macro_rules! primitives {
    ($($module:ident :: { $($name:ident),* $(,)? }),* $(,)?) => {
        /// An operation of the closed list.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum Op { $($($name($module::$name),)*)* }

        $($(impl From<$module::$name> for Op {
            fn from(op: $module::$name) -> Self { Op::$name(op) }
        })*)*

        impl Op {
            fn primitive(&self) -> &dyn Primitive {
                match self { $($(Op::$name(op) => op,)*)* }
            }
        }
    };
}

primitives! {
    leaf::{Read, Const, Iota, Symbol, Poison},
    scalar::{Unary, Binary, Select},
    reduce::{Reduce, CumSum},
    shape::{Reshape, Transpose, Broadcast, Slice, Pad, Concat, Detach},
    matmul::{MatMul},
    conv::{Conv2d, Conv2dInput, Conv2dWeight},
    windows::{Windows, Fold},
    rows::{Gather, ScatterAdd},
    sort::{ArgSort},
    grouped::{GroupedMatMul, GroupedOuter},
    random::{Noise, Shuffle},
}

impl Primitive for Op {
    fn name(&self) -> String {
        self.primitive().name()
    }
    fn shape(&self, args: &[&Shape]) -> Result<Shape, String> {
        self.primitive().shape(args)
    }
    fn cost(&self, args: &[&Shape], out: &Shape) -> Cost {
        self.primitive().cost(args, out)
    }
    fn eval(&self, args: &[&Tensor], out: &Shape) -> Tensor {
        self.primitive().eval(args, out)
    }
    fn vjp(&self, g: &mut Graph, y: Value, args: &[Value], ct: Value) -> Vec<Option<Value>> {
        self.primitive().vjp(g, y, args, ct)
    }
    fn lower(&self) -> Lower {
        self.primitive().lower()
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Every multi-index of `shape`, in row-major order.
pub(crate) fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let shape = shape.to_vec();
    let size: usize = shape.iter().product();
    (0..size).map(move |mut i| {
        let mut index = vec![0; shape.len()];
        for (slot, extent) in index.iter_mut().zip(&shape).rev() {
            *slot = i % extent;
            i /= extent;
        }
        index
    })
}

/// Position of a multi-index under strides.
pub(crate) fn at(index: &[usize], strides: &[usize]) -> usize {
    index.iter().zip(strides).map(|(i, s)| i * s).sum()
}
