//! Laying the lines of a block of a matrix side by side, in the order in which a tile reads them.

/// Lays `count` lines of `depth` numbers side by side, `width` apart: `target[p * width + i]` is number `p` of line
/// `i`, zero where there is no line.
pub fn pack(target: &mut [f32], width: usize, source: &[f32], count: usize, line: usize, depth: usize, step: usize) {
    if line == 1 {
        // Copies of a length known here are a few moves each, where a call would cost more than its work.
        return match width {
            _ if count < width => pack_padded(target, width, source, count, step),
            4 => pack_lines::<4>(target, source, step),
            6 => pack_lines::<6>(target, source, step),
            8 => pack_lines::<8>(target, source, step),
            16 => pack_lines::<16>(target, source, step),
            32 => pack_lines::<32>(target, source, step),
            _ => pack_padded(target, width, source, count, step),
        };
    }
    let turned = if step == 1 { count - count % 4 } else { 0 };
    for i in (0..turned).step_by(4) {
        pack_turned(&mut target[i..], width, &source[i * line..], line, depth);
    }
    for i in turned..width {
        let places = target[i..].iter_mut().step_by(width);
        if i < count {
            let source = source[i * line..].iter().step_by(step.max(1)).take(depth);
            places.zip(source).for_each(|(place, &x)| *place = x);
        } else {
            places.for_each(|place| *place = 0.0);
        }
    }
}

/// Packs four lines of adjoining numbers by turning squares of 4 × 4, which vector registers do in a few moves.
fn pack_turned(target: &mut [f32], width: usize, source: &[f32], line: usize, depth: usize) {
    let lines: [&[f32]; 4] = std::array::from_fn(|i| &source[i * line..][..depth]);
    let squares = lines.map(|line| line.as_chunks::<4>().0);
    for p in 0..depth / 4 {
        let square: [[f32; 4]; 4] = std::array::from_fn(|i| squares[i][p]);
        for q in 0..4 {
            target[(4 * p + q) * width..][..4].copy_from_slice(&square.map(|line| line[q]));
        }
    }
    for p in depth - depth % 4..depth {
        target[p * width..][..4].copy_from_slice(&lines.map(|line| line[p]));
    }
}

fn pack_lines<const WIDTH: usize>(target: &mut [f32], source: &[f32], step: usize) {
    for (p, target) in target.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
        for (place, &x) in target.iter_mut().zip(&source[p * step..][..WIDTH]) {
            *place = x;
        }
    }
}

fn pack_padded(target: &mut [f32], width: usize, source: &[f32], count: usize, step: usize) {
    for (p, target) in target.chunks_exact_mut(width).enumerate() {
        let (lines, rest) = target.split_at_mut(count);
        lines.iter_mut().zip(&source[p * step..]).for_each(|(place, &x)| *place = x);
        rest.fill(0.0);
    }
}
