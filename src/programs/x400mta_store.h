/* The store of the running service: opens it, waits for it while another process owns it, tells the operator
 * what is odd about it, and says when it is lost. */
#ifndef X400MTA_STORE_H
#define X400MTA_STORE_H

#include "config/config.h"
#include "event/event.h"
#include "net/net.h"
#include "store/store.h"

typedef struct opening_t opening_t;

typedef struct opening_calls_t {
    void (*opened)(void *context);             /* the store is there */
    void (*failed)(void *context, err_t *err); /* it cannot be opened; err is in the pool of opening_begin */
    void (*notify)(void *context);             /* of the store; any thread */
    void (*taken)(void *context, const store_entry_t *entry); /* as in store_config_t */
    void *context;
} opening_calls_t;

/* Opens the store of config into *store, now or when its owner gives it up: calls->opened or calls->failed is
 * called, in the loop's thread, perhaps at once. *waiting tells whether it will be later. */
void opening_begin(store_t **store, const config_t *config, const opening_calls_t *calls, net_loop_t *loop,
                   event_log_t *events, bool *waiting, apr_pool_t *pool);
/* Raises the event and gives the error to end with, once another process has the store; NULL as long as not.
 */
err_t *opening_lost(store_t *store, const config_t *config, event_log_t *events, apr_pool_t *pool);

#endif
