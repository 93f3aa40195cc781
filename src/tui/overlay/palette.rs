//! The palette: every command by name, found by any of its words. Pure.

use crate::tui::keys::action::{Action, Scope};
use crate::tui::keys::keymap::Keymap;
use crate::tui::overlay::input::Input;

/// The palette while it is open.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Palette {
    /// What is looked for.
    pub search: Input,
    /// Which of the found is under the cursor.
    pub cursor: usize,
    /// Where its commands hold: the scopes below it.
    pub scopes: Vec<Scope>,
}

/// A command.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// What it does.
    pub action: Action,
    /// Its name.
    pub name: String,
    /// What it does, in words.
    pub about: &'static str,
    /// Its keys.
    pub keys: String,
}

impl Palette {
    /// The commands that fit what is typed: all words must occur in name or description; a name that begins so comes first.
    pub fn commands(&self, keymap: &Keymap) -> Vec<Command> {
        let search = self.search.text().to_lowercase();
        let words: Vec<&str> = search.split_whitespace().collect();
        let mut commands: Vec<Command> = Vec::new();
        for binding in keymap.of(&self.scopes) {
            let name = binding.action.name();
            let text = format!("{name} {}", binding.about).to_lowercase();
            if words.iter().all(|word| text.contains(word)) && commands.iter().all(|command| command.action != binding.action) {
                commands.push(Command { action: binding.action, name, about: binding.about, keys: binding.shown() });
            }
        }
        let first = words.first().copied().unwrap_or_default();
        commands.sort_by_key(|command| (!command.name.starts_with(first), !command.name.contains(first)));
        commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let scopes = vec![Scope::Overview, Scope::Runs, Scope::RunMenu, Scope::Global];
        let palette = Palette { search: Input::new(text), cursor: 0, scopes };
        palette.commands(&Keymap::default()).into_iter().map(|command| command.name).collect()
    }

    #[test]
    fn commands_are_found_by_words_in_any_order_and_told_once() {
        assert_eq!(found("stop")[0], "stop");
        assert!(found("axis x").contains(&"x-axis".to_owned()));
        assert_eq!(found("no such command"), Vec::<String>::new());
        let all = found("");
        assert_eq!(all.iter().filter(|name| *name == "stop").count(), 1);
    }
}
