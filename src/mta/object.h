/* Messages, probes and reports in memory: made by what takes them in, shared by the queue entries of their
 * next hops, and read back from the store when an entry without one is to be sent. */
#ifndef MTA_OBJECT_H
#define MTA_OBJECT_H

#include "mta/internal.h"

/* A new object with one reference and a pool of its own. */
object_t *object_create(agent_t *agent);
void object_retain(object_t *object);
void object_release(object_t *object);
/* Says that the object is complete: it counts against the cache from now on. */
void object_settle(object_t *object);
/* True if so much is in memory that queue entries should not hold on to their objects. */
bool object_cache_full(const agent_t *agent);

/* The decoded envelope; NULL with *err if what is stored does not decode. In the object's pool. */
x411_apdu_t *object_apdu(object_t *object, err_t **err);

/* Fills the record and the envelope of object from apdu, which is encoded for the store. An identifier that
 * the record has already (its content went ahead in chunks) stays. */
err_t *object_describe(object_t *object, const x411_apdu_t *apdu, uint64_t content_length, const char *source,
                       utc_time_t arrival, utc_time_t expiry);

/* Reads an object from the store; done is called later, in the loop, with a reference that it owns, or NULL
 * and err. Returns a handle by which object_read_forget says that nobody waits any more. */
typedef struct object_read_t object_read_t;
typedef void (*object_read_done_t)(void *context, object_t *object, const err_t *err);
object_read_t *object_read(agent_t *agent, uint64_t message_id, object_read_done_t done, void *context);
void object_read_forget(object_read_t *read);

/* The same for a chunk of content. chunk is valid during the call. */
typedef struct chunk_read_t chunk_read_t;
typedef void (*chunk_read_done_t)(void *context, bytes_t chunk, const err_t *err);
chunk_read_t *chunk_read(agent_t *agent, uint64_t message_id, unsigned number, chunk_read_done_t done,
                         void *context);
void chunk_read_forget(chunk_read_t *read);

#endif
