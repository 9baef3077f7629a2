/* How far a transfer to a peer has come, in the form that the store keeps with the queue entry: a service
 * that starts after a crash, or another node that takes the queue over, resumes the transfer at the last
 * checkpoint that was kept (X.228 7.8), in place of sending all of it again. */
#ifndef MTA_PROGRESS_H
#define MTA_PROGRESS_H

#include "base/timebase.h"
#include "osi/primitives.h"
#include "x411/types.h"

enum { PROGRESS_DIGEST_SIZE = 16, PROGRESS_LIMIT = 256 };

typedef struct progress_t {
    x411_mode_t mode;
    unsigned serial; /* of the last confirmed checkpoint */
    uint64_t total;  /* octets of the APDU up to it */
    uint64_t length; /* octets of the APDU */
    utc_time_t time; /* when it was noted */
    uint8_t
        digest[PROGRESS_DIGEST_SIZE]; /* tells the APDU: the next one made must be the same, octet by octet */
    osi_activity_id_t activity;
    osi_connection_id_t connection;
} progress_t;

/* Digest of what an APDU is made of but its content, which never changes: the octets before the content, and
 * the connector that it goes by. */
void progress_digest(bytes_t prefix, const char *connector, uint8_t digest[PROGRESS_DIGEST_SIZE]);
/* The stored form, at most PROGRESS_LIMIT octets; returns how many. */
size_t progress_encode(const progress_t *progress, uint8_t octets[PROGRESS_LIMIT]);
/* False if the octets are none, or no progress that this version knows. */
bool progress_decode(bytes_t octets, progress_t *progress);

#endif
