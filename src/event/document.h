/* The catalogue as documents: the page docs/events.md, and the message catalogue of journald, by which
 * `journalctl -x` explains an event. Both come from the one table; the build and a test see to it that they
 * are what the table says. */
#ifndef EVENT_DOCUMENT_H
#define EVENT_DOCUMENT_H

#include <stdio.h>

#include "event/event.h"

/* The page for administrators, in Markdown. */
void event_document_markdown(FILE *out);
/* The journal's message catalogue (catalog(7) of systemd). message_id writes the MESSAGE_ID of an event as 32
 * hexadecimal digits and a terminator. */
void event_document_journal(FILE *out, void (*message_id)(char *text, unsigned event_id));

/* Writes the journal's MESSAGE_ID of an event: 32 hexadecimal digits and a terminator, the same for the same
 * event for ever, so that journalctl and the catalogue find it. */
enum { EVENT_JOURNAL_ID_SIZE = 33 };
void event_journal_id(char *text, unsigned event_id);

/* Writes the name of the journal field of a parameter, "X400_CONNECTOR", with its terminator. */
void event_journal_field(char *name, size_t size, const char *parameter);

#endif
