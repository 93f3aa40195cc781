//! WHERE runs execute: a pure queue and local processes. Knows nothing of tensors or screens.
//!
//! [`begin`] makes an experiment's folder ([`create`]) and sees to it that the queue's process lives ([`start`]).
//! That process ([`daemon`]) asks the pure [`queue`] who is next and starts a supervisor per run ([`supervise`]), which
//! starts the worker and writes how it ended. Each of them may die without harm to the others.

pub mod amend;
pub mod begin;
pub mod cache;
pub mod control;
pub mod create;
pub mod daemon;
pub mod extend;
pub mod idle;
pub mod kernel;
pub mod machine;
pub mod mute;
pub mod outlook;
pub mod program;
pub mod queue;
pub mod start;
pub mod supervise;
pub mod wishes;
