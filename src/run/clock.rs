//! The one place where the protocol reads the clock. Must not know what the time is used for.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch; 0 where the clock stands before it.
pub fn now_seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

/// Seconds since the Unix epoch of a file's time stamp.
pub fn seconds_of(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}
