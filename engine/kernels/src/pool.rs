//! One job at a time, its chunks shared by all cores.
//!
//! Measured on two cores: handing half a job over costs this pool about 1 µs while its threads still spin, where
//! rayon's `join` costs 23 µs from outside its pool and 33 µs or more once its worker has slept. A training step is
//! some twenty kernels of tens of microseconds each, so the difference is the gain of the second core.

/// How many threads share a job, the caller's among them.
pub fn threads() -> usize {
    imp::threads()
}

/// Calls `f` once for each of `0..chunks`, in any order and on any thread, and returns when all calls have.
///
/// What a chunk computes must depend on its number alone. Called from inside a chunk, or while another thread's job
/// runs, it does all the work itself. A panic in a chunk is raised again here.
pub fn parallel_for(chunks: usize, f: &(dyn Fn(usize) + Sync)) {
    imp::parallel_for(chunks, f);
}

/// A mutable slice that chunks of one job write at disjoint places.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    at: *mut f32,
    len: usize,
    lives: std::marker::PhantomData<&'a mut [f32]>,
}

// SAFETY: `part` obliges its callers to keep parts disjoint.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub fn new(data: &'a mut [f32]) -> Self {
        Self { at: data.as_mut_ptr(), len: data.len(), lives: std::marker::PhantomData }
    }

    /// Where a stretch of `len` numbers begins; only numbers of the chunk's own may be written through it.
    pub fn pointer(&self, start: usize, len: usize) -> *mut f32 {
        assert!(start <= self.len && len <= self.len - start, "a chunk's part lies outside the slice");
        self.at.wrapping_add(start)
    }

    /// # Safety
    /// No two parts alive at once may overlap.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn part(&self, start: usize, len: usize) -> &'a mut [f32] {
        // SAFETY: inside the slice by `pointer`'s check, disjoint by the caller's word.
        unsafe { std::slice::from_raw_parts_mut(self.pointer(start, len), len) }
    }
}

#[cfg(target_arch = "wasm32")]
mod imp {
    pub fn threads() -> usize {
        1
    }

