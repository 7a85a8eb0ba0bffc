// C = A · B over a batch, by register tiles without workgroup memory.
//
// One invocation makes 8 × 8 elements of C and keeps them in registers: 16 loads feed 64 multiply-adds at each step
// along the inner axis. Rows and columns beyond the border read the last one and are not stored. Tiles are dealt out
// in strips eight tiles wide, so that a workgroup covers a square and its rows and columns stay in a cache. Software
// adapters, on which workgroup memory and barriers cost more than loads, want this one: there a load costs as much as
// many multiply-adds, which is why the tile is large (4 × 4 takes twice as long on SwiftShader).

const STRIP: u32 = 8u;

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

// Where matrix `index` of the batch begins, under the strides of its leading axes.
fn start(index: u32, strides: vec4<u32>) -> u32 {
    let x = index / p.lead.w;
    let y = x / p.lead.z;
    let z = y / p.lead.y;
    return dot(vec4(z, y % p.lead.y, x % p.lead.z, index % p.lead.w), strides);
}

// What becomes of a result: another text stands here where more is made of it, and then `out` is the
// number of the first.
fn finish(at: u32, value: f32) { mem[at] = value; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    let tiles = p.tiles_m * p.tiles_n;
    let matrix = id / tiles;
    if matrix >= p.batch * p.parts { return; }
    let batch = matrix % p.batch;
    let first = matrix / p.batch * p.part;
    let last = min(first + p.part, p.k);
    let tile = id % tiles;
    let strip = tile / (STRIP * p.tiles_m);
    let width = min(STRIP, p.tiles_n - strip * STRIP);
    let place = tile % (STRIP * p.tiles_m);
    let row = place / width * 8u;
    let col = (strip * STRIP + place % width) * 8u;
    let four = vec4(0u, 1u, 2u, 3u);
    let a = p.a + start(batch, p.a_lead) + first * p.a_col;
    let b = p.b + start(batch, p.b_lead) + first * p.b_row;
    var x = a + p.a_row * min(row + four, vec4(p.m - 1u));
    var z = a + p.a_row * min(row + 4u + four, vec4(p.m - 1u));
    var y = b + p.b_col * min(col + four, vec4(p.n - 1u));
    var w = b + p.b_col * min(col + 4u + four, vec4(p.n - 1u));
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    var c4 = vec4<f32>();
    var c5 = vec4<f32>();
    var c6 = vec4<f32>();
    var c7 = vec4<f32>();
    var d0 = vec4<f32>();
    var d1 = vec4<f32>();
    var d2 = vec4<f32>();
    var d3 = vec4<f32>();
    var d4 = vec4<f32>();
    var d5 = vec4<f32>();
    var d6 = vec4<f32>();
    var d7 = vec4<f32>();
    for (var i = first; i < last; i++) {
        let left = vec4(mem[y.x], mem[y.y], mem[y.z], mem[y.w]);
        let right = vec4(mem[w.x], mem[w.y], mem[w.z], mem[w.w]);
        let a0 = mem[x.x];
        c0 += a0 * left;
        d0 += a0 * right;
        let a1 = mem[x.y];
        c1 += a1 * left;
        d1 += a1 * right;
        let a2 = mem[x.z];
        c2 += a2 * left;
        d2 += a2 * right;
        let a3 = mem[x.w];
        c3 += a3 * left;
        d3 += a3 * right;
        let a4 = mem[z.x];
        c4 += a4 * left;
        d4 += a4 * right;
        let a5 = mem[z.y];
        c5 += a5 * left;
        d5 += a5 * right;
        let a6 = mem[z.z];
        c6 += a6 * left;
        d6 += a6 * right;
        let a7 = mem[z.w];
        c7 += a7 * left;
        d7 += a7 * right;
        x += p.a_col;
        z += p.a_col;
        y += p.b_row;
        w += p.b_row;
    }
    let base = p.out + matrix * p.m * p.n;
    // A loop, so that what is made of a result stands here four times and not once for each of the 64: some devices take
    // seconds to compile the text.
    var halves = array(c0, d0, c1, d1, c2, d2, c3, d3, c4, d4, c5, d5, c6, d6, c7, d7);
    for (var half = 0u; half < 16u; half++) {
        let r = row + half / 2u;
        let s = col + half % 2u * 4u;
        if r >= p.m { break; }
        let c = halves[half];
        let at = base + r * p.n + s;
        if s < p.n { finish(at, c.x); }
        if s + 1u < p.n { finish(at + 1u, c.y); }
        if s + 2u < p.n { finish(at + 2u, c.z); }
        if s + 3u < p.n { finish(at + 3u, c.w); }
    }
}
