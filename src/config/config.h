/* The configuration as the rest of the MTA sees it: plain structures, checked, with defaults filled in.
 * The file is libConfuse (docs/configuration.md); one option table (schema.c) holds every name, default,
 * range and explanation, and the reader, the checker and the manual come from it. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <apr_pools.h>
#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/format.h"
#include "event/event.h"

typedef struct config_place_t {
    const char *file;
    int line;
} config_place_t;

typedef enum config_activation_t {
    CONFIG_ACTIVATION_NEVER,
    CONFIG_ACTIVATION_SELECTED,
    CONFIG_ACTIVATION_ALWAYS,
    CONFIG_ACTIVATION_REMOTE_INITIATED
} config_activation_t;

typedef enum config_conformance_t {
    CONFIG_CONFORMANCE_1984,
    CONFIG_CONFORMANCE_1988_X410,
    CONFIG_CONFORMANCE_1988_NORMAL
} config_conformance_t;

/* Quarters of an hour in a week. */
enum { CONFIG_SLOTS = 7 * 24 * 4 };

/* Known peer faults that a connector may accommodate (quirks = { "..." }). */
enum {
    CONFIG_QUIRK_NO_BILATERAL_INFORMATION = 1 << 0, /* "no-bilateral-information" */
    CONFIG_QUIRK_STRIP_INTERNAL_TRACE = 1 << 1,     /* "strip-internal-trace" */
    CONFIG_QUIRK_2K_TPDU = 1 << 2,                  /* "2k-tpdu" */
    CONFIG_QUIRK_SMALL_CONTENT_PIECES = 1 << 3,     /* "content-in-small-pieces" */
    CONFIG_QUIRK_NO_CONTENT_RETURN = 1 << 4,        /* "no-content-return" */
    CONFIG_QUIRK_EXTENSION_TYPE_1988 = 1 << 5,      /* "extension-type-1988": A0 03 02 01 nn */
    CONFIG_QUIRK_CRITICALITY_CUSTOMARY = 1 << 6     /* "criticality-customary" */
};

/* Priorities that do not go over a connector (disallow = { "..." }). */
enum {
    CONFIG_DISALLOW_URGENT = 1 << 0,
    CONFIG_DISALLOW_NORMAL = 1 << 1,
    CONFIG_DISALLOW_NON_URGENT = 1 << 2
};

typedef struct config_address_space_t {
    const char *pattern; /* O/R address pattern "C=GB;A= ;P=PPA;O=*", or a regular expression "/.../"
                            (route/route.h) */
    int cost;            /* 1..100 */
    config_place_t place;
} config_address_space_t;

/* As platform_core_t. */
typedef enum config_core_dumps_t {
    CONFIG_CORE_DUMPS_OFF,
    CONFIG_CORE_DUMPS_REGISTERS,
    CONFIG_CORE_DUMPS_FULL
} config_core_dumps_t;

typedef struct config_mta_t {
    const char *name;     /* Local MTA name */
    const char *password; /* Local MTA password */
    const char *country;  /* global domain identifier */
    const char *admd;     /* " " if none */
    const char *prmd;
    const char *data_folder;
    unsigned message_timeout_urgent; /* minutes */
    unsigned message_timeout_normal;
    unsigned message_timeout_non_urgent;
    unsigned maximum_message_size; /* KB, 0 = none */
    unsigned maximum_associations; /* in all, incoming and outgoing */
    unsigned maximum_recipients;
    unsigned repeat_memory;         /* seconds for which a repeat is recognised */
    unsigned rfc1006_port;          /* listeners and connectors that name no port use this one */
    unsigned minimum_open_interval; /* s; no open-interval may be shorter */
    const char *user;               /* to become after start, NULL = stay */
    const char *pid_file;           /* NULL = none */
    config_core_dumps_t core_dumps;
    unsigned work_queue_alarm_on; /* messages; 0 = no alarm */
    unsigned work_queue_alarm_off;
    unsigned outbound_queue_alarm_on;
    unsigned outbound_queue_alarm_off;
    bool least_cost_only;
    bool supports_2k_tpdu;         /* TPDUs of at most 2048 octets on all links */
    bool no_bilateral_information; /* on no link */
    const char
        *alternate_recipient; /* O/R address for recipients of this domain that it lacks; NULL = none */
    const char *dead_letter_mailbox;   /* for reports that cannot be returned; NULL = none */
    unsigned missing_report_after;     /* s; 0 = reports are not awaited */
    unsigned maximum_returned_content; /* KB of a content that a report returns; 0 = none */
    const char *const *addresses;      /* names and addresses to bind; NULL-terminated, NULL = none given */
    config_place_t place;
} config_mta_t;

