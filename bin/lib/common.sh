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

log() { printf '%s\n' "$@" >&2; }

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

# step TEXT COMMAND…: runs a command and shows TEXT with the elapsed time; on a terminal also a spinner and cargo's progress.
# The output of the command goes to a log in target/log. If the command fails, prints the end of the log and its name; the
# caller adds what to do about it. Inside a function that is passed as the command, `set -e` has no effect: chain with &&.
step() {
  local text=$1 log_file started=$SECONDS status=0 frame=0 next=60
  shift
  mkdir -p "$target/log"
  log_file=$target/log/$(printf '%s' "$text" | tr -cs '[:alnum:].' _).log
  [[ -t 2 ]] || log "- $text …"
  # Job control gives the command its own process group, so that it can be stopped together with its children.
  set -m
  if [[ -t 2 ]]; then
    # cargo shows no progress by default, because its output is a file.
    CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=60 "$@" >"$log_file" 2>&1 </dev/null &
  else
    "$@" >"$log_file" 2>&1 </dev/null &
  fi
  step_group=$!
  set +m
  while kill -0 "$step_group" 2>/dev/null; do
    if [[ -t 2 ]]; then
      printf '\r\033[K%s %s (%d s)%s' "${spinner:frame++ % ${#spinner}:1}" "$text" $((SECONDS - started)) "$(step_progress "$log_file")" >&2
    elif [[ $((SECONDS - started)) -ge $next ]]; then
      log "  $next s"
      next=$((next + 60))
    fi
    sleep 0.1
  done
  wait "$step_group" || status=$?
  step_group=
  if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
  if [[ $status -eq 0 ]]; then
    log "- $text: done ($((SECONDS - started)) s)"
    return 0
  fi
  log "- $text: FAILED ($((SECONDS - started)) s)"
  tr '\r' '\n' <"$log_file" | grep -v '^ *Building \[' | tail -n 30 >&2 || true
  log '' "The complete output is in $log_file."
  return "$status"
}

spinner='|/-\'

# The last progress that cargo wrote to this log, as in ": 12 of 345 crates".
step_progress() {
  tail -c 1000 "$1" 2>/dev/null | tr '\r' '\n' | sed -nE 's|^ *Building \[.*\] ([0-9]+)/([0-9]+).*|: \1 of \2 crates|p' | tail -n 1
}

# Stops the running step. Scripts with their own EXIT trap call it there.
stop_step() { if [[ -n $step_group ]]; then kill -TERM -- "-$step_group" 2>/dev/null || true; fi; }
step_group=
trap stop_step EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Builds always check queries against .sqlx, even when the shell sets SQLX_OFFLINE=false for another purpose.
export SQLX_OFFLINE=true

have() { command -v "$1" >/dev/null 2>&1; }

# Whether the active toolchain has the WebAssembly target. Without it, wasm_fallback.sh provides one.
has_wasm_target() {
  local libs
  libs=$(cd "$root" && rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) && [[ -d $libs ]]
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
