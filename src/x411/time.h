/* UTCTime as P1 carries it (X.411 Time; X.680 clause 47): characters as received beside the instant that
 * they mean. Peers send it with and without seconds, with Z or an offset, empty, or with a year of three or
 * four digits; a bad time is a value to report, not a malformed APDU. */
#ifndef X411_TIME_H
#define X411_TIME_H

#include "x411/types.h"

/* The text as encoded ("261122031425Z", "2611220314-0500"); data NULL = absent, present may be empty. */
typedef struct x411_time_t {
    bytes_t text;
} x411_time_t;

static inline bool x411_time_present(const x411_time_t *time)
{
    return time->text.data != NULL;
}

typedef enum x411_time_quality_t {
    X411_TIME_GOOD,
    X411_TIME_NO_ZONE,   /* usable: taken as UTC */
    X411_TIME_LONG_YEAR, /* quirk: year of three digits (126 = 2026) or four digits, taken as meant */
    X411_TIME_EMPTY,     /* no octets */
    X411_TIME_BAD        /* not a time (month 13, letters, ...) */
} x411_time_quality_t;

/* What text means, as UTC microseconds in *utc (0 unless usable). Years 00-49 are 20xx, 50-99 are 19xx. The
 * first three qualities are usable; the caller may still refuse LONG_YEAR (diagnostic invalid-arguments). */
x411_time_quality_t x411_time_read(bytes_t text, utc_time_t *utc);

/* True if text is usable; *utc as above. */
bool x411_time_to_utc(const x411_time_t *time, utc_time_t *utc);

/* YYMMDDhhmmssZ in pool; a time outside 1950 to 2049 is clipped to that range. */
enum { X411_TIME_SIZE = 13 };
x411_time_t x411_time_from_utc(apr_pool_t *pool, utc_time_t utc);
/* The same into text, which has room for X411_TIME_SIZE octets (no terminator is written). */
void x411_time_write(utc_time_t utc, char *text);

#endif
