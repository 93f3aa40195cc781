//! An experiment while it is built or changed. It holds the document as written, so that what the form has no row for is kept; what is
//! right or wrong, the reader of experiment files says. Pure.

pub mod act;
pub mod amend;
pub mod complete;
pub mod draft;
pub mod estimate;
pub mod field;
pub mod fields;
pub mod from_run;
pub mod hear;

use std::path::{Path, PathBuf};

use crate::plan::error::PlanError;
use crate::run::catalog::RunId;
use crate::spec::experiment::document::{self, Node};
use crate::spec::experiment::locate::locate;
use crate::spec::experiment::problem::Problem;
use crate::spec::experiment::{read, values, write};
use crate::tui::form::draft::Step;
use crate::tui::form::estimate::DraftPlan;
use crate::tui::form::field::Field;
use crate::tui::overlay::input::Input;

/// Where new experiments are saved.
pub const FOLDER: &str = "experiments";

/// An experiment being built or changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What the file says; or why no form can show it.
    pub document: Result<Node, String>,
    /// The file's text: as it was opened or edited by hand, until a field changes.
    pub text: String,
    /// Comments that the file begins with; kept, since a field's change writes the rest anew.
    pub header: String,
    /// The file that it was read from.
    pub origin: Option<PathBuf>,
    /// The folder that it is saved in.
    pub folder: PathBuf,
    /// The waiting run that it changes, in place of starting anything.
    pub amends: Option<RunId>,
    /// What is wrong with it, by line.
    pub problems: Vec<Problem>,
    /// Fields that a problem belongs to.
    pub marks: Vec<(Vec<Step>, usize)>,
    /// Which row is under the cursor.
    pub cursor: usize,
    /// The run whose own settings are shown.
    pub open: Option<usize>,
    /// Whether every setting has a row.
    pub shows_all: bool,
    /// The value being typed.
    pub editing: Option<Editing>,
    /// What is shown.
    pub page: Page,
    /// Lines that plan or file are scrolled by.
    pub scroll: usize,
    /// Counts changes, so that the plan of an earlier state is told from the newest.
    pub revision: u64,
    /// The plan of the newest state without errors, and which state that was.
    pub plan: Option<(u64, DraftPlan)>,
    /// Whether a plan is being made.
    pub is_planning: bool,
    /// Whether the file on disk says the same.
    pub is_saved: bool,
}

/// A value being typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Editing {
    /// What is typed.
    pub input: Input,
    /// Where it goes.
    pub field: Field,
    /// The form before.
    pub before: Box<(Node, String)>,
    /// What the text may go on with, where that was asked and is not one thing alone.
    pub fitting: Option<Vec<String>>,
}

/// What of an experiment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    /// The rows, with a short plan and the file beside them where there is room.
    #[default]
    Fields,
    /// The whole plan, as `finetop plan` tells it: the dry run.
    Plan,
    /// The file with what is wrong under the lines.
    File,
}

impl Page {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Fields => Self::Plan,
            Self::Plan => Self::File,
            Self::File => Self::Fields,
        }
    }
}

/// The text of a new experiment: three methods that make a comparison; data are asked for first.
const BLANK: &str = "name: my-experiment\ndata: {}\nruns:\n  - {method: full}\n  - {method: feature_extraction}\n  - {method: lora}\n";

impl Form {
    /// An experiment from nothing, the cursor where the data are named.
    pub fn blank() -> Self {
        let mut form = Self::open(None, PathBuf::from(FOLDER), BLANK.to_owned());
        form.is_saved = false;
        let train = form.fields().iter().position(|field| field.path == [Step::Key("data"), Step::Key("train")]);
        form.cursor = train.unwrap_or(0);
        form
    }

