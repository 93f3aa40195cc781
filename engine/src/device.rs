//! Where tensors live. libtorch's CUDA part is opened at start where it lies beside the rest, so that one binary serves both.

use tch::Device;

use crate::error::EngineError;
use crate::native;
use finetop::spec::run::Device as Wanted;

/// The device to use.
///
/// # Errors
/// When a GPU is asked for that is not there.
pub fn open(wanted: Wanted) -> Result<Device, EngineError> {
    if wanted != Wanted::Cpu {
        open_cuda();
    }
    let n_gpus = if tch::Cuda::is_available() { tch::Cuda::device_count() as usize } else { 0 };
    match wanted {
        Wanted::Auto if n_gpus > 0 => Ok(gpu(0)),
        Wanted::Auto | Wanted::Cpu => Ok(Device::Cpu),
        Wanted::Cuda(index) if index < n_gpus => Ok(gpu(index)),
        Wanted::Cuda(index) => Err(EngineError::Device(format!(
            "device cuda:{index} is not there (GPUs that libtorch sees: {n_gpus}); use device: auto or cpu, or a libtorch with CUDA"
        ))),
    }
}

/// GPU `index`, with a stream on which this thread's work can be recorded.
fn gpu(index: usize) -> Device {
    native::gpu::use_own_stream(index);
    Device::Cuda(index)
}

/// The device in words, as in experiment files.
pub fn name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        _ => "cpu".to_owned(),
    }
}

#[cfg(unix)]
fn open_cuda() {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    let file = if cfg!(target_os = "macos") { return } else { "libtorch_cuda.so" };
    #[expect(unsafe_code, reason = "opening a library runs its initialisers; the linker leaves CUDA out unless it is opened by name")]
    // SAFETY: the library is libtorch's own, of the version that this program is linked with, found along the same path;
    // its initialisers only register the CUDA back end. It is never closed.
    let library = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_GLOBAL) };
    if let Ok(library) = library {
        std::mem::forget(library);
    }
}
