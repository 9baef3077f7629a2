/* The result of the operation "metrics" as Prometheus text (exposition format 0.0.4). */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include <jansson.h>

#include "base/buffer.h"

enum { ADMIN_METRICS_LIMIT = 16 * 1024 * 1024 }; /* octets of the text */

/* Appends the text of result ({ "metrics": [ ... ] }) to out: all samples of one name stand together under
 * their HELP and TYPE. Entries that are not metrics are left out. False if it does not fit. */
bool admin_metrics_text(const json_t *result, buffer_t *out);

#endif
