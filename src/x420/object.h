/* Finds out what a file of octets is: a P1 APDU in any mode (with or without the EXTERNAL of normal mode), or
 * a bare content of type P2 or P22. */
#ifndef X420_OBJECT_H
#define X420_OBJECT_H

#include "x411/message.h"
#include "x420/ipm.h"

typedef enum x420_object_kind_t {
    X420_OBJECT_APDU,   /* apdu, and content of a message */
    X420_OBJECT_CONTENT /* interpersonal content: decoded */
} x420_object_kind_t;

typedef struct x420_object_t {
    x420_object_kind_t kind;
    bool wrapped;     /* the EXTERNAL of normal mode was around the APDU */
    x411_mode_t mode; /* by what the octets show: see x420_object_mode */
    x411_apdu_t *apdu;
    bytes_t content; /* message: content octets */
    x420_content_t interpersonal;
} x420_object_t;

/* Reads octets, which must live as long as *object. NULL, or why they are nothing that is known here. */
err_t *x420_object_read(apr_pool_t *pool, bytes_t octets, x420_object_t *object);

/* The mode that an APDU looks like: normal if it has what only 1988 has (extensions, extension attributes,
 * indicators over 8 bits), else 1984. X.410 mode of 1988 cannot be told from normal mode. */
x411_mode_t x420_object_mode(const x411_apdu_t *apdu);

#endif
