#include "config/schema.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#define MTA(member) offsetof(config_mta_t, member)
#define LISTENER(member) offsetof(config_listener_t, member)
#define CONNECTOR(member) offsetof(config_connector_t, member)
#define MAILBOX(member) offsetof(config_mailbox_t, member)
#define REDIRECT(member) offsetof(config_redirect_t, member)
#define DLIST(member) offsetof(config_list_t, member)
#define CONFIG(member) offsetof(config_t, member)

enum {
    NAME_BOUND = 32,     /* ub-mta-name-length, X.411 Annex B */
    PASSWORD_BOUND = 64, /* as the Administrator program took it */
    ADMD_BOUND = 16,     /* ub-domain-name-length */
    DAY = 86400,
    TEXT_BOUND = 1024
};

/* clang-format off */
#define END {NULL, SCHEMA_STRING, SCHEMA_COUNT, 0, NULL, 0, 0, false, NULL, NULL, NULL}
#define STRING(name, offset, initial, minimum, maximum, property, text) \
    {name, SCHEMA_STRING, SCHEMA_COUNT, offset, initial, minimum, maximum, false, NULL, property, text}
#define NEEDED(name, offset, minimum, maximum, property, text) \
    {name, SCHEMA_STRING, SCHEMA_COUNT, offset, NULL, minimum, maximum, true, NULL, property, text}
#define PATH(name, offset, initial, mandatory, property, text) \
    {name, SCHEMA_PATH, SCHEMA_COUNT, offset, initial, 0, TEXT_BOUND, mandatory, NULL, property, text}
#define NUMBER(name, unit, offset, initial, minimum, maximum, property, text) \
    {name, SCHEMA_NUMBER, unit, offset, initial, minimum, maximum, false, NULL, property, text}
#define BOOLEAN(name, offset, initial, property, text) \
    {name, SCHEMA_BOOLEAN, SCHEMA_COUNT, offset, initial, 0, 1, false, NULL, property, text}
#define WORD(name, type, offset, initial, words, property, text) \
    {name, type, SCHEMA_COUNT, offset, initial, 0, 0, false, words, property, text}
#define SELECTOR(name, offset, maximum, property, text) \
    {name, SCHEMA_SELECTOR, SCHEMA_COUNT, offset, NULL, 0, maximum, false, NULL, property, text}
#define LIST(name, type, offset, mandatory, maximum, property, text) \
    {name, type, SCHEMA_COUNT, offset, NULL, 0, maximum, mandatory, NULL, property, text}

#define PLAIN(word, value) {word, value, NULL}
#define WORDS_END {NULL, 0, NULL}

static const schema_word_t activations[] = {
    PLAIN("never", CONFIG_ACTIVATION_NEVER), PLAIN("selected-times", CONFIG_ACTIVATION_SELECTED),
    PLAIN("always", CONFIG_ACTIVATION_ALWAYS), PLAIN("remote-initiated", CONFIG_ACTIVATION_REMOTE_INITIATED),
    WORDS_END};

static const schema_word_t conformances[] = {
    PLAIN("1984", CONFIG_CONFORMANCE_1984), PLAIN("1988 X.410", CONFIG_CONFORMANCE_1988_X410),
    PLAIN("1988 normal", CONFIG_CONFORMANCE_1988_NORMAL), WORDS_END};

static const schema_word_t core_dumps[] = {
    PLAIN("off", CONFIG_CORE_DUMPS_OFF), PLAIN("registers", CONFIG_CORE_DUMPS_REGISTERS),
    PLAIN("full", CONFIG_CORE_DUMPS_FULL), WORDS_END};

static const schema_word_t quirks[] = {
    {"no-bilateral-information", CONFIG_QUIRK_NO_BILATERAL_INFORMATION,
     "Write no per-domain bilateral information. Some systems built on ISODE and some service providers end the "
     "association when they meet it. Without it their own loop check has the trace only."},
    {"strip-internal-trace", CONFIG_QUIRK_STRIP_INTERNAL_TRACE,
     "Take internal trace information out. It is an extension of 1988 that 1984 systems and some providers refuse. A "
     "loop inside one domain is then found later, by the external trace."},
    {"2k-tpdu", CONFIG_QUIRK_2K_TPDU,
     "Offer and accept TPDUs of at most 2048 octets. Some transport services (PC gateways, DEC MailBus 400) break off "
     "at larger ones."},
    {"content-in-small-pieces", CONFIG_QUIRK_SMALL_CONTENT_PIECES,
     "Send the content as a constructed OCTET STRING in pieces of at most 2 KB. Some decoders have buffers of that "
     "size. A content that is sent whole needs fewer octets."},
    {"no-content-return", CONFIG_QUIRK_NO_CONTENT_RETURN,
     "Do not ask the peer for the content back in a non-delivery report. Some systems cannot return content and "
     "refuse the message instead. Originators behind this link get reports without content."},
    {"extension-type-1988", CONFIG_QUIRK_EXTENSION_TYPE_1988,
     "Write the types of extension fields as the text of 1988 had them (`A0 03 02 01 nn`, where later texts have "
     "`80 01 nn`). PP and others of its time write the old form and may read no other."},
    {"criticality-customary", CONFIG_QUIRK_CRITICALITY_CUSTOMARY,
     "Take an absent criticality for the customary one of that extension and not, as the standard says, for none. PP "
     "leaves out what is customary."},
    WORDS_END};

static const schema_word_t disallowed[] = {
    PLAIN("urgent", CONFIG_DISALLOW_URGENT), PLAIN("normal", CONFIG_DISALLOW_NORMAL),
    PLAIN("non-urgent", CONFIG_DISALLOW_NON_URGENT), WORDS_END};

static const schema_word_t levels[] = {
    PLAIN("none", EVENT_LEVEL_NONE), PLAIN("minimum", EVENT_LEVEL_MINIMUM),
    PLAIN("medium", EVENT_LEVEL_MEDIUM), PLAIN("maximum", EVENT_LEVEL_MAXIMUM), WORDS_END};

