//! The one command that installs what is missing, in the words of the machine's own package manager.

use std::path::Path;

/// A program that a set-up needs from the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A C++ compiler.
    Compiler,
    /// Python 3.
    Python,
    /// Python's package installer.
    Pip,
}

/// The command that installs it here.
pub fn command(missing: Missing) -> String {
    if cfg!(target_os = "macos") {
        return on_mac(missing).to_owned();
    }
    let has = |program: &str| ["/usr/bin", "/bin", "/sbin"].iter().any(|bin| Path::new(bin).join(program).exists());
    let sudo = if has("sudo") { "sudo " } else { "" };
    on_linux(missing, has).map_or_else(|| on_unknown(missing).to_owned(), |command| format!("{sudo}{command}"))
}

fn on_mac(missing: Missing) -> &'static str {
    match missing {
        Missing::Compiler | Missing::Python => "xcode-select --install",
        Missing::Pip => "python3 -m ensurepip --upgrade",
    }
}

fn on_linux(missing: Missing, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let [debian, fedora, arch, suse] = match missing {
        Missing::Compiler => ["apt-get install g++", "dnf install gcc-c++", "pacman -S gcc", "zypper install gcc-c++"],
        Missing::Python | Missing::Pip => [
            "apt-get install python3 python3-pip",
            "dnf install python3 python3-pip",
            "pacman -S python python-pip",
            "zypper install python3 python3-pip",
        ],
    };
    let managers = [("apt-get", debian), ("dnf", fedora), ("pacman", arch), ("zypper", suse)];
    managers.into_iter().find(|(manager, _)| has(manager)).map(|(_, command)| command)
}

fn on_unknown(missing: Missing) -> &'static str {
    match missing {
        Missing::Compiler => "install g++ or clang++ with the system's package manager",
        Missing::Python => "install python3 with the system's package manager",
        Missing::Pip => "python3 -m ensurepip --upgrade",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_the_package_manager_that_is_there() {
        assert_eq!(on_linux(Missing::Compiler, |manager| manager == "apt-get"), Some("apt-get install g++"));
        assert_eq!(on_linux(Missing::Pip, |manager| manager == "dnf"), Some("dnf install python3 python3-pip"));
        assert_eq!(on_linux(Missing::Pip, |_| false), None);
    }
}
