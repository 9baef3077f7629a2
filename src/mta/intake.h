/* Taking responsibility: an APDU that came whole, from a peer or from a local user, is checked, planned and
 * secured. The answer is given when it is durable, and not before. */
#ifndef MTA_INTAKE_H
#define MTA_INTAKE_H

#include "mta/internal.h"

typedef enum intake_verdict_t {
    INTAKE_SECURED, /* ours now, durable */
    INTAKE_REPEAT,  /* ours already: recognised and dropped */
    INTAKE_BUSY,    /* the same is being secured at this moment: to be tried again */
    INTAKE_FAILED   /* the store did not take it: to be tried again */
} intake_verdict_t;

typedef void (*intake_done_t)(void *context, intake_verdict_t verdict, const err_t *err);

/* Takes object in: its apdu is decoded, its pool holds it, its content is in memory (content_here) or in the
 * store as chunks under object->record.id, content_length octets in all. source NULL: submitted here. The
 * intake takes over the reference to object. done is called once, perhaps before the call returns. */
void intake_begin(object_t *object, uint64_t content_length, connector_t *source, intake_done_t done,
                  void *context);

#endif
