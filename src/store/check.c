#include "store/check.h"

#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/format.h"
#include "store/internal.h"

enum {
    PASS_LIMIT = 4,
    PAGE = 100,
    CLAIM_ATTEMPTS = 16,
    ANSWERS = 2,
    NODE_PATIENCE = 3000000 /* microseconds */
};

typedef struct checking_t {
    const store_check_t *check;
    store_findings_t *findings;
    apr_pool_t *pool; /* of the whole */
    apr_pool_t *pass; /* of one pass */
    database_t *database;
    apr_hash_t *queues;   /* name -> repaired (a string) in this pass */
    apr_hash_t *repaired; /* name -> name, over all passes */
    bool changed;         /* this pass had something to repair */
    bool first;           /* pass: it counts */
    unsigned written;     /* files in the folder */
} checking_t;

static void say(const checking_t *checking, bool detail, const char *format, ...) FORMAT_APR(3, 4);

static void say(const checking_t *checking, bool detail, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    checking->check->say(checking->check->context, detail,
                         apr_pvsprintf(checking->pass ? checking->pass : checking->pool, format, arguments));
    va_end(arguments);
}

static void write_aside(checking_t *checking, const char *name, bytes_t octets)
{
    apr_file_t *file;
    apr_dir_make_recursive(checking->check->aside, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE,
                           checking->pass);
    const char *path = apr_pstrcat(checking->pass, checking->check->aside, "/", name, NULL);
    if (apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_APPEND | APR_FOPEN_BINARY,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE, checking->pass) != APR_SUCCESS) {
        say(checking, false, "%s cannot be written", path);
        return;
    }
    if (octets.length)
        apr_file_write_full(file, octets.data, octets.length, NULL);
    apr_file_close(file);
}

static void damaged(checking_t *checking, const char *queue, int64_t id, const char *mts_id, const char *why)
{
    checking->changed = true;
    checking->findings->objects_damaged++;
    if (*queue)
        apr_hash_set(checking->repaired, apr_pstrdup(checking->pool, queue), APR_HASH_KEY_STRING, "");
    say(checking, false, "Object %08" APR_UINT64_T_HEX_FMT ": error: %s. Queue: %s. MTS-ID: %s",
        (apr_uint64_t)id, why, *queue ? queue : "(none)", *mts_id ? mts_id : "(not known)");
}

static err_t *run(checking_t *checking, const char *format, ...) FORMAT_APR(2, 3);

static err_t *run(checking_t *checking, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *sql = apr_pvsprintf(checking->pass, format, arguments);
    va_end(arguments);
    return database_run(checking->database, sql, checking->pass);
}

/* Entries. */

static err_t *remove_entry(checking_t *checking, int64_t id)
{
    return run(checking, "DELETE FROM x400_entry WHERE id = %" APR_INT64_T_FMT, (apr_int64_t)id);
}

static err_t *check_entry(checking_t *checking, database_rows_t *rows)
{
    int64_t id = database_number(rows, 0);
    int64_t message = database_number(rows, 1);
    const char *queue = database_text(rows, 2);
    int64_t state = database_number(rows, 3);
    int64_t priority = database_number(rows, 4);
    const char *mts_id = database_text(rows, 6);
    bytes_t recipients = database_octets(rows, 7);
    if (checking->first) {
        checking->findings->objects++;
        apr_hash_set(checking->queues, apr_pstrdup(checking->pass, queue), APR_HASH_KEY_STRING, "");
    }
    const char *why = NULL;
    if (!database_number(rows, 5))
        why = "its message is not in the store";
    else if (!*queue)
        why = "its queue has no name";
    else if (recipients.length % 2)
        why = "its list of recipients is damaged";
    if (why) {
        damaged(checking, queue, id, mts_id, why);
        write_aside(
            checking, apr_psprintf(checking->pass, "%08" APR_UINT64_T_HEX_FMT ".entry.txt", (apr_uint64_t)id),
            bytes_of_string(apr_psprintf(
                checking->pass, "entry %" APR_INT64_T_FMT " of message %" APR_INT64_T_FMT "\nqueue: %s\n%s\n",
                (apr_int64_t)id, (apr_int64_t)message, queue, why)));
        return remove_entry(checking, id);
    }
    if (state >= STORE_ENTRY_QUEUED && state <= STORE_ENTRY_BAD && priority >= 0 &&
        SQL_PRIORITY_OF(priority) <= 2 && priority <= SQL_PRIORITY_PACK(2, STORE_REPORT, 65535))
        return NULL;
    damaged(checking, queue, id, mts_id, "its state or priority is none; it is queued as normal");
    return run(checking, "UPDATE x400_entry SET state = 0, priority = 0 WHERE id = %" APR_INT64_T_FMT,
               (apr_int64_t)id);
}