    pub fn parallel_for(chunks: usize, f: &(dyn Fn(usize) + Sync)) {
        (0..chunks).for_each(f);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod imp {
    use std::cell::UnsafeCell;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
    use std::thread;

    /// More threads than this gain nothing at the sizes of a laboratory.
    const MOST_THREADS: usize = 8;
    /// About 100 µs of looking for the next job before a thread sleeps.
    const SPINS: usize = 4_000;

    /// In `gate`: how many workers are inside the job, whether others may enter, and the job's number above.
    const INSIDE: u64 = 0xffff;
    const OPEN: u64 = 1 << 16;
    const NUMBER: u64 = 1 << 17;

    type Chunk = dyn Fn(usize) + Sync + 'static;

    struct Pool {
        workers: Vec<thread::Thread>,
        shared: &'static Gate,
    }

    struct Gate {
        /// Held by the thread whose job runs.
        taken: AtomicBool,
        gate: AtomicU64,
        /// Written only while `gate` is shut with nobody inside.
        job: UnsafeCell<Option<(&'static Chunk, usize)>>,
        next: AtomicUsize,
        asleep: AtomicUsize,
        panicked: AtomicBool,
    }

    // SAFETY: `job` is guarded by `gate`, as said there; the rest is atomic.
    unsafe impl Sync for Gate {}

    impl Gate {
        fn work(&self) {
            // SAFETY: the caller is inside the gate or owns the job, so that nobody writes it.
            let Some((f, chunks)) = (unsafe { *self.job.get() }) else { return };
            loop {
                let chunk = self.next.fetch_add(1, SeqCst);
                if chunk >= chunks {
                    return;
                }
                f(chunk);
            }
        }

        /// A worker's life: wait for a job not yet seen, enter while it is open, work, leave.
        fn serve(&self) -> ! {
            let mut seen = 0;
            loop {
                let state = self.wait(seen);
                if self.gate.compare_exchange(state, state + 1, SeqCst, SeqCst).is_err() {
                    continue;
                }
                seen = state / NUMBER;
                if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
                    self.panicked.store(true, SeqCst);
                }
                self.gate.fetch_sub(1, SeqCst);
            }
        }

        fn wait(&self, seen: u64) -> u64 {
            let fresh = || Some(self.gate.load(SeqCst)).filter(|state| state & OPEN != 0 && state / NUMBER != seen);
            loop {
                for _ in 0..SPINS {
                    if let Some(state) = fresh() {
                        return state;
                    }
                    std::hint::spin_loop();
                }
                // Counted before the last look, so that whoever opens the gate after it sees us and wakes us.
                self.asleep.fetch_add(1, SeqCst);
                if fresh().is_none() {
                    thread::park();
                }
                self.asleep.fetch_sub(1, SeqCst);
            }
        }
    }

    fn pool() -> &'static Pool {
        static POOL: OnceLock<Pool> = OnceLock::new();
        POOL.get_or_init(|| {
            let shared: &'static Gate = Box::leak(Box::new(Gate {
                taken: AtomicBool::new(false),
                gate: AtomicU64::new(0),
                job: UnsafeCell::new(None),
                next: AtomicUsize::new(0),
                asleep: AtomicUsize::new(0),
                panicked: AtomicBool::new(false),
            }));
            let cores = thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS));
            // A thread that the system refuses is one worker fewer, not a failure.
            let spawn = |_| thread::Builder::new().name("kernels".into()).spawn(move || shared.serve()).ok();
            let workers = (1..cores).filter_map(spawn).map(|handle| handle.thread().clone()).collect();
            Pool { workers, shared }
        })
    }

    pub fn threads() -> usize {
        pool().workers.len() + 1
    }

    pub fn parallel_for(chunks: usize, f: &(dyn Fn(usize) + Sync)) {
        let Pool { workers, shared } = pool();
        if chunks < 2 || workers.is_empty() || shared.taken.swap(true, SeqCst) {
            return (0..chunks).for_each(f);
        }
        // SAFETY: only the lifetime is changed; the job is withdrawn below before this function returns.
        let job = unsafe { std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static Chunk>(f) };
        // SAFETY: the gate is shut and empty, and `taken` keeps other owners out.
        unsafe { *shared.job.get() = Some((job, chunks)) };
        shared.next.store(0, SeqCst);
        shared.gate.fetch_add(NUMBER + OPEN, SeqCst);
        if shared.asleep.load(SeqCst) > 0 {
            workers.iter().take(chunks - 1).for_each(thread::Thread::unpark);
        }
        let mine = catch_unwind(AssertUnwindSafe(|| shared.work()));
        shared.gate.fetch_and(!OPEN, SeqCst);
        let mut spins = 0;
        while shared.gate.load(SeqCst) & INSIDE != 0 {
            std::hint::spin_loop();
            spins += 1;
            if spins > SPINS {
                thread::yield_now();
            }
        }
        // SAFETY: shut and empty again.
        unsafe { *shared.job.get() = None };
        let theirs = shared.panicked.swap(false, SeqCst);
        shared.taken.store(false, SeqCst);
        if let Err(panic) = mine {
            resume_unwind(panic);
        }
        assert!(!theirs, "a chunk panicked on another thread");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[test]
    fn every_chunk_runs_once() {
        for chunks in [0, 1, 2, 3, 64, 1000] {
            for _ in 0..50 {
                let counts: Vec<AtomicUsize> = (0..chunks).map(|_| AtomicUsize::new(0)).collect();
                parallel_for(chunks, &|i| {
                    counts[i].fetch_add(1, SeqCst);
                });
                assert!(counts.iter().all(|c| c.load(SeqCst) == 1));
            }
        }
    }

    #[test]
    fn a_job_inside_a_job_runs_where_it_is() {
        let count = AtomicUsize::new(0);
        parallel_for(8, &|_| {
            parallel_for(8, &|_| {
                count.fetch_add(1, SeqCst);
            });
        });
        assert_eq!(count.load(SeqCst), 64);
    }

    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    fn jobs_of_several_threads_do_not_mix() {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let sum = AtomicUsize::new(0);
                        parallel_for(16, &|i| {
                            sum.fetch_add(i, SeqCst);
                        });
                        assert_eq!(sum.load(SeqCst), 120);
                    }
                });
            }
        });
    }

    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    fn a_panic_reaches_the_caller_and_leaves_the_pool_whole() {
        for culprit in 0..8 {
            let job = || parallel_for(8, &|i| assert_ne!(i, culprit));
            assert!(std::panic::catch_unwind(job).is_err());
        }
        every_chunk_runs_once();
    }
}
