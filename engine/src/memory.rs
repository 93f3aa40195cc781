//! Memory of this process, as the kernel counts it.

/// Highest resident memory so far, bytes.
pub fn peak_bytes() -> u64 {
    use nix::sys::resource::{UsageWho, getrusage};
    // Linux counts kibibytes, macOS bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss() as u64 * unit)
}

/// Resident memory now, bytes; the peak where the kernel does not tell.
pub fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok().and_then(|statm| statm.split_whitespace().nth(1)?.parse::<u64>().ok());
    pages.map_or_else(peak_bytes, |pages| pages * page_size())
}

fn page_size() -> u64 {
    nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().map_or(4096, |size| size as u64)
}
