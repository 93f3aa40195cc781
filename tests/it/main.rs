//! Tests of whole programs and of what they leave on disk; none needs libtorch, a network or a GPU.

mod amend;
mod cli;
mod compare;
mod dataset;
mod elf;
mod experiments;
mod fake_hub;
mod hub;
mod images;
mod judged;
#[cfg(target_os = "linux")]
mod manners;
mod protocol;
mod pty;
mod queue;
mod readme;
mod restart;
mod support;
#[path = "../terminal.rs"]
mod terminal;
mod tidy;
mod trained;