typedef struct config_listener_t {
    const char *name;
    const char *address; /* name or address; "*" = any, NULL = as the bind plan says */
    unsigned port;
    bytes_t transport_selector; /* empty = any */
    config_place_t place;
} config_listener_t;

/* The name of a quirk ("2k-tpdu") by its bit; NULL if there is none. */
const char *config_quirk_name(unsigned quirk);

typedef struct config_connector_t {
    const char *name;
    config_place_t place;
    /* general */
    const char *remote_mta_name;
    const char *remote_mta_password;
    const char *administrative_note;
    /* schedule */
    config_activation_t activation;
    uint8_t selected_times[CONFIG_SLOTS /
                           8]; /* bit n (from the lowest): quarter of an hour n since Sunday 00:00 */
    bool urgent_ignores_schedule;
    unsigned poll_interval; /* s between calls with nothing to send, 0 = when a selected time begins only */
    /* stack */
    const char *remote_host;
    unsigned port;
    const char *local_address; /* Stack IP Address Override, name or address; NULL = none */
    bytes_t outgoing_t_selector;
    bytes_t outgoing_s_selector;
    bytes_t outgoing_p_selector;
    bytes_t incoming_t_selector;
    bytes_t incoming_s_selector;
    bytes_t incoming_p_selector;
    const char **allowed_callers; /* addresses and prefixes, an extra check; NULL-terminated, may be empty */
    bool tell_other_callers;      /* a caller that allowed_callers does not have is told of, and taken */
    /* override */
    const char *local_mta_name; /* the MTA's if not overridden */
    const char *local_mta_password;
    unsigned checkpoint_size;  /* KB, 0 = none */
    unsigned recovery_timeout; /* s */
    unsigned window_size;
    unsigned lifetime;            /* s */
    unsigned incoming_idle_limit; /* s, 0 = none */
    unsigned disconnect;          /* s */
    unsigned threshold;           /* messages */
    unsigned max_open_retries;
    unsigned max_transfer_retries;
    unsigned open_interval;           /* s */
    unsigned transfer_interval;       /* s */
    unsigned transfer_timeout_urgent; /* s per KB */
    unsigned transfer_timeout_normal;
    unsigned transfer_timeout_non_urgent;
    unsigned connect_timeout; /* s */
    unsigned maximum_associations;
    /* address space */
    const config_address_space_t *address_spaces;
    size_t address_space_count;
    /* delivery restrictions: patterns of originators; NULL-terminated, may be empty */
    const char **accept_from;
    const char **reject_from;
    unsigned disallow; /* CONFIG_DISALLOW_* */
    /* barred originators: of messages that come in */
    const char **bar_p1_originator;
    bool ndr_to_barred_originator;
    /* thresholds: the link is opened when so much is queued; 0 = at once */
    unsigned content_length_threshold; /* KB */
    unsigned queue_length_threshold;   /* messages */
    bool urgent_overrides_thresholds;
    /* advanced */
    config_conformance_t conformance;
    bool two_way_alternate;
    bool local_initial_turn;
    unsigned maximum_message_size; /* KB, 0 = none */
    const char *remote_country;    /* remote link domain identifier; NULL = not given */
    const char *remote_admd;
    const char *remote_prmd;
    bool sibling; /* an MTA of this kind: gets link-state */
    unsigned quirks;
    bool deferred_delivery;    /* messages that come in with a deferred delivery time are held until then */
    bool common_name_from_dda; /* a DDA of type COMMON that comes in is taken for the common name */
} config_connector_t;

