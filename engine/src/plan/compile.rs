//! One experiment's programs to one [`Plan`].

use std::collections::{HashMap, HashSet};

use super::emit::Emit;
use super::fuse::fuse;
use super::join::Spare;
use super::order;
use super::place::{Life, aligned, place};
use super::units::Units;
use super::view::{Base, Ref};
use super::{Command, Order, Plan, Planned, Step};
use crate::ir::{Graph, Program, Role, SlotId, Stmt, Value};
use crate::ops::Op;
use crate::sorting::Sorting as _;

/// Lowers programs of one graph. They must have passed [`crate::check::check`].
pub fn compile(graph: &Graph, programs: &[Program]) -> Plan {
    let mut slots = vec![0..0; graph.slots().len()];
    let mut roles = [const { 0..0 }; 6];
    let mut at = 0;
    for (role, span) in Role::ALL.into_iter().zip(&mut roles) {
        let start = at;
        for id in graph.slot_ids().filter(|&id| graph.slot(id).role == role) {
            slots[id.index()] = at..at + graph.slot(id).shape.size();
            at += aligned(graph.slot(id).shape.size());
        }
        *span = start..at;
    }
    let counting = programs.iter().map(longest_iota).max().unwrap_or(0);
    let constants = (at, (0..counting).map(|i| i as f32).collect());
    at += aligned(counting);
    let layout = Layout { graph, slots: &slots, counting: constants.0, temporaries: at };
    let mut room = 0;
    let programs = programs
        .iter()
        .map(|p| {
            let mut peak = (0, Order::AsBuilt);
            let body = p.body.iter().filter_map(|s| layout.step(s, &mut room, &mut peak)).collect();
            let emits = p.emits().into_iter().map(|(probe, slot)| (probe.to_owned(), slot)).collect();
            Planned { name: p.name.clone(), body, emits, peak: peak.0, order: peak.1 }
        })
        .collect();
    Plan { size: (at + room).max(1), slots, roles, constants, programs }
}

fn longest_iota(program: &Program) -> usize {
    let iota = |v: &Value| if let Op::Iota(i) = &program.graph.node(*v).op { i.len } else { 0 };
    let longest = |writes: &[(SlotId, Value)]| {
        let roots: Vec<_> = writes.iter().map(|w| w.1).collect();
        program.graph.live(&roots).iter().map(iota).max().unwrap_or(0)
    };
    program.ticks().into_iter().map(|(_, writes)| longest(writes)).max().unwrap_or(0)
}

/// Where everything but temporaries lies.
pub(super) struct Layout<'a> {
    pub graph: &'a Graph,
    pub slots: &'a [std::ops::Range<usize>],
    pub counting: usize,
    temporaries: usize,
}

impl Layout<'_> {
    fn step(&self, stmt: &Stmt, room: &mut usize, peak: &mut (usize, Order)) -> Option<Step> {
        let mut steps = |body: &[Stmt]| body.iter().filter_map(|s| self.step(s, room, peak)).collect();
        Some(match stmt {
            Stmt::Repeat { times, body } => Step::Repeat { times: *times, body: steps(body) },
            Stmt::When { flag, body } => Step::When { flag: self.slots[flag.index()].start, body: steps(body) },
            Stmt::Emit { .. } => return None,
            Stmt::Tick(writes) => {
                let ordered = |spare| {
                    let tick = Tick::new(self, writes, spare);
                    let best = tick.ordering.best();
                    (tick, best)
                };
                let (mut tick, mut best) = ordered(Spare::Memory);
                if tick.units.apart {
                    let (fewer, other) = ordered(Spare::Commands);
                    // Commands take time, so that it must be a good deal of memory that they spare.
                    if 4 * best.2 > 3 * other.2 {
                        (tick, best) = (fewer, other);
                    }
                }
                let (order, sequence, tick_peak) = best;
                if tick_peak >= peak.0 {
                    *peak = (tick_peak, order);
                }
                Step::Tick(tick.commands(&sequence, room))
            }
        })
    }
}

/// One tick on its way to commands.
pub(super) struct Tick<'a> {
    pub layout: &'a Layout<'a>,
    pub units: Units<'a>,
    ordering: order::Units,
    /// Registers that buffers lie in, because they take them over.
    homes: HashMap<usize, SlotId>,
    /// Registers that take over a buffer when all else is done.
    pub copies: Vec<(usize, SlotId)>,
}

