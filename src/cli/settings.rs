//! The settings of the dashboard: where they lie, and `finetop settings`, which prints them as they hold.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use anyhow::anyhow;

use crate::cli::{exit_code, look};
use crate::run::text;
use crate::tui::app::Options;
use crate::tui::image::Surroundings;
use crate::tui::keys::keymap::Keymap;
use crate::tui::outside;
use crate::tui::settings::Settings;
use crate::tui::source::Source;

/// What the command line says of the dashboard.
#[derive(Debug, Clone)]
pub struct Look {
    /// The file named there.
    pub settings: Option<PathBuf>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--no-mouse`.
    pub no_mouse: bool,
}

impl Look {
    /// What the dashboard opens on.
    ///
    /// # Errors
    /// Where the settings cannot be read, or say something that is not understood.
    pub fn options(&self, source: Source, focus: Option<&str>, is_ascii: bool) -> anyhow::Result<Options> {
        Ok(Options {
            source,
            focus: focus.map(str::to_owned),
            environment: look::theme(is_ascii),
            settings: self.read()?,
            settings_file: self.file(),
            surroundings: surroundings(),
            is_remote: env::var_os("SSH_CONNECTION").is_some() || env::var_os("SSH_TTY").is_some(),
        })
    }

    fn read(&self) -> anyhow::Result<Settings> {
        if let Some(named) = self.settings.as_ref().filter(|named| !named.exists()) {
            return Err(anyhow!("{} is not there; `finetop settings` prints what could stand in it", named.display()));
        }
        let settings = outside::settings(self.file().as_deref()).map_err(|problem| anyhow!(problem))?;
        Ok(Settings { read_only: settings.read_only || self.read_only, mouse: settings.mouse && !self.no_mouse, ..settings })
    }

    /// The file named, or the usual one.
    fn file(&self) -> Option<PathBuf> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let folder = || set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")));
        self.settings.clone().or_else(|| Some(folder()?.join("finetop/settings.yaml")))
    }
}

/// What the environment says of what shows images.
fn surroundings() -> Surroundings {
    let is = |name: &str, value: &str| env::var_os(name).is_some_and(|found| found == value);
    let is_set = |name: &str| env::var_os(name).is_some_and(|found| !found.is_empty());
    let is_in_tmux = is_set("TMUX");
    Surroundings {
        is_in_tmux,
        is_in_screen: !is_in_tmux && is_set("STY"),
        is_iterm: is("TERM_PROGRAM", "iTerm.app") || is("LC_TERMINAL", "iTerm2"),
    }
}

/// Prints the settings as they hold, as a file that could be edited.
///
/// # Errors
/// Where the settings cannot be read, or say something that is not understood.
pub fn run(look: &Look, out: &mut dyn Write) -> anyhow::Result<u8> {
    let settings = look.read()?;
    let origin = match look.file() {
        Some(file) if file.exists() => format!("read from {}", file.display()),
        Some(file) => format!("the defaults; what differs can be put into {}", file.display()),
        None => "the defaults; neither HOME nor XDG_CONFIG_HOME says where a file would be".to_owned(),
    };
    let keymap = settings.keymap().map_err(|problem| anyhow!(problem))?;
    writeln!(out, "# {}", text::printable(&origin))?;
    writeln!(out, "# background: auto, dark, light; colors: auto, none, sixteen, true; ^r in the dashboard reads the file again")?;
    let plain = Settings { keys: BTreeMap::new(), ..settings };
    write!(out, "{}", serde_yaml::to_string(&plain)?.trim_end().trim_end_matches("keys: {}"))?;
    write!(out, "{}", keys(&keymap)?)?;
    Ok(exit_code::OK)
}

/// Every binding by place, as YAML; an empty list takes an action off the keys.
fn keys(keymap: &Keymap) -> Result<String, std::fmt::Error> {
    let mut scopes = Vec::new();
    for binding in &keymap.bindings {
        if !scopes.contains(&binding.scope) {
            scopes.push(binding.scope);
        }
    }
    let mut text = "keys:\n".to_owned();
    for scope in scopes {
        writeln!(text, "  {}:", scope.name())?;
        for binding in keymap.bindings.iter().filter(|binding| binding.scope == scope) {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("{:?}", key.written())).collect();
            writeln!(text, "    {}: [{}] # {}", binding.action.name(), keys.join(", "), binding.about)?;
        }
    }
    Ok(text)
}