typedef struct config_mailbox_t {
    const char *name;
    const char *folder;
    const config_address_space_t *address_spaces;
    size_t address_space_count;
    config_place_t place;
    /* What its user takes; lists are NULL-terminated, NULL or empty = everything. */
    const char *const *content_types; /* numbers and object identifiers */
    const char *const *encoded_types; /* names of built-in types and object identifiers */
    unsigned maximum_message_size;    /* KB, 0 = none */
    const char *const *accept_from;   /* patterns of originators */
    const char *const *reject_from;
    bool test_restrictions;          /* what would be refused is only logged */
    const char *redirect_to;         /* O/R address that gets everything; NULL = none */
    const char *alternate_recipient; /* O/R address that gets what cannot be delivered here; NULL = none */
} config_mailbox_t;

/* An address whose messages go to another one. */
typedef struct config_redirect_t {
    const char *name;
    const char *address; /* O/R address */
    const char *to;      /* O/R address */
    unsigned reason;     /* X.411 RedirectionReason */
    config_place_t place;
} config_redirect_t;

/* Where a list sends the reports that come back to it (X.402 DLPolicy, report-propagation). */
typedef enum config_propagation_t {
    CONFIG_PROPAGATE_PREVIOUS, /* to the list or originator that the message came from */
    CONFIG_PROPAGATE_OWNER,
    CONFIG_PROPAGATE_BOTH,
    CONFIG_PROPAGATE_NONE
} config_propagation_t;

/* What members' messages say about reports to the originator. */
typedef enum config_member_reports_t {
    CONFIG_MEMBER_REPORTS_UNCHANGED,
    CONFIG_MEMBER_REPORTS_NONE,
    CONFIG_MEMBER_REPORTS_NON_DELIVERY,
    CONFIG_MEMBER_REPORTS_ALL
} config_member_reports_t;

typedef struct config_list_t {
    const char *name;
    const char *address;              /* O/R address */
    const char *const *members;       /* O/R addresses, NULL-terminated */
    const char *owner;                /* O/R address, NULL = none */
    const char *const *submitters;    /* patterns of originators and lists; NULL or empty = everybody */
    bool test_restrictions;           /* a submitter who is not permitted is only logged */
    config_propagation_t propagation; /* of reports */
    config_member_reports_t member_reports;
    bool reports_always; /* the list reports its delivery whenever asked; else only if it propagates none */
    config_place_t place;
} config_list_t;

typedef struct config_t {
    apr_pool_t *pool; /* holds all of it */
    const char *path;
    config_mta_t mta;
    const config_listener_t *listeners;
    size_t listener_count;
    const config_connector_t *connectors;
    size_t connector_count;
    const config_mailbox_t *mailboxes;
    size_t mailbox_count;
    const config_redirect_t *redirects;
    size_t redirect_count;
    const config_list_t *lists;
    size_t list_count;
    struct {
        const char *driver;
        const char *parameters;
        unsigned lease; /* seconds */
        bool wait;      /* for a store that another process owns */
    } store;
    struct {
        const char *file; /* text event log, NULL = none */
        bool standard_error;
        bool system;              /* journald, syslog, Windows Event Log */
        const char *event_source; /* the name under which events appear in the system's log */
        const char *text_folder;  /* of EV0.LOG, AP0.LOG and BF0.LOG */
        bool text_events;         /* EV0.LOG is written */
        bool unbounded_event;     /* the three do not roll */
        bool unbounded_apdu;
        bool unbounded_interop;
        bool tracking;
        const char *tracking_folder;
        unsigned tracking_days;   /* for which tracking files are kept, 0 = for ever */
        unsigned events_per_peer; /* of one kind in a minute that are told one by one, 0 = all */
        event_level_t levels[EVENT_CATEGORY_LIMIT];
    } log;
    struct {
        const char *const *virtual_addresses; /* names and addresses; NULL-terminated, NULL = none given */
        const char *resource;                 /* the cluster's name for this service, NULL = found out */
        bool node;                            /* a node of a cluster, whatever can be found out */
        bool use_any_address;                 /* the choice of addresses is left to the system */
    } cluster;
    struct {
        const char *address;
        unsigned port; /* 0 = no admin interface */
        const char *token_file;
    } admin;
} config_t;

