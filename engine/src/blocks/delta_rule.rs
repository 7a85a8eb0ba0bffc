//! A matrix that is written by the delta rule (Schlag et al. 2021; Yang et al. 2024), from `S_0 = 0`:
//!
//! ```text
//! S_t = S_{t−1} + β_t (v_t − S_{t−1} k_t) k_tᵀ,    o_t = S_t q_t
//! ```
//!
//! so that what was stored under a unit key `k_t` moves towards `v_t` by the share `β_t`. Several writes may come before
//! each reading (DeltaProduct, Siems et al. 2025).
//!
//! The chunk form gives the same numbers with few products: over the rows of a chunk, with
//! `A = strictly lower part of diag(β) K Kᵀ`,
//!
//! ```text
//! U = (I + A)⁻¹ diag(β) V,   W = (I + A)⁻¹ diag(β) K
//! Ũ = U − W Sᵀ,   O = Q Sᵀ + (lower part of Q Kᵀ) Ũ,   S ← S + Ũᵀ K
//! ```

use super::{sequence, unroll};
use crate::ir::{Graph, Init, Value};
use crate::net::{Build, Node, Picture};
use crate::ops::shape::Pad;
use crate::registry::{Knob, KnobKind};

/// In how many parts features are stored.
pub const HEADS: Knob = Knob {
    id: "heads",
    name: "Heads",
    help: "Cuts the features into parts, each with a memory of its own.",
    kind: KnobKind::Int { default: 2, min: 1, max: 64 },
};

/// Whether a write may turn what is stored around.
pub const NEGATIVE: Knob = Knob {
    id: "negative-eigenvalues",
    name: "Negative eigenvalues",
    help: "Lets a write go up to twice the way, so that it can reflect what is stored, not erase it alone.",
    kind: KnobKind::Bool { default: false },
};

/// How the recurrence is worked out.
pub const CHUNK: Knob = Knob {
    id: "chunk",
    name: "Chunk",
    help: "Places that are worked out together; 0 goes write by write. The result is the same.",
    kind: KnobKind::Int { default: 16, min: 0, max: 256 },
};

/// What is written and read: `q [N, T, K]`, `k [N, T·w, K]`, `v [N, T·w, V]`, `beta [N, T·w, 1]`, where `w` writes come
/// before each reading.
struct Sequence {
    q: Value,
    k: Value,
    v: Value,
    beta: Value,
    writes: usize,
}

/// A layer that makes queries, keys, values and shares of `x [B, T, D]`, stores and reads, and mixes what was read: the
/// same shape. Keys and queries are silu curves of projections, of length 1; `writes` of them at each place.
pub fn layer(node: &Node, b: &mut Build, x: Value, writes: usize) -> Value {
    let (x, [batch, len, features]) = match sequence(b, x) {
        Ok(sequence) => sequence,
        Err(fault) => return fault,
    };
    let heads = node.knobs.size("heads");
    if !features.is_multiple_of(heads) {
        let message = format!("{features} features do not divide into {heads} heads");
        return b.fault(message, "choose a number of heads that divides the features");
    }
    let width = features / heads;
    let project = |b: &mut Build, name: &str, writes: usize, width: usize| {
        let y = b.matmul(name, x, writes * heads * width, 1.0);
        let y = b.g.reshape(y, [batch, len, writes, heads, width]);
        let y = b.g.transpose(y, &[0, 3, 1, 2, 4]);
        b.g.reshape(y, [batch * heads, len * writes, width])
    };
    let q = project(b, "query", 1, width);
    let k = project(b, "key", writes, width);
    let v = project(b, "value", writes, width);
    let beta = project(b, "share", writes, 1);
    let beta = b.g.sigmoid(beta);
    let shown = b.g.reshape(beta, [batch, heads, len * writes]);
    let shown = b.g.transpose(shown, &[0, 2, 1]);
    b.show(Picture::Gates, shown);
    let beta = if node.knobs.bool("negative-eigenvalues") { b.g.scale(beta, 2.0) } else { beta };
    let (q, k) = (direction(b.g, q), direction(b.g, k));
    let all = Sequence { q, k, v, beta, writes };
    let y = match node.knobs.size("chunk") {
        0 => all.one_by_one(b.g),
        chunk => all.by_chunks(b.g, chunk),
    };
    let y = b.g.reshape(y, [batch, heads, len, width]);
    let y = b.g.transpose(y, &[0, 2, 1, 3]);
    let y = b.g.reshape(y, [batch, len, features]);
    let mixed = b.matmul("output", y, features, 1.0);
    let bias = b.param("bias", vec![features], Init::Constant(0.0));
    b.g.add(mixed, bias)
}

/// `silu(x)` brought to length 1 along the last axis.
fn direction(g: &mut Graph, x: Value) -> Value {
    let s = g.sigmoid(x);
    let x = g.mul(x, s);
    let square = g.square(x);
    let axis = g.shape(x).rank() - 1;
    let length = g.sum(square, &[axis]);
    let little = g.constant(1e-6);
    let length = g.add(length, little);
    let length = g.sqrt(length);
    g.div(x, length)
}

impl Sequence {
    /// `N`, writes in all, `K`, `V`.
    fn extents(&self, g: &Graph) -> [usize; 4] {
        let (k, v) = (g.shape(self.k), g.shape(self.v));
        [k[0], k[1], k[2], v[2]]
    }

