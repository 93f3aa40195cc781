//! What is shown outside the dashboard: plans, tables, JSON. Pure but for `mistakes`, which reads rows; returns text.

pub mod columns;
pub mod compare;
pub mod ink;
pub mod json;
pub mod latency;
pub mod ledger;
pub mod methods;
pub mod mistakes;
pub mod number;
pub mod plan;
pub mod plot;
pub mod table;
