//! The C++ compiler that builds the bindings to libtorch.

use std::process::Command;

use anyhow::{Result, bail};

use crate::install_hint::{self, Missing};

/// The compiler's own first line about itself.
pub fn version() -> Option<String> {
    let program = std::env::var("CXX").unwrap_or_default();
    // `CXX` may carry a wrapper and options, as in `ccache g++ -m64`.
    let program = program.split_whitespace().next().unwrap_or("c++");
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().next().unwrap_or(program).to_owned())
}

/// Fails with the command that installs a compiler if there is none.
pub fn require() -> Result<()> {
    if version().is_none() {
        bail!("no C++ compiler (c++) found: {}", install_hint::command(Missing::Compiler));
    }
    Ok(())
}
