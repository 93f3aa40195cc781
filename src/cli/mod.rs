//! The command line: clap definitions, one file per command; exit codes and error printing in one place.

pub mod plan;
