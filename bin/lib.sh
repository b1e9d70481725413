# What every script here shares: where things are, which PostgreSQL is meant, who the server runs as. Sourced, never run.
# Read next: bootstrap, build, prefix, cluster, with-cluster, run.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
STAGE=$TARGET/extension # what bin/build makes and bin/install copies

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# The newest installed server that has its headers, unless PG_CONFIG says which.
find_pg_config() {
    local major candidate
    for major in 18 17 16 15 14; do
        candidate=/usr/lib/postgresql/$major/bin/pg_config
        if [[ -x $candidate && -f $("$candidate" --includedir-server)/postgres.h ]]; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

# Sets PG_CONFIG and MAJOR.
need_pg_config() {
    PG_CONFIG=${PG_CONFIG:-$(find_pg_config)}
    [[ -n $PG_CONFIG ]] || die "no PostgreSQL 14 to 18 with server headers: run bin/bootstrap, or name one by PG_CONFIG=..."
    PG_CONFIG=$(command -v "$PG_CONFIG") || die "PG_CONFIG is not a program"
    MAJOR=$("$PG_CONFIG" --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/')
    export PG_CONFIG PGRX_PG_CONFIG_PATH=$PG_CONFIG
    # For cargo on the whole workspace.
    workspace=(--workspace --locked --no-default-features --features "pg_booking/pg$MAJOR")
}

version() {
    sed -nE "s/^default_version *= *'([^']+)'.*/\1/p" "$ROOT/extension/pg_booking.control"
}

# The install script: the catalog files, in the order of their numbers.
install_script() {
    printf '%s\n' '\echo Use "CREATE EXTENSION pg_booking" to load this file. \quit'
    local part
    for part in "$ROOT"/sql/[0-9][0-9]_*.sql; do
        printf '\n-- %s\n' "sql/${part##*/}"
        cat "$part"
    done
}

# A server refuses to run as root, so there everything of it runs as postgres. Its environment is its own: a backtrace
# variable, for one, would put backtraces into the DETAIL of errors.
as_server() {
    local clean=(env -i PATH="$PATH" LANG=C.UTF-8)
    if [[ $EUID -eq 0 ]]; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "${clean[@]}" "$@")
    else
        (cd / && exec "${clean[@]}" "$@")
    fi
}

# place KIND: the folder of this clone for KIND (run or test), made if need be. It is target/KIND, unless the server's user
# can't get there (a clone below /root) or the path is too long for a socket (107 bytes): then target/KIND is a link.
place() {
    local link=$ROOT/target/$1 real
    real=/var/tmp/pg_booking-$(printf '%s:%s' "$EUID" "$ROOT" | sha256sum | cut -c1-12)-$1
    mkdir -p "$ROOT/target"
    if [[ ${#link} -le 60 ]] && as_server test -r "$ROOT/target" -a -x "$ROOT/target"; then
        [[ ! -L $link ]] || rm "$link"
        real=$link
    fi
    if [[ $real != "$link" ]]; then
        [[ -L $link || ! -e $link ]] || die "$link should be a link to $real: remove it first"
        ln -sfn "$real" "$link"
    fi
    mkdir -p "$real"
    [[ -O $real && ! -L $real ]] || die "$real belongs to somebody else: remove it, or work as its owner"
    printf '%s\n' "$real"
}

# Whether something listens there. Only tells what is taken now, so whoever binds must be ready to try another port.
port_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Below the range from which the kernel gives ports to outgoing connections.
free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)) && port_taken "$port"; do :; done
    printf '%s\n' "$port"
}
