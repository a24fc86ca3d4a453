# shellcheck shell=bash
# Shared by everything in bin/: where things are, and how to speak.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Tools that took minutes to build outlive the checkout.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/vestibule
# What cargo writes. Continuous integration keeps it outside the clone.
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target == /* ]] || target=$root/$target

cargo_leptos_version=0.3.11
cargo_fuzz_version=0.13.2
# The command line tool must match the library exactly, so the lock file decides.
wasm_bindgen_version=$(awk '$0 == "name = \"wasm-bindgen\"" { getline; gsub(/[^0-9.]/, ""); print; exit }' "$root/Cargo.lock")

PATH=$cache/tools/cargo-leptos-$cargo_leptos_version/bin:$cache/tools/cargo-fuzz-$cargo_fuzz_version/bin:$cache/tools/wasm-bindgen-cli-$wasm_bindgen_version/bin:$root/end2end/node_modules/.bin:$PATH

say() { printf '%s\n' "$*" >&2; }

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

# A shell that is set up to ask a database while compiling must not change what is built here.
export SQLX_OFFLINE=true

have() { command -v "$1" >/dev/null 2>&1; }

# Where the second Rust keeps its WebAssembly half, named by its version: when that moves, the old half is of no use.
fallback_sysroot() {
  local version
  [[ -x /usr/bin/rustc ]] || return 1
  version=$(/usr/bin/rustc --version | awk '{ print $2 "-" substr($3, 2) }') || return 1
  printf '%s\n' "$cache/wasm-sysroot/$version"
}

# True when the toolchain in use can build for the browser by itself.
has_wasm_target() {
  local libs
  libs=$(cd "$root" && rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) && [[ -d $libs ]]
}

# The cargo config file for the browser's half, or nothing when the ordinary toolchain builds it.
wasm_config() {
  local sysroot
  has_wasm_target && return 0
  sysroot=$(fallback_sysroot) && [[ -f $sysroot/config.toml ]] && printf '%s\n' "$sysroot/config.toml"
}

# The browser for end-to-end tests. Nothing when Playwright's own is to be used.
find_chromium() {
  local name
  if [[ -n ${VESTIBULE_CHROMIUM:-} ]]; then
    printf '%s\n' "$VESTIBULE_CHROMIUM"
    return 0
  fi
  for name in chromium chromium-browser google-chrome-stable google-chrome; do
    command -v "$name" 2>/dev/null && return 0
  done
  return 1
}

has_playwright_chromium() {
  local path
  path=$(cd "$root/end2end" && node -p "require('playwright-core').chromium.executablePath()" 2>/dev/null) && [[ -x $path ]]
}

# The folder of the newest Postgres server programs. Distributions keep them off PATH.
postgres_bin() {
  local dir best=
  for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    if [[ -x $dir/initdb && -x $dir/pg_ctl && -x $dir/psql ]]; then
      best=$(printf '%s\n%s\n' "$best" "$dir" | sort -V | tail -n 1)
    fi
  done
  if [[ -z $best ]] && have initdb && have pg_ctl && have psql; then
    best=$(dirname "$(command -v initdb)")
  fi
  [[ -n $best ]] && printf '%s\n' "$best"
}

# The folder with smtp-sink and smtp-source. Distributions keep them off PATH.
smtp_programs() {
  local dir
  for dir in "$cache/tools/postfix/bin" /usr/sbin /usr/local/sbin /usr/libexec/postfix /opt/homebrew/sbin; do
    if [[ -x $dir/smtp-sink && -x $dir/smtp-source ]]; then
      printf '%s\n' "$dir"
      return 0
    fi
  done
  return 1
}
