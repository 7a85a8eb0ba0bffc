//! The graphics processor, by WebGPU.
//!
//! The whole arena is one storage buffer, bound once and for all; the parameters of every kernel lie in a second
//! buffer, of which each dispatch sees its own window. So a dispatch is a pipeline, an offset and a grid, and nothing is
//! made or checked between ticks. Elementwise programs and reductions are generated ([`generate`]); the rest are
//! files under `shaders/`, each with its method at its head, which [`finish`] gives another ending where more is made of
//! their results. Pipelines are kept by their text for as long as the
//! device lives, so that a plan much like the last one loads at once.
//!
//! Nothing waits but who awaits a [`Ticket`] or the loading. A lost device is a [`Fault`], never a panic: calls made
//! after the loss do nothing, and every read says why.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::{Device, Executor, Fault, Ticket};
use crate::plan::{Command, Plan, Step};

mod absent;
mod finish;
mod generate;
mod handle;
mod kernel;
mod matmul;
mod platform;
mod replay;
mod routine;
mod signal;
mod tune;

pub use absent::Absent;
pub use handle::Handle;
pub use kernel::{Kernel, Lowered};
pub use matmul::Variant;
pub use routine::SHADERS;
pub use tune::{Tuning, product};

use replay::{Arena, Recorder};

/// The dispatches of one command. Numbers to be passed from one to the next are laid down in the arena from
/// `scratch` on.
pub fn lower(command: &Command, scratch: usize, tuning: Tuning) -> Lowered {
    match command {
        Command::Map(map) => generate::map(map),
        Command::Reduce(reduce) => generate::reduce(reduce, scratch),
        Command::Routine { op, inputs, shape, output } => routine::lower(op, inputs, shape, output, scratch, tuning),
    }
}

/// A step, its commands as a range of dispatches.
enum Code {
    Tick(Range<usize>),
    Repeat { times: u32, body: Vec<Code> },
    When { flag: usize, body: Vec<Code> },
}

/// Buffers that reads have used and given back.
type Pool = Rc<RefCell<Vec<wgpu::Buffer>>>;

/// A plan on a device.
pub struct Gpu {
    handle: Handle,
    plan: Rc<Plan>,
    arena: Arena,
    programs: Vec<Vec<Code>>,
    /// What the host last wrote to the registers that decide a [`Step::When`].
    flags: HashMap<usize, f32>,
    pool: Pool,
    rate: f64,
}

impl Gpu {
    /// Puts `plan` on the device: its constants written, everything else 0, all pipelines made.
    pub async fn load(handle: &Handle, plan: Rc<Plan>) -> Result<Self, Fault> {
        if let Some(why) = handle.lost() {
            return Err(Fault::Lost(why));
        }
        let tuning = handle.tuning().await?;
        let scratch = plan.size.next_multiple_of(4);
        let mut lowering = Lowering { tuning, scratch, most: 0, kernels: Vec::new(), flags: HashMap::new() };
        let programs = plan.programs.iter().map(|p| lowering.body(&p.body)).collect();
        let arena = Arena::new(handle, scratch.saturating_add(lowering.most), &lowering.kernels).await?;
        let handle = handle.clone();
        let flags = lowering.flags;
        let mut gpu = Self { handle, arena, programs, flags, pool: Pool::default(), rate: tuning.rate, plan };
        let plan = gpu.plan.clone();
        gpu.write(plan.constants.0, &plan.constants.1);
        Ok(gpu)
    }

    fn record(&self, body: &[Code], recorder: &mut Recorder<'_>) {
        for code in body {
            match code {
                Code::Tick(range) => {
                    self.arena.dispatches()[range.clone()].iter().for_each(|d| recorder.dispatch(d));
                }
                Code::Repeat { times, body } => (0..*times).for_each(|_| self.record(body, recorder)),
                Code::When { flag, body } => {
                    if self.flags.get(flag).is_some_and(|&v| v != 0.0) {
                        self.record(body, recorder);
                    }
                }
            }
        }
    }

    /// A buffer of at least `size` bytes that the host can read.
    fn staging(&self, size: u64) -> wgpu::Buffer {
        let mut pool = self.pool.borrow_mut();
        if let Some(i) = pool.iter().position(|b| b.size() >= size) {
            return pool.swap_remove(i);
        }
        self.handle.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("staging"),
            size: size.next_power_of_two(),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        })
    }
}

