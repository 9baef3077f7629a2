/* A small network of two or three MTAs with configurations that a test writes, for fixed scenarios: what they
 * send each other, what they see, and a day in a moment. */
#ifndef SIM_PAIR_H
#define SIM_PAIR_H

#include "judge.h"
#include "mta/internal.h"

enum { PAIR_NODES = 3 };

typedef struct pair_t {
    world_t *world;
    apr_pool_t *pool;
    const char *name;
    const char *blocks[PAIR_NODES]; /* the configuration of each behind the mta block; see pair_link */
    unsigned seen[PAIR_NODES][2];   /* 4284, 290 */
    bool turn_at_open[PAIR_NODES];  /* of its last association outward: it had the turn when that was open */
    unsigned opened[PAIR_NODES];    /* associations that it opened */
    bool breaks_resumes;            /* the callers' connections are reset just after a transfer was resumed */
    timers_item_t reset;
    unsigned failures;
} pair_t;

/* A world of PAIR_NODES nodes, all linked, none started. */
pair_t *pair_create(const char *name, FILE *trace, apr_pool_t *parent);
/* Adds to node's configuration a connector to peer: `parts` are its sections beside general and stack,
 * `spaces` its address spaces; and once, a mailbox of its own (spaces NULL). */
void pair_link(pair_t *pair, unsigned node, unsigned peer, const char *spaces, const char *parts);
/* Reads the configurations and starts the nodes 0 to count - 1. */
void pair_start(pair_t *pair, unsigned count);
/* Loads the configuration of a node anew, as the blocks are now. */
void pair_reload(pair_t *pair, unsigned node);
/* A message of so many octets from a user of one node to the user of another. priority as in "urgent". */
sent_t *pair_send(pair_t *pair, unsigned from, unsigned to, const char *priority, size_t size);
void pair_run(pair_t *pair, int64_t seconds);
void pair_cut(pair_t *pair, unsigned a, unsigned b, bool cut);
/* Associations of node that are open. */
unsigned pair_associations(const pair_t *pair, unsigned node);
uint64_t pair_queued(const pair_t *pair, unsigned node, const char *destination);
/* "HH:MM" of node's clock in so many minutes. */
const char *pair_clock(const pair_t *pair, int64_t minutes);
void pair_expect(pair_t *pair, bool holds, const char *words);
/* Gives everything back; true if all that was expected held. */
bool pair_end(pair_t *pair);

/* The fixed scenarios (procedures.c), all or the one of this name. Adds to *passed and *failed. */
void procedures_run(const char *name, FILE *trace, apr_pool_t *pool, unsigned *passed, unsigned *failed);

#endif
