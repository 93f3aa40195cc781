//! How many processes the kernel has killed for lack of memory. Must not know which.

use std::fs;

/// The count so far: of our control group where there is one, else of the machine; `None` where the system does not tell.
pub fn out_of_memory_kills() -> Option<u64> {
    of_control_group().or_else(|| count(&fs::read_to_string("/proc/vmstat").ok()?))
}

fn of_control_group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    // Version 2 has one hierarchy, the line `0::/PATH`.
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    count(&fs::read_to_string(format!("/sys/fs/cgroup/{path}/memory.events")).ok()?)
}

/// The number behind `oom_kill`, in the form that both files have.
fn count(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_both_files() {
        assert_eq!(count("pgsteal_kswapd 0\noom_kill 17\nnuma_hit 4\n"), Some(17));
        assert_eq!(count("low 0\nhigh 0\nmax 93\noom 2\noom_kill 1\noom_group_kill 0\n"), Some(1));
        assert_eq!(count("low 0\n"), None);
    }
}
