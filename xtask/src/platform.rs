//! The machines a libtorch is provided for, and how files are named there.

/// A machine that libtorch 2.11.0 can be downloaded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux with glibc on x86-64.
    LinuxX86,
    /// Linux with glibc on 64-bit ARM.
    LinuxArm,
    /// macOS on Apple silicon.
    MacArm,
}

impl Platform {
    /// The machine this program was built for, if libtorch can be downloaded for it.
    pub fn current() -> Option<Self> {
        let has_glibc = cfg!(target_env = "gnu");
        Self::named(std::env::consts::OS, std::env::consts::ARCH, has_glibc)
    }

    /// A machine by Rust's names for its system and processor.
    pub fn named(system: &str, processor: &str, has_glibc: bool) -> Option<Self> {
        match (system, processor) {
            ("linux", "x86_64") if has_glibc => Some(Self::LinuxX86),
            ("linux", "aarch64") if has_glibc => Some(Self::LinuxArm),
            ("macos", "aarch64") => Some(Self::MacArm),
            _ => None,
        }
    }

    /// The name as it stands in names of folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::LinuxX86 => "linux-x86_64",
            Self::LinuxArm => "linux-aarch64",
            Self::MacArm => "macos-arm64",
        }
    }
}

/// The ending of shared libraries on this machine.
pub const LIBRARY_ENDING: &str = if cfg!(target_os = "macos") { "dylib" } else { "so" };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_machines_with_pinned_wheels_are_provided_for() {
        let check = |system, processor, has_glibc, expected| {
            assert_eq!(Platform::named(system, processor, has_glibc), expected);
        };
        check("linux", "x86_64", true, Some(Platform::LinuxX86));
        check("linux", "aarch64", true, Some(Platform::LinuxArm));
        check("macos", "aarch64", false, Some(Platform::MacArm));
        check("linux", "x86_64", false, None);
        check("macos", "x86_64", false, None);
        check("windows", "x86_64", false, None);
    }
}