/* Runs each over the rows of a text that takes "WHERE id > %lld ORDER BY id LIMIT %d", page by page. */
static err_t *each_page(checking_t *checking, const char *select, const char *key,
                        err_t *(*each)(checking_t *checking, database_rows_t *rows))
{
    int64_t after = -1;
    int found = PAGE;
    err_t *err = NULL;
    while (!err && found == PAGE) {
        apr_pool_t *page;
        apr_pool_create(&page, checking->pass);
        database_rows_t rows;
        err = database_query(checking->database,
                             apr_psprintf(page, "%s WHERE %s > %" APR_INT64_T_FMT " ORDER BY %s LIMIT %d",
                                          select, key, (apr_int64_t)after, key, PAGE),
                             &rows, page);
        for (found = 0; !err && database_next(&rows); found++) {
            after = database_number(&rows, 0);
            err = each(checking, &rows);
        }
        err = err_copy(checking->pool, err);
        apr_pool_destroy(page);
    }
    return err;
}

/* Messages. */

static err_t *write_message_aside(checking_t *checking, int64_t id, const char *mts_id, const char *why,
                                  bytes_t envelope)
{
    const char *name = apr_psprintf(checking->pass, "%08" APR_UINT64_T_HEX_FMT, (apr_uint64_t)id);
    write_aside(checking, apr_pstrcat(checking->pass, name, ".txt", NULL),
                bytes_of_string(apr_psprintf(checking->pass, "message %" APR_INT64_T_FMT "\nMTS-ID: %s\n%s\n",
                                             (apr_int64_t)id, mts_id, why)));
    write_aside(checking, apr_pstrcat(checking->pass, name, ".envelope", NULL), envelope);
    database_rows_t rows;
    err_t *err = database_query(checking->database,
                                apr_psprintf(checking->pass,
                                             "SELECT content FROM x400_message WHERE id = %" APR_INT64_T_FMT,
                                             (apr_int64_t)id),
                                &rows, checking->pass);
    while (!err && database_next(&rows))
        write_aside(checking, apr_pstrcat(checking->pass, name, ".content", NULL), database_octets(&rows, 0));
    if (err)
        return err;
    err = database_query(checking->database,
                         apr_psprintf(checking->pass,
                                      "SELECT octets FROM x400_chunk WHERE message = %" APR_INT64_T_FMT
                                      " ORDER BY number",
                                      (apr_int64_t)id),
                         &rows, checking->pass);
    while (!err && database_next(&rows))
        write_aside(checking, apr_pstrcat(checking->pass, name, ".content", NULL), database_octets(&rows, 0));
    return err;
}

static err_t *remove_message(checking_t *checking, int64_t id)
{
    err_t *err = run(checking, "DELETE FROM x400_entry WHERE message = %" APR_INT64_T_FMT, (apr_int64_t)id);
    if (!err)
        err = run(checking, "DELETE FROM x400_chunk WHERE message = %" APR_INT64_T_FMT, (apr_int64_t)id);
    return err ? err
               : run(checking, "DELETE FROM x400_message WHERE id = %" APR_INT64_T_FMT, (apr_int64_t)id);
}

