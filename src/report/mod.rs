//! What is shown outside the dashboard: plans, tables, JSON. Pure; returns text.

pub mod columns;
pub mod json;
pub mod number;
pub mod table;
pub mod plan;
