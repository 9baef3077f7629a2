/* Checks and repairs a store while no service runs: what mtacheck does. First the file itself: if the
 * database is damaged, everything that can still be read is copied into a new one. Then each queue and each
 * object in it: an entry whose message is gone, a message whose octets are incomplete or cannot be read, a
 * message that no queue refers to. What is broken is written into a folder and taken out of the store; the
 * rest stays. The check runs again by itself until it finds nothing, so it never has to be started twice. */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "store/store.h"

typedef struct store_check_t {
    const char *driver; /* as store_config_t */
    const char *parameters;
    int64_t lease;     /* as store_config_t: an owner that hangs is waited for that long */
    const char *aside; /* folder for what is broken; made when needed */
    /* Says in words why an object cannot be used, NULL if it can. recipients is that of one of its entries.
     * The content is not looked at. May be NULL. */
    const char *(*judge)(void *context, const store_message_t *message, bytes_t recipients, apr_pool_t *pool);
    /* One line of the report; detail lines are for the verbose one. */
    void (*say)(void *context, bool detail, const char *line);
    void *context;
} store_check_t;

typedef struct store_findings_t {
    uint64_t queues;
    uint64_t queues_repaired;
    uint64_t objects; /* messages and entries */
    uint64_t objects_damaged;
    uint64_t leftovers;  /* chunks without a message: harmless, removed */
    bool rebuilt;        /* the file was damaged and was made anew */
    bool values_missing; /* numbers that every store has were not there */
    unsigned passes;
} store_findings_t;

/* Does it. An error: the store is in use, or cannot be reconstructed (code APR_EGENERAL); findings are valid
 * in both cases. */
err_t *store_check(const store_check_t *check, store_findings_t *findings, apr_pool_t *pool);

#endif
