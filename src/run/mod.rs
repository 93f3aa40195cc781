//! The PROTOCOL: the files of one run. Knows neither tch, ratatui nor tokio; both sides of the house depend on it, it on neither.

pub mod catalog;
pub mod clock;
pub mod dir;
pub mod event;
pub mod exit;
pub mod experiment;
pub mod fence;
pub mod follower;
pub mod inbox;
pub mod latency;
pub mod ledger;
pub mod number;
pub mod out_of_memory;
pub mod position;
pub mod process;
pub mod reader;
pub mod request;
pub mod restart;
pub mod state;
pub mod status;
pub mod steps;
pub mod storage;
pub mod store;
pub mod synthetic;
pub mod text;
pub mod writer;
