//! The PROTOCOL: the files of one run. Knows neither tch, ratatui nor tokio; both sides of the house depend on it, it on neither.

pub mod catalog;
pub mod event;
pub mod exit;
pub mod number;
pub mod request;
pub mod state;
pub mod status;
pub mod synthetic;