static const schema_word_t redirection_reasons[] = {
    PLAIN("recipient-assigned", 0), PLAIN("domain-assigned", 2), PLAIN("alias", 4), WORDS_END};

static const schema_word_t propagations[] = {
    PLAIN("previous", CONFIG_PROPAGATE_PREVIOUS), PLAIN("owner", CONFIG_PROPAGATE_OWNER),
    PLAIN("both", CONFIG_PROPAGATE_BOTH), PLAIN("none", CONFIG_PROPAGATE_NONE), WORDS_END};

static const schema_word_t member_reports[] = {
    PLAIN("unchanged", CONFIG_MEMBER_REPORTS_UNCHANGED), PLAIN("none", CONFIG_MEMBER_REPORTS_NONE),
    PLAIN("non-delivery", CONFIG_MEMBER_REPORTS_NON_DELIVERY), PLAIN("delivery", CONFIG_MEMBER_REPORTS_ALL), WORDS_END};

static const schema_option_t mta_options[] = {
    NEEDED("name", MTA(name), 1, NAME_BOUND, "Local MTA name",
        "The name that this MTA presents to its peers. Upper and lower case differ. Peers know this MTA by it: "
        "changing it breaks their configuration."),
    STRING("password", MTA(password), "", 0, PASSWORD_BOUND, "Local MTA password",
        "The password that this MTA presents to its peers; empty presents none. Upper and lower case differ."),
    NEEDED("country", MTA(country), 2, 3, "Global domain identifier: C",
        "Country of this management domain: two letters of ISO 3166, or three digits of X.121."),
    STRING("admd", MTA(admd), " ", 1, ADMD_BOUND, "Global domain identifier: ADMD",
        "Administration domain of this management domain; a single space if there is none."),
    STRING("prmd", MTA(prmd), NULL, 1, ADMD_BOUND, "Global domain identifier: PRMD",
        "Private domain of this management domain. Without it this MTA belongs to the administration domain."),
    PATH("data-folder", MTA(data_folder), NULL, true, "MTA database path",
        "Folder of the queue and of files that this MTA makes."),
    NUMBER("message-timeout-urgent", SCHEMA_MINUTES, MTA(message_timeout_urgent), "2880", 1, 65536,
        "Message timeout (urgent), minutes",
        "Age at which an urgent message is given up and reported as not delivered (maximum time expired)."),
    NUMBER("message-timeout-normal", SCHEMA_MINUTES, MTA(message_timeout_normal), "10080", 1, 65536,
        "Message timeout (normal), minutes", "The same for messages of normal priority."),
    NUMBER("message-timeout-non-urgent", SCHEMA_MINUTES, MTA(message_timeout_non_urgent), "14400", 1, 65536,
        "Message timeout (non-urgent), minutes", "The same for non-urgent messages."),
    NUMBER("maximum-message-size", SCHEMA_KILOBYTES, MTA(maximum_message_size), "0", 0, 2147483647,
        "Message size limit", "Larger messages are refused and reported (size constraint violation); 0 = no limit."),
    NUMBER("maximum-associations", SCHEMA_COUNT, MTA(maximum_associations), "1000", 2, 65535,
        "TCP/IP control blocks", "Associations in all, incoming and outgoing. One more is refused."),
    NUMBER("maximum-recipients", SCHEMA_COUNT, MTA(maximum_recipients), "32767", 1, 32767, NULL,
        "Recipients of one message."),
    NUMBER("repeat-memory", SCHEMA_SECONDS, MTA(repeat_memory), "7d", 0, 31 * DAY, NULL,
        "How long a message that came in is remembered, so that a repeat from the same peer is recognised and "
        "dropped. 0 takes every repeat for a new message."),
    NUMBER("rfc1006-port-number", SCHEMA_COUNT, MTA(rfc1006_port), "102", 1, 65535, "RFC1006 Port Number",
        "TCP port of listeners and connectors that name none."),
    NUMBER("minimum-open-interval", SCHEMA_SECONDS, MTA(minimum_open_interval), "15", 1, DAY, NULL,
        "The shortest `open-interval` that a connector may have. Lower it for tests and closed networks only: "
        "retries that overlap flood the peer."),
    STRING("user", MTA(user), NULL, 1, 64, NULL,
        "The user that the daemon becomes after start, when it was started by root."),
    PATH("pid-file", MTA(pid_file), NULL, false, NULL, "File for the process ID."),
    WORD("core-dumps", SCHEMA_WORD, MTA(core_dumps), "registers", core_dumps, NULL,
        "What a dump of a crashed process may hold: nothing (no dump), its registers (no message content and no "
        "password), or all memory. Read at start."),
    NUMBER("work-queue-alarm-on", SCHEMA_COUNT, MTA(work_queue_alarm_on), "0", 0, 1000000000, "Work queue alarm on",
        "Messages queued in all from which event 666 is raised; 0 = never."),
    NUMBER("work-queue-alarm-off", SCHEMA_COUNT, MTA(work_queue_alarm_off), "0", 0, 1000000000,
        "Work queue alarm off", "Messages left at which event 667 says that it is over; 0 = half of the other."),
    NUMBER("outbound-queue-alarm-on", SCHEMA_COUNT, MTA(outbound_queue_alarm_on), "0", 0, 1000000000,
        "Outbound queue alarm on", "Messages queued for one connector from which event 659 is raised; 0 = never."),
    NUMBER("outbound-queue-alarm-off", SCHEMA_COUNT, MTA(outbound_queue_alarm_off), "0", 0, 1000000000,
        "Outbound queue alarm off", "Messages left at which event 660 says that it is over; 0 = half of the other."),
    BOOLEAN("only-use-least-cost-routes", MTA(least_cost_only), "off", "Only use least cost routes",
        "Never fall back to a dearer route, unless the cheaper one is inactive by its schedule."),
    BOOLEAN("supports-2k-tpdu", MTA(supports_2k_tpdu), "off", "Supports 2K TPDU",
        "Limit TPDUs to 2048 octets on all links; for one link use the quirk `2k-tpdu`."),
    BOOLEAN("do-not-generate-bilateral-info", MTA(no_bilateral_information), "off",
        "Do not generate Bilateral Info",
        "Write no per-domain bilateral information on any link; for one link use the quirk "
        "`no-bilateral-information`."),
    STRING("alternate-recipient", MTA(alternate_recipient), NULL, 1, TEXT_BOUND, "Alternate recipient",
        "O/R address that gets messages for recipients of this management domain that it does not have, if their "
        "originators allow an alternate recipient."),
    STRING("dead-letter-mailbox", MTA(dead_letter_mailbox), NULL, 1, 64, NULL,
        "Mailbox that gets reports that cannot be returned to their originators; by default they are dropped with "
        "event 141."),
    NUMBER("missing-report-after", SCHEMA_SECONDS, MTA(missing_report_after), "0", 0, 31 * DAY, NULL,
        "How long a report may take on a message or probe that asks for delivery reports, from its transfer to a peer "
        "until the report comes back through this MTA; then event 12081 tells of it. 0 = nobody watches. Set it where "
        "reports come back the way the messages went."),
    NUMBER("maximum-returned-content", SCHEMA_KILOBYTES, MTA(maximum_returned_content), "2048", 0, 8192, NULL,
        "Largest content that a non-delivery report returns to an originator who asks for it; 0 = never."),
    LIST("addresses", SCHEMA_STRINGS, MTA(addresses), false, 64, NULL,
        "Addresses of this machine, or names for them, at which listeners without an address listen and from which "
        "calls come, unless a connector has its own. Of several of one kind (IPv4, IPv6) calls come from the first that "
        "is there. By default the virtual addresses of the cluster, else any address. See cluster.md."),
    END};