/* What is wrong with a message, NULL if nothing. */
static const char *judge_message(checking_t *checking, database_rows_t *rows, apr_pool_t *pool)
{
    store_message_t message = {.id = (uint64_t)database_number(rows, 0),
                               .kind = (store_kind_t)database_number(rows, 1),
                               .content_length = (uint64_t)database_number(rows, 2),
                               .mts_id = database_text(rows, 3),
                               .source = "",
                               .envelope = database_octets(rows, 4)};
    int64_t inside = database_number(rows, 5);
    int64_t chunks = database_number(rows, 6);
    int64_t last_chunk = database_number(rows, 7);
    int64_t octets = database_number(rows, 8) + inside;
    int64_t first_chunk = database_number(rows, 9);
    if (!database_number(rows, 10))
        return "no queue refers to it";
    if (message.kind != STORE_MESSAGE && message.kind != STORE_PROBE && message.kind != STORE_REPORT)
        return "it is of no kind that is known";
    bool gap = chunks > 0 && last_chunk - first_chunk + 1 != chunks;
    bool start = chunks > 0 && first_chunk != (inside ? 1 : 0);
    if (gap || start || octets != (int64_t)message.content_length)
        return apr_psprintf(
            pool, "%" APR_INT64_T_FMT " of the %" APR_UINT64_T_FMT " octets of its content are there",
            (apr_int64_t)octets, (apr_uint64_t)message.content_length);
    return checking->check->judge
               ? checking->check->judge(checking->check->context, &message, database_octets(rows, 12), pool)
               : NULL;
}

static err_t *check_message(checking_t *checking, database_rows_t *rows)
{
    if (checking->first)
        checking->findings->objects++;
    const char *why = judge_message(checking, rows, checking->pass);
    if (!why)
        return NULL;
    int64_t id = database_number(rows, 0);
    const char *mts_id = database_text(rows, 3);
    damaged(checking, database_text(rows, 11), id, mts_id, why);
    err_t *err = write_message_aside(checking, id, mts_id, why, database_octets(rows, 4));
    return err ? err : remove_message(checking, id);
}

static err_t *check_leftovers(checking_t *checking)
{
    database_rows_t rows;
    err_t *err =
        database_query(checking->database,
                       "SELECT COUNT(*) FROM x400_chunk WHERE message NOT IN (SELECT id FROM x400_message)",
                       &rows, checking->pass);
    int64_t count = 0;
    while (!err && database_next(&rows))
        count = database_number(&rows, 0);
    checking->findings->leftovers += (uint64_t)count;
    if (!err && count)
        err = run(checking, "DELETE FROM x400_chunk WHERE message NOT IN (SELECT id FROM x400_message)");
    return err;
}

static const char SELECT_ENTRIES[] =
    "SELECT e.id, e.message, (SELECT name FROM x400_name WHERE id = e.destination), e.state, e.priority,"
    " (SELECT COUNT(*) FROM x400_message WHERE id = e.message),"
    " (SELECT mts_id FROM x400_message WHERE id = e.message), e.recipients FROM x400_entry e";

static const char SELECT_MESSAGES[] =
    "SELECT m.id, m.kind, m.length, m.mts_id, m.envelope, LENGTH(m.content),"
    " (SELECT COUNT(*) FROM x400_chunk WHERE message = m.id),"
    " (SELECT MAX(number) FROM x400_chunk WHERE message = m.id),"
    " (SELECT COALESCE(SUM(LENGTH(octets)), 0) FROM x400_chunk WHERE message = m.id),"
    " (SELECT MIN(number) FROM x400_chunk WHERE message = m.id),"
    " (SELECT COUNT(*) FROM x400_entry WHERE message = m.id),"
    " (SELECT name FROM x400_name WHERE id = (SELECT MIN(destination) FROM x400_entry WHERE message = m.id)),"
    " (SELECT recipients FROM x400_entry WHERE message = m.id ORDER BY id LIMIT 1) FROM x400_message m";

static err_t *check_once(checking_t *checking)
{
    err_t *err = database_begin(checking->database, checking->pass);
    if (!err)
        err = each_page(checking, SELECT_ENTRIES, "e.id", check_entry);
    if (!err)
        err = each_page(checking, SELECT_MESSAGES, "m.id", check_message);
    if (!err)
        err = check_leftovers(checking);
    if (!err)
        return database_run(checking->database, SQL_COMMIT, checking->pass);
    (void)database_run(checking->database, SQL_ROLLBACK, checking->pass);
    return err;
}

/* The file. */

