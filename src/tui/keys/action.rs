//! What keys can do, and where. The names in kebab-case are those of the configuration file and the palette.

use serde::{Deserialize, Serialize};

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everywhere but in questions and inputs.
    Global,
    /// The list of runs.
    Overview,
    /// Marked runs side by side.
    Compare,
    /// One run.
    Run,
    /// What one run gets wrong.
    Mistakes,
    /// The log of one run.
    Log,
    /// The same while something is looked for in it.
    Found,
    /// Overview, comparison and one run: charts and control of runs.
    Runs,
    /// The launch screen.
    Launch,
    /// The form of an experiment.
    Form,
    /// The same of a run that waits.
    Waiting,
    /// What waits, runs and why.
    Queue,
    /// The machine.
    System,
    /// The list of what deserves attention.
    Alerts,
    /// The menu of what can be done with runs.
    RunMenu,
    /// The menu of what can be copied.
    CopyMenu,
    /// The menu of what can be exported.
    ExportMenu,
    /// Every menu.
    Menu,
    /// A list to choose from.
    Picker,
    /// While text is typed.
    Input,
    /// While the help is open.
    Help,
    /// While a question waits.
    Question,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the table of keys says what each does")]
pub enum Action {
    // The program.
    Quit,
    Back,
    Help,
    Palette,
    Alerts,
    OpenAlert,
    MuteAlert,
    Suspend,
    Redraw,
    ReloadSettings,
    // Screens.
    Overview,
    Compare,
    Run,
    Launch,
    Queue,
    System,
    // Lists.
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    Mark,
    MarkRange,
    MarkAll,
    MarkNone,
    Open,
    Filter,
    Sort,
    SortReverse,
    SortLeft,
    SortRight,
    Columns,
    Group,
    NextExperiment,
    PreviousExperiment,
    NextRun,
    PreviousRun,
    Search,
    NextMatch,
    PreviousMatch,
    Follow,
    Output,
    Pair,
    // Panes.
    NextPane,
    PreviousPane,
    Expand,
    // Charts.
    Log,
    LogX,
    XAxis,
    SmoothLess,
    SmoothMore,
    Clip,
    ShareY,
    Images,
    Metric,
    Charts,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    Fit,
    Crosshair,
    CrosshairLeft,
    CrosshairRight,
    Best,
    // Comparison.
    Budget,
    CostAxis,
    ColumnLeft,
    ColumnRight,
    // Queue.
    QueueEarlier,
    QueueLater,
    QueueMore,
    QueueFewer,
    QueueUsual,
    QueueHold,
    QueueCancel,
    // Control of runs.
    RunMenu,
    Stop,
    Pause,
    Kill,
    Undo,
    Extend,
    Clone,
    Edit,
    Rerun,
    StopAtEpochEnd,
    StopWhen,
    KeepGoing,
    Resume,
    Release,
    Requeue,
    LearningRate,
    Patience,
    Mute,
    // Files.
    CopyMenu,
    CopyId,
    CopyPath,
    CopyCommand,
    CopyRow,
    ExportMenu,
    ExportScreenSvg,
    ExportScreenText,
    ExportChartsPng,
    ExportChartsSvg,
    // Launch.
    Start,
    Plan,
    Reload,
    EditFile,
    FormEnter,
    FormToggle,
    FormLess,
    FormMore,
    FormDefault,
    FormAnother,
    FormPage,
    DryRun,
    Save,
    // Inputs, pickers, questions.
    Accept,
    Complete,
    Toggle,
    Yes,
    No,
}

impl Action {
    /// The name in kebab-case.
    pub fn name(self) -> String {
        name_of(self)
    }

    /// Whether it starts, changes or ends a run: what a read-only dashboard does not do.
    pub const fn changes_runs(self) -> bool {
        matches!(
            self,
            Self::Stop
                | Self::Pause
                | Self::Kill
                | Self::Extend
                | Self::StopAtEpochEnd
                | Self::StopWhen
                | Self::KeepGoing
                | Self::Resume
                | Self::Release
                | Self::Requeue
                | Self::LearningRate
                | Self::Patience
                | Self::Mute
                | Self::MuteAlert
                | Self::Start
                | Self::Rerun
                | Self::QueueEarlier
                | Self::QueueLater
                | Self::QueueMore
                | Self::QueueFewer
                | Self::QueueUsual
                | Self::QueueHold
                | Self::QueueCancel
        )
    }
}

impl Scope {
    /// The name in kebab-case.
    pub fn name(self) -> String {
        name_of(self)
    }
}

fn name_of(value: impl Serialize) -> String {
    // A name that YAML would read as something else is quoted there.
    serde_yaml::to_string(&value).map(|name| name.trim().trim_matches('\'').to_owned()).unwrap_or_default()
}
