/* One connection to the database of the store, with its statements prepared. Used by one thread at a time. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <apr_dbd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "store/sql.h"

typedef struct database_t database_t;

/* Opens a connection; with create, an empty database gets its tables, without it that is an error.
 * A database of another kind or of a newer layout is refused in words.
 * pool is where errors are made; the connection has memory of its own until database_close. */
err_t *database_open(database_t **database, const char *driver, const char *parameters, bool create,
                     apr_pool_t *pool);
/* The parameters as they may be shown: without a password. */
const char *database_label(const char *parameters, apr_pool_t *pool);
void database_close(database_t *database);

/* The values for the parameters of a statement, in order. Octets and texts must live until it has run. */
enum { DATABASE_VALUE_LIMIT = 24 };
typedef struct database_values_t {
    const void *values[DATABASE_VALUE_LIMIT];
    unsigned count;
    apr_int64_t numbers[DATABASE_VALUE_LIMIT];
    apr_size_t sizes[DATABASE_VALUE_LIMIT];
} database_values_t;

void database_value_number(database_values_t *values, int64_t number);
void database_value_text(database_values_t *values, const char *text);
void database_value_octets(database_values_t *values, bytes_t octets);

/* Runs a text that gives no rows. */
err_t *database_run(database_t *database, const char *sql, apr_pool_t *pool);
/* Begins a transaction that writes. */
err_t *database_begin(database_t *database, apr_pool_t *pool);
/* Runs a statement that gives no rows; *changed (may be NULL) is how many rows it touched. */
err_t *database_execute(database_t *database, sql_statement_t statement, const database_values_t *values,
                        int *changed, apr_pool_t *pool);

/* Runs a statement that gives rows; they are in pool. */
typedef struct database_rows_t {
    database_t *database;
    apr_dbd_results_t *results;
    apr_dbd_row_t *row;
    apr_pool_t *pool;
} database_rows_t;
err_t *database_select(database_t *database, sql_statement_t statement, const database_values_t *values,
                       database_rows_t *rows, apr_pool_t *pool);
/* The same for a text that is not prepared. */
err_t *database_query(database_t *database, const char *sql, database_rows_t *rows, apr_pool_t *pool);
/* The next row; false at the end. */
bool database_next(database_rows_t *rows);
/* Columns of the current row, from 0; NULL values count as 0, "" and no octets. In the pool of the rows. */
int64_t database_number(database_rows_t *rows, int column);
const char *database_text(database_rows_t *rows, int column);
bytes_t database_octets(database_rows_t *rows, int column);

#endif
