/* The missing-report watch: reports that are awaited. A message or probe that was transferred to a peer, with
 * recipients whose delivery is to be reported, is remembered until a report on each of them has come through
 * this MTA; event 12081 tells of those on which none came within `missing-report-after`. What is remembered
 * is in the store, in the transaction that lets go of the message, and goes with the transaction that takes
 * the report in. Memory is bounded: what is over the bound is not watched (event 12082). */
#ifndef MTA_AWAITED_H
#define MTA_AWAITED_H

#include "mta/work.h"

enum {
    AWAITED_LIMIT = 1 << 16,          /* transfers that are watched */
    AWAITED_RECIPIENT_LIMIT = 1 << 20 /* their recipients together */
};

typedef struct awaited_list_t awaited_list_t;

/* Freed by awaited_destroy. */
awaited_list_t *awaited_create(agent_t *agent);
void awaited_destroy(awaited_list_t *list);
/* Start-up: reads what the store holds. Then, and after a reload: takes on the configured time. */
err_t *awaited_load(awaited_list_t *list, apr_pool_t *pool);
void awaited_configure(awaited_list_t *list);
/* No event is raised any more: the agent stops. */
void awaited_stop(awaited_list_t *list);

/* The peer of connector has confirmed apdu for the recipients of entry; work removes the entry. Watches those
 * whose delivery is to be reported, in that transaction. */
void awaited_add(awaited_list_t *list, work_t *work, const x411_apdu_t *apdu, const queue_entry_t *entry);
/* A report comes in with work: its recipients are no longer awaited. */
void awaited_report(awaited_list_t *list, work_t *work, const x411_apdu_t *report);

/* Transfers with a report outstanding. */
size_t awaited_count(const awaited_list_t *list);

#endif