typedef enum config_severity_t { CONFIG_ERROR, CONFIG_WARNING } config_severity_t;

/* One finding of the check: "FILE:LINE: error: what is wrong; what would be right". */
typedef struct config_finding_t {
    config_severity_t severity;
    config_place_t place;
    const char *text;
} config_finding_t;

enum { CONFIG_FINDING_LIMIT = 1000 }; /* findings beyond are counted, not kept */

typedef struct config_findings_t {
    config_finding_t *findings; /* in order of their places, the main file first */
    size_t count;
    size_t errors;
    const char *path; /* the main file */
} config_findings_t;

/* Reads and checks a file (with its includes). *config is NULL if there is an error; findings name every
 * mistake that could be found in one go, unknown options included, and what parses but cannot work as far as
 * this floor can see it: route_check (route/route.h) adds what needs addresses to be understood,
 * config_check_addresses what needs this machine's addresses. All memory is in pool, findings too; nothing
 * else is kept. The reader of libConfuse is one per process: not to be called by two threads at once. */
void config_read(const char *path, apr_pool_t *pool, const config_t **config, config_findings_t *findings);
/* The same for a text in memory that stands for the file path (includes are taken relative to it). */
void config_read_text(const char *path, bytes_t text, apr_pool_t *pool, const config_t **config,
                      config_findings_t *findings);

/* What a tool needs to reach the MTA that runs with the file (admin, mta.data_folder), even if the file has
 * got mistakes elsewhere meanwhile; nothing else of the result is checked. NULL, and findings, if the file
 * cannot be read or its structure is broken. */
const config_t *config_read_loosely(const char *path, apr_pool_t *pool, config_findings_t *findings);

/* True if the configuration says that this machine is a node of a cluster. */
static inline bool config_is_cluster_node(const config_t *config)
{
    return config->cluster.node ||
           (config->cluster.virtual_addresses && config->cluster.virtual_addresses[0]);
}

/* Warns of every address of this machine that the configuration names (listeners, Stack IP Address Override,
 * the admin interface) for which is_local says no; on a node of a cluster, where addresses come and go, of
 * that of the admin interface only. Names are left out. */
void config_check_addresses(const config_t *config, bool (*is_local)(const char *address), apr_pool_t *pool,
                            config_findings_t *findings);

/* Adds a finding in its place. Texts are copied into pool, which must live as long as findings. */
void config_findings_add(config_findings_t *findings, apr_pool_t *pool, config_severity_t severity,
                         config_place_t place, const char *format, ...) FORMAT_APR(5, 6);

/* The findings as lines "FILE:LINE: error: TEXT" (or "warning"), each ended by a newline. */
const char *config_findings_text(const config_findings_t *findings, apr_pool_t *pool);

/* By name; NULL if there is none. */
const config_connector_t *config_find_connector(const config_t *config, const char *name);
const config_mailbox_t *config_find_mailbox(const config_t *config, const char *name);
const config_list_t *config_find_list(const config_t *config, const char *name);

/* Selected times: whether the connector may be opened in this minute of the week (0 = Sunday 00:00), and how
 * many minutes it is until it may (0 = now, -1 = never). Other activations than selected: always or never. */
int config_minutes_until_active(const config_connector_t *connector, unsigned minute_of_week);

/* The option table as the text of the reference (Markdown; docs/configuration.md is this output). */
void config_print_reference(FILE *out);
/* The same as a manual page, x400mta.conf(5). */
void config_print_manual(FILE *out);

#endif
