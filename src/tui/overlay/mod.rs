//! What lies over a screen: one thing at a time, which takes the keys until it is closed. Pure.

pub mod alert_list;
pub mod input;
pub mod palette;
pub mod picker;

use crate::run::catalog::RunId;
use crate::run::condition::StopAt;
use crate::run::request;
use crate::tui::effect::Effect;
use crate::tui::keys::action::Scope;
use crate::tui::overlay::alert_list::AlertList;
use crate::tui::overlay::input::Input;
use crate::tui::overlay::palette::Palette;
use crate::tui::overlay::picker::Picker;

/// What lies over the screen.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// The table of keys.
    Help(Help),
    /// A question that waits for its answer.
    Question(Question),
    /// Every command by name.
    Palette(Palette),
    /// A list to choose from.
    Picker(Picker),
    /// A line to type.
    Prompt(Prompt),
    /// All that deserves attention.
    Alerts(AlertList),
    /// The keys of a scope, of which the next one pressed is meant.
    Menu(Scope),
}

/// The help.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Help {
    /// Rows that it is scrolled by.
    pub scroll: usize,
    /// What is looked for.
    pub search: Input,
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The question.
    pub text: String,
    /// What a yes does.
    pub then: Vec<Effect>,
    /// What is told after a no.
    pub otherwise: String,
    /// What it is, in a few words, where it is announced first so that it can be taken back.
    pub announced: Option<String>,
}

/// A line to type.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// What for.
    pub kind: PromptKind,
    /// What is typed.
    pub input: Input,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// What a line is typed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptKind {
    /// Which runs are shown.
    Filter {
        /// What it was before.
        before: String,
    },
    /// Which of the rows that a run gets wrong are shown.
    Mistakes {
        /// What it was before.
        before: String,
    },
    /// What is looked for in a log.
    Log {
        /// What it was before.
        before: String,
    },
    /// Epochs to add to these runs.
    Extend(Vec<RunId>),
    /// When these runs stop.
    StopWhen(Vec<RunId>),
    /// The highest learning rate of these runs.
    LearningRate(Vec<RunId>),
    /// The patience of their early stopping.
    Patience(Vec<RunId>),
}

impl PromptKind {
    /// What is asked for.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "filter",
            Self::Mistakes { .. } => "rows with",
            Self::Log { .. } => "search",
            Self::Extend(_) => "more epochs",
            Self::StopWhen(_) => "stop when",
            Self::LearningRate(_) => "learning rate",
            Self::Patience(_) => "patience",
        }
    }

    /// What may be typed, with an example.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "words of the name, key:value, key>number, -term: method:lora lr>1e-4 state:running accuracy>=0.8",
            Self::Mistakes { .. } => "words of the text or of the labels",
            Self::Log { .. } => "words of a line; n and N go on",
            Self::Extend(_) => "how many to add, for example 2",
            Self::StopWhen(_) => "a step such as 500, or gap > 0.1, accuracy >= 0.9, validation_loss < 0.3, epoch >= 2, seconds > 600",
            Self::LearningRate(_) => "the highest of the schedule, whose shape stays, for example 1e-4",
            Self::Patience(_) => "evaluations without a gain that are borne, for example 3",
        }
    }

    /// What is wrong with this text; `None` where it can be accepted, and while nothing is typed.
    pub fn problem(&self, text: &str) -> Option<String> {
        if text.trim().is_empty() {
            return None;
        }
        match self {
            Self::Filter { .. } | Self::Mistakes { .. } | Self::Log { .. } | Self::Extend(_) => None,
            Self::StopWhen(_) => StopAt::parse(text).err(),
            Self::LearningRate(_) => request::learning_rate(text).err(),
            Self::Patience(_) => request::patience(text).err(),
        }
    }
}

impl Overlay {
    /// Where keys hold while it is open, the nearest first.
    pub fn scopes(&self) -> Vec<Scope> {
        match self {
            Self::Help(_) => vec![Scope::Help, Scope::Input],
            Self::Question(_) => vec![Scope::Question],
            Self::Palette(_) | Self::Prompt(_) => vec![Scope::Input],
            Self::Picker(_) => vec![Scope::Picker],
            Self::Alerts(_) => vec![Scope::Alerts, Scope::Picker],
            Self::Menu(scope) => vec![*scope, Scope::Menu],
        }
    }

    /// Where typed characters go.
    pub const fn input(&mut self) -> Option<&mut Input> {
        match self {
            Self::Help(help) => Some(&mut help.search),
            Self::Palette(palette) => Some(&mut palette.search),
            Self::Prompt(prompt) => Some(&mut prompt.input),
            Self::Question(_) | Self::Picker(_) | Self::Menu(_) | Self::Alerts(_) => None,
        }
    }
}
