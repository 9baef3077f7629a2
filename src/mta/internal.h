/* The agent's own structures, shared by the files of this folder only. Everything here is touched in the
 * loop's thread alone. */
#ifndef MTA_INTERNAL_H
#define MTA_INTERNAL_H

#include <apr_hash.h>

#include "mta/agent.h"
#include "mta/repeat.h"
#include "mta/worker.h"
#include "net/net.h"
#include "osi/stack.h"
#include "route/names.h"
#include "route/route.h"
#include "x411/apdu_stream.h"
#include "x411/bind.h"
#include "x411/report.h"

typedef struct destination_t destination_t;
typedef struct connector_t connector_t;
typedef struct mailbox_t mailbox_t;
typedef struct list_t list_t;
typedef struct association_t association_t;
typedef struct object_t object_t;
typedef struct queue_entry_t queue_entry_t;
typedef struct trash_t trash_t;
typedef struct transfer_in_t transfer_in_t;
typedef struct transfer_out_t transfer_out_t;

enum {
    MTA_CLASS_URGENT = 0, /* urgent messages and reports */
    MTA_CLASS_NORMAL = 1,
    MTA_CLASS_NON_URGENT = 2,
    MTA_CLASS_COUNT = 3
};

enum {
    MTA_ENVELOPE_LIMIT = 16 << 20,      /* octets of an incoming envelope, probe or report */
    MTA_CACHE_LIMIT = 24 << 20,         /* octets of objects kept in memory beside the store */
    MTA_OPEN_DATA_LIMIT = 65536,        /* octets of a bind */
    MTA_OUTPUT_LIMIT = 4 << 20,         /* octets waiting for one socket */
    MTA_CHUNKS_WAITING_LIMIT = 1 << 20, /* octets of one incoming content that wait for the store */
    MTA_REPEAT_LIMIT = 1 << 18,         /* digests of transfers remembered */
    MTA_CALLS_LIMIT = 1024,             /* incoming calls that have not bound yet; then one gives way */
    MTA_CALLS_SHARE = 256,              /* of them, of one address that then makes room for its own next */
    MTA_ERROR_TEXT = 256,
    CONNECTOR_NOT_REACHED = 100, /* of connector_t.failure_reason */
    MTA_TRIED_LIMIT = 4,         /* next hops of one message that are remembered as tried */
    MTA_CALLERS_TOLD = 8,        /* addresses of a peer that an event told of */
    MTA_CHECKPOINT_MEMORY = 128  /* checkpoints of an incoming transfer that can be resumed at */
};

/* A message, probe or report in memory. Shared by the queue entries of its next hops and by transfers. */
struct object_t {
    agent_t *agent;
    apr_pool_t *pool;
    unsigned references;
    store_message_t record; /* its strings and envelope are in pool */
    x411_apdu_t *apdu;      /* the envelope decoded; made when first needed */
    bytes_t content;        /* the whole content, if it is here */
    bool content_here;
    bytes_t returned; /* the same, read from the store for a report that returns it */
    size_t cost;      /* octets that count against MTA_CACHE_LIMIT */
};

/* One next hop of a message. */
struct queue_entry_t {
    queue_entry_t *next;
    queue_entry_t *previous;
    struct queue_list_t *list; /* of its destination: the one that it is in; NULL = none */
    destination_t *destination;
    object_t *object;      /* NULL: in the store only */
    struct delay_t *delay; /* waits for its time, NULL = not */
    uint64_t id;
    uint64_t message_id;
    uint64_t size;
    utc_time_t arrival;
    utc_time_t expiry;
    mono_time_t since;   /* when it came to this destination */
    uint8_t *recipients; /* malloc: indices as 2 octets each, little-endian; NULL = all that we answer for */
    /* malloc: where it was before it was rerouted, newest first, at most MTA_TRIED_LIMIT and then NULL: it
     * does not go back there. NULL = nowhere. */
    const destination_t **tried;
    struct progress_t *progress; /* malloc: of a transfer that a former process began; NULL = none */
    uint32_t recipients_length;  /* octets of these; if it is all of them, twice their number */
    uint16_t attempts;
    uint8_t losses; /* transfers of it that ended with their association */
    uint8_t queue_class;
    uint8_t priority; /* X.411 */
    uint8_t kind;     /* store_kind_t */
    uint8_t state;    /* store_entry_state_t */
    bool busy;        /* in a transfer, or in a transaction that removes it */
};

