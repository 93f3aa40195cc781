//! Compiles the few lines of C++ in `native`, and lets binaries and tests find libtorch at run time without `LD_LIBRARY_PATH`.

use std::path::Path;

const SOURCES: [&str; 8] = [
    "native/adamw.cpp",
    "native/device.cpp",
    "native/dropout.cpp",
    "native/graph.cpp",
    "native/memory.cpp",
    "native/mixed.cpp",
    "native/products.cpp",
    "native/step.cpp",
];

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    println!("cargo:rerun-if-changed=native/guard.h");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    let Some(folder) = std::env::var_os("LIBTORCH") else { return };
    // The real path, so that the binary goes on working when the checkout's link is made anew.
    let Ok(folder) = std::fs::canonicalize(&folder) else { return };
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.join("lib").display());
    compile(&folder.join("include"));
}

fn compile(include: &Path) {
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(3)
        // libtorch's headers warn of themselves.
        .warnings(false)
        .include(include)
        .include(include.join("torch/csrc/api/include"))
        .files(SOURCES)
        .compile("finetop_native");
}
