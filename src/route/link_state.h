/* Link-state: what MTAs of this kind that are configured as siblings tell each other, so that one does not
 * send by the other what would wait there for a dead link. An MTA tells which of its links are down, for how
 * long that may be believed, and the address spaces behind them; beside these the address spaces of what
 * works that are as long a match for some of the same addresses, so that the other makes the choice as this
 * MTA would.
 *
 * It is an APDU of its own, [PRIVATE 400], in an activity of its own, and only between two MTAs that both
 * announced it in the bind (x411/bind.h). Link-state is always told whole: the newest stands for all before
 * it. */
#ifndef ROUTE_LINK_STATE_H
#define ROUTE_LINK_STATE_H

#include "route/route.h"
#include "x411/types.h"

enum {
    LINK_STATE_LIMIT = 65536,   /* octets of the APDU */
    LINK_STATE_SPACES = 1024,   /* address spaces in one */
    LINK_STATE_NAME = 64,       /* octets of the name of a link */
    LINK_STATE_SECONDS = 86400, /* the longest that a link is believed to be down */
};

/* An address space, and the link by which what matches it would go. */
typedef struct link_state_space_t {
    const char *link;    /* name of the MTA there, or of the connector */
    unsigned seconds;    /* for so long the link may be taken to be down; 0 = it works */
    const char *pattern; /* as in the configuration, never a regular expression */
} link_state_space_t;

typedef struct link_state_t {
    uint64_t epoch;    /* names the run of the MTA that tells */
    uint64_t sequence; /* grows within it */
    link_state_space_t *spaces;
    size_t count;
} link_state_t;

/* How long the link of the connector is known to be down, in seconds; 0 = it works; LINK_STATE_SKIP: nothing
 * is said of it. *name gets what to call it. */
enum { LINK_STATE_SKIP = UINT32_MAX };
typedef unsigned (*link_state_ask_t)(void *context, size_t connector_index, const char **name);

/* What there is to tell, in pool: the spaces of links that are down, and those that qualify them. An address
 * space that a regular expression qualifies, and all of them if there are more than LINK_STATE_SPACES, are
 * not told. */
link_state_t *link_state_collect(const route_table_t *table, link_state_ask_t ask, void *context,
                                 apr_pool_t *pool);

/* Appends the APDU; in normal mode inside an EXTERNAL of that presentation context. False if it is longer
 * than LINK_STATE_LIMIT or does not fit. */
bool link_state_encode(const link_state_t *state, x411_mode_t mode, int64_t presentation_context,
                       buffer_t *out);
/* Decodes the APDU without the EXTERNAL, as x411_stream_t hands it out. Elements behind those that are known
 * are skipped. NULL, or what is wrong with it. Everything is copied into pool. */
err_t *link_state_decode(apr_pool_t *pool, bytes_t octets, link_state_t **state);

/* What another MTA told, ready for questions; in pool, with copies of everything. teller is its name.
 * Patterns that cannot be understood are passed over. */
typedef struct link_told_t link_told_t;
link_told_t *link_told_create(const link_state_t *state, const char *teller, mono_time_t now,
                              apr_pool_t *pool);
/* In words that it tells that its link for this address is down ("MTA-B tells that its link to MTA-C is
 * down"), in pool; NULL if it does not, or told it too long ago. */
struct subject_t;
const char *link_told_down(const link_told_t *told, const struct subject_t *subject, mono_time_t now,
                           apr_pool_t *pool);
/* True if the link of this name is one that is down. */
bool link_told_has(const link_told_t *told, const char *link, mono_time_t now);
/* The links that are down now, for operators: calls each for every one, once, with the seconds that are left.
 */
void link_told_each(const link_told_t *told, mono_time_t now,
                    void (*each)(void *context, const char *link, unsigned seconds), void *context);

#endif
