//! finetop: fine-tune a pre-trained transformer in several ways side by side, and watch it in the terminal.
//!
//! The map (an arrow in `ARCHITECTURE.md` means "uses"; there is no way back):
//!
//! | module | owns |
//! |---|---|
//! | [`spec`] | what to do: plain data, defaults, validation |
//! | [`data`] | the rows of a data set, its labels and splits |
//! | [`hub`] | models and data sets by hub id: the cache, and downloads into it |
//! | [`pretrained`] | the files of a pre-trained model's folder |
//! | [`plan`] | all that is known of an experiment before it runs |
//! | [`metric`] | named numbers that judge a model |
//! | [`run`] | the run folder: events, requests, status; the one protocol |
//! | [`verdict`] | what the numbers mean: pure functions over series |
//! | [`curve`] | curves made ready to be drawn, on a screen or in a file |
//! | [`launch`] | where runs execute: the queue and its processes |
//! | [`report`] | plans, tables, JSON |
//! | [`tui`] | the dashboard |
//! | [`cli`] | the command line |

pub mod cli;
pub mod curve;
pub mod data;
pub mod hub;
pub mod interop;
pub mod launch;
pub mod metric;
pub mod plan;
pub mod pretrained;
pub mod report;
pub mod run;
pub mod spec;
pub mod tui;
pub mod verdict;
