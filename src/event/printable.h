/* Makes text from outside fit for a log: one line, no control characters, valid UTF-8, bounded. */
#ifndef EVENT_PRINTABLE_H
#define EVENT_PRINTABLE_H

#include <stddef.h>

/* Copies text (NULL counts as "") into buffer of size octets, at least 1, with its terminator. Control
 * characters, separators of lines and writing direction, and octets that are not UTF-8 become \xNN. What does
 * not fit is cut between characters and ends in "...", if there is room for that. Returns the octets written.
 */
size_t printable_copy(char *buffer, size_t size, const char *text);

#endif