typedef struct delay_t {
    timers_item_t timer;
    queue_entry_t *entry;
    utc_time_t due;
} delay_t;

typedef struct queue_list_t {
    queue_entry_t *first;
    queue_entry_t *last;
} queue_list_t;

struct destination_t {
    agent_t *agent;
    route_target_kind_t kind;
    const char *name;
    queue_list_t ready[MTA_CLASS_COUNT]; /* entries that can go now */
    queue_list_t parked;                 /* entries that wait for their time, are held or set aside */
    queue_list_t busy;
    uint64_t ready_count[MTA_CLASS_COUNT];
    uint64_t count; /* all entries: ready, busy, waiting for their time, held */
    uint64_t octets;
    uint64_t recipients;
    bool alarmed; /* event 659 was raised and 660 is to come (mta/alarm.h) */
};

typedef struct traffic_t {
    uint64_t inbound_messages;
    uint64_t inbound_octets;
    uint64_t outbound_messages;
    uint64_t outbound_octets;
    uint64_t inbound_recipients; /* for which we, the peer, became responsible */
    uint64_t outbound_recipients;
    uint64_t received_octets; /* over the network, all layers */
    uint64_t sent_octets;
} traffic_t;

/* What a connector remembers of link-state (mta/sibling.h). */
typedef struct sibling_t {
    bool known;          /* the peer agreed to it since the start or the last reload */
    bool refused;        /* it refused it: no more until a reload */
    bool plain;          /* the next call is made without the offer, for one with it failed */
    bool call_wanted;    /* the peer is to be called though nothing is queued: there is news */
    uint64_t called_for; /* agent's link_sequence for which it was called: not twice for one */
    unsigned strikes;    /* failures in a row that may be refusals */
    uint64_t told;       /* agent's link_sequence that the peer has confirmed */
    mono_time_t told_at;
    apr_pool_t *heard_pool;
    struct link_told_t *heard; /* what the peer tells, in heard_pool; NULL = nothing yet */
    uint64_t heard_epoch;
    uint64_t heard_sequence;
} sibling_t;
/* An address in network order. */
typedef struct peer_address_t {
    uint8_t octets[16];
    uint8_t length;
} peer_address_t;

struct connector_t {
    destination_t destination; /* first: a connector is a destination */
    const config_connector_t *config;
    struct policy_t *policy;     /* of config, in the agent's route_pool */
    association_t *associations; /* of this connector, both directions */
    transfer_out_t *broken;      /* our transfers that may be resumed */
    transfer_in_t *interrupted;  /* the peer's transfers that may be resumed */
    timers_item_t retry;
    timers_item_t wake;   /* a time at which there may be something to do: schedule, poll, patience */
    bool waiting;         /* for the retry timer after a failed open */
    bool poll_wanted;     /* the peer is to be called though nothing is queued */
    bool limit_told;      /* event 57 was raised in this state of being at the limit */
    bool full_told;       /* event 9156 likewise */
    bool address_awaited; /* event 12111 was raised: there is no address to call from */
    mono_time_t next_poll;
    mono_time_t hold_until;   /* no further associations before: the peer takes no more now */
    mono_time_t last_attempt; /* to open */
    bool disabled;            /* by the operator */
    bool removed;             /* no longer in the configuration */
    unsigned attempts;        /* failed opens in a row */
    unsigned failures_untold; /* failed opens since the last event about them */
    mono_time_t failure_told; /* when 4284 and 4287 were logged last; 0 = not in this outage */
    char last_error[MTA_ERROR_TEXT];
    sibling_t sibling;
    mono_time_t
        down_until; /* the link is known to be down, and may be taken to be until then; 0 = it is not */
    struct trace_t *trace; /* an operator looks on (mta/tap.h); NULL = nobody */
    traffic_t traffic;
    uint64_t failed_outbound;
    uint64_t rejected_inbound;
    unsigned reject_reason; /* why the last call of the peer's was refused: 1 + RTS reason; 0 = none was */
    unsigned
        failure_reason; /* why our last call failed, likewise; CONNECTOR_NOT_REACHED = it came to no answer */
    uint64_t cumulative_inbound;
    uint64_t cumulative_outbound;
    utc_time_t last_inbound;
    utc_time_t last_outbound;
    peer_address_t reached; /* where the last call of ours got through to; length 0: none did */
    peer_address_t told_callers[MTA_CALLERS_TOLD]; /* other addresses that the peer called from */
    unsigned told_caller_count;
};

