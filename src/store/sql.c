#include "store/sql.h"

#include <string.h>

const char SQL_COMMIT[] = "COMMIT";
const char SQL_ROLLBACK[] = "ROLLBACK";
const char SQL_READ_LAYOUT[] = "SELECT value FROM x400_value WHERE name = 'layout'";
const char SQL_VALUE_IDS[] = "ids";
const char SQL_VALUE_EPOCH[] = "epoch";
const char SQL_VALUE_FILE[] = "file";

static const char *const STATEMENTS[SQL_STATEMENT_COUNT] = {
    [SQL_PUT_MESSAGE] =
        "INSERT INTO x400_message (id, kind, priority, arrival, expiry, length, mts_id, source,"
        " envelope, content) VALUES (%lld, %lld, %lld, %lld, %lld, %lld, %s, %lld, %pDb, %pDb)",
    [SQL_DELETE_MESSAGE] = "DELETE FROM x400_message WHERE id = %lld",
    [SQL_PUT_CHUNK] = "INSERT INTO x400_chunk (message, number, octets) VALUES (%lld, %lld, %pDb)",
    [SQL_DELETE_CHUNKS] = "DELETE FROM x400_chunk WHERE message = %lld AND number >= %lld AND number < %lld",
    [SQL_PUT_ENTRY] =
        "INSERT INTO x400_entry (id, message, destination, priority, state, attempts, due, size,"
        " arrival, expiry, recipients)"
        " VALUES (%lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %lld, %pDb)",
    [SQL_UPDATE_ENTRY] = "UPDATE x400_entry SET destination = %lld, priority = %lld, state = %lld,"
                         " attempts = %lld, due = %lld, expiry = %lld, recipients = %pDb WHERE id = %lld",
    [SQL_PUT_PROGRESS] = "UPDATE x400_entry SET progress = %pDb WHERE id = %lld",
    [SQL_DELETE_ENTRY] = "DELETE FROM x400_entry WHERE id = %lld",
    [SQL_PUT_MARK] = "INSERT INTO x400_mark (id, digest, time) VALUES (%lld, %pDb, %lld)"
                     " ON CONFLICT DO NOTHING",
    [SQL_MARKS_BOUND] = "SELECT id FROM x400_mark WHERE time >= %lld ORDER BY id LIMIT 1",
    [SQL_DELETE_MARKS] = "DELETE FROM x400_mark WHERE id IN"
                         " (SELECT id FROM x400_mark WHERE id < %lld ORDER BY id LIMIT %lld)",
    [SQL_PUT_NAME] = "INSERT INTO x400_name (name) VALUES (%s) ON CONFLICT DO NOTHING",
    [SQL_FIND_NAME] = "SELECT id FROM x400_name WHERE name = %s",
    [SQL_SET_VALUE] = "UPDATE x400_value SET value = %lld WHERE name = %s",
    [SQL_READ_MESSAGE] = "SELECT kind, priority, arrival, expiry, length, mts_id,"
                         " (SELECT name FROM x400_name WHERE id = m.source), envelope, content"
                         " FROM x400_message m WHERE id = %lld",
    [SQL_READ_CHUNK] = "SELECT octets FROM x400_chunk WHERE message = %lld AND number = %lld",
    [SQL_READ_INLINE] = "SELECT content FROM x400_message WHERE id = %lld",
    [SQL_SCAN_ENTRIES] =
        "SELECT id, message, (SELECT name FROM x400_name WHERE id = e.destination), priority,"
        " state, attempts, due, size, arrival, expiry, recipients, progress"
        " FROM x400_entry e WHERE id > %lld AND id < %lld ORDER BY id LIMIT %lld",
    [SQL_MARKS_START] = "SELECT id FROM x400_mark ORDER BY id DESC LIMIT 1 OFFSET %lld",
    [SQL_SCAN_MARKS] = "SELECT id, digest, time FROM x400_mark WHERE id >= %lld ORDER BY id LIMIT %lld",
    [SQL_NEXT_CHUNKED] = "SELECT MIN(message) FROM x400_chunk WHERE message > %lld",
    [SQL_HAS_MESSAGE] = "SELECT id FROM x400_message WHERE id = %lld",
    [SQL_HAS_ENTRY] = "SELECT id FROM x400_entry WHERE id = %lld",
    [SQL_LAST_IDS] = "SELECT (SELECT MAX(id) FROM x400_message), (SELECT MAX(id) FROM x400_entry),"
                     " (SELECT MAX(id) FROM x400_mark), (SELECT MAX(message) FROM x400_chunk),"
                     " (SELECT MAX(id) FROM x400_watch),"
                     " (SELECT value FROM x400_value WHERE name = 'ids')",
    [SQL_PUT_WATCH] = "INSERT INTO x400_watch (id, time, mts_id, destination, recipients)"
                      " VALUES (%lld, %lld, %s, %lld, %pDb)",
    [SQL_UPDATE_WATCH] = "UPDATE x400_watch SET recipients = %pDb WHERE id = %lld",
    [SQL_DELETE_WATCH] = "DELETE FROM x400_watch WHERE id = %lld",
    [SQL_SCAN_WATCHES] = "SELECT id, time, mts_id, (SELECT name FROM x400_name WHERE id = w.destination),"
                         " recipients FROM x400_watch w WHERE id > %lld ORDER BY id LIMIT %lld",
    [SQL_BEAT] = "UPDATE x400_node SET beat = %lld WHERE id = %lld AND heir = 0",
    [SQL_READ_VALUE] = "SELECT value FROM x400_value WHERE name = %s",
};

