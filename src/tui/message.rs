//! All that can happen to the dashboard.

use std::path::PathBuf;

use crate::launch::outlook::Outlook;
use crate::plan::error::PlanError;
use crate::report::mistakes::Listing;
use crate::run::catalog::{RunId, RunUpdate};
use crate::run::machine::Machine;
use crate::run::tail::News;
use crate::tui::act::pointer::Pointer;
use crate::tui::form::Form;
use crate::tui::form::estimate::DraftPlan;
use crate::tui::image::Protocol;
use crate::tui::keys::Key;
use crate::tui::overlay::Question;
use crate::tui::screen::log::LogSource;
use crate::tui::settings::Settings;

/// All that can happen to the dashboard.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Time passed; seconds since the Unix epoch.
    Tick(f64),
    /// The terminal has this many columns and rows.
    Resize(u16, u16),
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Pointer(Pointer),
    /// The terminal got the focus, or lost it.
    Focus(bool),
    /// The settings were read again.
    Settings(Box<Settings>),
    /// The terminal was asked whether it shows images: how they are sent, or why there are none.
    Images(Result<Protocol, String>),
    /// A question came up outside.
    Ask(Question),
    /// The store has looked at the folder of all runs; nothing new is told the first time only.
    Updates(Vec<RunUpdate>),
    /// A part of what the store has found; more of it follows at once.
    Part(Vec<RunUpdate>),
    /// A request was written: what will happen, or why not.
    Requested(Result<String, String>),
    /// Runs were asked something, in these words: what will happen to each, or why not.
    Asked(String, Vec<(RunId, Result<String, String>)>),
    /// A run has not heard in good time what it was asked, in these words.
    Unheard(RunId, String),
    /// Experiment files that were found.
    Files(Vec<PathBuf>),
    /// The plan of an experiment file, or its errors.
    Planned(PathBuf, Result<String, String>),
    /// An experiment was started: its folder's name, or why not.
    Launched(PathBuf, Result<String, String>),
    /// The plan of what the form said at a revision, or its errors; nothing where a newer one was asked for.
    DraftPlanned(u64, Option<Box<Result<DraftPlan, PlanError>>>),
    /// What a path that was typed so far may go on with.
    Completed(String, Vec<String>),
    /// What the form says was saved here.
    Saved(PathBuf),
    /// A waiting run was changed: what of it, or why not.
    Amended(Result<String, String>),
    /// An experiment to be shown in the form.
    Opened(Box<Form>),
    /// The editor has ended: the new text of what the form says, or why there is none.
    Edited(Result<String, String>),
    /// The editor has ended on a file.
    EditedFile(PathBuf, Result<(), String>),
    /// The last lines of a run's stderr.
    Stderr(RunId, Vec<String>),
    /// What a run's worker wrote.
    Output(RunId, LogSource, News),
    /// How much memory a plan says that a run takes, bytes.
    PlannedMemory(RunId, Option<u64>),
    /// What a run gets wrong, or why that cannot be told.
    Mistakes(RunId, Result<Option<Listing>, String>),
    /// The queue was looked at.
    Queue(Outlook),
    /// The machine was looked at.
    Machine(Box<Machine>),
    /// Something went wrong outside.
    Failed(String),
    /// The dashboard came back from being suspended.
    Resumed,
}
