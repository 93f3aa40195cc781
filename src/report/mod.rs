//! What is shown outside the dashboard: plans, tables, JSON. Pure; returns text.

pub mod columns;
pub mod compare;
pub mod ink;
pub mod json;
pub mod latency;
pub mod ledger;
pub mod methods;
pub mod number;
pub mod plan;
pub mod plot;
pub mod table;
