# shellcheck shell=bash
# Builds with cargo-leptos.

: "${root:?source common.sh first}"
# shellcheck source=bin/lib/wasm_fallback.sh
source "$root/bin/lib/wasm_fallback.sh"

# Prints the options that every build needs, one per line.
leptos_options() {
  local config
  # Splits the WebAssembly so that lazy pages load their own chunk; without it they can't load at all.
  printf '%s\n' --split
  if config=$(wasm_fallback_config); then printf '%s\n' "--lib-cargo-args=--config=$config"; fi
}

# build debug|release|site: builds the server and the frontend, or for `site` only the frontend for release. Sets $binary to the
# path of the server program and $site to the directory with the files that it serves.
build() {
  local profile=release text="Building the server and the frontend" options=() option
  # A separate directory, so that a development build does not overwrite files that are being served.
  site=$target/site-release
  while read -r option; do options+=("$option"); done < <(leptos_options)
  case $1 in
  debug) profile=debug site=$target/site ;;
  release) options+=(--release --precompress) ;;
  site) text="Building the frontend" options+=(--release --precompress --frontend-only) ;;
  esac
  binary=$target/$profile/vestibule
  LEPTOS_SITE_ROOT=$site RUST_BACKTRACE=0 step "$text" in_root cargo leptos build "${options[@]}" || {
    log "Fix the errors above and try again. If they mention 'cargo sqlx prepare', run 'bin/test sqlx --write'."
    return 1
  }
  # cargo-leptos writes the asset manifest next to the program; the server reads it from the site directory.
  cp "$target/$profile/hash.txt" "$site/hash.txt"
}

in_root() { cd "$root" && "$@"; }
