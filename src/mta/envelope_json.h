/* The envelope of a delivered message, probe or report as JSON, for programs that read mailboxes. */
#ifndef MTA_ENVELOPE_JSON_H
#define MTA_ENVELOPE_JSON_H

#include <jansson.h>

#include "mta/internal.h"

/* The whole envelope: identifiers, originator, recipients (those of entry with "delivered": true), content
 * type, trace, and for a report its results. NULL if memory ends. content_file is the name of the file beside
 * it. */
json_t *envelope_json(object_t *object, const x411_apdu_t *apdu, const queue_entry_t *entry,
                      const char *content_file, apr_pool_t *pool);
/* The trace as an array of { "domain", "arrival", "action" }. */
json_t *envelope_json_trace(const x411_trace_t *trace, apr_pool_t *pool);
/* A JSON string of octets that may not be UTF-8: others than ASCII become U+0080 .. U+00FF. */
json_t *envelope_json_text(bytes_t octets, apr_pool_t *pool);

#endif
