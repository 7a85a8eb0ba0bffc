//! Conjugate gradients (Hestenes and Stiefel 1952): systems of linear equations solved, or brought nearer, by a few
//! products with their matrix.

use crate::ir::{Graph, Value};

/// Steps for a system.
pub(super) const SOLVING: usize = 4;

/// A few steps towards `system(x) = right`, from `start`. The matrix
/// stands along `axis`: systems side by side along the other one are solved each for itself.
pub(super) fn conjugate(
    g: &mut Graph,
    system: &dyn Fn(&mut Graph, Value) -> Value,
    right: Value,
    start: Value,
    axis: usize,
) -> Value {
    let least = g.constant(1e-30);
    let inner = |g: &mut Graph, a: Value, b: Value| {
        let product = g.mul(a, b);
        g.sum(product, &[axis])
    };
    let share = |g: &mut Graph, a: Value, b: Value| {
        let b = g.maximum(b, least);
        g.div(a, b)
    };
    let made = system(g, start);
    let mut rest = g.sub(right, made);
    let (mut x, mut direction) = (start, rest);
    let mut size = inner(g, rest, rest);
    for step in 0..SOLVING {
        let image = system(g, direction);
        let bend = inner(g, direction, image);
        let far = share(g, size, bend);
        let moved = g.mul(far, direction);
        x = g.add(x, moved);
        if step + 1 == SOLVING {
            break;
        }
        let taken = g.mul(far, image);
        rest = g.sub(rest, taken);
        let smaller = inner(g, rest, rest);
        let kept = share(g, smaller, size);
        let carried = g.mul(kept, direction);
        direction = g.add(rest, carried);
        size = smaller;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::oracle::Oracle;
    use crate::ir::{Init, Role, Shape, Slot, SlotId};
    use crate::noise::{pcg4d, uniform};
    use crate::ops::Tensor;

    fn given(g: &mut Graph, name: &str, shape: [usize; 2]) -> (SlotId, Tensor) {
        let slot = Slot { name: name.to_owned(), role: Role::Input, shape: shape.into(), init: Init::Constant(0.0) };
        let seed = name.len() as u32;
        let data = (0..(shape[0] * shape[1]) as u32).map(|i| f64::from(uniform(pcg4d([i, seed, 3, 5])[0])) * 4.0 - 2.0);
        (g.declare(slot), Tensor::new(Shape::from(shape), data.collect()))
    }

    /// As many steps as a system has unknowns solve it, and fewer lower what it is the least of.
    #[test]
    fn conjugate_gradients_solve_and_never_rise() {
        for (inputs, exact) in [(SOLVING, true), (3 * SOLVING, false)] {
            let mut g = Graph::new();
            let slots = [
                given(&mut g, "x", [9, inputs]),
                given(&mut g, "right", [inputs, 5]),
                given(&mut g, "the start", [inputs, 5]),
            ];
            let [x, right, start] = [0, 1, 2].map(|i: usize| g.read(slots[i].0));
            let system = |g: &mut Graph, w: Value| {
                let there = g.matmul(x, w);
                let back = g.matmul_t(x, there, true, false);
                g.add(back, w)
            };
            let end = conjugate(&mut g, &system, right, start, 0);
            let mut values = Vec::new();
            for at in [start, end] {
                let image = system(&mut g, at);
                let left = g.sub(image, right);
                let half = g.scale(image, 0.5);
                let height = g.sub(half, right);
                values.extend([g.dot(left, left), g.dot(at, height)]);
            }
            let mut oracle = Oracle::new(&g, |id| vec![0.0; g.slot(id).shape.size()]);
            slots.into_iter().for_each(|(slot, t)| oracle.write(slot, t));
            let v: Vec<f64> = oracle.values(&g, &values).into_iter().map(|t| t.data[0]).collect();
            assert!(v[3] < v[1], "{v:?}");
            assert_eq!(v[2] < 1e-18 * v[0], exact, "{v:?}");
        }
    }
}
