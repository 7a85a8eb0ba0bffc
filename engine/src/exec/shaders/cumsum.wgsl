// Running sums along one axis of [outer, len, inner], from either end, with or without the element itself.
//
//   serial  one invocation a line: for many lines or short ones;
//   scan    one workgroup a line: each invocation sums a stretch, the sums of all stretches before it are added up,
//           and the stretch is walked again from there.

struct Params {
    x: u32,
    y: u32,
    lines: u32,
    len: u32,
    inner: u32,
    reverse: u32,
    exclusive: u32,
}

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

const LANES: u32 = 64u;

var<workgroup> sums: array<f32, LANES>;

// Where element `i` of a line lies, counted from the end at which the sum begins.
fn place(line: u32, i: u32) -> u32 {
    let along = select(i, p.len - 1u - i, p.reverse == 1u);
    return (line / p.inner * p.len + along) * p.inner + line % p.inner;
}

fn walk(line: u32, first: u32, last: u32, start: f32) {
    var sum = start;
    for (var i = first; i < last; i++) {
        let at = place(line, i);
        let before = sum;
        sum += mem[p.x + at];
        mem[p.y + at] = select(sum, before, p.exclusive == 1u);
    }
}

@compute @workgroup_size(64)
fn serial(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let line = (group.y * 32768u + group.x) * 64u + lane;
    if line < p.lines { walk(line, 0u, p.len, 0.0); }
}

@compute @workgroup_size(LANES)
fn scan(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let line = group.y * 32768u + group.x;
    if line >= p.lines { return; }
    let stretch = (p.len + LANES - 1u) / LANES;
    let first = min(lane * stretch, p.len);
    let last = min(first + stretch, p.len);
    var sum = 0.0;
    for (var i = first; i < last; i++) { sum += mem[p.x + place(line, i)]; }
    sums[lane] = sum;
    workgroupBarrier();
    var start = 0.0;
    for (var i = 0u; i < lane; i++) { start += sums[i]; }
    walk(line, first, last, start);
}