/* messaging-defaults and override share all but the first two. */
static const schema_option_t override_options[] = {
    STRING("local-mta-name", CONNECTOR(local_mta_name), NULL, 0, NAME_BOUND, "Local MTA name (override)",
        "The name presented to this peer, when it calls too; by default that of `mta`."),
    STRING("local-mta-password", CONNECTOR(local_mta_password), NULL, 0, PASSWORD_BOUND,
        "Local MTA password (override)",
        "The password presented to this peer, in the bind result too; by default that of `mta`."),
    NUMBER("checkpoint-size", SCHEMA_KILOBYTES, CONNECTOR(checkpoint_size), "30", 0, 1024,
        "RTS values: Checkpoint size (K)",
        "Data between two checkpoints; 0 = no checkpoints. The peer may ask for less. Values of 64 and more are "
        "too much for some peers."),
    NUMBER("recovery-timeout", SCHEMA_SECONDS, CONNECTOR(recovery_timeout), "60", 0, DAY,
        "RTS values: Recovery timeout (sec)",
        "How long a transfer that broke off may be resumed at its last checkpoint."),
    NUMBER("window-size", SCHEMA_COUNT, CONNECTOR(window_size), "5", 1, 64, "RTS values: Window size",
        "Checkpoints that may be unconfirmed before the sender waits."),
    NUMBER("lifetime", SCHEMA_SECONDS, CONNECTOR(lifetime), "300", 1, DAY,
        "Association parameters: Lifetime (sec)", "Idle time after which an association is released."),
    NUMBER("incoming-idle-limit", SCHEMA_SECONDS, CONNECTOR(incoming_idle_limit), "0", 0, 7 * DAY, NULL,
        "Idle time after which an association that the peer opened is aborted; 0 = none. It is the peer's to release, "
        "and may be idle for long; a peer that is gone is noticed by TCP within minutes."),
    NUMBER("disconnect", SCHEMA_SECONDS, CONNECTOR(disconnect), "120", 1, 3600,
        "Association parameters: Disconnect (sec)",
        "Wait for the peer's answer to a release before the connection is cut. It should exceed "
        "`connect-timeout`."),
    NUMBER("threshold", SCHEMA_COUNT, CONNECTOR(threshold), "50", 1, 1000000,
        "Association parameters: Threshold (msgs)",
        "Each further block of this many queued messages opens one more association."),
    NUMBER("max-open-retries", SCHEMA_COUNT, CONNECTOR(max_open_retries), "144", 0, 1000000,
        "Connection retry: Max open retries",
        "Failed attempts to open before queued messages take another route or are reported as not delivered."),
    NUMBER("max-transfer-retries", SCHEMA_COUNT, CONNECTOR(max_transfer_retries), "2", 0, 10000,
        "Connection retry: Max transfer retries", "Further attempts to transfer one message over an association."),
    NUMBER("open-interval", SCHEMA_SECONDS, CONNECTOR(open_interval), "600", 1, 7 * DAY,
        "Connection retry: Open interval (sec)",
        "Wait between two attempts to open; not less than `minimum-open-interval` (15 s). Advised: 30 s or more on "
        "a local network, 60 s or more on a dialled line."),
    NUMBER("transfer-interval", SCHEMA_SECONDS, CONNECTOR(transfer_interval), "120", 1, 7 * DAY,
        "Connection retry: Transfer interval (sec)", "Wait before a failed transfer is repeated."),
    NUMBER("transfer-timeout-urgent", SCHEMA_SECONDS, CONNECTOR(transfer_timeout_urgent), "1000", 1, 1000000,
        "Transfer timeouts: Urgent (sec/K)",
        "Seconds that the transfer of an urgent message may take for each KB; then the association is aborted and the "
        "transfer counts as failed."),
    NUMBER("transfer-timeout-normal", SCHEMA_SECONDS, CONNECTOR(transfer_timeout_normal), "2000", 1, 1000000,
        "Transfer timeouts: Normal (sec/K)", "The same for messages of normal priority."),
    NUMBER("transfer-timeout-non-urgent", SCHEMA_SECONDS, CONNECTOR(transfer_timeout_non_urgent), "3000", 1,
        1000000, "Transfer timeouts: Non-urgent (sec/K)", "The same for non-urgent messages."),
    NUMBER("connect-timeout", SCHEMA_SECONDS, CONNECTOR(connect_timeout), "60", 1, 3600, NULL,
        "Name look-up, TCP connection and each answer of the peer until the association is open."),
    NUMBER("maximum-associations", SCHEMA_COUNT, CONNECTOR(maximum_associations), "10", 1, 1000, NULL,
        "Associations with this peer at once, both directions together (with monologue each by itself); one of them is "
        "kept for urgent messages and reports."),
    END};

