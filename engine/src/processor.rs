//! How libtorch uses the processor: which library multiplies fp32 matrices, and what becomes of freed memory.
//!
//! libtorch gives the matrices to MKL, which on AMD's processors leaves AVX-512 unused: oneDNN, in libtorch as well, is more than twice as fast
//! there. The choice depends on the processor alone, so that a run repeats its bits.

use std::sync::Once;

use crate::native;

static READY: Once = Once::new();

/// Takes oneDNN where it is exact and not slower: on processors with AVX-512 and without matrix units. Once for the process.
pub fn prepare() {
    READY.call_once(|| {
        native::keep_memory();
        if multiplies_with_onednn() {
            native::multiply_with_onednn(true);
        }
    });
}

/// Whether oneDNN multiplies fp32 matrices here. MKL's last bits also depend on where in memory a matrix lies.
pub fn multiplies_with_onednn() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512f") && !has_matrix_units();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The processor's name, as the system tells it: other processors compute other last bits. Empty where it does not.
pub fn name() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    about.lines().filter(|line| line.starts_with("model name")).take(1).collect()
}

/// Where the processor has units for matrices of bf16 (AMX), oneDNN would round fp32 factors to them.
#[cfg(target_arch = "x86_64")]
fn has_matrix_units() -> bool {
    const AMX_BF16: u32 = 1 << 22;
    std::arch::x86_64::__cpuid_count(7, 0).edx & AMX_BF16 != 0
}