/* The tables; KEY, OCTETS and BY_KEY are what databases spell differently. A message keeps its first chunk in
 * its row when both come in one transaction, so a small message is one row. Marks are only appended. */
#define WATCH_TABLE(KEY, OCTETS)                                                                             \
    "CREATE TABLE x400_watch (id " KEY ", time BIGINT NOT NULL, mts_id TEXT NOT NULL,"                       \
    " destination BIGINT NOT NULL, recipients " OCTETS " NOT NULL)"

#define SCHEMA(KEY, OCTETS, BY_KEY, NUMBERED, ...)                                                           \
    {                                                                                                        \
        "CREATE TABLE x400_value (name VARCHAR(32) NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",            \
            "CREATE TABLE x400_name (id " NUMBERED ", name VARCHAR(255) NOT NULL UNIQUE)",                   \
            "CREATE TABLE x400_message (id " KEY ", kind SMALLINT NOT NULL, priority SMALLINT NOT NULL,"     \
            " arrival BIGINT NOT NULL, expiry BIGINT NOT NULL, length BIGINT NOT NULL, mts_id TEXT NOT "     \
            "NULL,"                                                                                          \
            " source BIGINT NOT NULL, envelope " OCTETS " NOT NULL, content " OCTETS " NOT NULL)",           \
            "CREATE TABLE x400_chunk (message BIGINT NOT NULL, number BIGINT NOT NULL, octets " OCTETS       \
            " NOT NULL, PRIMARY KEY (message, number))" BY_KEY,                                              \
            "CREATE TABLE x400_entry (id " KEY ", message BIGINT NOT NULL, destination BIGINT NOT NULL,"     \
            " priority SMALLINT NOT NULL, state SMALLINT NOT NULL, attempts BIGINT NOT NULL,"                \
            " due BIGINT NOT NULL, size BIGINT NOT NULL, arrival BIGINT NOT NULL, expiry BIGINT NOT NULL,"   \
            " recipients " OCTETS " NOT NULL, progress " OCTETS " NOT NULL DEFAULT '')",                     \
            "CREATE TABLE x400_mark (id " KEY ", digest " OCTETS " NOT NULL, time BIGINT NOT NULL)",         \
            WATCH_TABLE(KEY, OCTETS), "INSERT INTO x400_value (name, value) VALUES ('layout', 3)",           \
            "INSERT INTO x400_value (name, value) VALUES ('ids', 0)", __VA_ARGS__ NULL                       \
    }

static const char *const SQLITE_SCHEMA[] =
    SCHEMA("INTEGER PRIMARY KEY", "BLOB", " WITHOUT ROWID", "INTEGER PRIMARY KEY", );