static const char *quoted(apr_pool_t *pool, const char *text)
{
    const char *out = "";
    for (const char *quote; (quote = strchr(text, '\'')) != NULL; text = quote + 1)
        out = apr_pstrcat(pool, out, apr_pstrmemdup(pool, text, (size_t)(quote - text)), "''", NULL);
    return apr_pstrcat(pool, out, text, NULL);
}

/* What is copied from a damaged file: the columns that every layout has. */
typedef struct salvaged_t {
    const char *name, *key, *columns;
} salvaged_t;

/* Copies the rows of a table whose key is in [from, to). What it takes of memory is given back: very many
 * ranges may be tried. */
static bool salvage_rows(checking_t *checking, const salvaged_t *table, int64_t from, int64_t to)
{
    apr_pool_t *outer = checking->pass;
    apr_pool_create(&checking->pass, outer);
    err_t *err = run(checking,
                     "INSERT OR IGNORE INTO main.%s (%s) SELECT %s FROM old.%s WHERE %s >= %" APR_INT64_T_FMT
                     " AND %s < %" APR_INT64_T_FMT,
                     table->name, table->columns, table->columns, table->name, table->key, (apr_int64_t)from,
                     table->key, (apr_int64_t)to);
    bool copied = !err;
    apr_pool_destroy(checking->pass);
    checking->pass = outer;
    return copied;
}

/* True if nothing of a range that cannot be read is readable: keys at its front, ever farther apart, and all
 * over it are tried one by one. Without this a table whose first page is damaged would be tried at each of
 * its keys. */
static bool salvage_is_hopeless(checking_t *checking, const salvaged_t *table, int64_t from, int64_t to)
{
    enum { FEW = 256, PLACES = 16 };
    if (to - from <= FEW)
        return false;
    for (int64_t step = 1; step < to - from; step *= 2)
        if (salvage_rows(checking, table, from + step - 1, from + step) ||
            salvage_rows(checking, table, to - step, to - step + 1))
            return false;
    for (int64_t place = 1; place < PLACES; place++) {
        int64_t key = from + (to - from) / PLACES * place;
        if (salvage_rows(checking, table, key, key + 1))
            return false;
    }
    return true;
}

/* Copies the rows of a table whose key is in [from, to); a range that cannot be read is halved until the row
 * that is broken is alone. Returns how many keys were lost. */
static uint64_t salvage_range(checking_t *checking, const salvaged_t *table, int64_t from, int64_t to)
{
    if (salvage_rows(checking, table, from, to))
        return 0;
    if (to - from <= 1 || salvage_is_hopeless(checking, table, from, to))
        return (uint64_t)(to - from);
    int64_t middle = from + (to - from) / 2;
    return salvage_range(checking, table, from, middle) + salvage_range(checking, table, middle, to);
}

/* The greatest key that the file speaks of: behind it nothing is looked for. */
static int64_t salvage_end(checking_t *checking, const char *table, const char *key)
{
    static const char *const orders[] = {"DESC", "ASC"};
    int64_t greatest = 1 << 20;
    for (size_t i = 0; i < 2; i++) {
        database_rows_t rows;
        err_t *err =
            database_query(checking->database,
                           apr_psprintf(checking->pass, "SELECT %s FROM old.%s ORDER BY %s %s LIMIT 1", key,
                                        table, key, orders[i]),
                           &rows, checking->pass);
        while (!err && database_next(&rows))
            if (database_number(&rows, 0) > greatest)
                greatest = database_number(&rows, 0);
    }
    return greatest + 1;
}

/* True unless the old file has no such table: that of watches is not in one of layout 1. */
static bool has_table(checking_t *checking, const char *table)
{
    database_rows_t rows;
    err_t *err = database_query(
        checking->database,
        apr_psprintf(checking->pass, "SELECT COUNT(*) FROM old.sqlite_master WHERE name = '%s'", table),
        &rows, checking->pass);
    int64_t count = err ? 1 : 0;
    while (!err && database_next(&rows))
        count = database_number(&rows, 0);
    return count > 0;
}

