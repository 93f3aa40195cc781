//! Gradients as values of their own.
#![expect(unsafe_code, reason = "each function takes pointers to tensors that live as long as the call")]

use std::ffi::c_char;

use tch::Tensor;
use torch_sys::C_tensor;

use super::{check, pointers};

unsafe extern "C" {
    fn finetop_drop_gradients(tensors: *const *const C_tensor, n_tensors: i64) -> *mut c_char;
    fn finetop_set_gradients(tensors: *const *const C_tensor, gradients: *const *const C_tensor, n_tensors: i64) -> *mut c_char;
    fn finetop_join_rows(tensors: *const *const C_tensor, n_tensors: i64) -> *mut c_char;
    fn finetop_is_own(tensor: *const C_tensor) -> bool;
    fn finetop_gradients(of: *const C_tensor, tensors: *const *const C_tensor, n_tensors: i64, results: *mut *mut C_tensor) -> *mut c_char;
}

/// Takes the gradients of `tensors` away.
pub fn drop_gradients(tensors: &[&Tensor]) {
    let tensors = pointers(tensors);
    // SAFETY: the tensors live during the call.
    unsafe { check(finetop_drop_gradients(tensors.as_ptr(), tensors.len() as i64)) }
}

/// Gives every tensor its gradient.
pub fn set_gradients(tensors: &[&Tensor], gradients: &[&Tensor]) {
    assert_eq!(tensors.len(), gradients.len(), "every tensor has a gradient");
    let (tensors, gradients) = (pointers(tensors), pointers(gradients));
    // SAFETY: the lists are of one length and the tensors live during the call.
    unsafe { check(finetop_set_gradients(tensors.as_ptr(), gradients.as_ptr(), tensors.len() as i64)) }
}

/// The gradient of `of []` by each of `tensors`, undefined where it does not depend on it; unlike a backward pass this leaves theirs alone, so that
/// several threads may do it at once.
pub fn gradients(of: &Tensor, tensors: &[&Tensor]) -> Vec<Tensor> {
    let tensors = pointers(tensors);
    let mut results = vec![std::ptr::null_mut(); tensors.len()];
    // SAFETY: the tensors live during the call, there is room for a result of each, and each is a new tensor that nobody else owns.
    unsafe {
        check(finetop_gradients(of.as_ptr(), tensors.as_ptr(), tensors.len() as i64, results.as_mut_ptr()));
        results.into_iter().map(|result| Tensor::from_ptr(result)).collect()
    }
}

/// Adds to the gradient of every tensor those of some shares, one after the other. What is added to is what is given first, where it can be: gradients
/// may take as much memory as the weights.
pub fn add_gradients(tensors: &[&Tensor], shares: Vec<Vec<Tensor>>) {
    let _guard = tch::no_grad_guard();
    let mut sums: Vec<Tensor> = tensors.iter().map(|tensor| tensor.grad()).collect();
    for share in shares {
        for (sum, gradient) in sums.iter_mut().zip(share) {
            if gradient.defined() {
                *sum = if sum.defined() { sum_of(sum, &gradient) } else { own(gradient) };
            }
        }
    }
    let with: Vec<(&Tensor, &Tensor)> = tensors.iter().copied().zip(&sums).filter(|(_, sum)| sum.defined()).collect();
    let (tensors, sums): (Vec<_>, Vec<_>) = with.into_iter().unzip();
    set_gradients(&tensors, &sums);
}

/// Gives every row of a sparse gradient once.
pub fn join_rows(tensors: &[&Tensor]) {
    let tensors = pointers(tensors);
    // SAFETY: the tensors live during the call.
    unsafe { check(finetop_join_rows(tensors.as_ptr(), tensors.len() as i64)) }
}

fn sum_of(sum: &Tensor, gradient: &Tensor) -> Tensor {
    sum.shallow_clone().g_add_(gradient)
}

/// A gradient that can be added to: libtorch may give one tensor to several that it is the gradient of, or one number for many elements.
fn own(gradient: Tensor) -> Tensor {
    // SAFETY: the tensor lives during the call.
    if unsafe { finetop_is_own(gradient.as_ptr()) } { gradient } else { gradient.contiguous().copy() }
}
