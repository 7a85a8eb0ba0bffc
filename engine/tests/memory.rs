//! A run that goes on and on holds no more memory than one that has begun: what is live on the heap is counted, on the
//! CPU and, where there is an adapter, with the graphics processor at work.

#![allow(clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use engine::exec::Device;
use engine::protocol::{Command, Event};
use engine::session::Session;
use engine::session::devices::{Devices, Machine, Opening, Unavailable};
use engine::spec::text;

/// The system's allocator, which knows how many bytes are out.
struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);
/// The counts of two tests at once would mix.
static ALONE: Mutex<()> = Mutex::new(());

// SAFETY: all is the system's; counting touches no memory of its callers.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: the caller's word is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller's word is handed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

struct NoGpu;

impl Devices for NoGpu {
    fn gpu(&self, _: Rc<engine::plan::Plan>) -> Opening {
        let none = Unavailable { reason: "there is none".to_owned(), advice: String::new() };
        Box::pin(std::future::ready(Err(none)))
    }
    fn lose_gpu(&self) {}
}

/// A small network whose routes, probes and checkpoints are all at work.
const SPEC: &str = r#"{"version":1,"data":"moons","batch":16,"rate":0.003,"stages":[
    [{"block":"linear","units":8},"activation"],
    [{"block":"route","experts":2,"routing":"top-k","blocks":[{"block":"linear","units":8}]}],
    ["linear"]]}"#;

/// Trains past `step`; what is said meanwhile is dropped as it would be behind a page.
fn train(session: &mut Session, step: u64) -> u64 {
    let mut at = 0;
    while at < step {
        for message in pollster::block_on(session.advance()) {
            match message.event {
                Event::Progress { step, .. } => at = step,
                Event::Diverged { .. } | Event::Failed { .. } => panic!("{:?}", message.event),
                _ => {}
            }
        }
    }
    at
}

/// How many bytes more are live after `late` steps than after `early`. `None` where the run is not on `device`.
fn growth(devices: Box<dyn Devices>, device: Device, early: u64, late: u64) -> Option<isize> {
    let mut session = Session::new(devices);
    let load = Command::Load { run: 1, spec: Box::new(text::read(SPEC).unwrap()), device: Some(device), from: None };
    let said = pollster::block_on(session.handle(load, Vec::new()));
    let there = said.iter().find_map(|m| match &m.event {
        Event::Loaded { summary, .. } => Some(summary.clone()),
        _ => None,
    })?;
    if there.device.device != device {
        return None;
    }
    let watch = Command::Watch { probes: there.probes.clone(), every: 10 };
    pollster::block_on(session.handle(watch, Vec::new()));
    pollster::block_on(session.handle(Command::Play, Vec::new()));
    drop((said, there));
    train(&mut session, early);
    let before = LIVE.load(Relaxed);
    train(&mut session, late);
    Some(LIVE.load(Relaxed) - before)
}

#[test]
fn a_long_run_on_the_cpu_holds_no_more_than_a_short_one() {
    let _alone = ALONE.lock();
    let grown = growth(Box::new(NoGpu), Device::Cpu, 5_000, 60_000).unwrap();
    assert!(grown < 64 << 10, "{grown} bytes more after 60,000 steps than after 5,000");
}

#[test]
fn a_long_run_on_the_graphics_processor_holds_no_more_than_a_short_one() {
    let _alone = ALONE.lock();
    match growth(Box::new(Machine::default()), Device::Gpu, 500, 3_000) {
        Some(grown) => assert!(grown < 256 << 10, "{grown} bytes more after 3,000 steps than after 500"),
        None => assert!(std::env::var("CI").is_err(), "the project's own machines have an adapter"),
    }
}
