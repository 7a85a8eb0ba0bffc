//! Where a value lies relative to what holds it, and how views compose.

use crate::ir::SlotId;
use crate::plan::View;

/// What holds numbers: an output of a unit, a register, the counting table, or nothing at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Base {
    /// Buffer of this number.
    Buffer(usize),
    Slot(SlotId),
    /// `0, 1, 2, …`, as long as needed.
    Counting,
    Const(f32),
    /// Nowhere: the results of a unit that all go on to its own last values.
    Passing,
}

/// A view relative to its base.
#[derive(Debug, Clone, PartialEq)]
pub struct Ref {
    pub base: Base,
    pub view: View,
}

impl Ref {
    pub fn whole(base: Base, shape: &[usize]) -> Self {
        Self { base, view: View::contiguous(0, shape) }
    }

    pub fn transposed(&self, order: &[usize]) -> Self {
        let View { offset, shape, strides } = &self.view;
        let view = View {
            offset: *offset,
            shape: order.iter().map(|&a| shape[a]).collect(),
            strides: order.iter().map(|&a| strides[a]).collect(),
        };
        Self { base: self.base, view }
    }

    pub fn sliced(&self, axis: usize, start: usize, len: usize) -> Self {
        let mut out = self.clone();
        out.view.offset += start * out.view.strides[axis];
        out.view.shape[axis] = len;
        out
    }

    pub fn broadcast(&self, shape: &[usize]) -> Self {
        let View { offset, shape: own, strides } = &self.view;
        let skip = shape.len() - own.len();
        let strides = (0..shape.len())
            .map(|i| if i < skip || (own[i - skip] == 1 && shape[i] != 1) { 0 } else { strides[i - skip] })
            .collect();
        Self { base: self.base, view: View { offset: *offset, shape: shape.to_vec(), strides } }
    }

    /// The same elements in row-major order under another shape, if strides can express it.
    pub fn reshaped(&self, shape: &[usize]) -> Option<Self> {
        let view = &self.view;
        if view.is_contiguous() || matches!(self.base, Base::Const(_)) {
            let view = View::contiguous(view.offset, shape);
            return Some(Self { base: self.base, view });
        }
        // Axes of extent 1 have no say; the others must be the same, in the same order.
        let solid = |s: &[usize]| -> Vec<usize> { (0..s.len()).filter(|&i| s[i] != 1).collect() };
        let (from, to) = (solid(&view.shape), solid(shape));
        let same = from.len() == to.len() && from.iter().zip(&to).all(|(&f, &t)| view.shape[f] == shape[t]);
        same.then(|| {
            let mut strides = vec![0; shape.len()];
            for (f, t) in from.into_iter().zip(to) {
                strides[t] = view.strides[f];
            }
            Self { base: self.base, view: View { offset: view.offset, shape: shape.to_vec(), strides } }
        })
    }
}

/// Merges neighbouring axes of an index space wherever every view steps through them evenly, and drops axes of
/// extent 1: most spaces become flat. The first `kept` axes and the rest are merged apart; returns the new `kept`.
pub fn collapse(shape: &mut Vec<usize>, views: &mut [&mut View], kept: usize) -> usize {
    let mut axes: Vec<(usize, Vec<usize>, bool)> = Vec::new();
    for (i, &extent) in shape.iter().enumerate() {
        let strides: Vec<usize> = views.iter().map(|v| v.strides[i]).collect();
        let keep = i < kept;
        if extent == 1 {
            continue;
        }
        if let Some((outer, outer_strides, outer_keep)) = axes.last_mut()
            && *outer_keep == keep
            && outer_strides.iter().zip(&strides).all(|(&o, &s)| o == s * extent)
        {
            *outer *= extent;
            *outer_strides = strides;
            continue;
        }
        axes.push((extent, strides, keep));
    }
    *shape = axes.iter().map(|a| a.0).collect();
    for (i, view) in views.iter_mut().enumerate() {
        view.shape.clone_from(shape);
        view.strides = axes.iter().map(|a| a.1[i]).collect();
    }
    axes.iter().filter(|a| a.2).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contiguous_spaces_become_flat() {
        let mut a = View::contiguous(3, &[4, 1, 5]);
        let mut b = View::contiguous(0, &[4, 1, 5]);
        let mut shape = vec![4, 1, 5];
        assert_eq!(collapse(&mut shape, &mut [&mut a, &mut b], 3), 1);
        assert_eq!((shape, a.strides, b.shape), (vec![20], vec![1], vec![20]));
    }

    #[test]
    fn a_repeated_axis_stays_apart() {
        let mut row = View { offset: 0, shape: vec![4, 5], strides: vec![0, 1] };
        let mut full = View::contiguous(0, &[4, 5]);
        let mut shape = vec![4, 5];
        collapse(&mut shape, &mut [&mut row, &mut full], 2);
        assert_eq!(shape, [4, 5]);
    }

    #[test]
    fn reshaping_keeps_strides_where_it_can() {
        let t = Ref::whole(Base::Counting, &[2, 3]).transposed(&[1, 0]);
        assert!(t.reshaped(&[6]).is_none());
        assert_eq!(t.reshaped(&[3, 1, 2]).map(|r| r.view.strides), Some(vec![1, 0, 3]));
    }
}
