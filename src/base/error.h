/* Error objects with a chain: what failed, in which layer, because of what.
 * NULL means success. An error lives in the pool it was made with; its texts are for operators. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/format.h"

typedef struct err_t {
    int code;                  /* meaning belongs to the layer; an apr_status_t for layer "system" */
    const char *layer;         /* "transport", "session", "presentation", "ACSE", "RTSE", "P1", "store" ... */
    const char *text;          /* what failed, a sentence without the final stop */
    const struct err_t *cause; /* because of what, or NULL */
} err_t;

/* A new error; layer must outlive it (a literal), the text is formatted into pool. */
err_t *err_create(apr_pool_t *pool, int code, const char *layer, const char *format, ...) FORMAT_APR(4, 5);

/* A new error that has cause (may be NULL) behind it. */
err_t *err_wrap(apr_pool_t *pool, const err_t *cause, int code, const char *layer, const char *format, ...)
    FORMAT_APR(5, 6);

/* An error of the system: the formatted text, with the words of status as its cause. */
err_t *err_from_status(apr_pool_t *pool, apr_status_t status, const char *format, ...) FORMAT_APR(3, 4);

/* The words of the system for status, without the stop and the ends of lines that Windows puts behind them.
 * Writes at most size octets with the final NUL; returns words. */
const char *err_status_words(apr_status_t status, char *words, apr_size_t size);

/* The chain in one line: "what failed: because: because". */
const char *err_describe(apr_pool_t *pool, const err_t *err);

/* A deep copy of the chain into pool. */
err_t *err_copy(apr_pool_t *pool, const err_t *err);

#endif
