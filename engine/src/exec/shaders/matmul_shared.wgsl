// C = A · B over a batch, by tiles in workgroup memory.
//
// A workgroup of SIDE × SIDE invocations makes a square tile of C, 4 × 4 elements each. DEPTH columns of A and rows of
// B at a time are brought into workgroup memory, zeros beyond the border, so that each number is read from the arena
// once a tile. Along whichever axis a matrix is contiguous, neighbouring invocations read neighbouring numbers.

const SIDE: u32 = 8u;
const TILE: u32 = SIDE * 4u;
const DEPTH: u32 = 16u;
const LANES: u32 = SIDE * SIDE;

struct Params {
    m: u32,
    n: u32,
    k: u32,
    batch: u32,
    tiles_m: u32,
    tiles_n: u32,
    out: u32,
    a: u32,
    a_row: u32,
    a_col: u32,
    b: u32,
    b_row: u32,
    b_col: u32,
    // The inner axis is cut into `parts` of `part` each; part s of all of C lies `s · batch · m · n` behind `out`.
    parts: u32,
    part: u32,
    // Leading axes: extents, and the strides of A and B along them.
    lead: vec4<u32>,
    a_lead: vec4<u32>,
    b_lead: vec4<u32>,
}

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

// Both by steps along the inner axis: row `d` holds the tile's numbers at step `d`.
var<workgroup> left: array<f32, TILE * DEPTH>;
var<workgroup> right: array<f32, TILE * DEPTH>;

// Where matrix `index` of the batch begins, under the strides of its leading axes.
fn start(index: u32, strides: vec4<u32>) -> u32 {
    let x = index / p.lead.w;
    let y = x / p.lead.z;
    let z = y / p.lead.y;
    return dot(vec4(z, y % p.lead.y, x % p.lead.z, index % p.lead.w), strides);
}

// Place `s` of a tile as (along the tile, along the inner axis); the latter runs faster when `inner`.
fn place(s: u32, inner: bool) -> vec2<u32> {
    return select(vec2(s % TILE, s / TILE), vec2(s / DEPTH, s % DEPTH), inner);
}

// What becomes of a result: another text stands here where more is made of it, and then `out` is the
// number of the first.
fn finish(at: u32, value: f32) { mem[at] = value; }

fn store(c: vec4<f32>, row: u32, col: u32, base: u32) {
    if row < p.m {
        let at = base + row * p.n + col;
        if col < p.n { finish(at, c.x); }
        if col + 1u < p.n { finish(at + 1u, c.y); }
        if col + 2u < p.n { finish(at + 2u, c.z); }
        if col + 3u < p.n { finish(at + 3u, c.w); }
    }
}

@compute @workgroup_size(SIDE, SIDE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let id = group.y * 32768u + group.x;
    let tiles = p.tiles_m * p.tiles_n;
    let matrix = id / tiles;
    if matrix >= p.batch * p.parts { return; }
    let batch = matrix % p.batch;
    let first = matrix / p.batch * p.part;
    let last = min(first + p.part, p.k);
    let tile = id % tiles;
    let top = tile / p.tiles_n * TILE;
    let side = tile % p.tiles_n * TILE;
    let a = p.a + start(batch, p.a_lead);
    let b = p.b + start(batch, p.b_lead);
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    for (var step = first; step < last; step += DEPTH) {
        for (var s = lane; s < TILE * DEPTH; s += LANES) {
            let l = place(s, p.a_col == 1u);
            let row = top + l.x;
            let i = step + l.y;
            var v = 0.0;
            if row < p.m && i < last { v = mem[a + row * p.a_row + i * p.a_col]; }
            left[l.y * TILE + l.x] = v;
            let r = place(s, p.b_row == 1u);
            let col = side + r.x;
            let j = step + r.y;
            var w = 0.0;
            if col < p.n && j < last { w = mem[b + j * p.b_row + col * p.b_col]; }
            right[r.y * TILE + r.x] = w;
        }
        workgroupBarrier();
        for (var d = 0u; d < DEPTH; d++) {
            let x = d * TILE + local.y * 4u;
            let y = d * TILE + local.x * 4u;
            let v = vec4(right[y], right[y + 1u], right[y + 2u], right[y + 3u]);
            c0 += left[x] * v;
            c1 += left[x + 1u] * v;
            c2 += left[x + 2u] * v;
            c3 += left[x + 3u] * v;
        }
        workgroupBarrier();
    }
    let row = top + local.y * 4u;
    let col = side + local.x * 4u;
    let base = p.out + matrix * p.m * p.n;
    store(c0, row, col, base);
    store(c1, row + 1u, col, base);
    store(c2, row + 2u, col, base);
    store(c3, row + 3u, col, base);
}
