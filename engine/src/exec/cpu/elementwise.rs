//! Fused elementwise programs, run block by block: every instruction is one loop over a block of registers that stay
//! in the nearest cache. Inputs that lie in order are read where they are; others are gathered into a register first.

use kernels::block::{self, Two};

use crate::ops::scalar::{Binary, Unary};
use crate::plan::{Instr, View};

/// Elements in a block. Some ten registers of it fill half a first-level cache.
pub const BLOCK: usize = 512;

type One = fn(&mut [f32], &[f32]);

fn one(f: Unary) -> One {
    match f {
        Unary::Neg => block::neg_into,
        Unary::Abs => block::abs_into,
        Unary::Sign => block::sign_into,
        Unary::Step => block::step_into,
        Unary::Floor => block::floor_into,
        Unary::Exp => block::exp_into,
        Unary::Ln => block::ln_into,
        Unary::Sqrt => block::sqrt_into,
        Unary::Recip => block::recip_into,
        Unary::Relu => block::relu_into,
        Unary::Sigmoid => block::sigmoid_into,
        Unary::Softplus => block::softplus_into,
        Unary::Tanh => block::tanh_into,
        Unary::Erf => block::erf_into,
        Unary::Sin => block::sin_into,
        Unary::Cos => block::cos_into,
    }
}

fn two(f: Binary) -> Two {
    match f {
        Binary::Add => block::ADD,
        Binary::Sub => block::SUB,
        Binary::Mul => block::MUL,
        Binary::Div => block::DIV,
        Binary::Max => block::MAX,
        Binary::Min => block::MIN,
        Binary::Lt => block::LT,
        Binary::Eq => block::EQ,
    }
}

/// One number for all places.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Const(f32),
    /// At this offset of the arena, the same for as long as a command runs.
    Arena(usize),
}

impl Number {
    #[inline(always)]
    fn read(self, arena: &Arena) -> f32 {
        match self {
            Number::Const(value) => value,
            Number::Arena(offset) => arena.read(offset, 1)[0],
        }
    }
}

/// Where an instruction's result is while a block runs.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// In the arena: the input lies in order, its block is at this offset plus the block's start.
    Arena(usize),
    Register(usize),
    /// Among the results that the program finishes.
    Result(usize),
    Number(Number),
}

#[derive(Debug, Clone)]
enum Act {
    Gather { to: usize, view: View },
    One { to: usize, f: One, a: Place },
    Two { to: usize, f: Two, a: Place, b: Place },
    Select { to: usize, c: Place, a: Place, b: Place },
}

/// Results that an elementwise program finishes: numbers `first ..` of each, `apart` from one to the next.
#[derive(Debug, Clone, Copy, Default)]
pub struct Results<'a> {
    pub data: &'a [f32],
    pub apart: usize,
    pub first: usize,
}

impl<'a> Results<'a> {
    #[inline(always)]
    fn block(&self, n: usize, start: usize, len: usize) -> &'a [f32] {
        &self.data[n * self.apart + start - self.first..][..len]
    }
}

/// A program ready to run over blocks of a row-major index space.
#[derive(Debug, Clone)]
pub struct Elementwise {
    /// Registers that hold one number at all places, the same for every block.
    once: Vec<(usize, Number)>,
    each: Vec<Act>,
    places: Vec<Place>,
    registers: usize,
    /// Instructions that do arithmetic.
    pub work: usize,
}

/// The arena as the kernels see it. Plans see to it that no command writes what it also reads, but for elementwise
/// programs, which read each block before they write it.
#[derive(Debug, Clone, Copy)]
pub struct Arena {
    start: *mut f32,
    len: usize,
}

// SAFETY: chunks of one command that run side by side write disjoint ranges.
unsafe impl Sync for Arena {}
// SAFETY: as above.
unsafe impl Send for Arena {}

impl Arena {
    pub fn new(memory: &mut [f32]) -> Self {
        Self { start: memory.as_mut_ptr(), len: memory.len() }
    }

    /// # Panics
    /// When the range lies outside of the arena: a plan's fault.
    #[inline(always)]
    pub fn read(&self, offset: usize, len: usize) -> &[f32] {
        assert!(offset <= self.len && len <= self.len - offset, "a command reads outside of the arena");
        // SAFETY: inside the arena; nobody writes here meanwhile (see the type).
        unsafe { std::slice::from_raw_parts(self.start.add(offset), len) }
    }

