#include "store/database.h"

#include <apr_buckets.h>
#include <apr_file_io.h>
#include <apr_strings.h>

/* Results are fetched as a whole: only then an error on the way is told. */
enum { WHOLE = 1 };

struct database_t {
    apr_pool_t *pool; /* its own, without a parent that others use */
    const sql_dialect_t *dialect;
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_bucket_alloc_t *buckets;
    apr_dbd_prepared_t *statements[SQL_STATEMENT_COUNT];
};

/* Some databases speak in several lines. */
static const char *one_line(const char *words, apr_pool_t *pool)
{
    char *copy = words ? apr_pstrdup(pool, words) : NULL;
    for (char *c = copy; c && *c; c++)
        if (*c == '\n')
            *c = c[1] ? ' ' : 0;
    return copy;
}

static err_t *database_error(const database_t *database, int code, apr_pool_t *pool, const char *what)
{
    const char *words = one_line(apr_dbd_error(database->driver, database->handle, code), pool);
    err_t *cause = err_create(pool, code, "database", "%s", words && *words ? words : "no details");
    return err_wrap(pool, cause, code, "store", "%s", what);
}

void database_value_number(database_values_t *values, int64_t number)
{
    values->numbers[values->count] = number;
    values->values[values->count] = &values->numbers[values->count];
    values->count++;
}

void database_value_text(database_values_t *values, const char *text)
{
    values->values[values->count++] = text ? text : "";
}

/* apr_dbd wants four values for octets; the last two are of use to Oracle only. A null pointer would count as
 * one value and shift those that follow. */
void database_value_octets(database_values_t *values, bytes_t octets)
{
    unsigned at = values->count;
    values->sizes[at] = octets.length;
    values->values[at] = octets.data ? (const void *)octets.data : "";
    values->values[at + 1] = &values->sizes[at];
    values->values[at + 2] = "";
    values->values[at + 3] = "";
    values->count += 4;
}

err_t *database_run(database_t *database, const char *sql, apr_pool_t *pool)
{
    int rows = 0;
    int code = apr_dbd_query(database->driver, database->handle, &rows, sql);
    if (code)
        return database_error(database, code, pool,
                              apr_psprintf(pool, "The database refused \"%.60s\"", sql));
    return NULL;
}

err_t *database_begin(database_t *database, apr_pool_t *pool)
{
    return database_run(database, database->dialect->begin, pool);
}

err_t *database_execute(database_t *database, sql_statement_t statement, const database_values_t *values,
                        int *changed, apr_pool_t *pool)
{
    int rows = 0;
    int code = apr_dbd_pbquery(database->driver, pool, database->handle, &rows,
                               database->statements[statement], (const void **)values->values);
    if (code)
        return database_error(database, code, pool,
                              apr_psprintf(pool, "The database refused \"%.40s...\"", sql_text(statement)));
    if (changed)
        *changed = rows;
    return NULL;
}

err_t *database_select(database_t *database, sql_statement_t statement, const database_values_t *values,
                       database_rows_t *rows, apr_pool_t *pool)
{
    *rows = (database_rows_t){.database = database, .pool = pool};
    int code = apr_dbd_pbselect(database->driver, pool, database->handle, &rows->results,
                                database->statements[statement], WHOLE, (const void **)values->values);
    if (code)
        return database_error(database, code, pool,
                              apr_psprintf(pool, "The database refused \"%.40s...\"", sql_text(statement)));
    return NULL;
}

err_t *database_query(database_t *database, const char *sql, database_rows_t *rows, apr_pool_t *pool)
{
    *rows = (database_rows_t){.database = database, .pool = pool};
    int code = apr_dbd_select(database->driver, pool, database->handle, &rows->results, sql, WHOLE);
    if (code)
        return database_error(database, code, pool,
                              apr_psprintf(pool, "The database refused \"%.60s\"", sql));
    return NULL;
}

bool database_next(database_rows_t *rows)
{
    return apr_dbd_get_row(rows->database->driver, rows->pool, rows->results, &rows->row, -1) == 0;
}

const char *database_text(database_rows_t *rows, int column)
{
    const char *text = apr_dbd_get_entry(rows->database->driver, rows->row, column);
    return text ? text : "";
}

int64_t database_number(database_rows_t *rows, int column)
{
    return apr_atoi64(database_text(rows, column));
}

