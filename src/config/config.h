/* The configuration as the rest of the MTA sees it: plain structures, checked, with defaults filled in.
 * The file is libConfuse (docs/configuration.md); one option table (schema.c) holds every name, default, range
 * and explanation, and the reader, the checker and the manual come from it. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <apr_pools.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"
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

typedef struct config_address_space_t {
    const char *pattern; /* O/R address pattern "C=GB;A= ;P=PPA;O=*", or a regular expression "/.../" */
    int cost;            /* 1..100 */
    config_place_t place;
} config_address_space_t;

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
    unsigned repeat_memory; /* seconds for which a repeat is recognised */
    bool accept_unknown_mtas;
    bool least_cost_only;
    config_place_t place;
} config_mta_t;

typedef struct config_listener_t {
    const char *name;
    const char *address; /* NULL = any */
    unsigned port;
    bytes_t transport_selector; /* empty = any */
    config_place_t place;
} config_listener_t;

typedef struct config_connector_t {
    const char *name;
    config_place_t place;
    /* general */
    const char *remote_mta_name;
    const char *remote_mta_password;
    const char *administrative_note;
    /* schedule */
    config_activation_t activation;
    /* stack */
    const char *remote_host;
    unsigned port;
    const char *local_address; /* Stack IP Address Override, NULL = none */
    bytes_t outgoing_t_selector;
    bytes_t outgoing_s_selector;
    bytes_t outgoing_p_selector;
    bytes_t incoming_t_selector;
    bytes_t incoming_s_selector;
    bytes_t incoming_p_selector;
    const char **allowed_callers; /* addresses and prefixes, an extra check; NULL-terminated, may be empty */
    /* override */
    const char *local_mta_name;     /* the MTA's if not overridden */
    const char *local_mta_password;
    unsigned checkpoint_size;  /* KB, 0 = none */
    unsigned recovery_timeout; /* s */
    unsigned window_size;
    unsigned lifetime;   /* s */
    unsigned disconnect; /* s */
    unsigned threshold;  /* messages */
    unsigned max_open_retries;
    unsigned max_transfer_retries;
    unsigned open_interval;     /* s */
    unsigned transfer_interval; /* s */
    unsigned transfer_timeout_urgent; /* s per KB */
    unsigned transfer_timeout_normal;
    unsigned transfer_timeout_non_urgent;
    unsigned connect_timeout; /* s */
    unsigned maximum_associations;
    /* address space */
    const config_address_space_t *address_spaces;
    size_t address_space_count;
    /* advanced */
    config_conformance_t conformance;
    bool two_way_alternate;
    unsigned maximum_message_size; /* KB, 0 = none */
    const char *remote_country; /* remote link domain identifier; NULL = not given */
    const char *remote_admd;
    const char *remote_prmd;
    unsigned quirks;
} config_connector_t;

typedef struct config_mailbox_t {
    const char *name;
    const char *folder;
    const config_address_space_t *address_spaces;
    size_t address_space_count;
    config_place_t place;
} config_mailbox_t;

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
    struct {
        const char *driver;
        const char *parameters;
    } store;
    struct {
        const char *file; /* text event log, NULL = none */
        bool standard_error;
        bool system; /* journald, syslog, Windows Event Log */
        event_level_t levels[EVENT_CATEGORY_LIMIT];
    } log;
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

typedef struct config_findings_t {
    const config_finding_t *findings;
    size_t count;
    size_t errors;
} config_findings_t;

/* Reads and checks a file (with its includes). *config is NULL if there is an error; findings, in order of
 * their places, name every mistake that could be found in one go, unknown options included, and what parses
 * but cannot work (a connector that no address leads to, an address space that another hides). */
void config_read(const char *path, apr_pool_t *pool, const config_t **config, config_findings_t *findings);

/* The findings as lines. */
const char *config_findings_text(const config_findings_t *findings, apr_pool_t *pool);

/* By name; NULL if there is none. */
const config_connector_t *config_find_connector(const config_t *config, const char *name);
const config_mailbox_t *config_find_mailbox(const config_t *config, const char *name);

/* The option table as the manual page's and the reference's text. */
void config_print_reference(FILE *out);

#endif