    /// Brings numbers nearer that will soon be read, on machines that can be asked to.
    pub fn fetch(&self, offset: usize, len: usize) {
        #[cfg(target_arch = "x86_64")]
        for line in self.read(offset, len).chunks(16) {
            use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
            // SAFETY: every x86-64 has the instruction, and it only hints.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (offset, len);
    }

    /// # Panics
    /// When the range lies outside of the arena: a plan's fault.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub fn write(&self, offset: usize, len: usize) -> &mut [f32] {
        assert!(offset <= self.len && len <= self.len - offset, "a command writes outside of the arena");
        // SAFETY: inside the arena; nobody else uses this range meanwhile (see the type).
        unsafe { std::slice::from_raw_parts_mut(self.start.add(offset), len) }
    }
}

impl Elementwise {
    /// Where the inputs begin that lie in order.
    pub fn streams(&self) -> impl Iterator<Item = usize> {
        self.places.iter().filter_map(|p| if let Place::Arena(offset) = p { Some(*offset) } else { None })
    }

    /// Prepares `code` on `inputs`; results of the instructions in `wanted` survive until the block is done.
    pub fn new(inputs: &[View], code: &[Instr], wanted: &[usize]) -> Self {
        let mut last = vec![0; code.len()];
        for (i, instr) in code.iter().enumerate() {
            for a in operands(instr) {
                last[a] = i;
            }
        }
        for &w in wanted {
            last[w] = usize::MAX;
        }
        let mut out = Self { once: Vec::new(), each: Vec::new(), places: Vec::new(), registers: 0, work: 0 };
        let mut free: Vec<usize> = Vec::new();
        for (i, instr) in code.iter().enumerate() {
            let resting = match *instr {
                Instr::Input(n) if inputs[n].is_contiguous() => Some(Place::Arena(inputs[n].offset)),
                Instr::Input(n) if inputs[n].strides.iter().all(|&s| s == 0) => {
                    Some(Place::Number(Number::Arena(inputs[n].offset)))
                }
                Instr::Const(value) => Some(Place::Number(Number::Const(value))),
                Instr::Result(n) => Some(Place::Result(n)),
                Instr::Input(_) | Instr::Unary(..) | Instr::Binary(..) | Instr::Select(..) => None,
            };
            if let Some(place) = resting {
                out.places.push(place);
                if wanted.contains(&i) {
                    out.spread(i);
                }
                continue;
            }
            // One number is enough on one side of an instruction of two.
            let mut whole: Vec<usize> = operands(instr).collect();
            if let Instr::Binary(_, a, b) = *instr
                && !(out.is_number(a) && out.is_number(b))
            {
                whole.retain(|&x| !out.is_number(x));
            }
            whole.into_iter().for_each(|x| out.spread(x));
            let to = free.pop().unwrap_or_else(|| out.register());
            out.places.push(Place::Register(to));
            let p = |x: usize| out.places[x];
            out.each.push(match *instr {
                Instr::Input(n) => Act::Gather { to, view: inputs[n].clone() },
                Instr::Unary(f, a) => Act::One { to, f: one(f), a: p(a) },
                Instr::Binary(f, a, b) => Act::Two { to, f: two(f), a: p(a), b: p(b) },
                Instr::Select(c, a, b) => Act::Select { to, c: p(c), a: p(a), b: p(b) },
                Instr::Const(_) | Instr::Result(_) => unreachable!("they rest where they are"),
            });
            let mut done: Vec<usize> = operands(instr).collect();
            done.dedup();
            for a in done {
                // What is spread once must keep its register: other blocks read it again.
                if last[a] == i
                    && let Place::Register(r) = out.places[a]
                    && !out.is_spread(r)
                    && !free.contains(&r)
                {
                    free.push(r);
                }
            }
        }
        out.work = out.each.len();
        out
    }

    fn is_number(&self, i: usize) -> bool {
        matches!(self.places[i], Place::Number(_))
    }

    /// Whether a register is filled once and for all.
    fn is_spread(&self, r: usize) -> bool {
        self.once.iter().any(|once| once.0 == r)
    }

    fn register(&mut self) -> usize {
        self.registers += 1;
        self.registers - 1
    }

    /// Fills a register of its own with the result of instruction `i`, if that is one number.
    fn spread(&mut self, i: usize) {
        if let Place::Number(value) = self.places[i] {
            let to = self.register();
            self.once.push((to, value));
            self.places[i] = Place::Register(to);
        }
    }

    /// Floats of scratch that [`Elementwise::block`] needs.
    pub fn scratch(&self) -> usize {
        self.registers * BLOCK
    }

    /// To be called once before the first block that uses this scratch.
    #[inline(always)]
    pub fn begin(&self, arena: &Arena, scratch: &mut [f32], longest: usize) {
        for (to, value) in &self.once {
            scratch[to * BLOCK..][..longest.min(BLOCK)].fill(value.read(arena));
        }
    }

