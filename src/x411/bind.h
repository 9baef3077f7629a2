/* The P1 bind (X.411 clause 12.1.1, Figure 4; X.419): argument, result and error, as RTSE open user data in
 * each mode. In normal mode the values are under [16], [17] and [18] (X.880 bind); in the X.410 modes they
 * are bare. Whatever credentials a peer sends decode: a wrong, empty or missing password is for the caller to
 * judge and never a decode fault. */
#ifndef X411_BIND_H
#define X411_BIND_H

#include "x411/types.h"

typedef enum x411_credentials_t {
    X411_CREDENTIALS_NONE,      /* authenticated form without credentials (not standard; taken as an empty
                                   password) */
    X411_CREDENTIALS_SIMPLE,    /* password */
    X411_CREDENTIALS_STRONG,    /* [0]: kept, not verified */
    X411_CREDENTIALS_PROTECTED, /* [1]: kept, not verified */
    X411_CREDENTIALS_OTHER      /* something else: kept */
} x411_credentials_t;

/* An MTABindArgument or MTABindResult. */
typedef struct x411_bind_t {
    bool authenticated; /* false: NULL, no names */
    x411_string_t name; /* MTA name; type 0 = absent */
    x411_credentials_t credentials;
    x411_string_t password;   /* SIMPLE: type BER_IA5_STRING or BER_OCTET_STRING as received */
    bytes_t raw_credentials;  /* the credentials element (TLV) as received */
    bytes_t security_context; /* contents of [2] as received; empty = absent */
    /* Not of the standard: the element [PRIVATE 400] in the authenticated form, by which MTAs of this kind
     * that are configured as siblings tell each other that they take link-state (route/link_state.h). */
    bool sibling;
} x411_bind_t;

/* MTABindError (X.411 Figure 4); 1 is in no text of it. */
typedef enum x411_bind_error_t {
    X411_BIND_BUSY = 0,
    X411_BIND_CANNOT_RECOVER = 1, /* X.410-1984 refuse reason of old texts; read, not sent in normal mode */
    X411_BIND_AUTHENTICATION_ERROR = 2,
    X411_BIND_UNACCEPTABLE_DIALOGUE_MODE = 3,
    X411_BIND_UNACCEPTABLE_SECURITY_CONTEXT = 4,
    X411_BIND_INADEQUATE_CONFIDENTIALITY = 5
} x411_bind_error_t;

typedef enum x411_bind_kind_t { X411_BIND_ARGUMENT, X411_BIND_RESULT } x411_bind_kind_t;

/* An authenticated bind of name and password; the password's type is the one customary for mode: IA5String in
 * 1984, OCTET STRING in 1988. The strings must outlive it. */
x411_bind_t x411_bind_make(x411_mode_t mode, const char *name, const char *password);

/* Decodes what the RTSE handed up. The tags [16]/[17] are taken in any mode, and may be missing in normal
 * mode; NULL in any place, and no octets at all, are the unauthenticated form. NULL, or what is malformed. */
err_t *x411_bind_decode(apr_pool_t *pool, x411_mode_t mode, x411_bind_kind_t kind, bytes_t octets,
                        x411_bind_t *bind);
/* Decodes a bind error: [18] INTEGER, or a bare INTEGER as PP sends, or [19] INTEGER; *code is any number. */
err_t *x411_bind_error_decode(apr_pool_t *pool, bytes_t octets, int64_t *code);

/* Appends the encoding to out (RTSE open user data). false if it does not fit. */
bool x411_bind_encode(x411_mode_t mode, x411_bind_kind_t kind, const x411_bind_t *bind, buffer_t *out);
/* Normal mode: [18] { INTEGER }. In the X.410 modes the refusal has no user data: the RTSE's refuse reason
 * says it (busy 0, cannot recover 1, validation failure 2, unacceptable dialogue mode 3): nothing is
 * appended. */
bool x411_bind_error_encode(x411_mode_t mode, int64_t code, buffer_t *out);

/* Words for a bind error ("authentication error"); numbers without a meaning give "bind error". */
const char *x411_bind_error_text(int64_t code);

#endif