struct mailbox_t {
    destination_t destination;
    const config_mailbox_t *config;
    struct delivery_t *delivery; /* at hand, NULL = none */
    timers_item_t retry;
    bool waiting;
    bool removed;
    uint64_t delivered;
};

struct list_t {
    destination_t destination;
    const config_list_t *config;
    queue_entry_t *entry; /* being expanded, if busy */
    timers_item_t retry;
    bool busy;
};

typedef enum association_state_t {
    ASSOCIATION_CONNECTING, /* TCP */
    ASSOCIATION_OPENING,
    ASSOCIATION_OPEN,
    ASSOCIATION_CLOSING,
    ASSOCIATION_OVER
} association_state_t;

struct association_t {
    association_t *next; /* of the connector */
    association_t *agent_next;
    association_t *agent_previous;
    agent_t *agent;
    apr_pool_t *pool;
    connector_t *connector; /* NULL until an incoming bind named it */
    net_conn_t *conn;
    struct tap_t *tap; /* of conn; valid as long as it */
    osi_stack_t *stack;
    buffer_t dial_output; /* output until the stack is there */
    uint64_t id;
    association_state_t state;
    x411_mode_t mode;
    bool outbound;
    const char *sources[2]; /* addresses that our call comes from */
    bool two_way_alternate;
    bool turn_asked;          /* we sent a turn-please that was not answered */
    bool turn_wanted;         /* the peer asked for the turn */
    bool offered;             /* our bind offered link-state */
    bool sibling;             /* both binds did */
    bool releasing;           /* to be released as soon as the turn is here */
    uint8_t out_class;        /* of the transfer outward at hand */
    int turn_asked_priority;  /* of our turn-please */
    bool turn_ask_again;      /* it could not be sent: the peer has not acknowledged the turn that we gave */
    int turn_wanted_priority; /* of the peer's */
    unsigned turn_sent;       /* messages sent since the peer asked for the turn */
    mono_time_t turn_asked_at;
    unsigned refuse_reason; /* of our call: 1 + RTS reason; 0 = the peer gave none */
    bool test;              /* a link test: releases after the bind */
    struct link_test_t *link_test;
    char peer[64];
    bytes_t own_selector; /* incoming: the listener's transport selector; empty = any */
    const char *listener; /* its name */
    timers_item_t tick;   /* the stack's deadline */
    timers_item_t idle;   /* Lifetime */
    timers_item_t end;    /* teardown outside of any callback */
    timers_item_t watch;  /* of the transfer at hand: it may not take for ever */
    transfer_in_t *in;
    transfer_in_t *confirmed; /* the last that came in: its confirmation may be on its way still */
    transfer_out_t *out;
    struct telling_t *telling; /* link-state on its way; never with out */
    mono_time_t since;         /* opened */
    mono_time_t activity;      /* last transfer */
    uint64_t messages;
    uint64_t octets;
};

