//! WHAT to do: plain data, defaults and validation. Knows neither tch nor the terminal, nor how a run is executed.

pub mod backbone;
pub mod continuation;
pub mod crew;
pub mod early_stopping;
pub mod experiment;
pub mod family;
pub mod flat;
pub mod head;
pub mod method;
pub mod optimization;
pub mod processor;
pub mod run;
pub mod task;
