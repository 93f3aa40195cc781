//! What `finetop` needs to be loaded: never libtorch, whose half a gigabyte would take seconds to start.

#[cfg(target_os = "linux")]
#[test]
fn the_dashboard_does_not_load_libtorch() {
    let needed = needed_libraries(&std::fs::read(env!("CARGO_BIN_EXE_finetop")).unwrap());
    assert!(needed.iter().any(|library| library.starts_with("libc.so")), "{needed:?}");
    for library in &needed {
        assert!(!["torch", "c10", "cuda", "stdc++"].iter().any(|name| library.contains(name)), "{needed:?}");
    }
}

/// The `DT_NEEDED` entries of a 64-bit little-endian ELF file (System V ABI, chapters 4 and 5).
#[cfg(target_os = "linux")]
fn needed_libraries(file: &[u8]) -> Vec<String> {
    const PROGRAM_DYNAMIC: usize = 2;
    const PROGRAM_LOAD: usize = 1;
    const DYNAMIC_NEEDED: usize = 1;
    const DYNAMIC_STRING_TABLE: usize = 5;
    let word = |at: usize| usize::try_from(u64::from_le_bytes(file[at..at + 8].try_into().unwrap())).unwrap();
    let short = |at: usize| usize::from(u16::from_le_bytes(file[at..at + 2].try_into().unwrap()));
    assert_eq!(&file[..6], b"\x7fELF\x02\x01");
    let (headers, header_size, n_headers) = (word(0x20), short(0x36), short(0x38));
    let program: Vec<_> = (0..n_headers).map(|index| headers + index * header_size).collect();
    let kind = |header: usize| usize::try_from(u32::from_le_bytes(file[header..header + 4].try_into().unwrap())).unwrap();
    let dynamic = program.iter().copied().find(|&header| kind(header) == PROGRAM_DYNAMIC).unwrap();
    let (offset, size) = (word(dynamic + 0x08), word(dynamic + 0x20));
    let entries: Vec<_> = (offset..offset + size).step_by(16).map(|at| (word(at), word(at + 8))).collect();
    let strings = entries.iter().find(|entry| entry.0 == DYNAMIC_STRING_TABLE).unwrap().1;
    // The table's address in memory, found in the file by the segment that holds it.
    let segment = program
        .iter()
        .find(|&&header| {
            let (address, size) = (word(header + 0x10), word(header + 0x20));
            kind(header) == PROGRAM_LOAD && (address..address + size).contains(&strings)
        })
        .unwrap();
    let table = strings - word(segment + 0x10) + word(segment + 0x08);
    let needed = entries.iter().filter(|entry| entry.0 == DYNAMIC_NEEDED);
    needed
        .map(|&(_, name)| {
            let bytes = &file[table + name..];
            let end = bytes.iter().position(|&byte| byte == 0).unwrap();
            String::from_utf8(bytes[..end].to_vec()).unwrap()
        })
        .collect()
}
