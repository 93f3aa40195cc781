//! The engine: the only code that names `tch`. Of `finetop` it uses what to do (`spec`), the rows (`data`), the model's files
//! (`pretrained`), `metric` and the run folder (`run`); it knows nothing of the command line, the dashboard or the queue.

pub mod adapted;
pub mod checkpoint;
pub mod control;
pub mod data;
pub mod device;
pub mod error;
pub mod evaluate;
pub mod export;
pub mod features;
pub mod head;
pub mod hooks;
pub mod journal;
pub mod latency;
pub mod logits;
pub mod loss;
pub mod memory;
pub mod merge;
pub mod methods;
pub mod model;
pub mod movement;
pub mod native;
pub mod network;
pub mod optimizer;
pub mod pace;
pub mod params;
pub mod predict;
pub mod prepare;
pub mod processor;
pub mod random;
pub mod rate;
pub mod recovery;
pub mod start;
pub mod train;
pub mod trained;
pub mod worker;