static err_t *salvage_into(checking_t *checking, const char *damaged_path)
{
    static const salvaged_t tables[] = {
        {"x400_name", "id", "id, name"},
        {"x400_message", "id",
         "id, kind, priority, arrival, expiry, length, mts_id, source, envelope, content"},
        {"x400_chunk", "message", "message, number, octets"},
        {"x400_entry", "id",
         "id, message, destination, priority, state, attempts, due, size, arrival, expiry, recipients"},
        {"x400_mark", "id", "id, digest, time"},
        {"x400_watch", "id", "id, time, mts_id, destination, recipients"}};
    err_t *err = run(checking, "ATTACH DATABASE '%s' AS old", quoted(checking->pass, damaged_path));
    int64_t known = 0;
    database_rows_t rows;
    if (!err)
        err = database_query(
            checking->database,
            "SELECT COUNT(*) FROM old.sqlite_master WHERE type = 'table' AND name LIKE 'x400_%'", &rows,
            checking->pass);
    while (!err && database_next(&rows))
        known = database_number(&rows, 0);
    if (err || known < 5)
        return err_wrap(checking->pool, err, APR_EGENERAL, "store", "nothing in it can be read");
    uint64_t lost = 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (has_table(checking, tables[i].name))
            lost +=
                salvage_range(checking, &tables[i], 0, salvage_end(checking, tables[i].name, tables[i].key));
    if (run(checking,
            "UPDATE main.x400_value SET value = (SELECT value FROM old.x400_value WHERE name = 'ids')"
            " WHERE name = 'ids' AND EXISTS (SELECT 1 FROM old.x400_value WHERE name = 'ids')"))
        checking->findings->values_missing = true;
    say(checking, false, "The database was copied row by row; %" APR_UINT64_T_FMT " rows could not be read.",
        (apr_uint64_t)lost);
    return run(checking, "DETACH DATABASE old");
}

