//! How long a tick takes when every stage of the network has a worker of its own.

use std::collections::HashSet;

use crate::ir::{Graph, Value};
use crate::ops::Primitive;

/// Operations until the last worker is through with what `roots` need.
///
/// A worker does one operation after the other. Once something has arrived it does all that can be done with it, and
/// hands on what it made when it is through: so frameworks treat a stage, whose backward pass is one call. What belongs
/// to no block, such as the loss or an optimizer, is done by whoever made its operands; what needs no stage, such as
/// fetching the batch, is there from the start.
pub fn makespan(g: &Graph, roots: &[Value]) -> u64 {
    let live = g.live(roots);
    let mut stages: Vec<&str> = Vec::new();
    let mut worker: Vec<Option<usize>> = vec![None; g.len()];
    for &v in &live {
        let stage = g.path(v).split(" › ").next().unwrap_or_default();
        worker[v.index()] = if stage.is_empty() {
            g.node(v).args.iter().find_map(|a| worker[a.index()])
        } else {
            Some(stages.iter().position(|s| *s == stage).unwrap_or_else(|| {
                stages.push(stage);
                stages.len() - 1
            }))
        };
    }
    let mut handed: Vec<Option<u64>> = vec![None; g.len()];
    let mut waiting: Vec<Vec<Value>> = vec![Vec::new(); stages.len()];
    for &v in &live {
        match worker[v.index()] {
            Some(w) => waiting[w].push(v),
            None => handed[v.index()] = Some(0),
        }
    }
    let mut free = vec![0; stages.len()];
    while let Some((start, w)) = next(g, &waiting, &handed, &free) {
        let mut end = start;
        let mut task = HashSet::new();
        for &v in &waiting[w] {
            let node = g.node(v);
            if node.args.iter().all(|a| task.contains(a) || handed[a.index()].is_some_and(|t| t <= start)) {
                task.insert(v);
                let args: Vec<_> = node.args.iter().map(|&a| g.shape(a)).collect();
                end += node.op.cost(&args, &node.shape).work;
            }
        }
        task.iter().for_each(|v| handed[v.index()] = Some(end));
        waiting[w].retain(|v| !task.contains(v));
        free[w] = end;
    }
    free.into_iter().max().unwrap_or(0)
}

/// When the next worker can begin, and which.
fn next(g: &Graph, waiting: &[Vec<Value>], handed: &[Option<u64>], free: &[u64]) -> Option<(u64, usize)> {
    let arrived = |v: &Value| {
        let mut times = g.node(*v).args.iter().map(|a| handed[a.index()]);
        times.try_fold(0u64, |latest, t| t.map(|t| latest.max(t)))
    };
    let starts = waiting.iter().enumerate().filter_map(|(w, waiting)| {
        let first = waiting.iter().filter_map(arrived).min()?;
        Some((first.max(free[w]), w))
    });
    starts.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Shape;

    /// `units` operations in stage `stage` upon each of `on`.
    fn work(g: &mut Graph, stage: &str, units: usize, on: &[Value]) -> Value {
        g.scoped_as(stage, |g| {
            let from = g.symbol(Shape::from([units]));
            let sum = on.iter().fold(from, |sum, &v| {
                let one = g.slice(v, 0, 0, 1);
                g.add(sum, one)
            });
            if on.is_empty() { g.square(sum) } else { sum }
        })
    }

    #[test]
    fn workers_share_what_does_not_wait() {
        let mut g = Graph::new();
        let (a, b) = (work(&mut g, "1", 10, &[]), work(&mut g, "2", 30, &[]));
        assert_eq!(makespan(&g, &[a]), 10);
        assert_eq!(makespan(&g, &[a, b]), 30);
        let chain = work(&mut g, "2", 7, &[a]);
        assert_eq!(makespan(&g, &[chain]), 17);
        // The second worker is busy when the first hands on.
        assert_eq!(makespan(&g, &[chain, b]), 37);
    }

    #[test]
    fn what_can_be_done_at_once_is_handed_on_together() {
        let mut g = Graph::new();
        let input = work(&mut g, "1", 1, &[]);
        let error = work(&mut g, "2", 10, &[input]);
        let own = work(&mut g, "2", 20, &[input]);
        let back = work(&mut g, "1", 5, &[error]);
        assert_eq!(makespan(&g, &[back]), 16);
        assert_eq!(makespan(&g, &[back, own]), 36);
    }

    #[test]
    fn what_belongs_to_nobody_is_done_by_whoever_made_its_operands() {
        let mut g = Graph::new();
        let a = work(&mut g, "1", 10, &[]);
        let loss = work(&mut g, "", 4, &[a]);
        let b = work(&mut g, "2", 12, &[]);
        assert_eq!(makespan(&g, &[loss, b]), 14);
        let batch = work(&mut g, "", 100, &[]);
        assert_eq!(makespan(&g, &[batch]), 0);
    }
}