struct agent_t {
    apr_pool_t *pool;
    agent_services_t services;
    const config_t *config;
    apr_pool_t *route_pool;
    route_table_t *routes;
    names_t *names;           /* lists, redirections, abilities of mailboxes */
    connector_t **connectors; /* by index in config->connectors */
    mailbox_t **mailboxes;    /* by index in config->mailboxes */
    list_t **lists;           /* by index in config->lists */
    apr_hash_t *destinations; /* by name: every destination that ever was, so that pointers stay good */
    unsigned retired;         /* of them, those whose name became another kind's */
    association_t *associations;
    struct tap_t *taps; /* on every connection */
    unsigned traces;    /* connectors that are being traced */
    struct callers_t *callers;
    struct refusals_t *refusals;
    struct peer_events_t *peer_events;
    struct awaited_list_t *awaited; /* reports that are to come */
    uint64_t next_association;
    struct binding_t *binding;
    apr_hash_t *shared; /* messages with more than one entry: id -> shared_t */
    uint64_t queued;    /* entries of all destinations */
    bool work_alarmed;  /* event 666 was raised and 667 is to come */
    size_t cached;      /* octets of objects in memory */
    repeat_t *repeats;
    struct intake_t *intakes; /* being secured */
    struct load_t *taken;     /* what comes from a dead node, until all of it is here */
    trash_t *trash;           /* could not be deleted from the store yet */
    struct work_t *unsure;    /* removals that the store could not do yet */
    worker_t *worker;
    uint64_t link_sequence;   /* grows when a link of ours comes up or goes down */
    mono_time_t link_changed; /* when it did last */
    timers_item_t link_timer; /* to tell the siblings */
    timers_item_t sweep;
    timers_item_t stop_timer;
    bool started;
    bool stopping;
    bool paused;
    bool paused_told;
    bool destroying; /* the store is closed already */
    bool stopped_told;
    bool store_failing;
    bool backpressure; /* event 12023 was raised: the store is behind */
    mono_time_t store_failed;
    uint64_t works;      /* units of work under way */
    uint64_t deliveries; /* mailbox jobs under way */
    uint64_t delivered;
    uint64_t reports_made;
    uint64_t repeats_seen;
    uint64_t loops_seen;
    uint64_t refused;
    traffic_t traffic;
    traffic_t unnamed;   /* the part of traffic that callers made who were refused */
    traffic_t submitted; /* the part of traffic that no connector has: taken in from local users */
    utc_time_t started_utc;
    mono_time_t started_mono;
};

/* True if an activity of ours is under way. */
static inline bool association_is_sending(const association_t *association)
{
    return association->out || association->telling;
}

static inline mono_time_t agent_now(const agent_t *agent)
{
    return net_loop_now(agent->services.loop);
}

static inline utc_time_t agent_utc(const agent_t *agent)
{
    return timebase_utc(net_loop_time(agent->services.loop));
}

static inline timers_t *agent_timers(const agent_t *agent)
{
    return net_loop_timers(agent->services.loop);
}

/* This MTA's global domain identifier, from the configuration. */
x411_domain_t agent_domain(const agent_t *agent);
/* A new MTS identifier. */
x411_mts_id_t agent_new_mts_id(agent_t *agent, apr_pool_t *pool);
/* Sessions now, counted from the live associations: those that are open or closing, and calls of ours on
 * their way. *incoming and *calls (may be NULL) get how many of them came from peers, and how many calls of
 * peers have not bound yet, which are no sessions. */
unsigned agent_sessions(const agent_t *agent, unsigned *incoming, unsigned *calls);
/* The destination of this name, NULL if there never was one. */
destination_t *agent_find_destination(agent_t *agent, const char *name);
connector_t *agent_find_connector(agent_t *agent, const char *name);
/* The address of the listener number index as text, NULL if there are not so many; *name its name. */
const char *agent_listener_text(const agent_t *agent, size_t index, const char **name);
/* Starts what a destination does about entries that can go. */
void agent_kick(destination_t *destination);
/* Calls services.stopped once nothing is left to wait for. */
void agent_check_stopped(agent_t *agent);

#endif