/* Makes the database anew from what can be read of it; the damaged file goes into the folder. */
static err_t *rebuild(checking_t *checking)
{
    const store_check_t *check = checking->check;
    const char *fresh = apr_pstrcat(checking->pool, check->parameters, ".new", NULL);
    apr_file_remove(fresh, checking->pool);
    err_t *err = database_open(&checking->database, check->driver, fresh, true, checking->pool);
    if (err)
        return err;
    err = err_copy(checking->pool, salvage_into(checking, check->parameters));
    database_close(checking->database);
    checking->database = NULL;
    if (err) {
        apr_file_remove(fresh, checking->pool);
        return err;
    }
    write_aside(checking, "README",
                bytes_of_string("Broken objects and damaged databases. Do not put them back.\n"));
    static const char *const tails[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
        apr_file_rename(apr_pstrcat(checking->pool, check->parameters, tails[i], NULL),
                        apr_pstrcat(checking->pool, check->aside, "/damaged.db", tails[i], NULL),
                        checking->pool);
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
        apr_file_rename(apr_pstrcat(checking->pool, fresh, tails[i], NULL),
                        apr_pstrcat(checking->pool, check->parameters, tails[i], NULL), checking->pool);
    checking->findings->rebuilt = true;
    return NULL;
}

/* True if the database says of itself that it is whole. */
static bool is_whole(checking_t *checking)
{
    database_rows_t rows;
    err_t *err = database_query(checking->database, "PRAGMA integrity_check(1)", &rows, checking->pass);
    bool whole = false;
    while (!err && database_next(&rows))
        whole = strcmp(database_text(&rows, 0), "ok") == 0;
    return whole;
}

static err_t *open_whole(checking_t *checking)
{
    const store_check_t *check = checking->check;
    const sql_dialect_t *dialect = sql_dialect_find(check->driver);
    err_t *err = database_open(&checking->database, check->driver, check->parameters, false, checking->pool);
    if (!dialect || !dialect->file)
        return err;
    if (!err && is_whole(checking))
        return NULL;
    if (!err)
        database_close(checking->database);
    checking->database = NULL;
    say(checking, false, "The database file is damaged%s%s", err ? ": " : ".", err ? err->text : "");
    err = rebuild(checking);
    return err ? err
               : database_open(&checking->database, check->driver, check->parameters, false, checking->pool);
}

static err_t *check_all(checking_t *checking)
{
    err_t *err = NULL;
    do {
        apr_pool_clear(checking->pass);
        checking->queues = apr_hash_make(checking->pass);
        checking->first = checking->findings->passes++ == 0;
        checking->changed = false;
        err = err_copy(checking->pool, check_once(checking));
        if (checking->first && !err) {
            checking->findings->queues = apr_hash_count(checking->queues);
            for (apr_hash_index_t *i = apr_hash_first(checking->pass, checking->queues); i;
                 i = apr_hash_next(i))
                say(checking, true, "Queue \"%s\" was checked.", (const char *)apr_hash_this_key(i));
        }
    } while (!err && checking->changed && checking->findings->passes < PASS_LIMIT);
    checking->findings->queues_repaired = apr_hash_count(checking->repaired);
    if (!err && checking->changed)
        err = err_create(checking->pool, APR_EGENERAL, "store",
                         "the same objects are damaged again after each repair");
    return err;
}

/* The sum of the signs of life of the nodes at work: it changes as long as one lives. */
static err_t *sum_of_beats(const store_check_t *check, int64_t *sum, apr_pool_t *pool)
{
    database_t *database = NULL;
    database_rows_t rows;
    *sum = 0;
    err_t *err = database_open(&database, check->driver, check->parameters, false, pool);
    if (err)
        return err;
    err = database_query(
        database, "SELECT COALESCE(SUM(beat), 0) FROM x400_node WHERE beat >= 0 AND heir = 0", &rows, pool);
    while (!err && database_next(&rows))
        *sum = database_number(&rows, 0);
    database_close(database);
    return err;
}

/* A shared store is checked while no node works on it. One that starts meanwhile is not kept away. */
static err_t *see_nobody(const store_check_t *check, apr_pool_t *pool)
{
    int64_t first = 0;
    int64_t second = 0;
    err_t *err = sum_of_beats(check, &first, pool);
    if (!err && first) {
        apr_sleep(check->lease > NODE_PATIENCE ? check->lease : NODE_PATIENCE);
        err = sum_of_beats(check, &second, pool);
    }
    if (!err && first != second)
        err = err_create(pool, APR_EAGAIN, "store", "The store %s is in use by another process",
                         database_label(check->parameters, pool));
    return err;
}

/* Makes this process the owner; an owner on another machine that left without a word is waited for. */
static err_t *own(const store_check_t *check, lease_t **lease, apr_pool_t *pool)
{
    const sql_dialect_t *dialect = sql_dialect_find(check->driver);
    if (!dialect)
        return NULL;
    if (dialect->shared)
        return see_nobody(check, pool);
    store_claim_t claim = {.number = 0};
    err_t *err = lease_try(lease, check->parameters, check->lease, &claim, pool);
    for (int i = 0; err && APR_STATUS_IS_EAGAIN(err->code) && i < CLAIM_ATTEMPTS && claim.number <= ANSWERS;
         i++) {
        apr_sleep(check->lease / (CLAIM_ATTEMPTS / 2));
        err = lease_try(lease, check->parameters, check->lease, &claim, pool);
    }
    if (!err)
        err = lease_take(*lease, pool);
    if (!err)
        err = lease_keep(*lease, NULL, NULL, pool);
    return err;
}

/* A store made anew has had as many owners as the old one: it was not put back. */
static err_t *keep_epoch(checking_t *checking, const lease_t *lease)
{
    lease_numbers_t numbers;
    lease_numbers(lease, &numbers);
    return run(checking, "INSERT INTO x400_value (name, value) VALUES ('%s', %" APR_UINT64_T_FMT ")",
               SQL_VALUE_EPOCH, (apr_uint64_t)numbers.epoch);
}

err_t *store_check(const store_check_t *check, store_findings_t *findings, apr_pool_t *pool)
{
    *findings = (store_findings_t){0};
    checking_t checking = {
        .check = check, .findings = findings, .pool = pool, .repaired = apr_hash_make(pool)};
    apr_pool_create(&checking.pass, pool);
    lease_t *lease = NULL;
    err_t *err = own(check, &lease, pool);
    if (err)
        return err;
    err = open_whole(&checking);
    if (!err)
        err = check_all(&checking);
    else if (!err->code || APR_STATUS_IS_ENOENT(err->code))
        err->code = APR_EGENERAL;
    if (!err && findings->rebuilt)
        err = keep_epoch(&checking, lease);
    if (checking.database)
        database_close(checking.database);
    lease_release(lease);
    return err;
}
