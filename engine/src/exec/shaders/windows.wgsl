// Sliding windows over images, channels last, and the sum of windows back into an image.
//
// One invocation makes one element: `windows` looks up what it shows; `fold` visits the windows that show it, in the
// order of their places, so that the sum does not depend on timing.

struct Params {
    // The image's offset, and the windows'.
    x: u32,
    y: u32,
    size: u32,
    height: u32,
    width: u32,
    channels: u32,
    rows: u32,
    cols: u32,
    kernel_h: u32,
    kernel_w: u32,
    stride_y: u32,
    stride_x: u32,
}

@group(0) @binding(0) var<storage, read_write> mem: array<f32>;
@group(0) @binding(1) var<uniform> p: Params;

@compute @workgroup_size(64)
fn windows(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.size { return; }
    let channel = id % p.channels;
    let window = id / p.channels;
    let places = p.kernel_h * p.kernel_w;
    let place = window % places;
    let pixel = window / places;
    let r = pixel / p.cols % p.rows * p.stride_y + place / p.kernel_w;
    let s = pixel % p.cols * p.stride_x + place % p.kernel_w;
    let image = pixel / (p.rows * p.cols);
    mem[p.y + id] = mem[p.x + ((image * p.height + r) * p.width + s) * p.channels + channel];
}

@compute @workgroup_size(64)
fn fold(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let id = (group.y * 32768u + group.x) * 64u + lane;
    if id >= p.size { return; }
    let channel = id % p.channels;
    let pixel = id / p.channels;
    let s = pixel % p.width;
    let r = pixel / p.width % p.height;
    let image = pixel / (p.height * p.width);
    var sum = 0.0;
    for (var i = 0u; i < p.kernel_h; i++) {
        let down = r - i;
        if r < i || down % p.stride_y != 0u || down / p.stride_y >= p.rows { continue; }
        for (var j = 0u; j < p.kernel_w; j++) {
            let right = s - j;
            if s < j || right % p.stride_x != 0u || right / p.stride_x >= p.cols { continue; }
            let window = (image * p.rows + down / p.stride_y) * p.cols + right / p.stride_x;
            let place = i * p.kernel_w + j;
            sum += mem[p.y + (window * p.kernel_h * p.kernel_w + place) * p.channels + channel];
        }
    }
    mem[p.x + id] = sum;
}
