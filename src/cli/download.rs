//! Before a plan: downloads what the experiment names and the cache lacks, with progress on stderr. The one user of the network.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Instant;

use crate::cli::progress::Display;
use crate::hub::client::Client;
use crate::hub::fetch;
use crate::hub::progress::Progress;
use crate::hub::{dataset, error::HubError};
use crate::plan::environment::Environment;
use crate::plan::needs::{self, Needed};
use crate::run::text;
use crate::spec::experiment::overrides::Overrides;

/// The surroundings of a command, without the network where `is_offline`.
pub fn environment(is_offline: bool) -> Environment {
    let mut environment = Environment::current();
    environment.hub.is_offline |= is_offline;
    environment
}

/// Downloads what the experiment in a file lacks; without the network nothing, and the plan says what is missing.
pub fn download(file: &Path, overrides: &Overrides, environment: &Environment) -> anyhow::Result<()> {
    if environment.hub.is_offline {
        return Ok(());
    }
    let mut client = None;
    for need in needs::needs(file, overrides, environment) {
        let client = client.get_or_insert_with(|| Client::new(&environment.hub));
        let mut display = Display::new(io::stderr().is_terminal(), Instant::now());
        let mut report = |progress: Progress| display.show(&progress, Instant::now(), &mut io::stderr().lock());
        let done = match &need.what {
            Needed::Model(repository) => fetch::model(repository, &environment.hub, client, &mut report).map(drop),
            Needed::Dataset(repository, choice) => fetch::dataset(repository, choice, &environment.hub, client, &mut report).map(drop),
        };
        display.end(&mut io::stderr().lock());
        match (done, &need.what) {
            (Ok(()), _) => {}
            // Training rows without other splits are used as they are where the hub cannot be asked whether there is more.
            (Err(error @ HubError::NoNetwork { .. }), Needed::Dataset(repository, choice))
                if dataset::find(repository, choice, &environment.hub).is_ok() =>
            {
                eprintln!("{}", text::printable(&format!("note: {repository} is used as the cache has it: {error}")));
            }
            (Err(error), _) => return Err(needs::unmet(&need, error.to_string(), file, environment).into()),
        }
    }
    Ok(())
}
