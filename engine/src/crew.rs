//! Threads that compute side by side, each some rows of a batch or a batch of an evaluation. Must not know what is computed.
#![expect(unsafe_code, reason = "libtorch's tensors may be read by several threads at once, which the type of a tensor does not say")]

use rayon::{ThreadPool, ThreadPoolBuilder};
use tch::{Device, Tensor};

use crate::error::EngineError;
use crate::network::{Inputs, Network};
use finetop::spec::crew;

/// Some threads, each with its share of the processor; of one, the caller itself.
#[derive(Debug)]
pub struct Crew {
    pool: Option<ThreadPool>,
}

impl Crew {
    /// As many as a worker of so many `threads` has side by side on `device`; the products of each are shared by an equal part of the threads. A
    /// GPU is fed by one.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn new(threads: usize, device: Device) -> Result<Self, EngineError> {
        let size = if device == Device::Cpu { crew::size(threads) } else { 1 };
        if size == 1 {
            return Ok(Self { pool: None });
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(size)
            .thread_name(|index| format!("share-{index}"))
            .build()
            .map_err(|error| EngineError::Device(format!("cannot start {size} threads: {error}")))?;
        pool.broadcast(|_| share_products_among(threads / size));
        share_products_among(threads);
        Ok(Self { pool: Some(pool) })
    }

    /// How many there are.
    pub fn size(&self) -> usize {
        self.pool.as_ref().map_or(1, ThreadPool::current_num_threads)
    }

    /// What `work` makes of the numbers from 0 to `n - 1`, in their order, each on a thread of its own.
    ///
    /// # Panics
    /// When `n` is larger than the crew, or when `work` does.
    pub fn each<R: Send>(&self, n: usize, read: Read, work: impl Fn(Read, usize) -> R + Sync) -> Vec<R> {
        assert!(n <= self.size(), "a crew of {} cannot compute {n} shares at once", self.size());
        let Some(pool) = self.pool.as_ref().filter(|_| n > 1) else {
            return (0..n).map(|index| work(read, index)).collect();
        };
        let results = pool.broadcast(|thread| (thread.index() < n).then(|| work(*read.whole(), thread.index())));
        results.into_iter().flatten().collect()
    }
}

/// How many threads share the products of this one.
fn share_products_among(threads: usize) {
    // When it is first asked, libtorch gives a thread the number that any thread has set last; what the thread sets afterwards is its own.
    let _ = tch::get_num_threads();
    tch::set_num_threads(threads as i32);
}

/// What several threads read at once and none changes meanwhile.
#[derive(Clone, Copy)]
pub struct Read<'a> {
    /// What computes.
    pub network: &'a Network,
    /// The rows.
    pub inputs: &'a Inputs,
    /// The tensors whose gradient is asked for, if any.
    pub trained: &'a [&'a Tensor],
}

impl Read<'_> {
    /// The whole, so that a closure borrows it and not its parts.
    const fn whole(&self) -> &Self {
        self
    }
}

// SAFETY: a network and its inputs are tensors and numbers. libtorch counts the handles of a tensor atomically, and lets several threads read
// one and note its use for a gradient at once. No part of them changes when it is read.
unsafe impl Sync for Read<'_> {}
