# shellcheck shell=bash
# Private Postgres clusters: in a folder, on a free port of the loopback address, behind a password of their own.

: "${target:?source common.sh first}"

# Postgres refuses to run as root.
as_postgres() {
  if [[ $EUID -eq 0 ]]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# A folder for a cluster: inside the target folder, or where the user postgres can reach it.
postgres_place() {
  local place=$target/$1
  mkdir -p "$target"
  if [[ $EUID -eq 0 ]]; then
    id postgres >/dev/null 2>&1 || die "Postgres does not run as root, and there is no user 'postgres' to run it as: 'useradd --system postgres' makes one."
    if ! as_postgres test -x "$target"; then
      place=/var/tmp/vestibule-$(printf '%s' "$target" | cksum | cut -d ' ' -f 1)
      mkdir -p "$place"
      # Anybody may write to /var/tmp.
      [[ -O $place ]] || die "$place belongs to somebody else: remove it."
      place=$place/$1
    fi
  fi
  printf '%s\n' "$place"
}

# postgres_start PLACE [SETTING=VALUE…]: makes the cluster when there is none, and starts it. PLACE/url then holds its address.
postgres_start() {
  local place=$1 bin port setting options try
  shift
  bin=$(postgres_bin) || die "The Postgres server programs are missing: run bin/setup."
  if [[ ! -f $place/url ]]; then postgres_make "$place" "$bin"; fi
  if [[ $(cat "$place/data/PG_VERSION") != "$("$bin/postgres" --version | grep -oE '[0-9]+' | head -n 1)" ]]; then
    die "$place was made by another version of Postgres. Nothing but demo data is in it: remove that folder and start again."
  fi
  # One that was left running by a session that was killed.
  postgres_stop "$place"
  options="-c listen_addresses=127.0.0.1 -c unix_socket_directories="
  for setting in "$@"; do options+=" -c $setting"; done
  for try in 1 2 3 4 5 6 7 8 9 10; do
    # Below the ports that the system hands out by itself.
    port=$((20000 + RANDOM % 12000))
    if as_postgres "$bin/pg_ctl" --silent --pgdata="$place/data" --log="$place/log" --wait --timeout=60 \
      --options="-p $port $options" start </dev/null >/dev/null 2>&1; then
      printf 'postgres://postgres:%s@127.0.0.1:%s/postgres\n' "$(cat "$place/password")" "$port" >"$place/url"
      return 0
    fi
    tail -n 5 "$place/log" 2>/dev/null | grep -q 'in use\|could not bind\|could not create any TCP' || break
  done
  say "Postgres did not start (attempt $try). The end of $place/log:"
  die "$(tail -n 5 "$place/log" 2>/dev/null)"
}

postgres_make() {
  local place=$1 bin=$2 locale
  rm -rf "$place"
  mkdir -p "$place"
  (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$place/password")
  if [[ $EUID -eq 0 ]]; then
    chown postgres "$place" "$place/password"
    # Only reachable folders are used, see postgres_place.
    chmod 711 "$(dirname "$place")"
  fi
  chmod 700 "$place"
  # Letters beyond ASCII are letters, on every machine the same way.
  for locale in C.UTF-8 en_US.UTF-8; do
    if as_postgres "$bin/initdb" --pgdata="$place/data" --username=postgres --pwfile="$place/password" --auth=password \
      --encoding=UTF8 --locale="$locale" --no-sync >"$place/initdb.log" 2>&1; then
      : >"$place/url"
      chmod 600 "$place/url"
      return 0
    fi
  done
  die "initdb failed:" "$(tail -n 5 "$place/initdb.log")"
}

# Nothing happens when it is not running.
postgres_stop() {
  local place=$1 mode=${2:-fast} bin
  [[ -f $place/data/postmaster.pid ]] || return 0
  bin=$(postgres_bin) || return 0
  as_postgres "$bin/pg_ctl" --silent --pgdata="$place/data" --mode="$mode" --wait stop >/dev/null 2>&1 || true
}

# A cluster for one run of the tests, quick because nothing in it has to survive. Its address is printed.
# Each run has its own, so that runs side by side never meet; those of runs that were killed are cleared away.
postgres_for_tests() {
  local places place
  places=$(postgres_place test-postgres)
  for place in "$places"/*; do
    [[ -d $place ]] || continue
    kill -0 "${place##*/}" 2>/dev/null || postgres_discard "$place"
  done
  place=$places/$$
  postgres_start "$place" fsync=off synchronous_commit=off full_page_writes=off wal_level=minimal max_wal_senders=0 \
    max_connections=300 >&2
  printf '%s\n' "$place"
}

postgres_discard() {
  postgres_stop "$1" immediate
  rm -rf "$1"
}
