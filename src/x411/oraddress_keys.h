/* The keys of the two written forms of an O/R address. Private to x411. */
#ifndef X411_ORADDRESS_KEYS_H
#define X411_ORADDRESS_KEYS_H

#include <stdint.h>

typedef enum key_kind_t {
    KEY_NAME, /* index: part of the personal name */
    KEY_CN,
    KEY_O,
    KEY_OU, /* index: 0 = bare OU, n = OUn */
    KEY_PRMD,
    KEY_ADMD,
    KEY_COUNTRY,
    KEY_X121,
    KEY_TERMINAL_ID,
    KEY_USER_ID,
    KEY_TERMINAL_TYPE,
    KEY_NET_NUMBER,
    KEY_NET_SUBADDRESS,
    KEY_DDA,
    KEY_PDS,   /* index: extension attribute with printable, T.61 and universal variants */
    KEY_PLAIN, /* index: extension attribute that is one string */
    KEY_LINE,  /* index: 0 = the address as one string, n = line n */
    KEY_OTHER  /* index: extension attribute by number, value in hex */
} key_kind_t;

typedef struct oraddress_key_t {
    key_kind_t kind;
    int index;
    const char *semicolon; /* as written in the semicolon form */
    const char *slash;     /* as written in the slash form */
    const char *alias;     /* read too; NULL = none */
} oraddress_key_t;

/* In the order of writing; OU, DDA, LINE and OTHER stand once for all of theirs. */
extern const oraddress_key_t oraddress_keys[];
extern const unsigned oraddress_key_count;

#endif
