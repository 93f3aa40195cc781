//! What the dashboard wants done outside; only `app` does it.

use std::path::PathBuf;

use crate::launch::wishes::Wishes;
use crate::plan::completion::Names;
use crate::run::catalog::RunId;
use crate::run::request::RequestKind;
use crate::spec::run::RunSpec;
use crate::tui::screen::log::LogSource;

/// Something to do outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Leave; the runs keep going.
    Quit,
    /// Give the terminal back and stop until continued.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// Write a request for a run.
    Request(RunId, RequestKind),
    /// Write the same request for several runs.
    RequestAll(Vec<RunId>, RequestKind),
    /// Put runs back into the queue.
    Requeue(Vec<RunId>),
    /// Look whether a run has heard what it was asked, in these words.
    LookWhetherHeard(RunId, String),
    /// Say what so many more epochs would do to a run.
    LookAhead(RunId, u32),
    /// Extend a run by so many epochs.
    Extend(RunId, u32),
    /// Put text on the clipboard.
    Copy(String),
    /// Write the charts to a file.
    ExportCharts {
        /// As SVG; else as PNG.
        is_vector: bool,
    },
    /// Write this screen to a file, as a picture or as text.
    ExportScreen {
        /// As an SVG picture.
        is_picture: bool,
    },
    /// Tell the person, who looks elsewhere.
    Notify(String),
    /// Read the settings again.
    ReloadSettings,
    /// Ask the terminal whether it shows images.
    AskForImages,
    /// Look for experiment files.
    ListFiles,
    /// Resolve an experiment file and tell its plan.
    Plan(PathBuf),
    /// Start an experiment.
    Launch(PathBuf),
    /// Plan what the form says, once it stays so for a moment.
    PlanDraft {
        /// Which state of the form.
        revision: u64,
        /// The file that it would be saved in.
        path: PathBuf,
        /// What it would say.
        text: String,
    },
    /// Look what a path that is being typed may go on with.
    Complete {
        /// What it names.
        names: Names,
        /// What is typed of it.
        typed: String,
        /// The file that the form would be saved in.
        path: PathBuf,
    },
    /// Save what the form says.
    SaveDraft {
        /// The file.
        path: PathBuf,
        /// What it says.
        text: String,
        /// Whether a file that is there is written over.
        overwrites: bool,
    },
    /// Start what the form says.
    LaunchDraft {
        /// The file that it would be saved in.
        path: PathBuf,
        /// What it would say.
        text: String,
    },
    /// Give the terminal to the editor, for what the form says.
    EditDraft {
        /// A file of this name.
        name: PathBuf,
        /// What it says.
        text: String,
    },
    /// Give the terminal to the editor, for a file.
    EditFile(PathBuf),
    /// Open a file in the form.
    OpenFile(PathBuf),
    /// Open the file of a run's experiment in the form.
    OpenExperiment(RunId),
    /// Fill the form from a run.
    CloneRun(Box<RunSpec>),
    /// Open a run that waits in the form.
    OpenWaiting(RunId),
    /// Change a run that waits.
    Amend {
        /// Which.
        id: RunId,
        /// The file that its experiment would be in.
        path: PathBuf,
        /// What it would say.
        text: String,
    },
    /// Start a run again, as an experiment of its own.
    Rerun(Box<RunSpec>),
    /// Read the end of a run's stderr.
    ReadStderr(RunId),
    /// Read what a run's worker wrote, from this byte on or the end of it.
    ReadOutput(RunId, LogSource, Option<u64>),
    /// Tell how much memory a plan says that a run takes.
    PlanMemory(RunId),
    /// Read what a run gets wrong, and the texts of these rows.
    ReadMistakes(RunId),
    /// Write what is wished of the queue, then say this.
    Wish(Wishes, String),
    /// Look at the queue.
    LookAtQueue,
    /// Look at the machine and at the workers on it.
    LookAtMachine,
    /// See to it that a queue lives: runs wait.
    EnsureQueue,
}
