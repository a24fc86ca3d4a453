//! Linker options for the WebAssembly build.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // The linker merges string literals that share bytes, and literals shared by two chunks can't be split: then all data
        // stays in the main bundle. Duplicate strings cost less than that.
        println!("cargo::rustc-link-arg-cdylib=-O0");
    }
}