/* The one bucket is looked into and dropped: its octets are the row's and stay in the pool. */
static bytes_t octets_of_row(database_rows_t *rows, int column)
{
    const database_t *database = rows->database;
    bytes_t octets = BYTES_NONE;
    apr_bucket_brigade *brigade = apr_brigade_create(rows->pool, database->buckets);
    if (apr_dbd_datum_get(database->driver, rows->row, column, APR_DBD_TYPE_BLOB, brigade) == APR_SUCCESS) {
        struct iovec vector = {NULL, 0};
        int count = 1;
        if (apr_brigade_to_iovec(brigade, &vector, &count) == APR_SUCCESS && count == 1 && vector.iov_base)
            octets = bytes_make(vector.iov_base, vector.iov_len);
    }
    apr_brigade_destroy(brigade);
    return octets;
}

bytes_t database_octets(database_rows_t *rows, int column)
{
    bytes_t octets = octets_of_row(rows, column);
    if (!rows->database->dialect->hex_octets || octets.length < 2)
        return octets;
    bytes_t decoded = BYTES_NONE;
    const char *digits = bytes_to_string(rows->pool, bytes_slice(octets, 2, octets.length - 2));
    return bytes_from_hex(rows->pool, digits, &decoded) ? decoded : BYTES_NONE;
}

/* One number from a text that is not prepared. */
static err_t *select_number(database_t *database, const char *sql, int64_t *number, apr_pool_t *pool)
{
    apr_dbd_results_t *results = NULL;
    int code = apr_dbd_select(database->driver, pool, database->handle, &results, sql, WHOLE);
    if (code)
        return database_error(database, code, pool, "The database cannot be read");
    database_rows_t rows = {.database = database, .results = results, .pool = pool};
    *number = -1;
    while (database_next(&rows))
        *number = database_number(&rows, 0);
    return NULL;
}

static err_t *run_all(database_t *database, const char *const *statements, apr_pool_t *pool)
{
    err_t *err = database_begin(database, pool);
    for (const char *const *sql = statements; !err && *sql; sql++)
        err = database_run(database, *sql, pool);
    if (!err)
        err = database_run(database, SQL_COMMIT, pool);
    if (err)
        (void)database_run(database, SQL_ROLLBACK, pool);
    return err;
}

/* Makes the tables, unless another process has just done so. */
static err_t *make_tables(database_t *database, apr_pool_t *pool)
{
    const sql_dialect_t *dialect = database->dialect;
    if (!dialect->lock_schema)
        return run_all(database, dialect->schema, pool);
    int64_t number = 0;
    err_t *err = database_begin(database, pool);
    if (!err)
        err = select_number(database, dialect->lock_schema, &number, pool);
    if (!err)
        err = select_number(database, dialect->has_values, &number, pool);
    for (const char *const *sql = dialect->schema; !err && !number && *sql; sql++)
        err = database_run(database, *sql, pool);
    if (!err)
        return database_run(database, SQL_COMMIT, pool);
    (void)database_run(database, SQL_ROLLBACK, pool);
    return err;
}

/* Finds out what the database is: empty (made a store), a store of this layout or of
 * one that can be brought up to it, or something else. */
static err_t *check_layout(database_t *database, bool create, apr_pool_t *pool)
{
    int64_t tables = 0;
    int64_t ours = 0;
    err_t *err = select_number(database, database->dialect->count_tables, &tables, pool);
    if (!err)
        err = select_number(database, database->dialect->has_values, &ours, pool);
    if (err)
        return err;
    if (tables == 0 && create)
        return make_tables(database, pool);
    if (ours == 0)
        return err_create(pool, APR_EMISMATCH, "store", "The database is not a store of this program");
    int64_t layout = 0;
    err = select_number(database, SQL_READ_LAYOUT, &layout, pool);
    if (err)
        return err;
    if (layout > SQL_LAYOUT_VERSION)
        return err_create(pool, APR_EMISMATCH, "store",
                          "The store has layout %d, made by a newer version of this program; this one reads "
                          "layout %d",
                          (int)layout, SQL_LAYOUT_VERSION);
    for (; layout > 0 && layout < SQL_LAYOUT_VERSION && database->dialect->upgrade[layout]; layout++) {
        err = run_all(database, database->dialect->upgrade[layout], pool);
        if (err)
            return err;
    }
    if (layout != SQL_LAYOUT_VERSION)
        return err_create(pool, APR_EMISMATCH, "store", "The store has the unknown layout %d", (int)layout);
    return NULL;
}

static err_t *apply_settings(database_t *database, apr_pool_t *pool)
{
    for (const char *const *sql = database->dialect->settings; *sql; sql++) {
        apr_dbd_results_t *results = NULL;
        int code = apr_dbd_select(database->driver, pool, database->handle, &results, *sql, WHOLE);
        if (code)
            return database_error(database, code, pool, "The database cannot be used");
        database_rows_t rows = {.database = database, .results = results, .pool = pool};
        while (database_next(&rows))
            ;
    }
    return NULL;
}

