# shellcheck shell=bash
# Private Postgres clusters: each in its own directory, on a free port of the loopback address, with a random password.

: "${target:?source common.sh first}"

# Postgres refuses to run as root.
as_postgres() {
  if [[ $EUID -eq 0 ]]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# Prints the directory for a cluster: in the target directory, or, for root, where the user postgres can access it.
postgres_dir() {
  local dir=$target/$1
  mkdir -p "$target"
  if [[ $EUID -eq 0 ]]; then
    id postgres >/dev/null 2>&1 || die "Postgres does not run as root, and the user 'postgres' does not exist. Create it: 'useradd --system postgres'."
    if ! as_postgres test -x "$target"; then
      dir=/var/tmp/vestibule-$(printf '%s' "$target" | cksum | cut -d ' ' -f 1)
      mkdir -p "$dir"
      # Any user can write to /var/tmp.
      [[ -O $dir ]] || die "$dir belongs to another user: remove it."
      dir=$dir/$1
    fi
  fi
  printf '%s\n' "$dir"
}

# postgres_start DIR [SETTING=VALUE…]: starts the cluster in DIR, after creating it if necessary. Writes its URL to DIR/url.
postgres_start() {
  local dir=$1 bin port setting options attempt
  shift
  bin=$(postgres_bin) || die "The Postgres server programs are missing: run bin/setup."
  if [[ ! -f $dir/url ]]; then postgres_create "$dir" "$bin"; fi
  if [[ $(cat "$dir/data/PG_VERSION") != "$("$bin/postgres" --version | grep -oE '[0-9]+' | head -n 1)" ]]; then
    die "$dir was created by another version of Postgres. It contains only demo data: remove it and try again."
  fi
  # It still runs if an earlier session was killed.
  postgres_stop "$dir"
  options="-c listen_addresses=127.0.0.1 -c unix_socket_directories="
  for setting in "$@"; do options+=" -c $setting"; done
  for attempt in 1 2 3 4 5 6 7 8 9 10; do
    # Below the range of ephemeral ports.
    port=$((20000 + RANDOM % 12000))
    if as_postgres "$bin/pg_ctl" --silent --pgdata="$dir/data" --log="$dir/log" --wait --timeout=60 \
      --options="-p $port $options" start </dev/null >/dev/null 2>&1; then
      printf 'postgres://postgres:%s@127.0.0.1:%s/postgres\n' "$(cat "$dir/password")" "$port" >"$dir/url"
      return 0
    fi
    tail -n 5 "$dir/log" 2>/dev/null | grep -q 'in use\|could not bind\|could not create any TCP' || break
  done
  log "Postgres did not start (attempt $attempt). The end of $dir/log:"
  die "$(tail -n 5 "$dir/log" 2>/dev/null)"
}

postgres_create() {
  local dir=$1 bin=$2 locale
  rm -rf "$dir"
  mkdir -p "$dir"
  (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$dir/password")
  if [[ $EUID -eq 0 ]]; then
    chown postgres "$dir" "$dir/password"
    # postgres_dir made sure that its other ancestors are accessible.
    chmod 711 "$(dirname "$dir")"
  fi
  chmod 700 "$dir"
  # A UTF-8 locale, so that case mapping of non-ASCII letters works the same on every machine.
  for locale in C.UTF-8 en_US.UTF-8; do
    if as_postgres "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" --auth=password \
      --encoding=UTF8 --locale="$locale" --no-sync >"$dir/initdb.log" 2>&1; then
      : >"$dir/url"
      chmod 600 "$dir/url"
      return 0
    fi
  done
  die "initdb failed:" "$(tail -n 5 "$dir/initdb.log")"
}

# postgres_stop DIR [MODE]: stops the cluster if it runs.
postgres_stop() {
  local dir=$1 mode=${2:-fast} bin
  [[ -f $dir/data/postmaster.pid ]] || return 0
  bin=$(postgres_bin) || return 0
  as_postgres "$bin/pg_ctl" --silent --pgdata="$dir/data" --mode="$mode" --wait stop >/dev/null 2>&1 || true
}

# Starts a cluster for one run of the tests, without durability to make it fast, and prints its directory. Concurrent runs
# each have their own, named by process id; those of runs that were killed are removed.
postgres_for_tests() {
  local parent dir
  parent=$(postgres_dir test-postgres)
  for dir in "$parent"/*; do
    [[ -d $dir ]] || continue
    kill -0 "${dir##*/}" 2>/dev/null || postgres_remove "$dir"
  done
  dir=$parent/$$
  postgres_start "$dir" fsync=off synchronous_commit=off full_page_writes=off wal_level=minimal max_wal_senders=0 \
    max_connections=300 >&2
  printf '%s\n' "$dir"
}

# postgres_remove DIR: stops the cluster and deletes its directory.
postgres_remove() {
  postgres_stop "$1" immediate
  rm -rf "$1"
}
