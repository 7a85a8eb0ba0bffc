// Convolution over images, channels last, and its two gradients, as products of matrices that are never laid out.
//
// One invocation makes 4 × 4 elements in registers, and finds its operands by index as it goes:
//   forward  4 pixels of y  × 4 of its channels, summed over the window and the channels of x;
//   input    4 pixels of x  × 4 of its channels, summed over the windows that see the pixel and the channels of y;
//   weight   4 rows of w (window place and channel of x) × 4 channels of y, summed over the rows of all images. These
//            are cut into parts, each of which lays down a partial sum, so that small kernels occupy the device.
// Channels of one tile belong to one group. What lies beyond a border reads the last one and is not stored.

struct Params {
    x: u32,
    w: u32,
    y: u32,
    // [N, H, W, C]
    images: u32,
    height: u32,
    width: u32,
    channels: u32,
    // [KH, KW, CG, O]
    kernel_h: u32,
    kernel_w: u32,
    inputs: u32,
    outputs: u32,
    // [N, OH, OW, O]
    rows: u32,
    cols: u32,
    stride_y: u32,
    stride_x: u32,
    pad_y: u32,
    pad_x: u32,
    groups: u32,
    // Of `weight`: image rows in a part, and parts.
    part: u32,
    parts: u32,
}

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

const FOUR = vec4(0u, 1u, 2u, 3u);

fn load(at: vec4<u32>) -> vec4<f32> {
    return vec4(mem[at.x], mem[at.y], mem[at.z], mem[at.w]);
}

fn load_where(at: vec4<u32>, inside: vec4<bool>) -> vec4<f32> {
    return select(vec4<f32>(), load(select(vec4<u32>(), at, inside)), inside);
}

fn both(a: vec4<bool>, b: vec4<bool>) -> vec4<bool> {
    return select(vec4<bool>(), a, b);
}

// What becomes of a result: another text stands here where more is made of it, and then the result's place, `y`, `x`
// or `w`, is 0.
fn finish(at: u32, value: f32) { mem[at] = value; }

// Stores as many of the four, from `at` on, as `count` allows.
fn store(c: vec4<f32>, at: u32, count: u32) {
    finish(at, c.x);
    if count > 1u { finish(at + 1u, c.y); }
    if count > 2u { finish(at + 2u, c.z); }
    if count > 3u { finish(at + 3u, c.w); }
}

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    let mine = p.outputs / p.groups;
    let tiles = (mine + 3u) / 4u;
    let pixels = p.images * p.rows * p.cols;
    let pixel = id / (tiles * p.groups) * 4u;
    if pixel >= pixels { return; }
    let g = id % (tiles * p.groups) / tiles;
    let skip = id % tiles * 4u;
    let channel = g * mine + skip;
    let channels = min(channel + FOUR, vec4(g * mine + mine - 1u));
    let at = min(pixel + FOUR, vec4(pixels - 1u));
    let top = at / p.cols % p.rows * p.stride_y;
    let side = at % p.cols * p.stride_x;
    let image = at / (p.rows * p.cols) * p.height;
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    for (var i = 0u; i < p.kernel_h; i++) {
        // Below the upper border the difference wraps, and is no longer less than the height.
        let r = top + i - p.pad_y;
        for (var j = 0u; j < p.kernel_w; j++) {
            let s = side + j - p.pad_x;
            let inside = both(r < vec4(p.height), s < vec4(p.width));
            var x = p.x + ((image + r) * p.width + s) * p.channels + g * p.inputs;
            var w = p.w + (i * p.kernel_w + j) * p.inputs * p.outputs + channels;
            for (var k = 0u; k < p.inputs; k++) {
                let a = load_where(x, inside);
                let b = load(w);
                c0 += a.x * b;
                c1 += a.y * b;
                c2 += a.z * b;
                c3 += a.w * b;
                x += 1u;
                w += p.outputs;
            }
        }
    }
    let count = mine - skip;
    let y = p.y + pixel * p.outputs + channel;
    store(c0, y, count);
    if pixel + 1u < pixels { store(c1, y + p.outputs, count); }
    if pixel + 2u < pixels { store(c2, y + p.outputs * 2u, count); }
    if pixel + 3u < pixels { store(c3, y + p.outputs * 3u, count); }
}

