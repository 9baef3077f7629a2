# A PostgreSQL server of our own, for tests: in a folder of its own, as a user without rights, on a socket only.
#
#   pg_begin           makes and starts it; sets PG_PARAMETERS (of store.parameters)
#   pg_stop fast       ends it by its own process ID (fast, or immediate: like a crash); pg_start starts it again
#   pg_end             ends it and removes its folder
#   pg_sql TEXT        runs SQL
# Returns not 0 if Debian's package postgresql is not there.
pg_as() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid "$PG_USER" --regid "$(id -g "$PG_USER")" --clear-groups "$@"
    else
        "$@"
    fi
}

pg_begin() {
    PG_BIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
    [ -n "$PG_BIN" ] || return 1
    PG_USER=$(id -un)
    [ "$(id -u)" -ne 0 ] || PG_USER=postgres
    PG_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/x400-pg.XXXXXX") || return 1
    chown "$PG_USER" "$PG_FOLDER"
    (cd / && pg_as env LC_ALL=C "$PG_BIN/initdb" -D "$PG_FOLDER/data" -A trust -U x400 -E UTF8 >"$PG_FOLDER.log" 2>&1) || return 1
    PG_PARAMETERS="host=$PG_FOLDER user=x400 dbname=postgres"
    pg_start
}

pg_start() {
    (cd / && pg_as "$PG_BIN/postgres" -D "$PG_FOLDER/data" -k "$PG_FOLDER" -c listen_addresses= -c max_connections=200 \
        ${PG_OPTIONS:-} >>"$PG_FOLDER.log" 2>&1) &
    PG_PID=$!
    pg_tries=240
    until "$PG_BIN/pg_isready" -q -h "$PG_FOLDER"; do
        pg_tries=$((pg_tries - 1))
        [ $pg_tries -gt 0 ] || return 1
        sleep 0.5
    done
}

pg_stop() {
    kill "$([ "$1" = fast ] && echo -INT || echo -QUIT)" "$(head -1 "$PG_FOLDER/data/postmaster.pid")"
    wait "$PG_PID"
    PG_PID=""
}

pg_sql() { "$PG_BIN/psql" -h "$PG_FOLDER" -U x400 -d postgres -qAt -c "$1"; }

pg_end() {
    [ -z "${PG_PID:-}" ] || pg_stop immediate 2>/dev/null
    [ -z "${PG_FOLDER:-}" ] || rm -rf "$PG_FOLDER" "$PG_FOLDER.log"
}
