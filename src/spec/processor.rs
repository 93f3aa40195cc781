//! What the processor of this machine decides: in which precision linear layers multiply, and which library multiplies in fp32. Its abilities decide,
//! not a measurement: a plan made twice is the same, and a run repeats its bits.

use crate::spec::run::Precision;

/// bf16 where the processor multiplies it, else fp32.
pub fn best_precision() -> Precision {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx512bf16") {
        return Precision::Bf16;
    }
    Precision::Fp32
}

/// Whether oneDNN multiplies fp32 matrices: on processors of AMD with AVX-512, which MKL leaves unused there. Not with matrix units of bf16 (AMX), to which it
/// would round the factors.
pub fn multiplies_with_onednn() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512f") && !has_matrix_units() && !is_of_intel();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
fn has_matrix_units() -> bool {
    const AMX_BF16: u32 = 1 << 22;
    std::arch::x86_64::__cpuid_count(7, 0).edx & AMX_BF16 != 0
}

#[cfg(target_arch = "x86_64")]
fn is_of_intel() -> bool {
    let vendor = std::arch::x86_64::__cpuid(0);
    [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).as_flattened() == b"GenuineIntel"
}
