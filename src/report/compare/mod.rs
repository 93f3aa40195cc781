//! Runs side by side: where their settings differ, what each had at the same cost, which are worth their cost, what many tasks would
//! store. Pure; the dashboard and `finetop compare` show the same numbers.

pub mod budget;
pub mod configuration;
pub mod cost;
pub mod document;
pub mod flops;
pub mod frontier;
pub mod matched;
pub mod storage;
pub mod words;
