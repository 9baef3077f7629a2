/* Character sets of text body parts: eight-bit sets to and from UTF-8, and the checks that choose one. T.61
 * and the universal forms are in x411/types.h. */
#ifndef X420_CHARSET_H
#define X420_CHARSET_H

#include "x411/types.h"

typedef enum x420_charset_t {
    X420_ASCII,   /* octets over 7F become U+FFFD */
    X420_LATIN1,  /* ISO 8859-1, registration 100 */
    X420_LATIN9,  /* ISO 8859-15, registration 203 */
    X420_CYRILLIC /* ISO 8859-5, registration 144 */
} x420_charset_t;

/* text, read in this set, as UTF-8 in pool. */
bytes_t x420_utf8_from_8bit(apr_pool_t *pool, bytes_t text, x420_charset_t charset);
/* UTF-8 in ISO 8859-1, in pool; false if a character is not in that set or utf8 is not well-formed. */
bool x420_latin1_from_utf8(apr_pool_t *pool, bytes_t utf8, bytes_t *latin1);

/* True if text is well-formed UTF-8 (RFC 3629). */
bool x420_utf8_is_valid(bytes_t text);
/* text with each octet that is not part of well-formed UTF-8 replaced by U+FFFD; text itself if there is
 * none. */
bytes_t x420_utf8_clean(apr_pool_t *pool, bytes_t text);
/* The next character of *text, which shrinks; U+FFFD for an octet that begins none. text is not empty. */
uint32_t x420_utf8_next(bytes_t *text);
/* Appends a character at out (room for 4 octets); how many octets it took. */
size_t x420_utf8_put(uint32_t character, uint8_t *out);

/* True if every octet is of IA5 (below 80 hexadecimal). */
bool x420_is_ia5(bytes_t text);
/* text without ISO 2022 escape sequences and locking shifts; text itself if there are none. */
bytes_t x420_strip_escapes(apr_pool_t *pool, bytes_t text);

#endif
