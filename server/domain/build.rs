//! The schema is built into the binary: a changed migration is a changed binary.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