    /// Computes elements `start .. start + len` of the index space; `len` is at most [`BLOCK`].
    pub fn block(&self, arena: &Arena, results: Results, scratch: &mut [f32], start: usize, len: usize) {
        debug_assert!(len <= BLOCK && scratch.len() >= self.scratch());
        let base = scratch.as_mut_ptr();
        // SAFETY (both): registers lie inside the scratch, and `new` never gives an instruction the register of one of
        // its operands.
        let read = |p: Place| match p {
            Place::Arena(offset) => arena.read(offset + start, len),
            Place::Register(r) => unsafe { std::slice::from_raw_parts(base.add(r * BLOCK), len) },
            Place::Result(n) => results.block(n, start, len),
            Place::Number(_) => unreachable!("spread over a register where it must fill one"),
        };
        let write = |r: usize| unsafe { std::slice::from_raw_parts_mut(base.add(r * BLOCK), len) };
        for act in &self.each {
            match *act {
                Act::Gather { to, ref view } => gather(arena, view, start, write(to)),
                Act::One { to, f, a } => f(write(to), read(a)),
                Act::Two { to, f, a: Place::Number(a), b } => (f.left)(write(to), a.read(arena), read(b)),
                Act::Two { to, f, a, b: Place::Number(b) } => (f.right)(write(to), read(a), b.read(arena)),
                Act::Two { to, f, a, b } => (f.both)(write(to), read(a), read(b)),
                Act::Select { to, c, a, b } => block::select_into(write(to), read(c), read(a), read(b)),
            }
        }
    }

    /// Number `i` of the instructions' results, for the block that ran last.
    pub fn result<'a>(
        &self,
        arena: &'a Arena,
        results: Results<'a>,
        scratch: &'a [f32],
        i: usize,
        start: usize,
        len: usize,
    ) -> &'a [f32] {
        match self.places[i] {
            Place::Arena(offset) => arena.read(offset + start, len),
            Place::Register(r) => &scratch[r * BLOCK..][..len],
            Place::Result(n) => results.block(n, start, len),
            Place::Number(_) => unreachable!("what is wanted fills a register"),
        }
    }
}

fn operands(instr: &Instr) -> impl Iterator<Item = usize> + use<> {
    let (list, n) = match *instr {
        Instr::Input(_) | Instr::Result(_) | Instr::Const(_) => ([0; 3], 0),
        Instr::Unary(_, a) => ([a, 0, 0], 1),
        Instr::Binary(_, a, b) => ([a, b, 0], 2),
        Instr::Select(c, a, b) => ([c, a, b], 3),
    };
    list.into_iter().take(n)
}

/// Walks elements `start .. start + len` of a view in runs along its last axis: `f(position, first, run, stride)`.
#[inline(always)]
fn runs(view: &View, start: usize, len: usize, mut f: impl FnMut(usize, usize, usize, usize)) {
    let rank = view.shape.len();
    if rank == 0 {
        return f(0, view.offset, len, 0);
    }
    let mut index = [0usize; 8];
    assert!(rank <= index.len(), "at most 8 axes after collapsing");
    let mut rest = start;
    for axis in (0..rank).rev() {
        index[axis] = rest % view.shape[axis].max(1);
        rest /= view.shape[axis].max(1);
    }
    let (inner, stride) = (view.shape[rank - 1], view.strides[rank - 1]);
    let mut done = 0;
    while done < len {
        let first = view.offset + (0..rank).map(|a| index[a] * view.strides[a]).sum::<usize>();
        let run = (inner - index[rank - 1]).min(len - done);
        f(done, first, run, stride);
        done += run;
        index[rank - 1] += run;
        for axis in (1..rank).rev() {
            if index[axis] < view.shape[axis] {
                break;
            }
            index[axis] = 0;
            index[axis - 1] += 1;
        }
    }
}

/// Elements `start ..` of a view, in row-major order, into `dst`.
pub fn gather(arena: &Arena, view: &View, start: usize, dst: &mut [f32]) {
    runs(view, start, dst.len(), |at, first, run, stride| {
        let to = &mut dst[at..at + run];
        match stride {
            0 => to.fill(arena.read(first, 1)[0]),
            1 => to.copy_from_slice(arena.read(first, run)),
            _ => {
                let from = arena.read(first, (run - 1) * stride + 1);
                for (t, v) in to.iter_mut().zip(from.iter().step_by(stride)) {
                    *t = *v;
                }
            }
        }
    });
}

/// `src` to elements `start ..` of a view.
pub fn scatter(arena: &Arena, view: &View, start: usize, src: &[f32]) {
    runs(view, start, src.len(), |at, first, run, stride| {
        let from = &src[at..at + run];
        if stride == 1 {
            arena.write(first, run).copy_from_slice(from);
        } else {
            let to = arena.write(first, (run - 1) * stride + 1);
            for (t, v) in to.iter_mut().step_by(stride.max(1)).zip(from) {
                *t = *v;
            }
        }
    });
}