    /// `o [N, T, V]` by the recurrence.
    fn one_by_one(&self, g: &mut Graph) -> Value {
        let [n, _, keys, values] = self.extents(g);
        let [q, k, v, beta] = [self.q, self.k, self.v, self.beta].map(|x| unroll::places(g, x));
        let mut stored = unroll::zeros(g, [n, values, keys]);
        let mut read = Vec::with_capacity(q.len());
        for (i, ((k, v), beta)) in k.into_iter().zip(v).zip(beta).enumerate() {
            let (column, row) = (g.reshape(k, [n, keys, 1]), g.reshape(k, [n, 1, keys]));
            let found = g.matmul(stored, column);
            let wanted = g.reshape(v, [n, values, 1]);
            let missing = g.sub(wanted, found);
            let share = g.reshape(beta, [n, 1, 1]);
            let missing = g.mul(share, missing);
            let write = g.mul(missing, row);
            stored = g.add(stored, write);
            if (i + 1) % self.writes == 0 {
                let column = g.reshape(q[i / self.writes], [n, keys, 1]);
                let found = g.matmul(stored, column);
                read.push(g.reshape(found, [n, values]));
            }
        }
        unroll::sequence(g, &read)
    }

    /// `o [N, T, V]`, `chunk` writes together.
    fn by_chunks(&self, g: &mut Graph, chunk: usize) -> Value {
        let [n, len, keys, values] = self.extents(g);
        let chunk = chunk.min(len).max(1);
        let chunks = len.div_ceil(chunk);
        let (places, writes) = (len / self.writes, self.writes);
        // A query belongs to the last write of its place; the others read with none.
        let mut q = g.reshape(self.q, [n, places, 1, keys]);
        if writes > 1 {
            q = g.push(Pad { axis: 2, before: writes - 1, after: 0 }, &[q]);
        }
        let q = g.reshape(q, [n, len, keys]);
        // A last chunk that is not full is filled up with writes of nothing.
        let mut cut = |x: Value| {
            let after = chunks * chunk - len;
            let x = if after == 0 { x } else { g.push(Pad { axis: 1, before: 0, after }, &[x]) };
            let width = g.shape(x).last();
            g.reshape(x, [n, chunks, chunk, width])
        };
        let [q, k, v, beta] = [q, self.k, self.v, self.beta].map(&mut cut);
        let (k_share, v_share) = (g.mul(beta, k), g.mul(beta, v));
        let overlap = g.matmul_t(k_share, k, false, true);
        let solve = inverse(g, overlap, chunk);
        let (w, u) = (g.matmul(solve, k_share), g.matmul(solve, v_share));
        let seen = g.matmul_t(q, k, false, true);
        let (row, column) = (rows(g, chunk), g.iota(chunk));
        let later = g.lt(row, column);
        let zero = g.constant(0.0);
        let seen = g.select(later, zero, seen);
        let [q, k, w, u, seen] = [q, k, w, u, seen].map(|x| unroll::places(g, x));
        let mut stored = unroll::zeros(g, [n, values, keys]);
        let mut read = Vec::with_capacity(chunks);
        for c in 0..chunks {
            let found = g.matmul_t(w[c], stored, false, true);
            let write = g.sub(u[c], found);
            let before = g.matmul_t(q[c], stored, false, true);
            let within = g.matmul(seen[c], write);
            read.push(g.add(before, within));
            if c + 1 < chunks {
                let all = g.matmul_t(write, k[c], true, false);
                stored = g.add(stored, all);
            }
        }
        let read = unroll::sequence(g, &read);
        let read = g.reshape(read, [n, chunks * chunk, values]);
        let read = g.slice(read, 1, 0, len);
        let read = g.reshape(read, [n, places, writes, values]);
        let read = g.slice(read, 2, writes - 1, 1);
        g.reshape(read, [n, places, values])
    }
}

/// `0, 1, …` as a column `[len, 1]`.
fn rows(g: &mut Graph, len: usize) -> Value {
    let all = g.iota(len);
    g.reshape(all, [len, 1])
}

/// `(I + A)⁻¹`, where `A` is the strictly lower part of `a [.., len, len]`. Blocks of twice the size are solved from two
/// solved ones, `[[X, 0], [−Y A₂₁ X, Y]]`, all of a size together: unlike a series in powers of `A` it stays exact where
/// keys are alike.
fn inverse(g: &mut Graph, a: Value, len: usize) -> Value {
    let (row, column) = (rows(g, len), g.iota(len));
    let mut solved = g.eq(row, column);
    let mut size = 1;
    while size < len {
        // The lower left quarters of the blocks of twice the size.
        let block = |g: &mut Graph, x| {
            let share = g.scale(x, 1.0 / size as f32);
            g.floor(share)
        };
        let (low, left) = (block(g, row), block(g, column));
        let one = g.constant(1.0);
        let next = g.add(left, one);
        let neighbours = g.eq(low, next);
        let half = g.scale(left, 0.5);
        let whole = g.floor(half);
        let first = g.eq(half, whole);
        let quarter = g.mul(neighbours, first);
        let mut cross = g.mul(quarter, a);
        if size > 1 {
            let right = g.matmul(cross, solved);
            cross = g.matmul(solved, right);
        }
        solved = g.sub(solved, cross);
        size *= 2;
    }
    solved
}
