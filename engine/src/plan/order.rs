//! Orders in which the units of a tick may run, and what each needs in memory.

use std::collections::HashSet;

use super::Order;
use crate::sorting::Sorting as _;

/// What ordering must know of a tick's units.
#[derive(Debug, Clone, Default)]
pub struct Units {
    /// Units that must have run before each unit.
    pub needs: Vec<HashSet<usize>>,
    /// Temporary buffers that each unit fills, and that it reads.
    pub fills: Vec<Vec<usize>>,
    pub reads: Vec<Vec<usize>>,
    /// Floats in each buffer; 0 for buffers that need no room.
    pub sizes: Vec<usize>,
}

impl Units {
    /// The order with the lowest peak, and that peak in floats.
    pub fn best(&self) -> (Order, Vec<usize>, usize) {
        let tried = [Order::AsBuilt, Order::LeastAliveFirst, Order::DeepestFirst].map(|order| {
            let sequence = self.sequence(order);
            let peak = self.peak(&sequence);
            (order, sequence, peak)
        });
        let [first, second, third] = tried;
        [second, third].into_iter().fold(first, |best, other| if other.2 < best.2 { other } else { best })
    }

    fn sequence(&self, order: Order) -> Vec<usize> {
        match order {
            Order::AsBuilt => self.greedy(|_, ready| ready.iter().copied().min()),
            Order::LeastAliveFirst => {
                self.greedy(|state, ready| ready.iter().copied().min_by_key(|&u| (state.growth(u), u)))
            }
            Order::DeepestFirst => self.depth_first(),
        }
    }

    /// Runs, at each turn, the ready unit that `choose` names.
    fn greedy(&self, choose: impl Fn(&Alive, &HashSet<usize>) -> Option<usize>) -> Vec<usize> {
        let count = self.needs.len();
        let mut waiting: Vec<usize> = self.needs.iter().map(HashSet::len).collect();
        let users = self.users();
        let mut ready: HashSet<usize> = (0..count).filter(|&u| waiting[u] == 0).collect();
        let mut alive = Alive::new(self);
        let mut sequence = Vec::with_capacity(count);
        while let Some(u) = choose(&alive, &ready) {
            ready.remove(&u);
            alive.run(u);
            sequence.push(u);
            for &user in &users[u] {
                waiting[user] -= 1;
                if waiting[user] == 0 {
                    ready.insert(user);
                }
            }
        }
        sequence
    }

    fn users(&self) -> Vec<Vec<usize>> {
        let mut users = vec![Vec::new(); self.needs.len()];
        for (u, needs) in self.needs.iter().enumerate() {
            for &n in needs {
                users[n].push(u);
            }
        }
        users
    }

    /// Finishes what each result needs before beginning the next, the longest chain first.
    fn depth_first(&self) -> Vec<usize> {
        let built = self.greedy(|_, ready| ready.iter().copied().min());
        let mut depth = vec![0usize; self.needs.len()];
        for &u in &built {
            depth[u] = self.needs[u].iter().map(|&n| depth[n] + 1).max().unwrap_or(0);
        }
        let mut done = vec![false; self.needs.len()];
        let mut sequence = Vec::new();
        let users = self.users();
        let mut results: Vec<usize> = (0..self.needs.len()).filter(|&u| users[u].is_empty()).collect();
        results.put_in_order_by_key(|&u| (depth[u], u));
        for r in results {
            let mut stack = vec![(r, false)];
            while let Some((u, ready)) = stack.pop() {
                if done[u] {
                    continue;
                }
                if ready {
                    done[u] = true;
                    sequence.push(u);
                    continue;
                }
                stack.push((u, true));
                let mut needs: Vec<usize> = self.needs[u].iter().copied().filter(|&n| !done[n]).collect();
                needs.put_in_order_by_key(|&n| (depth[n], n));
                stack.extend(needs.into_iter().map(|n| (n, false)));
            }
        }
        sequence
    }

    fn peak(&self, sequence: &[usize]) -> usize {
        let mut alive = Alive::new(self);
        sequence.iter().map(|&u| alive.run(u)).max().unwrap_or(0)
    }
}

/// Buffers in use while a sequence is walked.
struct Alive<'u> {
    units: &'u Units,
    readers_left: Vec<usize>,
    now: usize,
}

impl<'u> Alive<'u> {
    fn new(units: &'u Units) -> Self {
        let mut readers_left = vec![0; units.sizes.len()];
        for reads in &units.reads {
            for &b in reads {
                readers_left[b] += 1;
            }
        }
        Self { units, readers_left, now: 0 }
    }

    /// By how much running `u` would change what is in use.
    fn growth(&self, u: usize) -> isize {
        let fills: usize = self.units.fills[u].iter().map(|&b| self.units.sizes[b]).sum();
        let frees: usize =
            self.units.reads[u].iter().filter(|&&b| self.readers_left[b] == 1).map(|&b| self.units.sizes[b]).sum();
        fills as isize - frees as isize
    }

    /// Runs `u`; returns what was in use while it ran.
    fn run(&mut self, u: usize) -> usize {
        self.now += self.units.fills[u].iter().map(|&b| self.units.sizes[b]).sum::<usize>();
        let during = self.now;
        for &b in &self.units.reads[u] {
            self.readers_left[b] -= 1;
            if self.readers_left[b] == 0 {
                self.now -= self.units.sizes[b];
            }
        }
        for &b in &self.units.fills[u] {
            if self.readers_left[b] == 0 {
                self.now -= self.units.sizes[b];
            }
        }
        during
    }
}
