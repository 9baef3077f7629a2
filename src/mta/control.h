/* What an operator can ask of a running MTA and order it to do. One function takes every operation by name
 * with a JSON object of arguments, so that the admin interface, `x400ctl` and tests share one way in.
 *
 * Operations, their arguments (a "?" marks optional ones) and results:
 *
 *   status            {} -> { "name", "version", "domain", "started" (UTC text), "uptime_s", "configuration",
 *                       "queued", "queued_octets", "associations", "inbound_messages", "outbound_messages",
 *                       "inbound_octets", "outbound_octets", "delivered", "reports_made", "repeats",
 *                       "refused_associations", "store": { "driver", "commits", "transactions",
 *                       "failures", "failing", "octets_waiting" }, "listeners": [ { "name", "address" } ] }
 *   connectors        { "name"? } -> { "connectors": [ { "name", "remote_mta", "address", "conformance",
 *                       "state" (idle, open, opening, waiting, disabled), "queued", "queued_octets",
 *                       "urgent", "normal", "non_urgent", "inbound_associations", "outbound_associations",
 *                       "attempts", "next_retry_s" (null if none), "last_error", "inbound_messages",
 *                       "outbound_messages", "oldest_s" } ], "mailboxes": [ { "name", "folder", "queued",
 *                       "delivered" } ] }
 *   bind              {} -> { "cluster", "pending", "virtual_addresses": [ text ], "source",
 *                       "present": [ { "address", "usable" } ], "listeners": [ { "name", "port",
 *                       "address" (null = any), "state", "by" (own, mta, cluster, any), "open",
 *                       "reason" } ], "connectors": [ { "name", "remote_host", "kind" (IPv4, IPv6),
 *                       "address", "state", "by", "reason" } ] }: the bind plan
 *   associations      {} -> { "associations": [ { "id", "connector", "direction", "peer", "local", "mode",
 *                       "state", "turn", "checkpoint_k", "window", "tpdu", "messages", "octets", "idle_s",
 *                       "transfer": { "mts_id", "octets", "total" } | null } ] }
 *   queue             { "connector"?, "mts_id"?, "limit"? } -> { "count", "entries": [ { "id", "message",
 *                       "destination", "priority", "state", "attempts", "size", "age_s", "due_s", "kind" } ]
 * } queue.show        { "id" } -> the entry with "mts_id", "originator", "recipients": [ { "address",
 * "number", "responsibility" } ], "trace": [...] route.explain     { "address", "from"? (connector) } -> {
 * "address", "found", "target", "kind", "why", "candidates": [ { "target", "kind", "pattern", "cost",
 * "matches", "chosen", "why" } ] } send              { "originator", "recipients": [ text ], "content"
 * (base64), "content_type" (integer or object identifier text), "priority"?, "report"? (none, non-delivery,
 * delivery), "content_identifier"?, "probe"? (true), "deferred"?, "latest"? (UTC texts), "content_return"?,
 *                       "alternate"? (address), "reassignment_prohibited"?, "dl_expansion_prohibited"?,
 *                       "conversion_prohibited"?, "conversion_with_loss_prohibited"?, "alternate_allowed"?,
 *                       "disclose_recipients"? (true) }
 *                       -> { "mts_id" }
 *   link.test         { "connector" } -> { "connector", "ok", "steps": [ { "layer", "ok", "text" } ],
 *                       "negotiated": { ... } }
 *   connector.disable { "name" } -> {}; connector.enable { "name" } -> {}
 *   queue.retry       { "connector"? | "id"? } -> { "count" }
 *   queue.hold, queue.release, queue.reroute, queue.delete, queue.priority
 *                     { "id"?, "mts_id"?, "recipient"? (pattern with * and ?), "connector"?, "report"?
 * (delete: make a non-delivery report), "priority"? } -> { "count", "ids" }; at least one of the first four;
 * entries that are in a transfer are left out events            { "after"? (number), "limit"?, "connector"?,
 * "id"? } -> { "last", "events": [ { "number", "time", "id", "type", "category", "severity", "connector",
 * "mts_id", "layer", "error_code", "text" } ] }: the newest ones, or those after a number diagnostics {} -> {
 * "categories": [ { "number", "category", "level" } ] } diagnostics.set   { "category" (name, number or
 * "all"), "level" } -> the same, as they are now trace.start       { "connector", "content_blanked"? } -> {};
 * trace.read { "connector" } -> { "octets" (base64, the next part of a pcapng file), "more", "dropped" };
 * trace.stop { "connector" } -> {} reload            {} -> { "ok", "findings": [ text ] } metrics {} -> {
 * "metrics": [ { "name", "help", "type", "labels": {}, "value" } ] }
 */
#ifndef MTA_CONTROL_H
#define MTA_CONTROL_H

#include <jansson.h>

#include "mta/agent.h"

/* status: 200 done, 400 the arguments are wrong, 404 no such operation or thing, 409 not possible now, 503
 * the MTA is stopping. result is given to the callee (it decrefs it); for others than 200 it is { "error":
 * text } with words that say what is wrong and what would be right. */
typedef void (*control_reply_t)(void *context, int status, json_t *result);

/* Does operation; in the loop's thread only. arguments is borrowed (NULL = {}). reply is called once, now or
 * later, in the loop's thread. */
void control_request(agent_t *agent, const char *operation, const json_t *arguments, control_reply_t reply,
                     void *context);

#endif