static const schema_option_t listener_options[] = {
    STRING("address", LISTENER(address), NULL, 0, 255, NULL,
        "Address of this machine to listen at, or a name for it; `*` is all of them, IPv4 and IPv6. By default the "
        "`addresses` of `mta`, else the virtual addresses of the cluster, else all."),
    NUMBER("port", SCHEMA_COUNT, LISTENER(port), NULL, 1, 65535, "RFC1006 Port Number",
        "TCP port; by default that of `mta`."),
    SELECTOR("transport-selector", LISTENER(transport_selector), 32, "TCP stack: T selector",
        "Calls must name this transport selector; by default any will do."),
    END};

static const schema_option_t general_options[] = {
    NEEDED("remote-mta-name", CONNECTOR(remote_mta_name), 1, NAME_BOUND, "Remote MTA name (Gateway-Local-Desig)",
        "The name that the peer must present in its bind or bind result. Upper and lower case differ."),
    STRING("remote-mta-password", CONNECTOR(remote_mta_password), "", 0, PASSWORD_BOUND,
        "Remote MTA password (Gateway-Local-Cred)",
        "The password that the peer must present; empty means none or an empty one. Upper and lower case differ."),
    STRING("administrative-note", CONNECTOR(administrative_note), "", 0, TEXT_BOUND, "Administrative note",
        "A remark."),
    END};

static const schema_option_t schedule_options[] = {
    WORD("activation", SCHEMA_WORD, CONNECTOR(activation), "always", activations,
        "Activation (Activation-Style)",
        "When the link may be opened from this side. `never` refuses calls of the peer too; `remote-initiated` waits "
        "for the peer to call and needs `two-way-alternate` at both ends, and only one end may use it."),
    LIST("selected-times", SCHEMA_TIMES, CONNECTOR(selected_times), false, 64,
        "Schedule grid (Activation-Schedule)",
        "For `selected-times`: days and times, \"mon-fri 08:00-18:00\", \"sat,sun 00:00-24:00\", \"daily "
        "12:00-12:15\", in quarters of an hour of local time."),
    BOOLEAN("urgent-ignores-schedule", CONNECTOR(urgent_ignores_schedule), "off", "Heuristics 131072",
        "Urgent messages and reports open the link outside the selected times too, and go alone; the link is released "
        "when they are through. Without it priority does not override the schedule."),
    NUMBER("poll-interval", SCHEMA_SECONDS, CONNECTOR(poll_interval), "0", 0, 7 * DAY, NULL,
        "How often the peer is called with nothing to send, so that a peer that never calls (`remote-initiated` at its "
        "end) can send what it holds. 0 = only when a selected time begins. Needs `two-way-alternate`."),
    END};

static const schema_option_t stack_options[] = {
    STRING("remote-host-name", CONNECTOR(remote_host), NULL, 1, 255, "Remote host name / IP address (N-Address)",
        "Name or address of the peer. Needed unless the link is never opened from here."),
    NUMBER("port", SCHEMA_COUNT, CONNECTOR(port), NULL, 1, 65535, "RFC1006 Port Number",
        "TCP port of the peer; by default that of `mta`."),
    STRING("stack-ip-address-override", CONNECTOR(local_address), NULL, 1, 255, "Stack IP Address Override",
        "Address of this machine, or a name for it, that calls of this connector come from: for clusters and machines "
        "with many addresses. By default as for `addresses` of `mta`."),
    SELECTOR("outgoing-t-selector", CONNECTOR(outgoing_t_selector), 32, "Outgoing T selector (T-Selector)",
        "Transport selector sent when calling."),
    SELECTOR("outgoing-s-selector", CONNECTOR(outgoing_s_selector), 16, "Outgoing S selector (S-Selector)",
        "Session selector; in `1988 normal` only."),
    SELECTOR("outgoing-p-selector", CONNECTOR(outgoing_p_selector), 16, "Outgoing P selector (P-Selector)",
        "Presentation selector; in `1988 normal` only."),
    SELECTOR("incoming-t-selector", CONNECTOR(incoming_t_selector), 32, "Incoming T selector (T-Selector-Inbound)",
        "Transport selector that the peer must use when it calls; empty = no check."),
    SELECTOR("incoming-s-selector", CONNECTOR(incoming_s_selector), 16, "Incoming S selector (S-Selector-Inbound)",
        "The same for session."),
    SELECTOR("incoming-p-selector", CONNECTOR(incoming_p_selector), 16, "Incoming P selector (P-Selector-Inbound)",
        "The same for presentation."),
    LIST("allowed-callers", SCHEMA_STRINGS, CONNECTOR(allowed_callers), false, 1000, NULL,
        "Addresses and prefixes (\"192.0.2.0/24\") that the peer may call from, beside the check of its name and "
        "password; empty = any."),
    BOOLEAN("tell-other-callers", CONNECTOR(tell_other_callers), "off", NULL,
        "A peer whose name and password are right is taken from an address that `allowed-callers` does not have, and "
        "told of once (event 12114), instead of refused with 9301: for peers that are clusters and call from the "
        "address of a node."),
    END};

#define ADDRESS_SPACE_TEXT \
    "O/R address patterns that lead here, each \"PATTERN\" or \"PATTERN;;COST\" with a cost of 1 to 100 (1 if not " \
    "given). See \"Address spaces\"."

static const schema_option_t connector_options[] = {
    LIST("address-space", SCHEMA_SPACES, CONNECTOR(address_spaces), false, 10000, "Address space (Routing-List)",
        ADDRESS_SPACE_TEXT),
    END};

