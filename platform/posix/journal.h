/* The journal's MESSAGE_ID of an event: the same 128 bits for the same event ID for ever, so that journalctl
 * and the message catalogue find it. */
#ifndef PLATFORM_POSIX_JOURNAL_H
#define PLATFORM_POSIX_JOURNAL_H

enum { PLATFORM_MESSAGE_ID_SIZE = 33 }; /* 32 hexadecimal digits and a terminator */

/* text has room for PLATFORM_MESSAGE_ID_SIZE. */
void platform_message_id(char *text, unsigned event_id);

#endif