impl Executor for Gpu {
    fn device(&self) -> Device {
        Device::Gpu
    }

    fn name(&self) -> String {
        self.handle.name().to_owned()
    }

    fn plan(&self) -> &Rc<Plan> {
        &self.plan
    }

    /// More than there are commands: some take several passes.
    fn dispatches(&self, program: usize) -> u64 {
        fn count(body: &[Code]) -> u64 {
            body.iter()
                .map(|code| match code {
                    Code::Tick(range) => range.len() as u64,
                    Code::Repeat { times, body } => u64::from(*times) * count(body),
                    Code::When { body, .. } => count(body),
                })
                .sum()
        }
        count(&self.programs[program])
    }

    fn write(&mut self, offset: usize, data: &[f32]) {
        for (&flag, value) in &mut self.flags {
            if let Some(&v) = flag.checked_sub(offset).and_then(|i| data.get(i)) {
                *value = v;
            }
        }
        if self.handle.lost().is_none() && !data.is_empty() {
            self.handle.queue().write_buffer(&self.arena.mem, offset as u64 * 4, bytemuck::cast_slice(data));
        }
    }

    fn run(&mut self, program: usize, times: u32) {
        if self.handle.lost().is_some() {
            return;
        }
        let mut recorder = Recorder::new(&self.handle, &self.arena, self.rate);
        for _ in 0..times {
            self.record(&self.programs[program], &mut recorder);
        }
        recorder.submit();
    }

    fn read(&mut self, ranges: &[Range<usize>]) -> Ticket {
        let lengths: Vec<_> = ranges.iter().map(Range::len).collect();
        let floats: usize = lengths.iter().sum();
        if let Some(why) = self.handle.lost() {
            return Box::pin(std::future::ready(Err(Fault::Lost(why))));
        }
        if floats == 0 {
            return Box::pin(std::future::ready(Ok(vec![Vec::new(); ranges.len()])));
        }
        let size = floats as u64 * 4;
        let staging = self.staging(size);
        let device = self.handle.device();
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut at = 0;
        for range in ranges.iter().filter(|r| !r.is_empty()) {
            let length = range.len() as u64 * 4;
            encoder.copy_buffer_to_buffer(&self.arena.mem, range.start as u64 * 4, &staging, at, length);
            at += length;
        }
        let submission = self.handle.queue().submit([encoder.finish()]);
        let (sender, receiver) = signal::channel();
        staging.map_async(wgpu::MapMode::Read, 0..size, move |result| sender.send(result));
        let (handle, pool) = (self.handle.clone(), self.pool.clone());
        Box::pin(async move {
            handle.wait(Some(submission))?;
            let mapped = receiver.await.is_some_and(|result| result.is_ok());
            let unread = || handle.fault("its memory could not be read");
            if !mapped {
                return Err(unread());
            }
            let floats = {
                let bytes = staging.get_mapped_range(0..size).map_err(|_| unread())?;
                let all: &[u8] = &bytes;
                let (words, _) = all.as_chunks::<4>();
                words.iter().map(|w| f32::from_ne_bytes(*w)).collect::<Vec<_>>()
            };
            staging.unmap();
            pool.borrow_mut().push(staging);
            let mut rest = &floats[..];
            let take = |length| {
                let (head, tail) = rest.split_at(length);
                rest = tail;
                head.to_vec()
            };
            Ok(lengths.into_iter().map(take).collect())
        })
    }
}

/// The lowering of all programs of a plan.
struct Lowering {
    tuning: Tuning,
    scratch: usize,
    /// Most floats of scratch memory that any command needs.
    most: usize,
    kernels: Vec<Kernel>,
    flags: HashMap<usize, f32>,
}

impl Lowering {
    fn body(&mut self, body: &[Step]) -> Vec<Code> {
        body.iter()
            .map(|step| match step {
                Step::Tick(commands) => {
                    let first = self.kernels.len();
                    for command in commands {
                        let lowered = lower(command, self.scratch, self.tuning);
                        self.most = self.most.max(lowered.scratch);
                        self.kernels.extend(lowered.kernels);
                    }
                    Code::Tick(first..self.kernels.len())
                }
                Step::Repeat { times, body } => Code::Repeat { times: *times, body: self.body(body) },
                Step::When { flag, body } => {
                    self.flags.insert(*flag, 0.0);
                    Code::When { flag: *flag, body: self.body(body) }
                }
            })
            .collect()
    }
}
