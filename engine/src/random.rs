//! Every random choice of a run from its one seed. Must not know what is chosen.

/// What a random choice is for; keeps streams of one seed apart.
#[derive(Debug, Clone, Copy)]
pub enum Stream {
    /// Initial values of new tensors.
    Initialization,
    /// Order of the rows in an epoch.
    Order(u64),
    /// Dropout masks of an optimizer step.
    Step(u64),
    /// Those of its further parts, from 1, where its batch is computed in several, one after the other.
    Part(u64, u64),
    /// Those of the further shares, from 1, of a part (from 0) that several threads compute side by side.
    Share(u64, u64, u64),
}

/// The seed of `stream`, a hash of the run's seed: dropout becomes a pure function of the step, so that runs may be
/// interleaved and a resumed run repeats an uninterrupted one without saving the generator's state.
pub fn seed(run_seed: u64, stream: Stream) -> u64 {
    let (kind, index) = match stream {
        Stream::Initialization => (1, 0),
        Stream::Order(epoch) => (2, epoch),
        Stream::Step(step) => (3, step),
        Stream::Part(step, part) => return mix(seed(run_seed, Stream::Step(step)) ^ part),
        Stream::Share(step, part, share) => return mix(seed(run_seed, Stream::Part(step, part)) ^ share),
    };
    mix(mix(mix(run_seed) ^ kind) ^ index)
}

/// The output function of `SplitMix64` (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Shuffles in place (Fisher–Yates), the same on every platform.
pub fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for last in (1..items.len()).rev() {
        state = mix(state);
        items.swap(last, (state % (last as u64 + 1)) as usize);
    }
}
