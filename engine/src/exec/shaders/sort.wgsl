// The indices that sort each line, equal elements in their order, NaN last.
//
//   runs   cuts a line into runs and sorts each by counting: one invocation an element, which looks at all others of
//          its run;
//   merge  makes runs of twice the length: an element's new place is its own in its run plus, by binary search, the
//          number of elements of the sister run that come before it.
// Indices are kept as whole numbers and move between two places of memory.

struct Params {
    values: u32,
    // Where sorted runs are read (by `merge`), and where they are laid down.
    sorted: u32,
    into: u32,
    lines: u32,
    width: u32,
    run: u32,
    descending: u32,
}

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

// By its bits: compilers may assume that a comparison never meets one.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn before(x: f32, y: f32) -> bool {
    if is_nan(x) { return false; }
    if is_nan(y) { return true; }
    if p.descending == 1u { return x > y; }
    return x < y;
}

@compute @workgroup_size(64)
fn runs(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.lines * p.width { return; }
    let line = id / p.width * p.width;
    let me = id % p.width;
    let first = me / p.run * p.run;
    let last = min(first + p.run, p.width);
    let mine = mem[p.values + id];
    var place = first;
    for (var i = first; i < last; i++) {
        let other = mem[p.values + line + i];
        let earlier = before(other, mine) || (i < me && !before(mine, other));
        place += select(0u, 1u, earlier);
    }
    mem[p.into + line + place] = f32(me);
}

@compute @workgroup_size(64)
fn merge(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.lines * p.width { return; }
    let line = id / p.width * p.width;
    let me = id % p.width;
    let index = mem[p.sorted + id];
    let mine = mem[p.values + line + u32(index)];
    let run = me / p.run;
    let right = run % 2u == 1u;
    let sister = select(run + 1u, run - 1u, right) * p.run;
    let begin = min(sister, p.width);
    var low = begin;
    var high = min(sister + p.run, p.width);
    while low < high {
        let middle = (low + high) / 2u;
        let other = mem[p.values + line + u32(mem[p.sorted + line + middle])];
        // Of equal elements, those of the left run come first.
        let earlier = select(before(other, mine), !before(mine, other), right);
        if earlier { low = middle + 1u; } else { high = middle; }
    }
    let own = me - run * p.run;
    let pair = run / 2u * 2u * p.run;
    mem[p.into + line + pair + own + low - begin] = index;
}
