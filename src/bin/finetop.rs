//! The dashboard and the command line; see [`finetop::cli`].

fn main() -> std::process::ExitCode {
    finetop::cli::main()
}
