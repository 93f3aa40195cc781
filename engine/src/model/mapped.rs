//! A checkpoint's file in memory without a copy: its pages are read when they are needed, and shared by all processes that map it.
#![expect(unsafe_code, reason = "a mapping lives as long as the process, and tensors point into it")]

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use memmap2::{Mmap, MmapOptions, UncheckedAdvice};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use tch::{Device, Kind, Tensor};

/// Bytes that the numbers of a mapped tensor begin at a multiple of; files written by safetensors see to it.
const ALIGNMENT: usize = size_of::<f32>();

/// A file as bytes until the process ends: tensors of it have no owner to keep it.
pub fn file(path: &Path) -> io::Result<&'static [u8]> {
    let file = File::open(path)?;
    // SAFETY: the mapping is private and never written to. A file cut short under a running process ends that process, as everywhere
    // where checkpoints are mapped; the queue starts it again.
    let mapping: Mmap = unsafe { MmapOptions::new().map(&file)? };
    let mapping: &'static Mmap = Box::leak(Box::new(mapping));
    MAPPINGS.lock().unwrap_or_else(PoisonError::into_inner).push(mapping);
    Ok(mapping)
}

static MAPPINGS: Mutex<Vec<&'static Mmap>> = Mutex::new(Vec::new());

/// Gives back the pages read so far, for instance of weights that were copied; what is needed still is read again.
pub fn release_pages() {
    for mapping in MAPPINGS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        // SAFETY: the pages are the file's and nobody wrote to them, so that reading them again gives the same bytes. Where the
        // system does not take the advice, memory is all that is lost.
        let _ = unsafe { mapping.unchecked_advise(UncheckedAdvice::DontNeed) };
    }
}

/// A tensor of a mapped file as fp32: the file's own memory where it is fp32, else a copy. It must not be changed in place.
///
/// # Errors
/// In words, where its type cannot be read.
pub fn tensor(view: &TensorView<'static>) -> Result<Tensor, String> {
    let stored = as_stored(view)?;
    Ok(if stored.kind() == Kind::Float { stored } else { stored.to_kind(Kind::Float) })
}

/// A tensor of a mapped file in the type that it has there: the file's own memory where it lies aligned, else a copy.
///
/// # Errors
/// As [`tensor`].
pub fn as_stored(view: &TensorView<'static>) -> Result<Tensor, String> {
    let kind = match view.dtype() {
        Dtype::F32 => Kind::Float,
        Dtype::F16 => Kind::Half,
        Dtype::BF16 => Kind::BFloat16,
        other => return Err(format!("has type {other:?}; F32, F16 or BF16 is needed")),
    };
    let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
    let data = view.data();
    if data.as_ptr().align_offset(ALIGNMENT) != 0 || data.is_empty() {
        return Tensor::f_from_data_size(data, &shape, kind).map_err(|error| error.to_string());
    }
    let mut strides = vec![1; shape.len()];
    for side in (1..shape.len()).rev() {
        strides[side - 1] = strides[side] * shape[side];
    }
    // SAFETY: the bytes are the view's shape of numbers of this kind (the reader of the file checked their length), aligned, and never freed.
    Ok(unsafe { Tensor::from_blob(data.as_ptr(), &shape, &strides, kind, Device::Cpu) })
}
