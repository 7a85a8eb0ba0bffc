// One matrix product for each run of rows, the runs' lengths read from memory.
//
//   rows   y = x · w[group], x [T, K]: 4 rows × 4 columns in the registers of one invocation. There is a tile for
//          every four rows and one more for each group, since runs do not end at multiples of four; an invocation
//          finds its run by walking the lengths, and those left over have nothing to do. Rows beyond all runs yield 0.
//   outer  w[group] = xᵀ · y over the rows of the run: 4 × 4 elements in the registers of one invocation.

struct Params {
    x: u32,
    w: u32,
    // The product of `rows`, the second factor of `outer`.
    y: u32,
    sizes: u32,
    groups: u32,
    // T, K, N.
    rows: u32,
    inner: u32,
    cols: u32,
    // Strides of w along K and N.
    w_row: u32,
    w_col: u32,
    tiles: u32,
}

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

const FOUR = vec4(0u, 1u, 2u, 3u);

fn load(at: vec4<u32>) -> vec4<f32> {
    return vec4(mem[at.x], mem[at.y], mem[at.z], mem[at.w]);
}

// The rows that group `g` takes of those from `first` on.
fn taken(g: u32, first: u32) -> u32 {
    return u32(clamp(mem[p.sizes + g], 0.0, f32(p.rows - first)));
}

fn store(c: vec4<f32>, at: u32, count: u32) {
    mem[at] = c.x;
    if count > 1u { mem[at + 1u] = c.y; }
    if count > 2u { mem[at + 2u] = c.z; }
    if count > 3u { mem[at + 3u] = c.w; }
}

@compute @workgroup_size(64)
fn rows(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    let across = (p.cols + 3u) / 4u;
    var tile = id / across;
    if tile >= p.tiles { return; }
    let col = id % across * 4u;
    var first = 0u;
    var g = 0u;
    var size = 0u;
    // Behind the last group stand the rows of none.
    for (; g <= p.groups; g++) {
        size = p.rows - first;
        if g < p.groups { size = taken(g, first); }
        let mine = (size + 3u) / 4u;
        if tile < mine { break; }
        tile -= mine;
        first += size;
    }
    if g > p.groups { return; }
    let row = first + tile * 4u;
    let last = first + size - 1u;
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    if g < p.groups {
        var x = p.x + min(row + FOUR, vec4(last)) * p.inner;
        var w = p.w + g * p.inner * p.cols + min(col + FOUR, vec4(p.cols - 1u)) * p.w_col;
        for (var i = 0u; i < p.inner; i++) {
            let b = load(w);
            c0 += mem[x.x] * b;
            c1 += mem[x.y] * b;
            c2 += mem[x.z] * b;
            c3 += mem[x.w] * b;
            x += 1u;
            w += p.w_row;
        }
    }
    let count = p.cols - col;
    let y = p.y + row * p.cols + col;
    store(c0, y, count);
    if row + 1u <= last { store(c1, y + p.cols, count); }
    if row + 2u <= last { store(c2, y + p.cols * 2u, count); }
    if row + 3u <= last { store(c3, y + p.cols * 3u, count); }
}

@compute @workgroup_size(64)
fn outer(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    let across = (p.cols + 3u) / 4u;
    let down = (p.inner + 3u) / 4u;
    let g = id / (across * down);
    if g >= p.groups { return; }
    let row = id / across % down * 4u;
    let col = id % across * 4u;
    var first = 0u;
    for (var i = 0u; i < g; i++) { first += taken(i, first); }
    let size = taken(g, first);
    var x = p.x + first * p.inner + min(row + FOUR, vec4(p.inner - 1u));
    var y = p.y + first * p.cols + min(col + FOUR, vec4(p.cols - 1u));
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    for (var i = 0u; i < size; i++) {
        let b = load(y);
        c0 += mem[x.x] * b;
        c1 += mem[x.y] * b;
        c2 += mem[x.z] * b;
        c3 += mem[x.w] * b;
        x += p.inner;
        y += p.cols;
    }
    let count = p.cols - col;
    let w = p.w + (g * p.inner + row) * p.cols + col;
    store(c0, w, count);
    if row + 1u < p.inner { store(c1, w + p.cols, count); }
    if row + 2u < p.inner { store(c2, w + p.cols * 2u, count); }
    if row + 3u < p.inner { store(c3, w + p.cols * 3u, count); }
}
