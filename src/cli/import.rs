//! `finetop import FOLDER --data DATA`: writes the experiment that starts from an adapter or a run, and runs it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, anyhow};

use crate::cli::arguments::{ImportArguments, OverrideArguments, RunArguments};
use crate::cli::settings::Look;
use crate::cli::{download, exit_code, run};
use crate::plan::import::{self, Import};
use crate::plan::prepare;
use crate::spec::experiment::overrides::Overrides;

/// Runs, writes or prints the experiment.
pub fn run(root: &Path, arguments: &ImportArguments, look: &Look) -> anyhow::Result<u8> {
    let environment = download::environment(arguments.watch.offline);
    let ImportArguments { folder, model, data, epochs, out, .. } = arguments;
    let import = Import { folder: folder.clone(), model: model.clone(), data: data.clone(), epochs: *epochs };
    let (name, text) = import::experiment(&import, &environment).map_err(|message| anyhow!(message))?;
    if arguments.dry_run {
        io::stdout().lock().write_all(text.as_bytes())?;
        return Ok(exit_code::OK);
    }
    // Beside nothing of the user's: the experiment's folder keeps a copy.
    let aside = std::env::temp_dir().join(format!("finetop-import-{}", std::process::id()));
    fs::create_dir_all(&aside).with_context(|| format!("make {}", aside.display()))?;
    let file = aside.join(format!("{name}.yaml"));
    let ended = fs::write(&file, &text).with_context(|| format!("write {}", file.display())).and_then(|()| match out {
        Some(out) => {
            // An experiment that cannot run is not written.
            download::download(&file, &Overrides::default(), &environment)?;
            prepare::prepare(&file, &Overrides::default(), &environment)?;
            fs::File::create_new(out)
                .and_then(|mut new| new.write_all(text.as_bytes()))
                .with_context(|| format!("write {}", out.display()))?;
            Ok(exit_code::OK)
        }
        None => run::run(root, &RunArguments { file: file.clone(), overrides: OverrideArguments::default(), watch: arguments.watch }, look),
    });
    // A folder left in the system's own for such things harms nobody.
    let _ = fs::remove_dir_all(&aside);
    ended
}
