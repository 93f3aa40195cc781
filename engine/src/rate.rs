//! The machine's own ceiling: how fast libtorch multiplies large matrices. For `cargo xtask bench`; knows nothing of models.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::Serialize;
use tch::{Device, Kind, Tensor};

use crate::processor;

/// Rows and columns of the factors: larger than any of a small encoder, small enough for any machine.
const SIDE: i64 = 2048;
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
pub fn measure(threads: usize) -> Rates {
    tch::set_num_threads(threads as i32);
    processor::prepare();
    Rates { threads, fp32_gflops: rate(Kind::Float), bf16_gflops: rate(Kind::BFloat16) }
}

/// A product `[S,S] [S,S]` is `S³` multiplications and as many additions.
fn rate(kind: Kind) -> f64 {
    let _guard = tch::no_grad_guard();
    let factor = || Tensor::randn([SIDE, SIDE], (Kind::Float, Device::Cpu)).to_kind(kind);
    let (left, right) = (factor(), factor());
    let product = left.matmul(&right); // warms up, and is room for the others
    let (start, mut best, mut times) = (Instant::now(), f64::INFINITY, 0);
    while times < FEWEST || start.elapsed() < LONGEST {
        let begin = Instant::now();
        let _ = black_box(left.matmul_out(&product, &right));
        best = best.min(begin.elapsed().as_secs_f64());
        times += 1;
    }
    2.0 * (SIDE as f64).powi(3) / best / 1e9
}
