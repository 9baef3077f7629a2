/* P1 APDUs and interpersonal messages as text for people, in UTF-8: one fact a line, names in words, texts
 * printed, what is unknown as a hex dump. Control characters from the message never reach the text. */
#ifndef X420_SHOW_H
#define X420_SHOW_H

#include "base/format.h"
#include "x420/object.h"

enum { X420_SHOW_LIMIT = 512 * 1024 * 1024 }; /* octets of text that a caller should allow */

/* Appends the text of an APDU (with its content) or a content to out. Failure is latched in out. */
void x420_show_object(apr_pool_t *pool, const x420_object_t *object, buffer_t *out);
/* A content by its type: the message or notification, else a hex dump. */
void x420_show_content(apr_pool_t *pool, const x411_content_type_t *type, bytes_t content, buffer_t *out);
/* Octets as lines "0000  30 82 ..  text", at most limit octets of them, and how many follow. */
void x420_show_hex(bytes_t octets, unsigned indent, size_t limit, buffer_t *out);

/* Building blocks: "  Label:  value" with indent steps of two spaces; value is UTF-8 and is cleaned. */
void x420_show_line(buffer_t *out, unsigned indent, const char *label, const char *format, ...)
    FORMAT_PRINTF(4, 5);
/* UTF-8 of any length, cleaned, each line indented. */
void x420_show_text(buffer_t *out, unsigned indent, bytes_t utf8);

#endif
