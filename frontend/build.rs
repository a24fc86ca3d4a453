//! How the browser's half is linked.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm") {
        // Words of two pages that share bytes can't be parted, and then none are: all of them would be loaded with the first
        // page. The same words a second time cost less than that.
        println!("cargo::rustc-link-arg-cdylib=-O0");
    }
}
