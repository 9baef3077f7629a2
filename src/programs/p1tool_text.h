/* What p1source and p1sink read from their command lines and write as text. */
#ifndef PROGRAMS_P1TOOL_TEXT_H
#define PROGRAMS_P1TOOL_TEXT_H

#include <stdio.h>

#include "osi/primitives.h"
#include "x411/types.h"

/* "1984", "x410" (1988 in X.410 mode), "normal"; false for anything else. */
bool text_read_mode(const char *text, osi_mode_t *mode);
const char *text_mode(osi_mode_t mode);
/* The P1 floor numbers the modes as the OSI floor does. */
static inline x411_mode_t text_p1_mode(osi_mode_t mode)
{
    return (x411_mode_t)mode;
}

/* A selector: characters as they are, or hexadecimal after "0x"; at most limit octets. */
bool text_read_selector(apr_pool_t *pool, const char *text, size_t limit, bytes_t *selector);
/* "host", "host:port", "[2001:db8::1]:port". A lone number is a port if port_only. */
bool text_read_endpoint(apr_pool_t *pool, const char *text, bool port_only, const char **host,
                        uint16_t *port);
/* A whole number from minimum to maximum; k, m and g multiply by 1024. */
bool text_read_number(const char *text, int64_t minimum, int64_t maximum, int64_t *number);
/* Seconds, perhaps with a decimal fraction, or with ms or s behind; as microseconds. */
bool text_read_duration(const char *text, int64_t *microseconds);
/* A string of JSON with its quotes. */
void text_write_json(FILE *file, const char *text);
/* Reads a whole file (at most 1 GiB) into pool; false if it cannot be read. */
bool text_read_file(apr_pool_t *pool, const char *path, bytes_t *octets);

#endif