impl<'a> Tick<'a> {
    fn new(layout: &'a Layout<'a>, writes: &[(SlotId, Value)], spare: Spare) -> Self {
        let units = fuse(layout.graph, writes, spare);
        let mut needs = units.needs.clone();
        let reads: Vec<Vec<Ref>> = (0..units.work.len()).map(|u| units.reads(u)).collect();
        let mut homes: HashMap<usize, SlotId> = HashMap::new();
        let mut copies = Vec::new();
        for &(slot, value) in writes {
            let Some(Ref { base: Base::Buffer(b), .. }) = units.packed(value) else { continue };
            let filler = units.buffers[b].0;
            let readers: Vec<usize> = (0..reads.len())
                .filter(|&u| u != filler && reads[u].iter().any(|r| r.base == Base::Slot(slot)))
                .collect();
            let whole = layout.graph.slot(slot).shape.size();
            let same = |r: &Ref| r.base == Base::Slot(slot);
            let safe = !units.walked(filler).iter().any(same)
                && units
                    .met(filler)
                    .iter()
                    .filter(|r| same(r))
                    .all(|r| r.view.is_contiguous() && r.view.size() == whole)
                && !homes.contains_key(&b)
                && !readers.iter().any(|&r| reaches(&needs, r, filler));
            if safe {
                needs[filler].extend(readers);
                homes.insert(b, slot);
            } else {
                copies.push((b, slot));
            }
        }
        let temporary = |r: &Ref| match r.base {
            Base::Buffer(b) if !homes.contains_key(&b) => Some(b),
            _ => None,
        };
        // The final copies are one last unit that needs all others: buffers they read live to the end.
        let unique = |mut v: Vec<usize>| {
            v.put_in_order();
            v.dedup();
            v
        };
        let mut read_buffers: Vec<Vec<usize>> =
            reads.iter().map(|rs| unique(rs.iter().filter_map(temporary).collect())).collect();
        let mut fills = vec![Vec::new(); units.work.len()];
        let mut sizes = vec![0; units.buffers.len()];
        for (b, &(unit, len)) in units.buffers.iter().enumerate() {
            if !homes.contains_key(&b) {
                fills[unit].push(b);
                sizes[b] = len;
            }
        }
        if !copies.is_empty() {
            needs.push((0..units.work.len()).collect());
            fills.push(Vec::new());
            read_buffers.push(unique(copies.iter().map(|c| c.0).filter(|b| !homes.contains_key(b)).collect()));
        }
        let ordering = order::Units { needs, fills, reads: read_buffers, sizes };
        Self { layout, units, ordering, homes, copies }
    }

    fn commands(&self, sequence: &[usize], room: &mut usize) -> Vec<Command> {
        let mut turn = vec![0; sequence.len()];
        for (t, &u) in sequence.iter().enumerate() {
            turn[u] = t;
        }
        let mut lives: Vec<Life> = self
            .units
            .buffers
            .iter()
            .enumerate()
            .map(|(b, &(unit, _))| Life { len: self.ordering.sizes[b], from: turn[unit], through: turn[unit] })
            .collect();
        for (u, reads) in self.ordering.reads.iter().enumerate() {
            for &b in reads {
                lives[b].through = lives[b].through.max(turn[u]);
            }
        }
        let (offsets, needed) = place(&lives);
        *room = (*room).max(needed);
        let offsets: Vec<usize> = (0..offsets.len())
            .map(|b| match self.homes.get(&b) {
                Some(slot) => self.layout.slots[slot.index()].start,
                None => self.layout.temporaries + offsets[b],
            })
            .collect();
        let emit = Emit { tick: self, offsets };
        sequence.iter().flat_map(|&u| emit.unit(u)).collect()
    }
}

/// Whether `to` is `from` or must run after it has led there: `from` depends on `to`.
fn reaches(needs: &[HashSet<usize>], from: usize, to: usize) -> bool {
    let mut seen = HashSet::new();
    let mut stack = vec![from];
    while let Some(u) = stack.pop() {
        if u == to {
            return true;
        }
        if seen.insert(u) {
            stack.extend(&needs[u]);
        }
    }
    false
}
