//! What is shown outside the dashboard: plans, tables, JSON. Pure; returns text.

pub mod columns;
pub mod json;
pub mod latency;
pub mod number;
pub mod plan;
pub mod table;
