//! Matrix products: how the views of a batch become parameters of the two kernels.

use super::kernel::{Kernel, Lowered, grid, invocations, word};
use super::routine::sum_parts;
use crate::ops::matmul::MatMul;
use crate::plan::{Output, View};

pub const REGISTERS: &str = include_str!("../shaders/matmul_registers.wgsl");
pub const SHARED: &str = include_str!("../shaders/matmul_shared.wgsl");

/// Leading axes that the kernels take apart.
const LEAD: usize = 4;

/// Which kernel multiplies matrices; see the files' heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    Registers,
    Shared,
}

/// One operand: where its matrices begin, and its strides.
struct Operand {
    offset: usize,
    row: usize,
    col: usize,
    lead: Vec<usize>,
}

impl Operand {
    /// The matrices of `view`, transposed where asked, repeated to the leading axes `lead`.
    fn of(view: &View, transposed: bool, lead: &[usize]) -> Self {
        let (rank, own) = (view.shape.len(), view.shape.len() - 2);
        let (row, col) = (view.strides[rank - 2], view.strides[rank - 1]);
        let (row, col) = if transposed { (col, row) } else { (row, col) };
        let repeated = lead.len() - own;
        let stride = |i: usize| match i.checked_sub(repeated) {
            Some(j) if view.shape[j] != 1 => view.strides[j],
            _ => 0,
        };
        Self { offset: view.offset, row, col, lead: (0..lead.len()).map(stride).collect() }
    }
}

/// The product of `a` and `b`, in one dispatch as long as no more than four leading axes are left when those that
/// can be are merged; beyond that, in one for each index of the outer ones.
pub fn lower(
    op: MatMul,
    [a, b]: [&View; 2],
    result: &[usize],
    output: &Output,
    scratch: usize,
    variant: Variant,
) -> Lowered {
    let rank = result.len();
    let (m, n) = (result[rank - 2], result[rank - 1]);
    let k = a.shape[a.shape.len() - if op.ta { 2 } else { 1 }];
    let lead = &result[..rank - 2];
    let (a, b) = (Operand::of(a, op.ta, lead), Operand::of(b, op.tb, lead));
    let view = |o: &Operand| View { offset: 0, shape: lead.to_vec(), strides: o.lead.clone() };
    let space = super::kernel::Space::of(lead, 0..lead.len(), [&view(&a), &view(&b)].into_iter());
    let (outer, inner) = space.extents.split_at(space.extents.len().saturating_sub(LEAD));
    let batch: usize = inner.iter().product();
    // Right-aligned, with extent 1 and stride 0 in front.
    let pad = |v: &[usize], fill: usize| {
        let mut four = [word(fill); LEAD];
        for (slot, &v) in four[LEAD - v.len()..].iter_mut().zip(v) {
            *slot = word(v);
        }
        four
    };
    let strides = |i: usize| pad(&space.strides[i][outer.len()..], 0);
    // The second pass over a cut product counts its results from 0.
    let cut = outer.iter().product::<usize>() == 1 || matches!(output, Output::Plain(_));
    let shape = Shape { m, n, k, batch, cut };
    let mut all = Lowered::default();
    for (index, at) in crate::ops::indices(outer).enumerate() {
        let offset = |o: &Operand, i: usize| o.offset + crate::ops::at(&at, &space.strides[i][..outer.len()]);
        let (a_at, b_at) = (offset(&a, 0), offset(&b, 1));
        let first = index * batch * m * n;
        let output = match output {
            Output::Plain(offset) => Output::Plain(offset + first),
            Output::Mapped(_) => output.clone(),
        };
        let one = shape.product(
            variant,
            [a_at, a.row, a.col, b_at, b.row, b.col],
            [pad(inner, 1), strides(0), strides(1)],
            first,
            &output,
            scratch,
        );
        all.kernels.extend(one.kernels);
        all.scratch = all.scratch.max(one.scratch);
    }
    all
}

struct Shape {
    m: usize,
    n: usize,
    k: usize,
    batch: usize,
    /// Whether the inner axis may be cut.
    cut: bool,
}

impl Shape {
    /// One dispatch over the whole batch, whose results are numbered from `first` on, and a second to add up the parts where the inner axis is cut: few and long
    /// sums would leave the device idle.
    fn product(
        &self,
        variant: Variant,
        matrices: [usize; 6],
        lead: [[u32; LEAD]; 3],
        first: usize,
        output: &Output,
        scratch: usize,
    ) -> Lowered {
        const LONG: usize = 256;
        let Shape { m, n, k, batch, cut } = *self;
        let (source, tile, enough) = match variant {
            Variant::Registers => (REGISTERS.into(), 8, 512),
            Variant::Shared if m.min(n) >= 256 && m * n * batch >= 1 << 18 => (wide().into(), 64, 32),
            Variant::Shared => (SHARED.into(), 32, 64),
        };
        let (tiles_m, tiles_n) = (m.div_ceil(tile), n.div_ceil(tile));
        let tiles = tiles_m * tiles_n * batch;
        let most = if cut { (k / LONG).max(1) } else { 1 };
        let part = k.div_ceil((enough / tiles).clamp(1, most)).max(1);
        let parts = k.div_ceil(part).max(1);
        let target = match output {
            _ if parts > 1 => scratch,
            Output::Plain(offset) => *offset,
            Output::Mapped(_) => first,
        };
        let [a, a_row, a_col, b, b_row, b_col] = matrices;
        let head = [m, n, k, batch, tiles_m, tiles_n, target, a, a_row, a_col, b, b_row, b_col, parts, part, 0];
        let params = head.iter().map(|&v| word(v)).chain(lead.into_iter().flatten()).collect();
        let groups = match variant {
            Variant::Registers => invocations(tiles * parts),
            Variant::Shared => grid(tiles * parts),
        };
        let work = 2 * (m * n * batch) as u64 * k as u64;
        sum_parts(Kernel { source, entry: "main", params, groups, work }, parts, batch * m * n, output, scratch)
    }
}

/// The tile of 64 × 64 by 256 invocations: for products large enough to fill a device with fewer, larger tiles.
fn wide() -> String {
    SHARED.replace("const SIDE: u32 = 8u;", "const SIDE: u32 = 16u;")
}
