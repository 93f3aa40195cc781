//! Lists to choose from. Pure.

use crate::curve::quantity::Quantity;
use crate::tui::alerts::{self, MutableRule};
use crate::tui::columns::{self, Column};
use crate::tui::group::GroupBy;
use crate::tui::state::State;
use crate::tui::update::follow_all;

/// A list to choose from while it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picker {
    /// What is chosen.
    pub kind: PickerKind,
    /// Which row is under the cursor.
    pub cursor: usize,
}

/// What is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickerKind {
    /// Columns of the table; any number of them.
    Columns,
    /// What runs are grouped by; one.
    Group,
    /// Quantities that are charted; any number of them, but one.
    Charts,
    /// Rules whose alerts are muted; any number of them.
    Mute,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What it says.
    pub text: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

impl PickerKind {
    /// The title of the list.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Group => "group by",
            Self::Charts => "charts",
            Self::Mute => "mute alerts",
        }
    }

    /// Whether the first choice closes the list.
    pub const fn is_single(self) -> bool {
        matches!(self, Self::Group)
    }

    /// What there is to choose from.
    pub fn choices(self, state: &State) -> Vec<Choice> {
        match self {
            Self::Columns => {
                let choice = |column: &Column| Choice {
                    text: format!("{:<9} {}", column.head(state.metric()), column.about()),
                    is_chosen: !state.hidden_columns.contains(column),
                };
                columns::COLUMNS.iter().map(choice).collect()
            }
            Self::Mute => {
                let choice =
                    |rule: MutableRule| Choice { text: format!("{:<17} {}", rule.rule.name(), rule.about), is_chosen: rule.is_muted };
                alerts::mutable(state).into_iter().map(choice).collect()
            }
            Self::Group => {
                GroupBy::ALL.iter().map(|group| Choice { text: group.name().to_owned(), is_chosen: state.group == *group }).collect()
            }
            Self::Charts => {
                let choice = |quantity: &Quantity| Choice {
                    text: match quantity {
                        Quantity::Metric => format!("{} (the metric of the table; M: next)", quantity.title(state.metric())),
                        other => other.title(state.metric()),
                    },
                    is_chosen: state.chart.quantities.contains(quantity),
                };
                state.quantities().iter().map(choice).collect()
            }
        }
    }

    /// Chooses a row, or takes it back.
    pub fn toggle(self, state: &mut State, idx: usize) {
        match self {
            Self::Columns => {
                let Some(column) = columns::COLUMNS.get(idx).copied() else { return };
                if !state.hidden_columns.remove(&column) {
                    state.hidden_columns.insert(column);
                }
            }
            // It is asked of the runs.
            Self::Mute => {}
            Self::Group => {
                if let Some(group) = GroupBy::ALL.get(idx) {
                    state.group = *group;
                }
            }
            Self::Charts => {
                let all = state.quantities();
                let Some(quantity) = all.get(idx) else { return };
                let chosen = &mut state.chart.quantities;
                match chosen.iter().position(|shown| shown == quantity) {
                    // One chart stays.
                    Some(position) if chosen.len() > 1 => {
                        chosen.remove(position);
                    }
                    Some(_) => {}
                    None => {
                        chosen.push(*quantity);
                        chosen.sort_by_key(|shown| all.iter().position(|known| known == shown));
                    }
                }
                state.pane = 0;
                follow_all(state);
            }
        }
    }
}
