//! The machine's own ceiling: how fast libtorch multiplies large matrices. For `cargo xtask bench`; knows nothing of models.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Serialize;
use tch::{Device, Kind, Tensor};

use crate::error::EngineError;
use crate::{device, processor};
use finetop::spec::run::Device as Wanted;

/// Rows and columns of the factors: larger than any of a small encoder, small enough for any machine.
const SIDE: i64 = 2048;
/// The same for a GPU, which 2048 do not fill.
const GPU_SIDE: i64 = 8192;
/// Products that are timed, at least.
const FEWEST: u32 = 3;
/// Then products are timed for so long.
const LONGEST: Duration = Duration::from_secs(2);

/// Rates of the best product of several, 10⁹ floating-point operations per second.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rates {
    /// Processor threads.
    pub threads: usize,
    /// Single precision, by the library that training uses as well.
    pub fp32_gflops: f64,
    /// Brain floats.
    pub bf16_gflops: f64,
}

/// Multiplies for a few seconds.
///
/// # Errors
/// When a GPU is asked for that is not there.
pub fn measure(threads: usize, wanted: Wanted) -> Result<Rates, EngineError> {
    tch::set_num_threads(threads as i32);
    processor::prepare();
    let device = device::open(wanted)?;
    Ok(Rates { threads, fp32_gflops: rate(Kind::Float, device), bf16_gflops: rate(Kind::BFloat16, device) })
}

/// A product `[S,S] [S,S]` is `S³` multiplications and as many additions.
fn rate(kind: Kind, device: Device) -> f64 {
    let _guard = tch::no_grad_guard();
    let side = if device == Device::Cpu { SIDE } else { GPU_SIDE };
    let factor = || Tensor::randn([side, side], (Kind::Float, device)).to_kind(kind);
    let (left, right) = (factor(), factor());
    let product = left.matmul(&right); // warms up, and is room for the others
    wait(device);
    let (start, mut best, mut times) = (Instant::now(), f64::INFINITY, 0);
    while times < FEWEST || start.elapsed() < LONGEST {
        let begin = Instant::now();
        let _ = black_box(left.matmul_out(&product, &right));
        wait(device);
        best = best.min(begin.elapsed().as_secs_f64());
        times += 1;
    }
    2.0 * (side as f64).powi(3) / best / 1e9
}

/// Until a GPU has done what it was given.
fn wait(device: Device) {
    if let Device::Cuda(index) = device {
        tch::Cuda::synchronize(index as i64);
    }
}
