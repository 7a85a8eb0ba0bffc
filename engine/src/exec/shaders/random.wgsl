// Random numbers by counting, line for line as on the processor (`noise.rs`, `ops/random.rs`) and equal to the bit:
// 32-bit integers are mixed, and each conversion to a float rounds at most once. One invocation makes one number.

struct Params {
    out: u32,
    size: u32,
    // Each two numbers of 16 bits, low half first.
    seed: u32,
    step: u32,
    stream: u32,
    // Of `shuffle`: rows to choose from.
    rows: u32,
}

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

fn word(at: u32) -> u32 {
    return u32(mem[at]) + (u32(mem[at + 1u]) << 16u);
}

fn spread(v: vec4<u32>) -> vec4<u32> {
    return v * 1664525u + 1013904223u;
}

fn crossed(words: vec4<u32>) -> vec4<u32> {
    var v = words;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

fn pcg4d(words: vec4<u32>) -> vec4<u32> {
    let v = crossed(spread(words));
    return crossed(v ^ (v >> vec4(16u)));
}

@compute @workgroup_size(64)
fn uniform_noise(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.size { return; }
    let bits = pcg4d(vec4(id, word(p.step), p.stream, word(p.seed))).x;
    mem[p.out + id] = f32(bits >> 8u) * (1.0 / 16777216.0);
}

@compute @workgroup_size(64)
fn normal_noise(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.size { return; }
    let words = pcg4d(vec4(id, word(p.step), p.stream, word(p.seed)));
    let halves = (words & vec4(0xffffu)) + (words >> vec4(16u));
    let sum = halves.x + halves.y + halves.z + halves.w;
    mem[p.out + id] = f32(i32(sum) - 262140) * 1.86881243e-5;
}

// A Feistel network of four rounds on the next even power of two, walked until it lands among the rows.
fn permuted(i: u32, epoch: u32, seed: u32) -> u32 {
    if p.rows <= 1u { return 0u; }
    let half = (33u - countLeadingZeros(p.rows - 1u)) / 2u;
    let mask = (1u << half) - 1u;
    var at = i;
    loop {
        var l = at >> half;
        var r = at & mask;
        for (var round = 0u; round < 4u; round++) {
            let key = pcg4d(vec4(r | (round << 16u), epoch, p.stream, seed)).x >> 16u;
            let next = l ^ (key & mask);
            l = r;
            r = next;
        }
        at = (l << half) | r;
        if at < p.rows { break; }
    }
    return at;
}

@compute @workgroup_size(64)
fn shuffle(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.size { return; }
    let sample = word(p.step) * p.size + id;
    mem[p.out + id] = f32(permuted(sample % p.rows, sample / p.rows, word(p.seed)));
}
