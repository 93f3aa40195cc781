//! The functions of `native/*.cpp`: what libtorch can do and tch has no name for. The only calls from Rust to C++ of our own.
#![expect(unsafe_code, reason = "each function takes pointers to tensors that live as long as the call")]

pub mod gpu;
mod gradients;

use std::ffi::{CStr, c_char};

// Linked in place of the C library's allocator, for libtorch too.
use libmimalloc_sys as _;
use tch::{Device, Kind, Tensor};
use torch_sys::C_tensor;

pub use gradients::{add_gradients, drop_gradients, gradients, join_rows, set_gradients};

unsafe extern "C" {
    safe fn finetop_keep_memory();
    safe fn finetop_multiply_with_onednn(is_on: bool);
    safe fn finetop_repeat_products_of_mkl();
    safe fn finetop_seed(seed: u64);
    safe fn finetop_next_seed() -> u64;
    fn finetop_dropout(x: *const C_tensor, probability: f64, result: *mut *mut C_tensor) -> *mut c_char;
    fn finetop_add_norm(
        h: *const C_tensor,
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        epsilon: f64,
        probability: f64,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn finetop_attention(
        query: *const C_tensor,
        key: *const C_tensor,
        value: *const C_tensor,
        mask: *const C_tensor,
        n_heads: i64,
        probability: f64,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn finetop_low_rank(
        y: *const C_tensor,
        x: *const C_tensor,
        a: *const C_tensor,
        b: *const C_tensor,
        scale: f64,
        probability: f64,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn finetop_linear_in_bf16(
        x: *const C_tensor,
        weight: *const C_tensor,
        bias: *const C_tensor,
        kept: *const C_tensor,
        stays_rounded: bool,
        result: *mut *mut C_tensor,
    ) -> *mut c_char;
    fn finetop_gelu(x: *const C_tensor, result: *mut *mut C_tensor) -> *mut c_char;
    fn finetop_adamw(
        parameters: *const *const C_tensor,
        gradients: *const *const C_tensor,
        first_moments: *const *const C_tensor,
        second_moments: *const *const C_tensor,
        n_tensors: i64,
        update: *const Update,
    ) -> *mut c_char;
    fn finetop_adamw_rows(
        parameter: *const C_tensor,
        gradient: *const C_tensor,
        first_moment: *const C_tensor,
        second_moment: *const C_tensor,
        seen: *const C_tensor,
        update: *const Update,
    ) -> *mut c_char;
    fn free(pointer: *mut std::ffi::c_void);
}

/// Keeps freed memory for the next step instead of giving it back to the system.
pub fn keep_memory() {
    finetop_keep_memory();
}

/// Whether oneDNN multiplies fp32 matrices on the processor, or MKL.
pub fn multiply_with_onednn(is_on: bool) {
    finetop_multiply_with_onednn(is_on);
}

/// MKL gives the same bits wherever in memory the factors of a product lie.
pub fn repeat_products_of_mkl() {
    finetop_repeat_products_of_mkl();
}

/// Seeds what dropout draws from in this thread, where tensors are on the processor.
pub fn seed(seed: u64) {
    finetop_seed(seed);
}

/// The next number that dropout would draw from, for another seed.
pub fn next_seed() -> u64 {
    finetop_next_seed()
}

/// `x` of any shape with a share `probability` of its elements zero, the others scaled by `1 / (1 - probability)`.
pub fn dropout(x: &Tensor, probability: f64) -> Tensor {
    let mut result = std::ptr::null_mut();
    // SAFETY: `x` lives during the call; without a message, `result` is a new tensor that nobody else owns.
    unsafe {
        check(finetop_dropout(x.as_ptr(), probability, &raw mut result));
        Tensor::from_ptr(result)
    }
}

/// The layer norm with `weight [H]` and `bias [H]` of `x` plus `h` with dropout of `probability`, all `[..,H]`.
pub fn add_norm(h: &Tensor, x: &Tensor, (weight, bias): (&Tensor, &Tensor), epsilon: f64, probability: f64) -> Tensor {
    let mut result = std::ptr::null_mut();
    // SAFETY: as in `dropout`.
    unsafe {
        check(finetop_add_norm(h.as_ptr(), x.as_ptr(), weight.as_ptr(), bias.as_ptr(), epsilon, probability, &raw mut result));
        Tensor::from_ptr(result)
    }
}

/// Whether [`attention`] and [`low_rank`] take this tensor: single precision on the processor.
pub fn takes(x: &Tensor) -> bool {
    x.device() == Device::Cpu && x.kind() == Kind::Float
}

/// Attention of `n_heads` heads, `query [B,R,H]`, `key` and `value [B,K,H]` → `[B,R,H]`, with dropout of `probability` on the probabilities. Keys
/// where `mask [B,1,1,K]` is below zero count only where others that count follow.
pub fn attention(query: &Tensor, [key, value]: [&Tensor; 2], mask: Option<&Tensor>, n_heads: i64, probability: f64) -> Tensor {
    let mask = mask.map_or(std::ptr::null(), Tensor::as_ptr);
    let mut result = std::ptr::null_mut();
    // SAFETY: as in `dropout`.
    unsafe {
        check(finetop_attention(query.as_ptr(), key.as_ptr(), value.as_ptr(), mask, n_heads, probability, &raw mut result));
        Tensor::from_ptr(result)
    }
}

/// `y + scale · dropout(x) Aᵀ Bᵀ`, `y [..,out]`, `x [..,in]`, `A [R,in]`, `B [out,R]`.
pub fn low_rank(y: &Tensor, x: &Tensor, (a, b): (&Tensor, &Tensor), scale: f64, probability: f64) -> Tensor {
    let mut result = std::ptr::null_mut();
    // SAFETY: as in `dropout`.
    unsafe {
        check(finetop_low_rank(y.as_ptr(), x.as_ptr(), a.as_ptr(), b.as_ptr(), scale, probability, &raw mut result));
        Tensor::from_ptr(result)
    }
}

/// `x Wᵀ + b` with factors and result rounded to bf16, `x [..,in]` in fp32 or bf16 → `[..,out]` in fp32, or in bf16 where it `stays_rounded`; `rounded`
/// is `W [out,in]` in bf16 where it is kept.
pub fn linear_in_bf16(x: &Tensor, weight: &Tensor, bias: &Tensor, rounded: Option<&Tensor>, stays_rounded: bool) -> Tensor {
    let rounded = rounded.map_or(std::ptr::null(), Tensor::as_ptr);
    let mut result = std::ptr::null_mut();
    // SAFETY: as in `dropout`.
    unsafe {
        check(finetop_linear_in_bf16(x.as_ptr(), weight.as_ptr(), bias.as_ptr(), rounded, stays_rounded, &raw mut result));
        Tensor::from_ptr(result)
    }
}

/// `x Φ(x)` (Hendrycks & Gimpel 2016, arXiv:1606.08415, with the exact Φ), of any shape, in fp32 or in bf16.
pub fn gelu(x: &Tensor) -> Tensor {
    let mut result = std::ptr::null_mut();
    // SAFETY: as in `dropout`.
    unsafe {
        check(finetop_gelu(x.as_ptr(), &raw mut result));
        Tensor::from_ptr(result)
    }
}

/// Parameters with their gradients and moments, all of one learning rate and weight decay.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// The tensors to change.
    pub parameters: &'a [&'a Tensor],
    /// Their gradients.
    pub gradients: &'a [&'a Tensor],
    /// Running means of the gradients.
    pub first_moments: &'a [&'a Tensor],
    /// Running means of the squared gradients.
    pub second_moments: &'a [&'a Tensor],
}

