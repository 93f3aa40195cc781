//! The functions of `native/{device,graph,step}.cpp`, which training on a GPU needs.

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null_mut;

use tch::Tensor;
use torch_sys::C_tensor;

use super::{Group, check, free, pointers};

/// What C++ owns and Rust only points at.
#[repr(C)]
struct Opaque {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn finetop_use_own_stream(index: i64) -> *mut c_char;
    fn finetop_upload(from: *const C_tensor, to: *const C_tensor) -> *mut c_char;
    fn finetop_read_later(from: *const C_tensor, result: *mut *mut Opaque) -> *mut c_char;
    fn finetop_read_now(reading: *mut Opaque, figures: *mut f32, n: i64) -> *mut c_char;
    fn finetop_forget_reading(reading: *mut Opaque);
    fn finetop_gpu_memory(index: i64, allocated: *mut i64, reserved: *mut i64) -> *mut c_char;
    fn finetop_graph_begin(other: *mut Opaque, result: *mut *mut Opaque) -> *mut c_char;
    fn finetop_graph_end(graph: *mut Opaque) -> *mut c_char;
    fn finetop_graph_replay(graph: *mut Opaque) -> *mut c_char;
    fn finetop_graph_forget(graph: *mut Opaque);
    fn finetop_judge_step(
        gradients: *const *const C_tensor,
        n_tensors: i64,
        loss: *const C_tensor,
        limit: f64,
        figures: *const C_tensor,
        divisor: *const C_tensor,
        is_bad: *const C_tensor,
    ) -> *mut c_char;
    fn finetop_adamw_unseen(
        parameters: *const *const C_tensor,
        gradients: *const *const C_tensor,
        first_moments: *const *const C_tensor,
        second_moments: *const *const C_tensor,
        n_tensors: i64,
        step: *const C_tensor,
        learning_rate: *const C_tensor,
        beta1: f64,
        beta2: f64,
        weight_decay: f64,
        epsilon: f64,
        divisor: *const C_tensor,
        is_bad: *const C_tensor,
    ) -> *mut c_char;
}

/// From now on, this thread gives its work to a stream of its own on GPU `index`, where it can be recorded.
pub fn use_own_stream(index: usize) {
    // SAFETY: no pointer is passed.
    unsafe { check(finetop_use_own_stream(index as i64)) }
}

/// Copies `from`, on the processor, into `to`, on a GPU, of the same shape and kind, without waiting for the GPU.
pub fn upload(from: &Tensor, to: &Tensor) {
    // SAFETY: both live during the call, which keeps what it still needs after it.
    unsafe { check(finetop_upload(from.as_ptr(), to.as_ptr())) }
}

/// The most memory of GPU `index` that tensors of this process took, and that libtorch held for them, bytes.
pub fn peak_memory(index: usize) -> (u64, u64) {
    let (mut allocated, mut reserved) = (0, 0);
    // SAFETY: both numbers live during the call.
    unsafe { check(finetop_gpu_memory(index as i64, &raw mut allocated, &raw mut reserved)) }
    (allocated.unsigned_abs(), reserved.unsigned_abs())
}

/// Figures on their way from a GPU.
#[derive(Debug)]
pub struct Reading(*mut Opaque);

impl Reading {
    /// Begins to read an fp32 tensor.
    pub fn of(tensor: &Tensor) -> Self {
        let mut reading = null_mut();
        // SAFETY: the tensor lives during the call; without a message, `reading` is owned by nobody else.
        unsafe { check(finetop_read_later(tensor.as_ptr(), &raw mut reading)) }
        Self(reading)
    }

    /// Waits for the first `N` figures.
    pub fn figures<const N: usize>(self) -> [f32; N] {
        let mut figures = [0.0; N];
        // SAFETY: `self` owns the reading; there is room for `N` figures.
        unsafe { check(finetop_read_now(self.0, figures.as_mut_ptr(), N as i64)) }
        figures
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        // SAFETY: nobody else owns it.
        unsafe { finetop_forget_reading(self.0) }
    }
}

