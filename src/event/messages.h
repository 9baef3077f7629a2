/* The catalogue as the message table of the Windows Event Log: the source text for the message compiler, and
 * what an event hands over to the log. An event that was logged without its text is as good as lost to an
 * operator, so both sides come from here.
 *
 * The insertion strings of an event are its parameters, and behind them the four parts of the tag: component
 * and process (one string), thread, procedure, severity. */
#ifndef EVENT_MESSAGES_H
#define EVENT_MESSAGES_H

#include <stdint.h>
#include <stdio.h>

#include "event/event.h"

enum { EVENT_MESSAGE_TAG = 4, EVENT_MESSAGE_STRINGS = EVENT_PARAMETER_LIMIT + EVENT_MESSAGE_TAG };

/* The number by which the Event Log knows an event: type in the two highest bits, the ID in the low 16. */
uint32_t event_message_id(const event_definition_t *definition);
/* Writes the insertion strings of a record into texts, size octets each with the terminator, and returns how
 * many. */
unsigned event_message_strings(const event_record_t *record, char *texts, size_t size);
/* The source text of the message table, for windmc or mc: categories first, then all events. */
void event_messages_source(FILE *out);
/* What the log shows for each event with the strings "<1>", "<2>" ...: lines of the number in eight
 * hexadecimal digits, a tab, and the text; for tests of the compiled table. Categories likewise. */
void event_messages_expected(FILE *out);

#endif
