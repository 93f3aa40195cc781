//! Lets binaries and tests find libtorch at run time without `LD_LIBRARY_PATH`.

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    let Some(folder) = std::env::var_os("LIBTORCH") else { return };
    // The real path, so that the binary goes on working when the checkout's link is made anew.
    if let Ok(folder) = std::fs::canonicalize(&folder) {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.join("lib").display());
    }
}
