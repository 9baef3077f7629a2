/* The one home of trouble: what happens to an entry of the queue when something failed, by what failed. */
#ifndef MTA_TROUBLE_H
#define MTA_TROUBLE_H

#include "mta/internal.h"

typedef enum trouble_kind_t {
    TROUBLE_TRANSFER,    /* a transfer began and was not confirmed */
    TROUBLE_LOST,        /* the association was lost in the midst of a transfer */
    TROUBLE_STORE,       /* the store could not be read */
    TROUBLE_UNUSABLE,    /* what the store holds cannot be used */
    TROUBLE_DOWNGRADE,   /* the message cannot be said in the peer's protocol */
    TROUBLE_UNREACHABLE, /* the connector's open retries are used up */
    TROUBLE_EXPIRED,     /* the message is too old */
    TROUBLE_MAILBOX,     /* a mailbox cannot be written */
    TROUBLE_NO_ROUTE,    /* its destination is no longer configured */
    TROUBLE_DELETED,     /* an operator deletes it, with a report */
    TROUBLE_MOVED,       /* an operator wants another route for it; it stays if there is none */
    TROUBLE_KIND_COUNT
} trouble_kind_t;

typedef struct trouble_t {
    trouble_kind_t kind;
    const err_t *err;       /* in words, or NULL; copied where it is kept */
    queue_entry_t *entry;   /* busy */
    connector_t *connector; /* NULL for a mailbox */
    /* The recipients (indices, rising) that it concerns, if not all of the entry; copied. The others stay
     * queued where they are. Only where the trouble is not one that is tried again. */
    const uint16_t *recipients;
    unsigned recipient_count; /* 0 = all */
} trouble_t;

/* Does what the trouble asks for: the entry is given back to be tried later, moved to another next hop, set
 * aside, or non-delivered. The entry must not be touched by the caller afterwards. */
void trouble_handle(agent_t *agent, const trouble_t *trouble);

#endif
