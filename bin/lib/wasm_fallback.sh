# shellcheck shell=bash
# The fallback where rustup can't download the WebAssembly target: Debian's rustc-web with a standard library for WebAssembly
# that is built from its rust-web-src package, once. bin/setup builds it; builds use it through wasm_fallback_config.

: "${cache:?source common.sh first}"

# Its sysroot. The path contains the version of Debian's Rust, because it is useless to any other version.
fallback_sysroot() {
  local version
  [[ -x /usr/bin/rustc ]] || return 1
  version=$(/usr/bin/rustc --version | awk '{ print $2 "-" substr($3, 2) }') || return 1
  printf '%s\n' "$cache/wasm-sysroot/$version"
}

debian_host() { /usr/bin/rustc -vV | awk '$1 == "host:" { print $2 }'; }

have_wasm_fallback() {
  local sysroot
  sysroot=$(fallback_sysroot) && [[ -f $sysroot/config.toml && -e $sysroot/lib/rustlib/$(debian_host)/bin/rust-lld ]]
}

# Prints the cargo config file for WebAssembly builds; fails when the active toolchain has the target.
wasm_fallback_config() { ! has_wasm_target && have_wasm_fallback && printf '%s\n' "$(fallback_sysroot)/config.toml"; }

# Prints the system packages that are missing to build it.
wasm_fallback_packages() { [[ -x /usr/bin/rustc && -d /usr/lib/rustlib/src/rust/library ]] || printf '%s\n' rustc-web rust-web-src; }

build_wasm_fallback() {
  local sysroot work host libraries
  host=$(debian_host) && sysroot=$(fallback_sysroot) || return 1
  libraries=$sysroot/lib/rustlib/wasm32-unknown-unknown/lib
  rm -rf "$cache/wasm-sysroot"
  work=$cache/wasm-sysroot/work
  mkdir -p "$work/src" "$sysroot/bin" "$sysroot/lib/rustlib/$host/bin" "$libraries" &&
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n' >"$work/Cargo.toml" &&
    : >"$work/src/lib.rs" &&
    (cd "$work" && RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$work/target cargo build --release \
      -Zbuild-std=std,panic_abort --target wasm32-unknown-unknown) &&
    rm "$work"/target/wasm32-unknown-unknown/release/deps/libempty-*.rlib &&
    cp "$work"/target/wasm32-unknown-unknown/release/deps/*.rlib "$libraries/" &&
    ln -s "$(/usr/bin/rustc --print target-libdir)" "$sysroot/lib/rustlib/$host/lib" &&
    ln -s "$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld" "$sysroot/lib/rustlib/$host/bin/rust-lld" &&
    printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot=%q "$@"\n' "$sysroot" >"$sysroot/bin/rustc" &&
    chmod +x "$sysroot/bin/rustc" &&
    rm -rf "$work" &&
    # Written last: its presence means that the sysroot is complete.
    printf '[build]\nrustc = "%s"\n' "$sysroot/bin/rustc" >"$sysroot/config.toml"
}