/// Work on a GPU that was recorded and can be done again and again.
#[derive(Debug)]
pub struct Graph(*mut Opaque);

impl Graph {
    /// Records `work` instead of doing it. Its tensors stay where they are as long as the graph lives and whoever holds them; what is free in
    /// between is shared with `other` and those that it shares with, of which one is replayed at a time.
    pub fn record(other: Option<&Self>, work: impl FnOnce()) -> Self {
        let mut graph = null_mut();
        // SAFETY: `other` lives during the call; without a message, `graph` is owned by nobody else.
        let graph = unsafe {
            check(finetop_graph_begin(other.map_or_else(null_mut, |other| other.0), &raw mut graph));
            Self(graph)
        };
        let worked = catch_unwind(AssertUnwindSafe(work));
        // SAFETY: the graph is recording. What is not ended would go on recording.
        unsafe {
            let ended = finetop_graph_end(graph.0);
            match worked {
                Ok(()) => check(ended),
                Err(panic) => {
                    free(ended.cast());
                    resume_unwind(panic);
                }
            }
        }
        graph
    }

    /// Does the work once.
    pub fn replay(&self) {
        // SAFETY: the graph was recorded whole.
        unsafe { check(finetop_graph_replay(self.0)) }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        // SAFETY: nobody else owns it.
        unsafe { finetop_graph_forget(self.0) }
    }
}

/// What a step leaves on the GPU.
#[derive(Debug)]
pub struct Verdict {
    /// Loss and gradient norm, `[2]`.
    pub figures: Tensor,
    /// What the gradients are divided by, `[]`.
    pub divisor: Tensor,
    /// 1 from the first step on whose figures are not finite, `[]`.
    pub is_bad: Tensor,
}

/// Judges a step by its `loss []` and gradients, whose norm is to be `limit` at most.
pub fn judge(gradients: &[&Tensor], loss: &Tensor, limit: f64, verdict: &Verdict) {
    let gradients = pointers(gradients);
    let Verdict { figures, divisor, is_bad } = verdict;
    // SAFETY: all tensors live during the call.
    unsafe {
        check(finetop_judge_step(
            gradients.as_ptr(),
            gradients.len() as i64,
            loss.as_ptr(),
            limit,
            figures.as_ptr(),
            divisor.as_ptr(),
            is_bad.as_ptr(),
        ));
    }
}

/// Numbers of one AdamW update of a group that are on the GPU, and those that never change.
#[derive(Debug, Clone, Copy)]
pub struct Unseen<'a> {
    /// Its number, from 1, `[]`.
    pub step: &'a Tensor,
    /// Learning rate of the group, `[]`.
    pub learning_rate: &'a Tensor,
    /// Decay rates of the moments.
    pub betas: (f64, f64),
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Added to the denominator.
    pub epsilon: f64,
}

/// As [`super::adamw`], by numbers that the processor does not know; nothing happens where the verdict is bad.
pub fn adamw(group: Group, update: Unseen, verdict: &Verdict) {
    let lists = [group.parameters, group.gradients, group.first_moments, group.second_moments].map(pointers);
    assert!(lists.iter().all(|list| list.len() == lists[0].len()), "every parameter has a gradient and two moments");
    if lists[0].is_empty() {
        return;
    }
    // SAFETY: the four lists are of one length and all tensors live during the call.
    unsafe {
        check(finetop_adamw_unseen(
            lists[0].as_ptr(),
            lists[1].as_ptr(),
            lists[2].as_ptr(),
            lists[3].as_ptr(),
            lists[0].len() as i64,
            update.step.as_ptr(),
            update.learning_rate.as_ptr(),
            update.betas.0,
            update.betas.1,
            update.weight_decay,
            update.epsilon,
            verdict.divisor.as_ptr(),
            verdict.is_bad.as_ptr(),
        ));
    }
}
