//! How libtorch uses the processor: which library multiplies fp32 matrices, and what becomes of freed memory.
//!
//! libtorch gives the matrices to MKL, which on AMD's processors leaves AVX-512 unused: oneDNN, in libtorch as well, is more than twice as fast
//! there, and a quarter slower on Intel's. The choice depends on the processor alone, so that a run repeats its bits.

use std::sync::Once;

use crate::native;
use finetop::spec::processor::multiplies_with_onednn;

static READY: Once = Once::new();

/// Takes oneDNN where it is exact and faster: on processors of AMD with AVX-512. Once for the process.
pub fn prepare() {
    READY.call_once(|| {
        native::keep_memory();
        if multiplies_with_onednn() {
            native::multiply_with_onednn(true);
        } else {
            native::repeat_products_of_mkl();
        }
    });
}

/// The processor's name, as the system tells it: other processors compute other last bits. Empty where it does not.
pub fn name() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    about.lines().filter(|line| line.starts_with("model name")).take(1).collect()
}
