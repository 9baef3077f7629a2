/* Every SQL text of the store, and what differs between the databases that it can use. The texts are
 * portable; a database that spells something its own way has a row in the table of dialects. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>

/* Layout 2 has the table of watches more than layout 1, layout 3 the progress of entries more than that.
 * Older ones are brought up when they are opened. */
enum { SQL_LAYOUT_VERSION = 3 };

/* The column "priority" of an entry holds the kind of its message and the number of its recipients too. */
#define SQL_PRIORITY_PACK(priority, kind, count)                                                             \
    ((int64_t)(priority) + 4 * (int64_t)(kind) + 16 * (int64_t)(count))
#define SQL_COUNT_OF(number) ((unsigned)((number) >> 4 & 0xFFFF))
#define SQL_PRIORITY_OF(number) ((int)((number)&3))
#define SQL_KIND_OF(number) ((store_kind_t)((number) >> 2 & 3))

/* Prepared statements; the comment names parameters -> columns. */
typedef enum sql_statement_t {
    SQL_PUT_MESSAGE,    /* id kind priority arrival expiry length mts_id source envelope content */
    SQL_DELETE_MESSAGE, /* id */
    SQL_PUT_CHUNK,      /* message number octets */
    SQL_DELETE_CHUNKS,  /* message first limit */
    SQL_PUT_ENTRY,    /* id message destination priority state attempts due size arrival expiry recipients */
    SQL_UPDATE_ENTRY, /* destination priority state attempts due expiry recipients id */
    SQL_PUT_PROGRESS, /* progress id */
    SQL_DELETE_ENTRY, /* id */
    SQL_PUT_MARK,     /* id digest time */
    SQL_MARKS_BOUND,  /* time -> id of the first mark that stays (none: no row) */
    SQL_DELETE_MARKS, /* bound count */
    SQL_PUT_NAME,     /* name */
    SQL_FIND_NAME,    /* name -> id */
    SQL_SET_VALUE,    /* value name */
    SQL_READ_MESSAGE, /* id -> kind priority arrival expiry length mts_id source envelope content */
    SQL_READ_CHUNK,   /* message number -> octets */
    SQL_READ_INLINE,  /* id -> content */
    SQL_SCAN_ENTRIES, /* after before count -> the columns of SQL_PUT_ENTRY, progress */
    SQL_MARKS_START,  /* offset -> id of the mark that has offset newer ones */
    SQL_SCAN_MARKS,   /* from count -> id digest time */
    SQL_NEXT_CHUNKED, /* after -> id of the next message that has chunks */
    SQL_HAS_MESSAGE,  /* id -> id */
    SQL_HAS_ENTRY,    /* id -> id */
    SQL_LAST_IDS,     /* -> greatest id of messages, entries, marks, chunks, watches, the number kept */
    SQL_PUT_WATCH,    /* id time mts_id destination recipients */
    SQL_UPDATE_WATCH, /* recipients id */
    SQL_DELETE_WATCH, /* id */
    SQL_SCAN_WATCHES, /* after count -> the columns of SQL_PUT_WATCH */
    SQL_READ_VALUE,   /* name -> value */
    SQL_BEAT,         /* beat node: of a store that is shared only */
    SQL_STATEMENT_COUNT
} sql_statement_t;

/* The text of a statement in the form that apr_dbd_prepare takes. */
const char *sql_text(sql_statement_t statement);

/* What differs between databases. */
typedef struct sql_dialect_t {
    const char *driver;       /* of apr_dbd */
    bool file;                /* the parameters are the path of a file that one process owns */
    bool shared;              /* several processes work on it at the same time (store/shared.h) */
    bool hex_octets;          /* octets come back as text "\x..." */
    const char *defaults;     /* goes before the parameters that name a database by words, NULL = nothing */
    const char *begin;        /* begins a transaction that writes */
    const char *count_tables; /* -> number of tables in the database */
    const char *lock_schema;  /* lets one process at a time make the tables, NULL = no need */
    const char *has_values;   /* -> number of tables called x400_value */
    const char *const
        *settings; /* done on each new connection, ends with NULL; rows that come back are dropped */
    const char *const *schema; /* makes the tables of an empty database, ends with NULL */
    const char *const
        *upgrade[SQL_LAYOUT_VERSION]; /* [n] makes layout n + 1 of n, ends with NULL; NULL = none */
} sql_dialect_t;

/* The dialect of a driver, or NULL; and the drivers there are, in words. */
const sql_dialect_t *sql_dialect_find(const char *driver);
const char *sql_dialect_names(void);

/* Texts that are not prepared. */
extern const char SQL_COMMIT[];
extern const char SQL_ROLLBACK[];
extern const char SQL_READ_LAYOUT[]; /* -> layout version */

/* Names of the rows of the value table. */
extern const char SQL_VALUE_IDS[];
extern const char SQL_VALUE_EPOCH[]; /* owners so far */
extern const char SQL_VALUE_FILE[];  /* number of the file in its file system */

#endif
