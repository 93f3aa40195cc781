//! Compiles the C++ in `native`, and lets binaries and tests find libtorch at run time without `LD_LIBRARY_PATH`.

/// What calls libtorch.
const SOURCES: [&str; 14] = [
    "native/activation.cpp",
    "native/adamw.cpp",
    "native/add_norm.cpp",
    "native/attention.cpp",
    "native/device.cpp",
    "native/draw.cpp",
    "native/dropout.cpp",
    "native/gradients.cpp",
    "native/graph.cpp",
    "native/low_rank.cpp",
    "native/memory.cpp",
    "native/mixed.cpp",
    "native/products.cpp",
    "native/step.cpp",
];
/// Loops over numbers, compiled for several processors.
const KERNELS: &str = "native/kernels/kernels.cpp";
/// What both include.
const HEADERS: [&str; 8] = [
    "native/draw.h",
    "native/guard.h",
    "native/kernels/activation.h",
    "native/kernels/adamw.h",
    "native/kernels/heads.h",
    "native/kernels/kernels.h",
    "native/kernels/rows.h",
    "native/kernels/vector.h",
];
/// Names of the tables of kernels, with the options that their loops are compiled by.
const LEVELS: [(&str, &[&str]); 3] = [
    ("KERNELS_PLAIN", &[]),
    ("KERNELS_AVX2", &["-mavx2", "-mfma"]),
    ("KERNELS_AVX512", &["-mavx512f", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma"]),
];

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    for source in SOURCES.into_iter().chain(HEADERS).chain([KERNELS]) {
        println!("cargo:rerun-if-changed={source}");
    }
    let Some(folder) = std::env::var_os("LIBTORCH") else { return };
    // The real path, so that the binary goes on working when the checkout's link is made anew.
    let Ok(folder) = std::fs::canonicalize(&folder) else { return };
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.join("lib").display());
    let include = folder.join("include");
    compiler().include(&include).include(include.join("torch/csrc/api/include")).files(SOURCES).compile("finetop_native");
    let is_x86 = std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|architecture| architecture == "x86_64");
    for (table, options) in if is_x86 { &LEVELS[..] } else { &LEVELS[..1] } {
        let mut kernels = compiler();
        kernels.define("KERNELS", *table).file(KERNELS);
        for option in *options {
            kernels.flag(option);
        }
        // A product and a sum may become one instruction, and a root is one: nobody reads `errno`.
        kernels.flag("-fno-math-errno").flag("-ffp-contract=fast").compile(&format!("finetop_{}", table.to_lowercase()));
    }
}

fn compiler() -> cc::Build {
    let mut build = cc::Build::new();
    // libtorch's headers warn of themselves.
    build.cpp(true).std("c++17").opt_level(3).warnings(false);
    // Vectors are passed between functions of one file alone.
    build.flag_if_supported("-Wno-psabi");
    build
}
