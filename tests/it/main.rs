//! Tests of whole programs and of what they leave on disk; none needs libtorch, a network or a GPU.

mod cli;
mod compare;
mod dataset;
mod elf;
mod experiments;
mod fake_hub;
mod hub;
mod images;
mod judged;
mod manners;
mod protocol;
mod pty;
mod queue;
mod readme;
mod restart;
mod support;
mod tidy;
mod trained;
