//! Exit codes of `finetop`.

/// All went well; for `run`, every run ended well.
pub const OK: u8 = 0;
/// A run did not end well, or a run could not be asked.
pub const FAILED: u8 = 1;
/// Bad command line, bad experiment file, unknown run, or the system refused: the error says what; nothing was started.
pub const USAGE: u8 = 2;
/// Interrupted by Ctrl-C or SIGTERM before the runs had ended.
pub const INTERRUPTED: u8 = 130;