@compute @workgroup_size(64)
fn input(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    let mine = p.outputs / p.groups;
    let tiles = (p.inputs + 3u) / 4u;
    let pixels = p.images * p.height * p.width;
    let pixel = id / (tiles * p.groups) * 4u;
    if pixel >= pixels { return; }
    let g = id % (tiles * p.groups) / tiles;
    let skip = id % tiles * 4u;
    let channels = min(skip + FOUR, vec4(p.inputs - 1u));
    let at = min(pixel + FOUR, vec4(pixels - 1u));
    let down = at / p.width % p.height + p.pad_y;
    let right = at % p.width + p.pad_x;
    let image = at / (p.height * p.width) * p.rows;
    let stride_y = vec4(p.stride_y);
    let stride_x = vec4(p.stride_x);
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    for (var i = 0u; i < p.kernel_h; i++) {
        let r = down - i;
        let in_rows = both(down >= vec4(i), both(r % stride_y == vec4<u32>(), r / stride_y < vec4(p.rows)));
        for (var j = 0u; j < p.kernel_w; j++) {
            let s = right - j;
            let in_cols = both(right >= vec4(j), both(s % stride_x == vec4<u32>(), s / stride_x < vec4(p.cols)));
            let inside = both(in_rows, in_cols);
            var y = p.y + ((image + r / stride_y) * p.cols + s / stride_x) * p.outputs + g * mine;
            var w = p.w + ((i * p.kernel_w + j) * p.inputs + channels) * p.outputs + g * mine;
            for (var k = 0u; k < mine; k++) {
                let a = load_where(y, inside);
                let b = load(w);
                c0 += a.x * b;
                c1 += a.y * b;
                c2 += a.z * b;
                c3 += a.w * b;
                y += 1u;
                w += 1u;
            }
        }
    }
    let count = p.inputs - skip;
    let x = p.x + pixel * p.channels + g * p.inputs + skip;
    store(c0, x, count);
    if pixel + 1u < pixels { store(c1, x + p.channels, count); }
    if pixel + 2u < pixels { store(c2, x + p.channels * 2u, count); }
    if pixel + 3u < pixels { store(c3, x + p.channels * 3u, count); }
}

@compute @workgroup_size(64)
fn weight(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    let mine = p.outputs / p.groups;
    let tiles = (mine + 3u) / 4u;
    let taps = p.kernel_h * p.kernel_w * p.inputs;
    let blocks = (taps + 3u) / 4u;
    let per_part = blocks * tiles * p.groups;
    let part = id / per_part;
    if part >= p.parts { return; }
    let g = id % (tiles * p.groups) / tiles;
    let skip = id % tiles * 4u;
    let channel = g * mine + skip;
    let tap = id % per_part / (tiles * p.groups) * 4u;
    let taps4 = min(tap + FOUR, vec4(taps - 1u));
    let i = taps4 / (p.kernel_w * p.inputs);
    let j = taps4 / p.inputs % p.kernel_w;
    let k = g * p.inputs + taps4 % p.inputs;
    let channels = min(channel + FOUR, vec4(g * mine + mine - 1u));
    var c0 = vec4<f32>();
    var c1 = vec4<f32>();
    var c2 = vec4<f32>();
    var c3 = vec4<f32>();
    let last = min(part * p.part + p.part, p.images * p.rows);
    for (var row = part * p.part; row < last; row++) {
        let r = row % p.rows * p.stride_y + i - p.pad_y;
        let in_rows = r < vec4(p.height);
        let line = p.x + (row / p.rows * p.height + r) * p.width * p.channels + k;
        var y = p.y + row * p.cols * p.outputs + channels;
        for (var col = 0u; col < p.cols; col++) {
            let s = col * p.stride_x + j - p.pad_x;
            let a = load_where(line + s * p.channels, both(in_rows, s < vec4(p.width)));
            let b = load(y);
            c0 += a.x * b;
            c1 += a.y * b;
            c2 += a.z * b;
            c3 += a.w * b;
            y += p.outputs;
        }
    }
    let count = mine - skip;
    let w = p.w + (part * taps + tap) * p.outputs + channel;
    store(c0, w, count);
    if tap + 1u < taps { store(c1, w + p.outputs, count); }
    if tap + 2u < taps { store(c2, w + p.outputs * 2u, count); }
    if tap + 3u < taps { store(c3, w + p.outputs * 3u, count); }
}
