/* Who may send what over a connector: delivery restrictions and priorities for what goes out, barred
 * originators for what comes in. The patterns are those of address spaces, compiled once for each
 * configuration. */
#ifndef MTA_POLICY_H
#define MTA_POLICY_H

#include "mta/internal.h"

typedef struct policy_t policy_t;

/* Compiles the lists of config, in pool. A pattern that cannot be understood (route_check has said so) counts
 * as one that fits nobody. */
policy_t *policy_create(const config_connector_t *config, apr_pool_t *pool);

/* NULL if apdu may leave over the connector, else why not, in words. Reports always may. */
const char *policy_forbids(const policy_t *policy, const x411_apdu_t *apdu, apr_pool_t *pool);

/* The pattern that bars the originator of apdu, which came in over the connector; NULL if none does. Reports
 * are never barred. */
const char *policy_bars(const policy_t *policy, const x411_apdu_t *apdu, apr_pool_t *pool);

#endif