static const schema_option_t restriction_options[] = {
    LIST("accept-from", SCHEMA_STRINGS, CONNECTOR(accept_from), false, 10000, "Delivery restrictions: accept",
        "Patterns of the originators whose messages may go over this connector, written like address spaces; empty = "
        "all. Messages of others take another route or are reported as not delivered."),
    LIST("reject-from", SCHEMA_STRINGS, CONNECTOR(reject_from), false, 10000, "Delivery restrictions: reject",
        "Patterns of the originators whose messages may not. They count before `accept-from`."),
    WORD("disallow", SCHEMA_WORDS, CONNECTOR(disallow), NULL, disallowed, "Heuristics 16384, 32768, 65536",
        "Priorities whose messages may not go over this connector. Reports always may."),
    END};

static const schema_option_t barred_options[] = {
    LIST("bar-p1-originator", SCHEMA_STRINGS, CONNECTOR(bar_p1_originator), false, 10000, "Bar P1 Originator",
        "Patterns of originators, written like address spaces, whose messages are not taken from this peer: they are "
        "dropped with event 152."),
    BOOLEAN("ndr-to-barred-originator", CONNECTOR(ndr_to_barred_originator), "off", "NDR to barred originator",
        "Tell barred originators by a non-delivery report."),
    END};

static const schema_option_t threshold_options[] = {
    NUMBER("content-length-threshold", SCHEMA_KILOBYTES, CONNECTOR(content_length_threshold), "0", 0, 2147483647,
        "Content Length Threshold",
        "The link is not opened until so much content is queued; 0 = this threshold does not count. If both "
        "thresholds are set, the first that is reached opens. Messages that wait below them expire as others do."),
    NUMBER("queue-length-threshold", SCHEMA_COUNT, CONNECTOR(queue_length_threshold), "0", 0, 1000000,
        "Queue Length Threshold", "The same for the number of messages."),
    BOOLEAN("urgent-overrides-thresholds", CONNECTOR(urgent_overrides_thresholds), "off", "Urgent Overrides Thresholds",
        "Urgent messages and reports do not wait for the thresholds."),
    END};

static const schema_option_t advanced_options[] = {
    WORD("mta-conformance", SCHEMA_WORD, CONNECTOR(conformance), "1988 normal", conformances,
        "MTA conformance (Supported-Application-Context)",
        "Protocol to call with: X.400 of 1984, of 1988 in X.410 mode, or of 1988 in normal mode. Calls of the peer are "
        "taken in all three."),
    BOOLEAN("two-way-alternate", CONNECTOR(two_way_alternate), "on", "Link option: Two-way alternate",
        "Messages pass in both directions over one association. Both ends must agree."),
    BOOLEAN("local-initial-turn", CONNECTOR(local_initial_turn), "on", "Local-Initial-Turn",
        "When this side calls it has the turn first; off gives it to the peer, which may then send before it is asked. "
        "Off needs `two-way-alternate`."),
    NUMBER("maximum-message-size", SCHEMA_KILOBYTES, CONNECTOR(maximum_message_size), "0", 0, 2147483647,
        "Maximum message size (Deliv-Cont-Length)",
        "Larger messages do not go over this connector; 0 = no limit."),
    STRING("remote-country", CONNECTOR(remote_country), NULL, 2, 3, "Remote X.400 link GDI: C",
        "Country of the peer's management domain, for trace and the check of loops; by default that of `mta`."),
    STRING("remote-admd", CONNECTOR(remote_admd), NULL, 1, ADMD_BOUND, "Remote X.400 link GDI: ADMD",
        "Administration domain of the peer; a single space if there is none."),
    STRING("remote-prmd", CONNECTOR(remote_prmd), NULL, 1, ADMD_BOUND, "Remote X.400 link GDI: PRMD",
        "Private domain of the peer."),
    BOOLEAN("deferred-delivery", CONNECTOR(deferred_delivery), "off", NULL,
        "The peer may leave deferred delivery to this MTA: what comes from it with a deferred delivery time is held "
        "until then. X.411 wants an agreement for that; without one it is handled at once."),
    BOOLEAN("common-name-from-dda", CONNECTOR(common_name_from_dda), "off", NULL,
        "A domain-defined attribute of type COMMON in addresses that come from the peer is taken for the common "
        "name, which 1984 systems lack."),
    BOOLEAN("sibling", CONNECTOR(sibling), "off", NULL,
        "The peer is an MTA of this kind too: tell it which links are down, so that it can choose other routes, and "
        "listen to what it tells. This is beyond the standard: it is offered in the bind, nothing is told to a peer "
        "that does not offer it as well, and it ends for good when the peer refuses it in any way. For any other "
        "peer leave this off."),
    WORD("quirks", SCHEMA_WORDS, CONNECTOR(quirks), NULL, quirks, "Heuristics",
        "Known faults of the peer that are to be accommodated."),
    END};