    /// An experiment with this text, from a file or to be saved in `folder`.
    pub fn open(origin: Option<PathBuf>, folder: PathBuf, text: String) -> Self {
        let mut form = Self {
            document: Err(String::new()),
            is_saved: origin.is_some(),
            header: String::new(),
            text: String::new(),
            origin,
            folder,
            amends: None,
            problems: Vec::new(),
            marks: Vec::new(),
            cursor: 0,
            open: None,
            shows_all: false,
            editing: None,
            page: Page::Fields,
            scroll: 0,
            revision: 0,
            plan: None,
            is_planning: false,
        };
        form.take_text(text);
        form
    }

    /// Takes the text as it was edited by hand.
    pub fn take_text(&mut self, text: String) {
        self.header = text.lines().take_while(|line| line.starts_with('#')).fold(String::new(), |header, line| header + line + "\n");
        self.document = draft::fit(text.as_bytes());
        self.text = text;
        self.page = if self.document.is_err() { Page::File } else { self.page };
        self.changed();
    }

    /// Takes the document as a field changed it: the file is written anew.
    pub fn take_document(&mut self, document: Node) {
        self.text = format!("{}{}", self.header, write::text(&document));
        self.document = Ok(document);
        self.is_saved = false;
        self.changed();
    }

    /// Draws the conclusions from another text.
    fn changed(&mut self) {
        self.revision += 1;
        self.problems = read::experiment(self.text.as_bytes()).err().unwrap_or_default();
        self.mark();
        self.cursor = self.cursor.min(self.fields().len().saturating_sub(1));
    }

    /// Takes in what was found with data and model at hand.
    pub fn planned(&mut self, plan: Result<DraftPlan, PlanError>) {
        self.is_planning = false;
        match plan {
            Ok(plan) => {
                self.problems = Vec::new();
                self.plan = Some((self.revision, plan));
            }
            Err(error) => self.problems = error.problems,
        }
        self.mark();
    }

    /// Finds the field that each problem belongs to: the one that stands where the problem is.
    fn mark(&mut self) {
        self.marks.clear();
        let Ok(document) = &self.document else { return };
        for field in self.fields() {
            let Some(place) = draft::place(document, &field.path) else { continue };
            let spots = [locate(&self.text, &place), locate(&self.text, &place.clone().key())];
            let is_here = |problem: &Problem| problem.location.is_some() && spots.contains(&problem.location);
            if let Some(idx) = self.problems.iter().position(is_here) {
                self.marks.push((field.path, idx));
            }
        }
    }

    /// The problem of a field.
    pub fn problem(&self, field: &Field) -> Option<&Problem> {
        let (_, idx) = self.marks.iter().find(|(path, _)| *path == field.path)?;
        self.problems.get(*idx)
    }

    /// The rows of the form; none where it cannot show the file.
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = self.document.as_ref().map(|document| fields::fields(document, self.open, self.shows_all)).unwrap_or_default();
        fields.retain(|field| self.amends.is_none() || !amend::is_fixed(field));
        fields
    }

    /// The row under the cursor.
    pub fn field(&self) -> Option<Field> {
        self.fields().into_iter().nth(self.cursor)
    }

    /// The experiment's name, where one is written.
    pub fn name(&self) -> Option<String> {
        let (_, document) = document::parse(self.text.as_bytes()).ok()?;
        match draft::get(&document, &[Step::Key("name")]) {
            Some(Node::Text(name)) if values::is_name(name) => Some(name.clone()),
            _ => None,
        }
    }

    /// The file that it is saved in: the one it came from while it keeps that one's name, else one named after it.
    pub fn path(&self) -> PathBuf {
        let stem = self.origin.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
        match (&self.origin, self.name()) {
            (Some(origin), None) => origin.clone(),
            (Some(origin), Some(name)) if stem.as_ref() == Some(&name) => origin.clone(),
            (_, Some(name)) => self.folder.join(format!("{name}.yaml")),
            (None, None) => self.folder.join("experiment.yaml"),
        }
    }

    /// The plan, where it is that of what is shown.
    pub fn current_plan(&self) -> Option<&DraftPlan> {
        self.plan.as_ref().filter(|(revision, _)| *revision == self.revision).map(|(_, plan)| plan)
    }
}

#[cfg(test)]
mod tests;
