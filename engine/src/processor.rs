//! How libtorch uses the processor: how many threads, and which library multiplies fp32 matrices.
//!
//! libtorch gives the matrices to MKL, which on AMD's processors leaves AVX-512 unused: oneDNN, in libtorch as well, is more than twice as fast
//! there. The choice depends on the processor alone, so that a run repeats its bits.

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a function of native/products.cpp")]
unsafe extern "C" {
    safe fn finetop_multiply_with_onednn(is_on: bool);
}

/// Uses `threads` threads, and oneDNN where it is exact and not slower: on processors with AVX-512 and without matrix units.
pub fn set_up(threads: usize) {
    tch::set_num_threads(threads as i32);
    #[cfg(target_arch = "x86_64")]
    finetop_multiply_with_onednn(std::arch::is_x86_feature_detected!("avx512f") && !has_matrix_units());
}

/// Where the processor has units for matrices of bf16 (AMX), oneDNN would round fp32 factors to them.
#[cfg(target_arch = "x86_64")]
fn has_matrix_units() -> bool {
    const AMX_BF16: u32 = 1 << 22;
    std::arch::x86_64::__cpuid_count(7, 0).edx & AMX_BF16 != 0
}
