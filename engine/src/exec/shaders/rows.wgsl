// Rows of a table by index, and the sum of rows back into a table. Indices outside of the table name no row.
//
//   gather   one invocation an element;
//   scatter  one invocation an element of the table, which looks at every index: for few indices or a small table;
//   rank     one invocation an index: how many others come before it, by value and then by place. It lays down the
//            places in that order, and their indices, as whole numbers;
//   merge    one invocation an element of the table: a binary search in what `rank` laid down, then a walk.
// Rows are always added in the order in which their indices stand, so that the sum does not depend on timing.

struct Params {
    table: u32,
    index: u32,
    values: u32,
    // Rows of the table, numbers in a row, indices.
    rows: u32,
    width: u32,
    count: u32,
    // `count` places, then `count` indices.
    order: u32,
}

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

@compute @workgroup_size(64)
fn gather(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.count * p.width { return; }
    let index = mem[p.index + id / p.width];
    var v = 0.0;
    if index >= 0.0 && index < f32(p.rows) { v = mem[p.table + u32(index) * p.width + id % p.width]; }
    mem[p.values + id] = v;
}

@compute @workgroup_size(64)
fn scatter(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.rows * p.width { return; }
    let row = f32(id / p.width);
    let col = id % p.width;
    var sum = 0.0;
    for (var i = 0u; i < p.count; i++) {
        let index = mem[p.index + i];
        if index >= 0.0 && floor(index) == row { sum += mem[p.values + i * p.width + col]; }
    }
    mem[p.table + id] = sum;
}

// The row that an index names; `rows` for none, which sorts behind all others.
fn row_of(i: u32) -> f32 {
    let index = mem[p.index + i];
    return select(f32(p.rows), floor(index), index >= 0.0 && index < f32(p.rows));
}

@compute @workgroup_size(64)
fn rank(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.count { return; }
    let mine = row_of(id);
    var before = 0u;
    for (var i = 0u; i < p.count; i++) {
        let other = row_of(i);
        before += select(0u, 1u, other < mine || (other == mine && i < id));
    }
    mem[p.order + before] = f32(id);
    mem[p.order + p.count + before] = mine;
}

@compute @workgroup_size(64)
fn merge(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.rows * p.width { return; }
    let row = f32(id / p.width);
    let col = id % p.width;
    let rows = p.order + p.count;
    var low = 0u;
    var high = p.count;
    while low < high {
        let middle = (low + high) / 2u;
        if mem[rows + middle] < row { low = middle + 1u; } else { high = middle; }
    }
    var sum = 0.0;
    while low < p.count && mem[rows + low] == row {
        sum += mem[p.values + u32(mem[p.order + low]) * p.width + col];
        low += 1u;
    }
    mem[p.table + id] = sum;
}
