/* Which values of a decoded APDU pass the upper bounds or leave the repertoires of X.411. Nothing here
 * refuses anything: the caller gets a list and decides (leniency, non-delivery with invalid-arguments,
 * event). */
#ifndef X411_BOUNDS_H
#define X411_BOUNDS_H

#include "x411/message.h"

typedef struct x411_violation_t {
    const char *what;  /* "surname is longer than 40", a literal */
    int64_t recipient; /* index into recipients, -1 = envelope */
    size_t length;     /* of the value, or count of elements */
} x411_violation_t;

/* Fills list with at most room violations, in the order of the APDU; returns how many there are (may be
 * more). */
size_t x411_bounds_check(apr_pool_t *pool, const x411_apdu_t *apdu, x411_violation_t *list, size_t room);
/* Of one name. recipient is copied into the violations. */
size_t x411_bounds_check_name(apr_pool_t *pool, const x411_or_name_t *name, int64_t recipient,
                              x411_violation_t *list, size_t room);

#endif
