/* The text logs that administrators of such MTAs know: EV0.LOG (a copy of every event in the old form),
 * AP0.LOG (what passes between the layers and the network) and BF0.LOG (the octets of APDUs). The last two
 * are written when the diagnostics levels ask for them: AP0 with Interface and Interoperability at medium or
 * more, BF0 with X.400 Service and APDU at medium or more. */
#ifndef EVENT_TEXTLOGS_H
#define EVENT_TEXTLOGS_H

#include "base/bytes.h"
#include "event/event.h"

typedef struct textlogs_t textlogs_t;

typedef struct textlogs_config_t {
    const char *folder;
    bool event_log;         /* write EV0.LOG */
    bool unbounded_event;   /* EV0.LOG does not roll */
    bool unbounded_apdu;    /* BF0.LOG */
    bool unbounded_interop; /* AP0.LOG */
} textlogs_config_t;

/* Makes the logs in pool, and adds EV0.LOG to log as a sink if it is wanted. log must outlive them. */
textlogs_t *textlogs_create(event_log_t *log, const timebase_t *time, const textlogs_config_t *config,
                            apr_pool_t *pool);

/* True while the levels ask for AP0.LOG, for BF0.LOG. logs may be NULL. */
bool textlogs_traces(const textlogs_t *logs);
bool textlogs_dumps(const textlogs_t *logs);

/* Writes octets that passed between the MTA and a peer to AP0.LOG; entity and address may be "". */
void textlogs_trace(textlogs_t *logs, const char *entity, const char *address, bool outgoing, bytes_t octets);
/* A number for a PDU that is about to be dumped; events name it as "PDU dump reference". */
unsigned textlogs_new_reference(textlogs_t *logs);
/* Writes octets of the APDU with this reference to BF0.LOG: its heading if offset is 0, then the octets. */
void textlogs_dump(textlogs_t *logs, unsigned reference, const char *what, uint64_t offset, bytes_t octets);

/* One record in the form of EV0.LOG; returns its length. size must be at least EVENT_TEXT_LIMIT * 2. */
size_t textlogs_format_event(const event_record_t *record, char *text, size_t size);

#endif
