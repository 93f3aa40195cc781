//! Runs that had too little memory: how that is recognised in words, and what a person may do about it. Pure.

use crate::spec::run::RunSpec;

/// What libtorch, the C++ library and Rust's own allocator say, in lower case.
const SIGNS: [&str; 5] = ["can't allocate memory", "cannot allocate memory", "out of memory", "std::bad_alloc", "memory allocation of"];

/// Whether an error's text says that memory was refused.
pub fn is_said(text: &str) -> bool {
    let text = text.to_lowercase();
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// Bytes that libtorch asked for in vain, where its message tells.
pub fn refused_bytes(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("tried to allocate ").or_else(|| text.split_once("memory allocation of "))?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// What takes the memory, and what would take less.
pub fn advice(spec: &RunSpec) -> String {
    let (batch_size, parts) = (spec.optimization.batch_size, spec.optimization.gradient_accumulation);
    let remedy = if batch_size > parts {
        let more = (2 * parts).min(batch_size);
        format!("try batch_size: {}, or gradient_accumulation: {more}, which computes the same batch in {more} parts", batch_size / 2)
    } else {
        "try a smaller max_length, fewer runs_at_once, or a smaller model".to_owned()
    };
    let in_parts = if parts > 1 { format!(" in {parts} parts") } else { String::new() };
    format!("batches of {batch_size}{in_parts} with max_length {} are too much for this machine; {remedy}", spec.task.max_length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libtorch_and_the_allocators_say_is_understood() {
        let torch = "[enforce fail at alloc_cpu.cpp:128] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 34359738368 bytes. Error code 12 (Cannot allocate memory)";
        assert!(is_said(torch));
        assert_eq!(refused_bytes(torch), Some(34_359_738_368));
        assert!(is_said("CUDA out of memory. Tried to allocate 2.00 GiB"));
        assert_eq!(refused_bytes("memory allocation of 64 bytes failed"), Some(64));
        assert!(!is_said("shape mismatch"));
        assert_eq!(refused_bytes("shape mismatch"), None);
    }

    #[test]
    fn the_advice_names_what_takes_memory_and_what_takes_less() {
        let mut spec: RunSpec = serde_yaml::from_str(include_str!("../../tests/fixtures/golden/run.yaml")).unwrap();
        spec.optimization.batch_size = 48;
        spec.optimization.gradient_accumulation = 1;
        spec.task.max_length = 512;
        assert_eq!(
            advice(&spec),
            "batches of 48 with max_length 512 are too much for this machine; try batch_size: 24, or gradient_accumulation: 2, which \
             computes the same batch in 2 parts"
        );
        spec.optimization.gradient_accumulation = 48;
        assert!(advice(&spec).contains("in 48 parts") && advice(&spec).contains("try a smaller max_length"), "{}", advice(&spec));
    }
}