static const schema_option_t mailbox_options[] = {
    PATH("folder", MAILBOX(folder), NULL, true, NULL, "Folder into which messages are delivered."),
    LIST("address-space", SCHEMA_SPACES, MAILBOX(address_spaces), true, 10000, NULL, ADDRESS_SPACE_TEXT),
    LIST("accept-content-types", SCHEMA_STRINGS, MAILBOX(content_types), false, 100, "Deliv-Ext-Cont-Types",
        "Content types that are delivered here: numbers (2, 22, 35) and object identifiers; by default all. Others "
        "are reported as not delivered (content type not supported)."),
    LIST("accept-encoded-information-types", SCHEMA_STRINGS, MAILBOX(encoded_types), false, 100, "Deliv-EITs",
        "Encoded information types that are delivered here: `unknown`, `telex`, `ia5-text`, `g3-facsimile`, "
        "`g4-class-1`, `teletex`, `videotex`, `voice`, `sfd`, `mixed-mode` and object identifiers; by default all. "
        "Nothing is converted: others are reported as not delivered."),
    NUMBER("maximum-message-size", SCHEMA_KILOBYTES, MAILBOX(maximum_message_size), "0", 0, 2147483647,
        "Deliv-Cont-Length", "Larger messages are reported as not delivered (content too long); 0 = no limit."),
    LIST("accept-from", SCHEMA_STRINGS, MAILBOX(accept_from), false, 1000, "Delivery restrictions: Accept",
        "Originators whose messages are delivered here, as patterns of addresses; by default everybody's. Others are "
        "reported as not delivered (restricted delivery)."),
    LIST("reject-from", SCHEMA_STRINGS, MAILBOX(reject_from), false, 1000, "Delivery restrictions: Reject",
        "Originators whose messages are not delivered here, even if `accept-from` has them."),
    BOOLEAN("test-restrictions", MAILBOX(test_restrictions), "off", NULL,
        "Test mode: what the options above would refuse is logged (event 12044) and delivered all the same."),
    STRING("redirect-to", MAILBOX(redirect_to), NULL, 1, TEXT_BOUND, NULL,
        "O/R address to which everything for this mailbox is redirected, unless the originator prohibits it."),
    STRING("alternate-recipient", MAILBOX(alternate_recipient), NULL, 1, TEXT_BOUND, "Alternate recipient",
        "O/R address to which what cannot be delivered here is redirected, unless the originator prohibits it."),
    END};

static const schema_option_t redirect_options[] = {
    NEEDED("address", REDIRECT(address), 1, TEXT_BOUND, NULL, "O/R address whose messages are redirected."),
    NEEDED("to", REDIRECT(to), 1, TEXT_BOUND, NULL, "O/R address that gets them."),
    WORD("reason", SCHEMA_WORD, REDIRECT(reason), "recipient-assigned", redirection_reasons, NULL,
        "Why, as the redirection history of the message says it."),
    END};

static const schema_option_t list_options[] = {
    NEEDED("address", DLIST(address), 1, TEXT_BOUND, NULL, "O/R address of the list."),
    LIST("members", SCHEMA_STRINGS, DLIST(members), true, 32767, NULL,
        "O/R addresses of the members; addresses of other lists are nested lists."),
    STRING("owner", DLIST(owner), NULL, 1, TEXT_BOUND, NULL, "O/R address of the list's owner."),
    LIST("submit-permission", SCHEMA_STRINGS, DLIST(submitters), false, 1000, NULL,
        "Who may send to the list, as patterns of addresses; by default everybody. For a message that another list "
        "sends on, the address of that list counts."),
    BOOLEAN("test-restrictions", DLIST(test_restrictions), "off", NULL,
        "Test mode: a submitter without permission is logged (event 12044) and the list expanded all the same."),
    WORD("report-propagation", SCHEMA_WORD, DLIST(propagation), "previous", propagations, NULL,
        "Who gets the reports on messages to the members: `previous` (the originator, or the list that has this one "
        "as member), `owner`, `both`, or `none`."),
    WORD("member-reports", SCHEMA_WORD, DLIST(member_reports), "unchanged", member_reports, NULL,
        "Which reports on messages to the members the originator is taken to want: those asked for (`unchanged`), "
        "`none`, `non-delivery`, or `delivery` and non-delivery."),
    BOOLEAN("always-report-expansion", DLIST(reports_always), "on", NULL,
        "A delivery report that was asked for is made when the list is expanded; `off` makes it only if "
        "`report-propagation` gives the originator none of the members' reports."),
    END};

static const schema_option_t store_options[] = {
    STRING("driver", CONFIG(store.driver), "sqlite3", 1, 64, NULL, "Driver of the database: `sqlite3`, a file that one service at a time works on; or `pgsql`, a PostgreSQL database "
        "that several services, the nodes of a cluster, work on at the same time."),
    STRING("parameters", CONFIG(store.parameters), NULL, 0, TEXT_BOUND, NULL,
        "Parameters of the driver; for `sqlite3` the path of the file, by default `queue.db` in `data-folder`; for `pgsql` what its "
        "library takes, such as `host=db1 dbname=x400 user=x400` (a password is better in the file `.pgpass`)."),
    NUMBER("lease", SCHEMA_SECONDS, CONFIG(store.lease), "5", 0, 300, NULL,
        "How long the owner of the store may give no sign of life before another process that waits for it takes it "
        "over. `0`: never; whoever holds the lock of the file owns the store. With `pgsql` at least 3 seconds."),
    BOOLEAN("wait", CONFIG(store.wait), "on", NULL,
        "A service that starts while another process owns the store waits for it (event 12130); `off` makes it end."),
    END};

static const schema_option_t log_options[] = {
    PATH("text-event-log", CONFIG(log.file), NULL, false, "Text Event Log",
        "File that gets one line for each event; by default none."),
    BOOLEAN("standard-error", CONFIG(log.standard_error), "off", NULL, "Write events to the standard error stream."),
    BOOLEAN("system", CONFIG(log.system), "on", NULL,
        "Write events to the system's log: journald, else syslog; the Windows Event Log."),
    STRING("event-source", CONFIG(log.event_source), "MSExchangeMTA", 1, 64, NULL,
        "Name under which events appear in the system's log."),
    PATH("text-log-folder", CONFIG(log.text_folder), NULL, false, "MTA Run Directory",
        "Folder of EV0.LOG, AP0.LOG and BF0.LOG; by default `data-folder`. AP0.LOG (what passes to and from the "
        "network) is written with Interface and Interoperability at medium or more, BF0.LOG (the octets of APDUs) with "
        "X.400 Service and APDU at medium or more."),
    BOOLEAN("ev0-log", CONFIG(log.text_events), "off", "Text Event Log",
        "Write every event to EV0.LOG in the form of the old MTA. Each log becomes EV1.LOG, AP1.LOG, BF1.LOG and so on "
        "when it has 5 MB, and at each start; nine old ones are kept."),
    BOOLEAN("unbounded-event-log", CONFIG(log.unbounded_event), "off", "Unbounded Event Log",
        "EV0.LOG grows without limit."),
    BOOLEAN("unbounded-apdu-log", CONFIG(log.unbounded_apdu), "off", "Unbounded APDU Log",
        "BF0.LOG grows without limit."),
    BOOLEAN("unbounded-interop-log", CONFIG(log.unbounded_interop), "off", "Unbounded Interop Log",
        "AP0.LOG grows without limit."),
    BOOLEAN("message-tracking", CONFIG(log.tracking), "on", "Enable message tracking",
        "Write what happens to each message to the tracking log, which `x400ctl track` reads."),
    PATH("tracking-folder", CONFIG(log.tracking_folder), NULL, false, NULL,
        "Folder of the tracking log, one file yyyymmdd.log a day (GMT); by default `tracking.log` in `data-folder`."),
    NUMBER("tracking-keep-days", SCHEMA_COUNT, CONFIG(log.tracking_days), "7", 0, 36500, NULL,
        "Days for which files of the tracking log are kept; 0 = for ever."),
    NUMBER("events-per-peer", SCHEMA_COUNT, CONFIG(log.events_per_peer), "20", 0, 1000000, NULL,
        "How many events of one kind about the faults of one peer are told one by one in a minute; event 12151 counts the "
        "others at its end. 0: all are told."),
    END};