/* A repeat that comes to another node than the first is known by its digest; nodes are in store/shared.h. The
 * tables that messages run through are vacuumed often. */
static const char *const PGSQL_SCHEMA[] =
    SCHEMA("BIGINT PRIMARY KEY", "BYTEA", "", "BIGSERIAL PRIMARY KEY",
           "CREATE UNIQUE INDEX x400_mark_digest ON x400_mark (digest)",
           "CREATE INDEX x400_mark_time ON x400_mark (time)",
           "CREATE TABLE x400_node (id BIGINT PRIMARY KEY, beat BIGINT NOT NULL, heir BIGINT NOT NULL)"
           " WITH (fillfactor = 10)", );
/* Octets of texts are taken as they come, and given back so. A process that hangs in a transaction does not
 * hold the others up for ever. */
static const char *const PGSQL_SETTINGS[] = {
    "SET client_min_messages = warning",
    "SET client_encoding = 'LATIN1'",
    "SET bytea_output = 'hex'",
    "SET standard_conforming_strings = on",
    "SET synchronous_commit = on",
    "SET default_transaction_isolation = 'read committed'",
    "SET idle_in_transaction_session_timeout = 10000",
    NULL,
};
static const char *const SQLITE_UPGRADE_1[] = {WATCH_TABLE("INTEGER PRIMARY KEY", "BLOB"),
                                               "UPDATE x400_value SET value = 2 WHERE name = 'layout'", NULL};
static const char *const SQLITE_UPGRADE_2[] = {
    "ALTER TABLE x400_entry ADD COLUMN progress BLOB NOT NULL DEFAULT ''",
    "UPDATE x400_value SET value = 3 WHERE name = 'layout'", NULL};
/* Several nodes may do it at the same time. */
static const char *const PGSQL_UPGRADE_2[] = {
    "ALTER TABLE x400_entry ADD COLUMN IF NOT EXISTS progress BYTEA NOT NULL DEFAULT ''",
    "UPDATE x400_value SET value = 3 WHERE name = 'layout'", NULL};

/* The page size takes effect on a new file only. FULL makes each commit wait for the disk. FAST overwrites
 * what is deleted only where that writes no more pages: some builds would write each deleted chunk once more.
 */
static const char *const SQLITE_SETTINGS[] = {
    "PRAGMA page_size = 8192",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 2048",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -8192",
    "PRAGMA secure_delete = FAST",
    NULL,
};

static const sql_dialect_t DIALECTS[] = {
    {
        .driver = "sqlite3",
        .file = true,
        .hex_octets = false,
        .begin = "BEGIN IMMEDIATE",
        .count_tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'",
        .has_values = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'x400_value'",
        .settings = SQLITE_SETTINGS,
        .schema = SQLITE_SCHEMA,
        .upgrade = {[1] = SQLITE_UPGRADE_1, [2] = SQLITE_UPGRADE_2},
    },
    {
        .driver = "pgsql",
        .shared = true,
        .hex_octets = true,
        .defaults = "connect_timeout=3 tcp_user_timeout=6000 keepalives_idle=3 keepalives_interval=2"
                    " keepalives_count=2 application_name=x400mta ",
        .begin = "BEGIN",
        .count_tables = "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()",
        .has_values = "SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
                      " AND tablename = 'x400_value'",
        .lock_schema = "SELECT 1 FROM pg_advisory_xact_lock(4074002)",
        .settings = PGSQL_SETTINGS,
        .schema = PGSQL_SCHEMA,
        .upgrade = {[2] = PGSQL_UPGRADE_2},
    },
};

const char *sql_text(sql_statement_t statement)
{
    return STATEMENTS[statement];
}

const sql_dialect_t *sql_dialect_find(const char *driver)
{
    for (size_t i = 0; i < sizeof(DIALECTS) / sizeof(DIALECTS[0]); i++)
        if (strcmp(DIALECTS[i].driver, driver) == 0)
            return &DIALECTS[i];
    return NULL;
}

const char *sql_dialect_names(void)
{
    return "sqlite3, pgsql";
}
