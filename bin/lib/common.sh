# shellcheck shell=bash
# Shared by the scripts in bin/: paths, tool versions, and messages.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Tools take minutes to build, so they are cached outside of the checkout.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/vestibule
# Cargo's target directory. CI sets it to a directory outside of the clone.
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target == /* ]] || target=$root/$target

cargo_leptos_version=0.3.11
cargo_fuzz_version=0.13.2
# The command-line tool must match the library exactly, so the version comes from the lock file.
wasm_bindgen_version=$(awk '$0 == "name = \"wasm-bindgen\"" { getline; gsub(/[^0-9.]/, ""); print; exit }' "$root/Cargo.lock")

PATH=$cache/tools/cargo-leptos-$cargo_leptos_version/bin:$cache/tools/cargo-fuzz-$cargo_fuzz_version/bin:$cache/tools/wasm-bindgen-cli-$wasm_bindgen_version/bin:$root/end2end/node_modules/.bin:$PATH

log() { printf '%s\n' "$*" >&2; }

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Builds always check queries against .sqlx, even when the shell sets SQLX_OFFLINE=false for another purpose.
export SQLX_OFFLINE=true

have() { command -v "$1" >/dev/null 2>&1; }

# The sysroot with the standard library for WebAssembly that is built for Debian's Rust. Its path contains the version of
# that Rust, because it is useless to any other version.
fallback_sysroot() {
  local version
  [[ -x /usr/bin/rustc ]] || return 1
  version=$(/usr/bin/rustc --version | awk '{ print $2 "-" substr($3, 2) }') || return 1
  printf '%s\n' "$cache/wasm-sysroot/$version"
}

# Whether the active toolchain has the WebAssembly target.
has_wasm_target() {
  local libs
  libs=$(cd "$root" && rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) && [[ -d $libs ]]
}

# Prints the cargo config file for WebAssembly builds; empty when the active toolchain has the target.
wasm_config() {
  local sysroot
  has_wasm_target && return 0
  sysroot=$(fallback_sysroot) && [[ -f $sysroot/config.toml ]] && printf '%s\n' "$sysroot/config.toml"
}

# Prints the path of the browser for end-to-end tests. Fails when there is none, and Playwright's own must be used.
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

# Prints the directory of the newest Postgres server programs, which distributions keep off PATH.
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

# Prints the directory with smtp-sink and smtp-source, which distributions keep off PATH.
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
