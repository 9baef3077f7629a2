/* The agent: the MTA itself. It takes messages in from peers and local users, secures them in the store,
 * routes them, transfers them to the next MTA or delivers them to a mailbox, retries, and reports.
 *
 * The agent is an actor: everything of it runs in the thread of one event loop, so nothing in it is locked
 * and nothing in it waits; the store's writer, the name look-ups and the mailbox writer have threads of their
 * own and answer through the loop. The simulation runs many agents in one process, so there is no global
 * state. */
#ifndef MTA_AGENT_H
#define MTA_AGENT_H

#include "config/config.h"
#include "event/event.h"
#include "net/bind_plan.h"
#include "net/net.h"
#include "store/store.h"

typedef struct agent_t agent_t;

typedef struct agent_services_t {
    net_loop_t *loop;
    event_log_t *events;
    struct event_recent_t *recent; /* the newest events, for operators; may be NULL */
    struct tracking_t *tracking;   /* the message tracking log; may be NULL */
    struct textlogs_t *textlogs;   /* AP0.LOG and BF0.LOG; may be NULL */
    store_t *store;
    void (*sync_folder)(const char *folder); /* makes a rename in it durable; may be NULL */
    void (*stopped)(void *context);          /* after agent_stop: all is at rest */
    void (*paused)(void *context);           /* after agent_pause: nothing is under way; may be NULL */
    /* Reads the configuration again and, if it is good, gives it to agent_reload; returns its findings as
     * lines in pool. For the operator's reload; may be NULL. */
    const char *(*reload)(void *context, bool *ok, apr_pool_t *pool);
    void *context;
} agent_services_t;

/* Makes an agent over a checked configuration; nothing moves yet. config must outlive the agent or the next
 * agent_reload. */
err_t *agent_create(agent_t **agent, const config_t *config, const agent_services_t *services,
                    apr_pool_t *pool);
/* Takes over what is known of this machine's addresses, names and cluster (copied): before agent_start, and
 * whenever it changes; then listeners are opened and closed, and associations of addresses that have gone are
 * ended. Without it all addresses are taken to be here. */
void agent_set_bind_facts(agent_t *agent, const bind_facts_t *facts);
/* Loads the queue's identifiers from the store, opens the listeners, begins to send. A listener that cannot
 * bind is an error; nothing is left open then. On a node of a cluster addresses that are not here are waited
 * for. */
err_t *agent_start(agent_t *agent);
/* Takes a new configuration over: associations that are open stay, connectors that are gone are drained of
 * their queue by routing it anew. */
err_t *agent_reload(agent_t *agent, const config_t *config);
/* Orderly stop: no new work, transfers at hand end (at most `patience` microseconds), associations are
 * released, then services.stopped is called. */
void agent_stop(agent_t *agent, int64_t patience);
/* Drains and rests: no calls are taken or made, transfers at hand end, associations are released, then
 * services.paused is called. Mail stays queued, operators are answered, mailboxes get what is there. */
void agent_pause(agent_t *agent);
/* Goes on after agent_pause, also before that has come to its end. A listener that cannot bind is told by its
 * event. */
void agent_continue(agent_t *agent);
/* Gives everything back; after services.stopped, or instead of agent_stop (after an error, or like a crash).
 * The store is not touched and must be closed before: no completion may come later. */
void agent_destroy(agent_t *agent);

/* An entry that another node of a shared store left behind, NULL at the end of what one node left: for
 * store_config_t.taken. Nothing of it moves before its end. */
void agent_take_over(agent_t *agent, const store_entry_t *entry);
/* The store has completions: to be called in the loop's thread after its notify. */
void agent_store_ready(agent_t *agent);

#endif
