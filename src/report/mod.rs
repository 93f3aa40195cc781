//! What is shown outside the dashboard: plans, tables, JSON. Pure; returns text.

pub mod plan;
