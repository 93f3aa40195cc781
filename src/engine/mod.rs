//! Training: the only code that names `tch`. Knows nothing of the command line, the dashboard, the queue or reports.

pub mod checkpoint;
pub mod control;
pub mod data;
pub mod device;
pub mod error;
pub mod evaluate;
pub mod features;
pub mod head;
pub mod hooks;
pub mod journal;
pub mod memory;
pub mod methods;
pub mod model;
pub mod network;
pub mod optimizer;
pub mod params;
pub mod prepare;
pub mod random;
pub mod train;
pub mod worker;
