//! The table of keys as it holds here: the defaults, with what the settings say otherwise.

use crate::tui::keys::Key;
use crate::tui::keys::action::{Action, Scope};
use crate::tui::keys::table::KEYS;

/// Something that keys do in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The keys, any of which does it; none where it was taken off all keys.
    pub keys: Vec<Key>,
    /// Where it holds.
    pub scope: Scope,
    /// What it does.
    pub action: Action,
    /// A word or two for the footer; empty where it is not shown there.
    pub short: &'static str,
    /// A line for help and palette.
    pub about: &'static str,
}

impl Binding {
    /// How its keys are written.
    pub fn shown(&self) -> String {
        self.keys.iter().map(|key| key.shown()).collect::<Vec<_>>().join(" ")
    }
}

/// All bindings, the most needed first: the footer is cut at the right.
#[derive(Debug, Clone, PartialEq)]
pub struct Keymap {
    /// The bindings.
    pub bindings: Vec<Binding>,
}

impl Default for Keymap {
    fn default() -> Self {
        let bind = |row: &crate::tui::keys::table::Row| Binding {
            keys: row.keys.to_vec(),
            scope: row.scope,
            action: row.action,
            short: row.short,
            about: row.about,
        };
        Self { bindings: KEYS.iter().map(bind).collect() }
    }
}

impl Keymap {
    /// What `key` does where `scopes` hold, the first scope first.
    pub fn action(&self, key: Key, scopes: &[Scope]) -> Option<Action> {
        let of = |scope: &Scope| self.bindings.iter().find(|binding| binding.scope == *scope && binding.keys.contains(&key));
        scopes.iter().find_map(of).map(|binding| binding.action)
    }

    /// What holds where `scopes` do, in the order of the table.
    pub fn of<'a>(&'a self, scopes: &'a [Scope]) -> impl Iterator<Item = &'a Binding> {
        self.bindings.iter().filter(|binding| scopes.contains(&binding.scope))
    }

    /// How the keys of an action are written; empty where it has none.
    pub fn shown(&self, action: Action) -> String {
        let bound = self.bindings.iter().find(|binding| binding.action == action && !binding.keys.is_empty());
        bound.and_then(|binding| binding.keys.first()).map_or_else(String::new, |key| key.shown())
    }

    /// Gives an action other keys in one place. What had one of them there before loses it.
    ///
    /// # Errors
    /// Where the action is not bound in this scope at all.
    pub fn rebind(&mut self, scope: Scope, action: Action, keys: &[Key]) -> Result<(), String> {
        let is_it = |binding: &Binding| binding.scope == scope && binding.action == action;
        if !self.bindings.iter().any(is_it) {
            return Err("this action has no place here".to_owned());
        }
        for binding in &mut self.bindings {
            if is_it(binding) {
                binding.keys = keys.to_vec();
            } else if binding.scope == scope {
                binding.keys.retain(|key| !keys.contains(key));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things_in_one_place() {
        let runs = |scope| vec![scope, Scope::Runs, Scope::Global];
        let places = [
            runs(Scope::Overview),
            runs(Scope::Compare),
            runs(Scope::Run),
            vec![Scope::Mistakes],
            vec![Scope::Found, Scope::Log],
            vec![Scope::Launch, Scope::Global],
            vec![Scope::Form, Scope::Global],
            vec![Scope::Waiting, Scope::Global],
            vec![Scope::Queue, Scope::Global],
            vec![Scope::System, Scope::Global],
            vec![Scope::RunMenu, Scope::Menu],
            vec![Scope::CopyMenu, Scope::Menu],
            vec![Scope::ExportMenu, Scope::Menu],
            vec![Scope::Picker],
            vec![Scope::Alerts],
            vec![Scope::Input],
            vec![Scope::Help],
            vec![Scope::Question],
        ];
        let keymap = Keymap::default();
        for place in places {
            let mut seen: Vec<Key> = Vec::new();
            for binding in keymap.of(&place) {
                for key in &binding.keys {
                    assert!(!seen.contains(key), "{key:?} is bound twice where {place:?} hold");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn every_binding_says_what_it_does() {
        for binding in Keymap::default().bindings {
            assert!(!binding.about.is_empty() && !binding.shown().is_empty(), "{binding:?}");
        }
    }

    #[test]
    fn a_key_given_to_another_action_is_taken_from_the_first() {
        let mut keymap = Keymap::default();
        keymap.rebind(Scope::Runs, Action::Stop, &[Key::Char('p')]).unwrap();
        assert_eq!(keymap.action(Key::Char('p'), &[Scope::Runs]), Some(Action::Stop));
        assert_eq!(keymap.action(Key::Char('t'), &[Scope::Runs]), None);
        assert!(keymap.of(&[Scope::Runs]).all(|binding| binding.action != Action::Pause || binding.keys.is_empty()));
        assert!(keymap.rebind(Scope::Runs, Action::Quit, &[Key::Char('x')]).is_err());
    }
}