#define LEVEL(name, category, property) \
    WORD(name, SCHEMA_WORD, CONFIG(log.levels) + (category) * sizeof(event_level_t), "none", levels, property, \
         "Diagnostics level of this category.")

static const schema_option_t diagnostics_options[] = {
    LEVEL("x400-service", EVENT_X400_SERVICE, "1 X.400 Service"),
    LEVEL("resource", EVENT_RESOURCE, "2 Resource"),
    LEVEL("security", EVENT_SECURITY, "3 Security"),
    LEVEL("interface", EVENT_INTERFACE, "4 Interface"),
    LEVEL("field-engineering", EVENT_FIELD_ENGINEERING, "5 Field Engineering"),
    LEVEL("mta-administration", EVENT_MTA_ADMINISTRATION, "6 MTA Administration"),
    LEVEL("configuration", EVENT_CONFIGURATION, "7 Configuration"),
    LEVEL("directory-access", EVENT_DIRECTORY_ACCESS, "8 Directory Access"),
    LEVEL("operating-system", EVENT_OPERATING_SYSTEM, "9 Operating System"),
    LEVEL("internal-processing", EVENT_INTERNAL_PROCESSING, "10 Internal Processing"),
    LEVEL("interoperability", EVENT_INTEROPERABILITY, "11 Interoperability"),
    LEVEL("apdu", EVENT_APDU, "12 APDU"),
    END};

static const schema_option_t cluster_options[] = {
    LIST("virtual-addresses", SCHEMA_STRINGS, CONFIG(cluster.virtual_addresses), false, 64, NULL,
        "Virtual addresses of the group that this service belongs to, or names for them, if neither the environment nor "
        "the cluster says them."),
    STRING("resource", CONFIG(cluster.resource), NULL, 1, 255, NULL,
        "Name of this service's resource in the cluster; by default the one that the cluster gave it, or the only one "
        "of the type `x400mta`."),
    BOOLEAN("node", CONFIG(cluster.node), "off", NULL,
        "This machine is a node of a cluster, even if no cluster can be asked: addresses that are not here are waited "
        "for."),
    BOOLEAN("use-any-address", CONFIG(cluster.use_any_address), "off", NULL,
        "Leave the choice of addresses to the system, as MTAs did that know no cluster: peers see the address of the "
        "node and may refuse it with 9301. Listeners and connectors with an address of their own keep it."),
    END};

static const schema_option_t admin_options[] = {
    STRING("address", CONFIG(admin.address), "127.0.0.1", 1, 255, NULL,
        "Address of this machine at which the admin interface answers."),
    NUMBER("port", SCHEMA_COUNT, CONFIG(admin.port), "8102", 0, 65535, NULL,
        "TCP port of the admin interface; 0 = no admin interface."),
    PATH("token-file", CONFIG(admin.token_file), NULL, false, NULL,
        "File with the token that callers of the admin interface must know; by default `admin.token` in "
        "`data-folder`, made at the first start."),
    END};

#define NO_SECTION {NULL, false, false, SCHEMA_CONFIG, NULL, NULL, NULL}

static const schema_option_t no_options[] = {END};
static const schema_section_t no_sections[] = {NO_SECTION};

static const schema_section_t connector_sections[] = {
    {"general", false, true, SCHEMA_CONNECTOR, general_options, no_sections, "Who the peer is."},
    {"schedule", false, false, SCHEMA_CONNECTOR, schedule_options, no_sections, "When the link is open."},
    {"stack", false, false, SCHEMA_CONNECTOR, stack_options, no_sections, "Where the peer is."},
    {"override", false, false, SCHEMA_CONNECTOR, override_options, no_sections,
     "Values for this peer in place of those of `mta` and `messaging-defaults`."},
    {"delivery-restrictions", false, false, SCHEMA_CONNECTOR, restriction_options, no_sections,
     "Whose messages may go over this connector."},
    {"barred-originators", false, false, SCHEMA_CONNECTOR, barred_options, no_sections,
     "Whose messages are not taken from this peer."},
    {"thresholds", false, false, SCHEMA_CONNECTOR, threshold_options, no_sections,
     "How much must be queued before the link is opened."},
    {"advanced", false, false, SCHEMA_CONNECTOR, advanced_options, no_sections, "What the peer speaks and can take."},
    NO_SECTION};

static const schema_section_t log_sections[] = {
    {"diagnostics", false, false, SCHEMA_CONFIG, diagnostics_options, no_sections,
     "Diagnostics logging: how much is logged of each category beside errors and important warnings, which are logged "
     "always."},
    NO_SECTION};