static err_t *prepare_statements(database_t *database, apr_pool_t *pool)
{
    for (int i = 0; i < SQL_STATEMENT_COUNT; i++) {
        if (i == SQL_BEAT && !database->dialect->shared)
            continue;
        const char *label = apr_psprintf(database->pool, "x400_%d", i);
        int code = apr_dbd_prepare(database->driver, database->pool, database->handle, sql_text(i), label,
                                   &database->statements[i]);
        if (code)
            return database_error(database, code, pool,
                                  apr_psprintf(pool, "The database refused \"%.40s...\"", sql_text(i)));
    }
    return NULL;
}

/* A file that only its owner may read: a store is full of other people's mail. */
static err_t *make_private_file(const char *path, apr_pool_t *pool)
{
    apr_file_t *file = NULL;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                                        APR_FPROT_UREAD | APR_FPROT_UWRITE, pool);
    if (status)
        return err_from_status(pool, status, "The store %s cannot be opened for writing", path);
    apr_file_close(file);
    return NULL;
}

static err_t *connect_database(database_t *database, const char *parameters, bool create, apr_pool_t *pool)
{
    if (create && database->dialect->file) {
        err_t *err = make_private_file(parameters, pool);
        if (err)
            return err;
    }
    const char *words = NULL;
    bool named = database->dialect->defaults && !strstr(parameters, "://");
    if (named)
        parameters = apr_pstrcat(database->pool, database->dialect->defaults, parameters, NULL);
    apr_status_t status =
        apr_dbd_open_ex(database->driver, database->pool, parameters, &database->handle, &words);
    words = one_line(words, pool);
    if (status) {
        database->handle = NULL;
        err_t *cause = words ? err_create(pool, status, "database", "%s", words) : NULL;
        return err_wrap(pool, cause, status, "store", "The database cannot be opened");
    }
    err_t *err = apply_settings(database, pool);
    if (!err)
        err = check_layout(database, create, pool);
    if (!err)
        err = prepare_statements(database, pool);
    return err;
}

/* A pool with an allocator of its own, for use in one thread. */
static apr_status_t create_pool(apr_pool_t **pool)
{
    apr_allocator_t *allocator = NULL;
    apr_status_t status = apr_allocator_create(&allocator);
    if (status)
        return status;
    status = apr_pool_create_ex(pool, NULL, NULL, allocator);
    if (status) {
        apr_allocator_destroy(allocator);
        return status;
    }
    apr_allocator_owner_set(allocator, *pool);
    return APR_SUCCESS;
}

const char *database_label(const char *parameters, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, parameters);
    char *secret = strstr(copy, "password=");
    if (!secret && strstr(copy, "://"))
        secret = strstr(copy, "://") + 3; /* user and password may follow */
    else if (secret)
        secret += strlen("password=");
    for (; secret && *secret && *secret != ' ' && *secret != '@'; secret++)
        *secret = '*';
    return copy;
}

err_t *database_open(database_t **out, const char *driver, const char *parameters, bool create,
                     apr_pool_t *pool)
{
    const sql_dialect_t *dialect = sql_dialect_find(driver);
    if (!dialect)
        return err_create(pool, APR_ENOTIMPL, "store", "There is no store driver \"%s\"; known are: %s",
                          driver, sql_dialect_names());
    apr_pool_t *own = NULL;
    apr_status_t status = create_pool(&own);
    if (status)
        return err_from_status(pool, status, "No memory for the store");
    database_t *database = apr_pcalloc(own, sizeof(*database));
    database->pool = own;
    database->dialect = dialect;
    database->buckets = apr_bucket_alloc_create(own);
    err_t *err = NULL;
    status = apr_dbd_init(pool);
    if (!status)
        status = apr_dbd_get_driver(own, driver, &database->driver);
    if (status)
        err = err_create(
            pool, status, "store",
            "The database driver \"%s\" cannot be loaded: it is the module apr_dbd_%s-1 of APR-util, "
            "on Debian in the package libaprutil1-dbd-%s",
            driver, driver, driver);
    else
        err = connect_database(database, parameters, create, pool);
    if (err) {
        database_close(database);
        return err_wrap(pool, err, err->code, "store", "The store %s cannot be used",
                        database_label(parameters, pool));
    }
    *out = database;
    return NULL;
}

void database_close(database_t *database)
{
    if (!database)
        return;
    if (database->handle)
        apr_dbd_close(database->driver, database->handle);
    apr_pool_destroy(database->pool);
}
