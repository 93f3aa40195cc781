//! An experiment: a YAML file, as written and resolved. Pure: text in, runs or problems out; files are read by `plan`.

pub mod document;
pub mod fit;
pub mod locate;
pub mod method_keys;
pub mod names;
pub mod nearest;
pub mod overrides;
pub mod problem;
pub mod read;
pub mod resolve;
pub mod section;
pub mod settings;
pub mod values;
pub mod write;
pub mod written;
