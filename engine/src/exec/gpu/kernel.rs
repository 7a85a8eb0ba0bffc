//! A kernel: WGSL, its parameters, and how many workgroups run it.

use std::borrow::Cow;
use std::fmt::Write;

use crate::plan::View;

/// Workgroups in a row of the grid. WebGPU allows 65,535; a power of two lets shaders join the two axes by a shift.
pub const ROW: u32 = 32_768;

/// Invocations of a workgroup, where a kernel has no reason for another number.
pub const LANES: usize = 64;

/// One dispatch.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    /// A whole WGSL module. The arena is binding 0, the parameters are binding 1.
    pub source: Cow<'static, str>,
    pub entry: &'static str,
    /// The uniform `Params` of the module, word by word.
    pub params: Vec<u32>,
    pub groups: [u32; 2],
    /// Rough number of operations, to keep submissions short.
    pub work: u64,
}

/// The dispatches of one command, in order, and the floats of scratch memory that they need.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lowered {
    pub kernels: Vec<Kernel>,
    pub scratch: usize,
}

impl From<Kernel> for Lowered {
    fn from(kernel: Kernel) -> Self {
        Self { kernels: vec![kernel], scratch: 0 }
    }
}

/// A number as a shader takes it. The arena holds fewer than 2³² floats, so everything within it fits.
pub fn word(v: usize) -> u32 {
    u32::try_from(v).unwrap_or(u32::MAX)
}

/// A grid of at least `count` workgroups; those beyond `count` must find that they have nothing to do.
pub fn grid(count: usize) -> [u32; 2] {
    let count = word(count);
    if count <= ROW { [count, 1] } else { [ROW, count.div_ceil(ROW)] }
}

/// A grid of at least `count` invocations in workgroups of [`LANES`].
pub fn invocations(count: usize) -> [u32; 2] {
    grid(count.div_ceil(LANES))
}

/// Named parameters in the order of their declaration.
#[derive(Debug, Default)]
pub struct Fields {
    declarations: String,
    pub values: Vec<u32>,
}

impl Fields {
    /// Declares a parameter and returns the text that reads it.
    pub fn push(&mut self, name: &str, value: u32) -> String {
        // Writing to a string cannot fail.
        let _ = writeln!(self.declarations, "    {name}: u32,");
        self.values.push(value);
        format!("p.{name}")
    }

    /// The members of the uniform, a line each.
    pub fn declarations(&self) -> &str {
        &self.declarations
    }

    /// The head of a generated module.
    pub fn head(&self) -> String {
        format!(
            "struct Params {{\n{}}}\n\n\
             @group(0) @binding(0) var<storage, read_write> mem: array<f32>;\n\
             @group(0) @binding(1) var<uniform> p: Params;\n\n",
            self.declarations
        )
    }
}

/// Several views over one index space, its axes merged as far as all views allow.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    pub extents: Vec<usize>,
    /// For each view, a stride for each extent.
    pub strides: Vec<Vec<usize>>,
}

impl Space {
    /// The axes `axes` of views that all have `shape`.
    pub fn of<'a>(shape: &[usize], axes: std::ops::Range<usize>, views: impl Iterator<Item = &'a View>) -> Self {
        let views: Vec<_> = views.collect();
        let mut space = Self { extents: Vec::new(), strides: vec![Vec::new(); views.len()] };
        for axis in axes.filter(|&a| shape[a] != 1) {
            let extent = shape[axis];
            let merges = space.extents.last().is_some()
                && views.iter().zip(&space.strides).all(|(v, s)| s.last() == Some(&(v.strides[axis] * extent)));
            if merges {
                if let Some(last) = space.extents.last_mut() {
                    *last *= extent;
                }
                for (v, s) in views.iter().zip(&mut space.strides) {
                    s.pop();
                    s.push(v.strides[axis]);
                }
            } else {
                space.extents.push(extent);
                for (v, s) in views.iter().zip(&mut space.strides) {
                    s.push(v.strides[axis]);
                }
            }
        }
        space
    }

    pub fn size(&self) -> usize {
        self.extents.iter().product()
    }

    /// WGSL that splits `flat` into the coordinates `{name}0, {name}1, …`. Extents are constants of the text, since
    /// dividing by a constant is far cheaper than dividing by a parameter.
    pub fn split(&self, flat: &str, name: &str) -> String {
        let mut text = String::new();
        let mut rest = flat.to_owned();
        for (axis, &extent) in self.extents.iter().enumerate().rev() {
            if axis == 0 {
                let _ = writeln!(text, "    let {name}0 = {rest};");
            } else {
                let _ = writeln!(text, "    let {name}{axis} = {rest} % {extent}u;");
                let _ = writeln!(text, "    let {name}_{axis} = {rest} / {extent}u;");
                rest = format!("{name}_{axis}");
            }
        }
        text
    }

    /// WGSL for the place of coordinates `{name}…` in view `view`, to be added to its offset; empty where all are at
    /// the offset. `flat` is the position in the space.
    pub fn place(&self, view: usize, flat: &str, name: &str, label: &str, fields: &mut Fields) -> String {
        let strides = &self.strides[view];
        if self.contiguous(view) {
            return if self.extents.is_empty() { String::new() } else { format!(" + {flat}") };
        }
        let mut text = String::new();
        for (axis, &stride) in strides.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = match stride {
                0 => Ok(()),
                1 => write!(text, " + {name}{axis}"),
                _ => {
                    let stride = fields.push(&format!("{label}_{name}{axis}"), word(stride));
                    write!(text, " + {name}{axis} * {stride}")
                }
            };
        }
        text
    }

    /// Whether the view runs through memory as the index space does.
    pub fn contiguous(&self, view: usize) -> bool {
        let mut expect = 1;
        self.extents.iter().zip(&self.strides[view]).rev().all(|(&extent, &stride)| {
            let ok = stride == expect;
            expect *= extent;
            ok
        })
    }
}