static const schema_section_t root_sections[] = {
    {"mta", false, true, SCHEMA_MTA, mta_options, no_sections, "This MTA."},
    {"messaging-defaults", false, false, SCHEMA_CONNECTOR, override_options + 2, no_sections,
     "Values of all connectors whose `override` does not set them."},
    {"listener", true, false, SCHEMA_LISTENER, listener_options, no_sections,
     "A place where this MTA takes calls. Its title is its name."},
    {"connector", true, false, SCHEMA_CONNECTOR, connector_options, connector_sections,
     "A link to a peer MTA. Its title is its directory name, which events and commands use."},
    {"mailbox", true, false, SCHEMA_MAILBOX, mailbox_options, no_sections,
     "A folder to which messages are delivered. Its title is its name."},
    {"distribution-list", true, false, SCHEMA_LIST, list_options, no_sections,
     "A distribution list that is expanded here. Its title is its name."},
    {"redirect", true, false, SCHEMA_REDIRECT, redirect_options, no_sections,
     "An address whose messages go to another one, unless the originator prohibits it."},
    {"store", false, false, SCHEMA_CONFIG, store_options, no_sections, "The durable queue."},
    {"log", false, false, SCHEMA_CONFIG, log_options, log_sections, "Where events go."},
    {"cluster", false, false, SCHEMA_CONFIG, cluster_options, no_sections,
     "The cluster that this machine is a node of. See cluster.md."},
    {"admin", false, false, SCHEMA_CONFIG, admin_options, no_sections,
     "The admin interface that `x400ctl` uses."},
    NO_SECTION};

static const schema_section_t root = {"root", false, false, SCHEMA_CONFIG, no_options, root_sections, ""};
/* clang-format on */

const char *config_quirk_name(unsigned quirk)
{
    for (const schema_word_t *word = quirks; word->word; word++)
        if (word->value == quirk)
            return word->word;
    return NULL;
}

const schema_section_t *schema_root(void)
{
    return &root;
}

const schema_section_t *schema_find_subsection(const schema_section_t *section, const char *name)
{
    for (const schema_section_t *each = section->sections; each->name; each++)
        if (!strcmp(each->name, name))
            return each;
    return NULL;
}

const schema_section_t *schema_find_section(const char *name)
{
    if (!strcmp(name, root.name))
        return &root;
    for (const schema_section_t *outer = root.sections; outer->name; outer++) {
        if (!strcmp(outer->name, name))
            return outer;
        const schema_section_t *inner = schema_find_subsection(outer, name);
        if (inner)
            return inner;
    }
    return NULL;
}

const schema_option_t *schema_find_option(const schema_section_t *section, const char *name)
{
    for (const schema_option_t *each = section->options; each->name; each++)
        if (!strcmp(each->name, name))
            return each;
    return NULL;
}

bool schema_is_list(const schema_option_t *option)
{
    return option->type == SCHEMA_WORDS || option->type == SCHEMA_STRINGS || option->type == SCHEMA_SPACES ||
           option->type == SCHEMA_TIMES;
}

const char *schema_unit_name(schema_unit_t unit)
{
    switch (unit) {
    case SCHEMA_SECONDS: return "s";
    case SCHEMA_MINUTES: return "min";
    case SCHEMA_KILOBYTES: return "KB";
    case SCHEMA_COUNT: break;
    }
    return "";
}

enum { SUGGESTION_LENGTH = 64 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace) that turn a into b; names longer than the limit are infinitely far. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t columns = strlen(b);
    size_t row[SUGGESTION_LENGTH + 1];
    if (strlen(a) > SUGGESTION_LENGTH || columns > SUGGESTION_LENGTH)
        return SIZE_MAX;
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(replaced, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[columns];
}

/* The name in section that is nearest to name, if it is near enough to have been meant. */
static const char *nearest(const schema_section_t *section, const char *name)
{
    const char *best = NULL;
    size_t limit = strlen(name) / 3 > 2 ? strlen(name) / 3 : 2;
    size_t least = limit + 1;
    for (const schema_option_t *each = section->options; each->name; each++) {
        size_t distance = edit_distance(name, each->name);
        if (distance < least) {
            least = distance;
            best = each->name;
        }
    }
    for (const schema_section_t *each = section->sections; each->name; each++) {
        size_t distance = edit_distance(name, each->name);
        if (distance < least) {
            least = distance;
            best = each->name;
        }
    }
    return best;
}

/* The section beside or below `section` that knows name. */
static const schema_section_t *home_of(const char *name)
{
    for (const schema_section_t *outer = root.sections; outer->name; outer++) {
        if (schema_find_option(outer, name) || schema_find_subsection(outer, name))
            return outer;
        for (const schema_section_t *inner = outer->sections; inner->name; inner++)
            if (schema_find_option(inner, name))
                return inner;
    }
    return NULL;
}

const char *schema_explain_unknown(const schema_section_t *section, const char *name, apr_pool_t *pool)
{
    const char *where = section == &root ? "the file" : section->name;
    const schema_section_t *home = NULL;
    for (const schema_section_t *inner = section->sections; inner->name && section != &root; inner++)
        if (schema_find_option(inner, name))
            home = inner;
    if (!home && !strcmp(name, "include"))
        return apr_psprintf(pool, "'include' cannot be used in %s; it stands outside all sections", where);
    if (!home)
        home = home_of(name);
    if (home)
        return apr_psprintf(pool, "unknown option '%s' in %s; it belongs in %s { }", name, where, home->name);
    if (schema_find_subsection(&root, name))
        return apr_psprintf(pool, "section '%s' cannot be in %s; it stands outside all sections", name,
                            where);
    const char *meant = nearest(section, name);
    if (meant)
        return apr_psprintf(pool, "unknown option '%s' in %s; did you mean '%s'?", name, where, meant);
    for (const schema_section_t *inner = section->sections; inner->name && section != &root; inner++) {
        meant = nearest(inner, name);
        if (meant)
            return apr_psprintf(pool, "unknown option '%s' in %s; did you mean '%s' in %s { }?", name, where,
                                meant, inner->name);
    }
    return apr_psprintf(pool, "unknown option '%s' in %s", name, where);
}
