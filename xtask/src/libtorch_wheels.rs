//! The pinned wheels that libtorch 2.11.0 is taken from, per machine. Data alone.
//!
//! On Linux the wheel is a build for CUDA. Without `libtorch_cuda` it computes on the processor; `libtorch_cpu` then
//! still wants two small libraries of CUDA's to load, which have wheels of their own.

use crate::digest::Pin;
use crate::platform::Platform;
use crate::wheel::{Part, Wheel};

/// What a machine downloads.
#[derive(Clone, Copy, Debug)]
pub struct Download {
    /// The wheels, the largest first.
    pub wheels: &'static [Wheel],
    /// Bytes of disk needed while it lasts: pip holds a wheel twice, and later it lies beside what is unpacked.
    pub room_bytes: u64,
}

/// The wheels of a machine.
pub fn of(platform: Platform) -> Download {
    match platform {
        Platform::LinuxX86 => Download { wheels: &LINUX_X86, room_bytes: 1_150_000_000 },
        Platform::LinuxArm => Download { wheels: &LINUX_ARM, room_bytes: 900_000_000 },
        Platform::MacArm => Download { wheels: &MAC_ARM, room_bytes: 450_000_000 },
    }
}

const fn part(from: &'static str, to: &'static str) -> Part {
    Part { from, to }
}

const INCLUDE: Part = part("torch/include/", "include/");
const TORCH_LICENSES: Part = part("torch-2.11.0.dist-info/licenses/", "licenses/torch/");
const CUDART_PARTS: [Part; 2] = [
    part("nvidia/cu13/lib/libcudart.so.13", "lib/libcudart.so.13"),
    part("nvidia_cuda_runtime-13.0.96.dist-info/licenses/", "licenses/nvidia-cuda-runtime/"),
];
const CUPTI_PARTS: [Part; 2] = [
    part("nvidia/cu13/lib/libcupti.so.13", "lib/libcupti.so.13"),
    part("nvidia_cuda_cupti-13.0.85.dist-info/licenses/", "licenses/nvidia-cuda-cupti/"),
];

const LINUX_X86: [Wheel; 3] = [
    Wheel {
        requirement: "torch==2.11.0",
        platform: "manylinux_2_28_x86_64",
        pin: Pin { n_bytes: 530_712_279, sha256: "0f68f4ac6d95d12e896c3b7a912b5871619542ec54d3649cf48cc1edd4dd2756" },
        parts: &[
            INCLUDE,
            TORCH_LICENSES,
            part("torch/lib/libc10.so", "lib/libc10.so"),
            part("torch/lib/libtorch.so", "lib/libtorch.so"),
            part("torch/lib/libtorch_cpu.so", "lib/libtorch_cpu.so"),
            part("torch/lib/libgomp.so.1", "lib/libgomp.so.1"),
        ],
    },
    Wheel {
        requirement: "nvidia-cuda-cupti==13.0.85",
        platform: "manylinux_2_25_x86_64",
        pin: Pin { n_bytes: 10_715_597, sha256: "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8" },
        parts: &CUPTI_PARTS,
    },
    Wheel {
        requirement: "nvidia-cuda-runtime==13.0.96",
        platform: "manylinux2014_x86_64",
        pin: Pin { n_bytes: 2_243_632, sha256: "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548" },
        parts: &CUDART_PARTS,
    },
];

const LINUX_ARM: [Wheel; 3] = [
    Wheel {
        requirement: "torch==2.11.0",
        platform: "manylinux_2_28_aarch64",
        pin: Pin { n_bytes: 419_731_115, sha256: "f99924682ef0aa6a4ab3b1b76f40dc6e273fca09f367d15a524266db100a723f" },
        parts: &[
            INCLUDE,
            TORCH_LICENSES,
            part("torch/lib/libc10.so", "lib/libc10.so"),
            part("torch/lib/libtorch.so", "lib/libtorch.so"),
            part("torch/lib/libtorch_cpu.so", "lib/libtorch_cpu.so"),
            part("torch/lib/libgomp.so.1", "lib/libgomp.so.1"),
            part("torch/lib/libarm_compute.so", "lib/libarm_compute.so"),
            part("torch/lib/libarm_compute_graph.so", "lib/libarm_compute_graph.so"),
            part("torch/lib/libnvpl_blas_core.so.0", "lib/libnvpl_blas_core.so.0"),
            part("torch/lib/libnvpl_blas_lp64_gomp.so.0", "lib/libnvpl_blas_lp64_gomp.so.0"),
            part("torch/lib/libnvpl_lapack_core.so.0", "lib/libnvpl_lapack_core.so.0"),
            part("torch/lib/libnvpl_lapack_lp64_gomp.so.0", "lib/libnvpl_lapack_lp64_gomp.so.0"),
        ],
    },
    Wheel {
        requirement: "nvidia-cuda-cupti==13.0.85",
        platform: "manylinux_2_25_aarch64",
        pin: Pin { n_bytes: 10_310_827, sha256: "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151" },
        parts: &CUPTI_PARTS,
    },
    Wheel {
        requirement: "nvidia-cuda-runtime==13.0.96",
        platform: "manylinux2014_aarch64",
        pin: Pin { n_bytes: 2_261_060, sha256: "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55" },
        parts: &CUDART_PARTS,
    },
];

const MAC_ARM: [Wheel; 1] = [Wheel {
    requirement: "torch==2.11.0",
    platform: "macosx_11_0_arm64",
    pin: Pin { n_bytes: 80_606_338, sha256: "4b5866312ee6e52ea625cd211dcb97d6a2cdc1131a5f15cc0d87eec948f6dd34" },
    parts: &[
        INCLUDE,
        TORCH_LICENSES,
        part("torch/lib/libc10.dylib", "lib/libc10.dylib"),
        part("torch/lib/libtorch.dylib", "lib/libtorch.dylib"),
        part("torch/lib/libtorch_cpu.dylib", "lib/libtorch_cpu.dylib"),
        part("torch/lib/libomp.dylib", "lib/libomp.dylib"),
    ],
}];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_suffices_for_a_wheel_that_lies_there_twice() {
        for platform in [Platform::LinuxX86, Platform::LinuxArm, Platform::MacArm] {
            let download = of(platform);
            assert!(download.room_bytes > 2 * download.wheels[0].pin.n_bytes, "{platform:?}");
            assert!(download.wheels.iter().all(|wheel| wheel.pin.sha256.len() == 64), "{platform:?}");
        }
    }
}