/// Numbers of one AdamW update, laid out as `Update` in `native/adamw.cpp`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Update {
    /// Its number, from 1.
    pub step: u64,
    /// Learning rate of the group.
    pub learning_rate: f64,
    /// Decay rates of the moments.
    pub betas: [f64; 2],
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Added to the denominator.
    pub epsilon: f64,
    /// Gradients are divided by it.
    pub gradient_divisor: f64,
}

/// One AdamW update of a group (Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2).
pub fn adamw(group: Group, update: Update) {
    if group.parameters.is_empty() {
        return;
    }
    let lists = [group.parameters, group.gradients, group.first_moments, group.second_moments].map(pointers);
    assert!(lists.iter().all(|list| list.len() == lists[0].len()), "every parameter has a gradient and two moments");
    // SAFETY: the four lists are of one length and their tensors live during the call.
    unsafe {
        check(finetop_adamw(
            lists[0].as_ptr(),
            lists[1].as_ptr(),
            lists[2].as_ptr(),
            lists[3].as_ptr(),
            lists[0].len() as i64,
            &raw const update,
        ));
    }
}

/// The same of one table `parameter [rows,width]` in fp32 on the processor by a sparse `gradient`. `seen [rows]` says which rows have `moments` other
/// than zero, and is kept up: the others are left alone but for weight decay.
pub fn adamw_rows(parameter: &Tensor, gradient: &Tensor, moments: [&Tensor; 2], seen: &Tensor, update: Update) {
    let shape = parameter.size();
    assert!(shape.len() == 2 && seen.size() == shape[..1] && seen.kind() == Kind::Bool, "a flag for each row of a table");
    assert!([parameter, moments[0], moments[1]].iter().all(|tensor| takes(tensor) && tensor.is_contiguous() && tensor.size() == shape));
    assert!(gradient.is_sparse() && gradient.size() == shape && gradient.kind() == Kind::Float, "a sparse gradient of the table's shape");
    // SAFETY: the tensors live during the call, and are of the shapes and kinds that it reads.
    unsafe {
        check(finetop_adamw_rows(
            parameter.as_ptr(),
            gradient.as_ptr(),
            moments[0].as_ptr(),
            moments[1].as_ptr(),
            seen.as_ptr(),
            &raw const update,
        ));
    }
}

fn pointers(tensors: &[&Tensor]) -> Vec<*const C_tensor> {
    tensors.iter().map(|tensor| tensor.as_ptr()).collect()
}

/// Panics with what libtorch threw, as the functions of tch do; the worker makes a failed run of it.
///
/// # Safety
/// `message` is null or a string that `malloc` made and nobody else frees.
unsafe fn check(message: *mut c_char) {
    if message.is_null() {
        return;
    }
    // SAFETY: as above.
    let text = unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        free(message.cast());
        text
    };
    panic!("{text}");
}
