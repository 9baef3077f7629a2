/* Looking at the octets of links: AP0.LOG, and traces of one connector that an operator asked for. Each
 * connection of an association has a tap; what passes costs one call and two questions unless somebody looks.
 *
 * A trace keeps packets (pcapng) in memory until the operator's tool has fetched them, at most
 * TAP_TRACE_LIMIT octets; what does not fit is counted and dropped. A trace that nobody fetches from for
 * TAP_TRACE_ABANDONED seconds ends by itself. */
#ifndef MTA_TAP_H
#define MTA_TAP_H

#include "mta/internal.h"

enum {
    TAP_TRACE_LIMIT = 32 << 20,
    TAP_EARLY_LIMIT = 65536, /* octets of a caller that is not identified yet */
    TAP_TRACE_ABANDONED = 60
};

typedef struct tap_t tap_t;

/* Puts a tap on the connection; connector NULL while the caller is not identified. */
tap_t *tap_attach(agent_t *agent, net_conn_t *conn, bool inbound, connector_t *connector);
/* The connection stands now: its addresses are known (dialled connections). */
void tap_connected(tap_t *tap, const net_conn_t *conn);
/* The association knows whose it is and in which mode it is. tap may be NULL, as in all of these. */
void tap_identify(tap_t *tap, connector_t *connector, x411_mode_t mode);

/* Begins a trace of a connector's links, those that are open and those to come; false if there is one
 * already. blanked: the contents of messages are made unreadable. */
bool tap_trace_begin(connector_t *connector, bool blanked);
/* What was kept since the last time, as octets of the file; the caller must call tap_trace_taken then.
 * False if there is no trace of this connector. dropped: packets that did not fit. */
bool tap_trace_read(connector_t *connector, bytes_t *octets, uint64_t *dropped);
void tap_trace_taken(connector_t *connector, size_t length);
void tap_trace_end(connector_t *connector);
/* Gives back what is left when the agent goes. */
void tap_forget_all(agent_t *agent);

#endif
