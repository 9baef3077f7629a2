/* A simulated world: one clock, one source of chance, and the nodes in it. Everything that happens is an
 * event in one queue, in one thread; the same seed gives the same history, octet by octet. The real agent,
 * the engines, P1, routing and retry run in it, linked with this folder's own network (sim_net.c), disk
 * (sim_store.c), worker (sim_worker.c) and mailbox files (sim_mailbox.c). */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdio.h>

#include "base/format.h"
#include "base/timers.h"
#include "config/config.h"
#include "event/event.h"
#include "mta/agent.h"
#include "net/net.h"
#include "store/store.h"

typedef struct world_t world_t;
typedef struct node_t node_t;
typedef struct disk_t disk_t;
typedef struct hostile_t hostile_t;
typedef struct judge_t judge_t;

/* What faults may do, by seed. Rates are per thousand. */
typedef struct faults_t {
    bool links;         /* cut, one-way */
    bool crashes;       /* processes killed, machines switched off */
    unsigned store;     /* transactions that fail */
    unsigned reads;     /* reads that fail */
    unsigned mailboxes; /* mailbox writes that fail */
    bool full_disks;    /* periods in which every transaction fails */
    bool clock_steps;   /* UTC steps */
    bool reloads;       /* configurations are loaded again */
    unsigned hostiles;  /* how many nodes are hostile */
} faults_t;

/* What went wrong on purpose, so far. */
typedef struct fault_counts_t {
    uint64_t links;   /* ways cut */
    uint64_t crashes; /* processes and machines */
    uint64_t disks;   /* transactions, reads and writes to mailboxes that failed */
    uint64_t clocks;
    uint64_t reloads;
    uint64_t hostile; /* associations with a hostile peer */
} fault_counts_t;

struct node_t {
    world_t *world;
    unsigned index;
    char name[16];
    bool up;      /* a process runs */
    bool powered; /* the machine answers (RST) even if no process runs */
    bool dying;   /* the process is being ended: what it still does goes nowhere */
    unsigned boots;
    int64_t utc_offset;
    const config_t *config;
    apr_pool_t *pool; /* of the node */
    apr_pool_t *config_pool;
    apr_pool_t *boot_pool; /* of the process */
    net_loop_t *loop;
    event_log_t *events;
    store_t *store;
    disk_t *disk;
    agent_t *agent;
    hostile_t *hostile; /* instead of an agent */
    timers_item_t restart;
    int64_t crash_in_steps; /* store steps until the process is killed; 0 = not at one */
    bool mailbox_broken;
    bool disk_full;
    mono_time_t dial_window; /* start of the minute in which dials are counted */
    unsigned dials;          /* in it */
    unsigned domain;         /* nodes of one domain have the same number */
};

/* The state of the way from one node to another (one direction). */
typedef struct way_t {
    bool exists;
    bool cut;
    int64_t latency;    /* microseconds */
    uint64_t bandwidth; /* octets per second */
    mono_time_t busy;   /* until then it is sending */
} way_t;

struct world_t {
    uint64_t seed;
    uint64_t chance; /* state of the generator */
    mono_time_t now;
    mono_time_t end;
    timers_t events;
    apr_pool_t *pool;
    node_t *nodes;
    unsigned node_count;
    way_t *ways; /* node_count x node_count */
    faults_t faults;
    fault_counts_t injected;
    bool faults_over;
    bool links_1984; /* some links speak 1984 */
    bool impatient;  /* by the configurations messages expire so fast that they may, whatever happens */
    mono_time_t faults_ended;
    int64_t tcp_timeout; /* microseconds that a segment is tried */
    int64_t commit_time; /* microseconds of a group commit, about */
    struct conn_list_t *conns;
    judge_t *judge;
    /* Told of every event; NULL = nobody. */
    void (*on_event)(void *context, const node_t *node, const event_record_t *record);
    void *on_event_context;
    FILE *trace;
    uint64_t trace_hash;
    uint64_t steps;
    uint64_t steps_this_second;
    mono_time_t second;
    unsigned violations;
    char first_violation[512];
};

struct worker_t;

extern world_t *sim_world; /* the one that is running; for what has no other way to it */

/* Chance. */
uint64_t world_random(world_t *world);
/* 0 .. limit - 1; 0 if limit is 0. */
uint64_t world_below(world_t *world, uint64_t limit);
int64_t world_between(world_t *world, int64_t low, int64_t high);
bool world_chance(world_t *world, unsigned per_thousand);
/* Whether an operation of a disk fails: in any case if it is broken, else by chance; it is counted. */
bool world_disk_fails(world_t *world, bool broken, unsigned per_thousand);

world_t *world_create(uint64_t seed, unsigned nodes, apr_pool_t *pool);
void world_destroy(world_t *world);
/* Runs events until the time end (or until a violation, if there are many). */
void world_run(world_t *world, mono_time_t end);
void world_after(world_t *world, timers_item_t *item, int64_t delay);
way_t *world_way(world_t *world, unsigned from, unsigned to);
utc_time_t node_utc(const node_t *node);

/* Something must hold and does not. */
void world_violate(world_t *world, const char *format, ...) FORMAT_PRINTF(2, 3);
/* A line of the history. */
void world_trace(world_t *world, const node_t *node, const char *format, ...) FORMAT_PRINTF(3, 4);

/* The loop of a node. */
net_loop_t *sim_loop_create(node_t *node);
/* Forgets everything of it; polite: the peers are told (FIN or RST), else they find out themselves. */
void sim_loop_destroy(net_loop_t *loop, bool polite);
/* Sets the loop's time, before anything of the node runs; after it, what became due is run. */
void sim_loop_enter(net_loop_t *loop);
void sim_loop_leave(net_loop_t *loop);
/* Everything that the loop still holds: connections, timers. */
size_t sim_loop_timers(const net_loop_t *loop);
/* The ways changed: what was held up goes on. */
void sim_net_ways_changed(world_t *world);
/* Every connection is reset on the side that called, as by a router; the other side hears nothing of it. */
void sim_net_reset_callers(world_t *world);
/* Frees the connections that are left when all loops are destroyed. */
void sim_net_destroy(world_t *world);
uint64_t sim_net_dials(const net_loop_t *loop);

/* The disk of a node and the store over it. */
disk_t *sim_disk_create(node_t *node);
void sim_disk_destroy(disk_t *disk);
store_t *sim_store_create(node_t *node);
/* The process ends: what was not committed is lost; completions that wait are told so. */
void sim_store_kill(store_t *store);
bool sim_store_idle(const store_t *store);
typedef struct disk_figures_t {
    uint64_t messages;
    uint64_t entries;
    uint64_t chunks;
    uint64_t marks;
    uint64_t watches;
    uint64_t octets;
} disk_figures_t;
void sim_disk_figures(const disk_t *disk, disk_figures_t *figures);
/* A step of the store: the process may be killed at it. Returns false if it was. */
bool node_store_step(node_t *node, const char *what);

/* Jobs of the worker that wait, when the process ends. */
void sim_worker_kill(net_loop_t *loop);
void sim_loop_set_worker(net_loop_t *loop, struct worker_t *worker);
struct worker_t *sim_loop_worker(net_loop_t *loop);
node_t *sim_loop_node(const net_loop_t *loop);

/* Processes. */
void node_start(node_t *node);
/* The process ends without a word (kill -9), the machine stays; or the machine goes too (power). */
void node_kill(node_t *node, bool power);

#endif
