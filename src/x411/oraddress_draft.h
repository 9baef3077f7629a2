/* An O/R address with every attribute in its decoded variants side by side: printable, T.61, universal. The
 * written forms are printed from it and parsed into it. Private to x411. */
#ifndef X411_ORADDRESS_DRAFT_H
#define X411_ORADDRESS_DRAFT_H

#include "x411/oraddress.h"

enum { DRAFT_ATTRIBUTES = 41 }; /* extension attribute types that have a key: 1 to 40 */

typedef struct draft_universal_dda_t {
    x411_universal_t type;
    x411_universal_t value;
} draft_universal_dda_t;

typedef struct draft_t {
    x411_or_address_t base; /* the standard attributes and DDAs; its extension attributes are not used */
    x411_string_t cn;
    x411_string_t t61[DRAFT_ATTRIBUTES]; /* single T.61 values: types 2, 3, 16 */
    x411_personal_name_t t61_name;       /* type 4 */
    x411_string_t *t61_ous;              /* type 5 */
    unsigned t61_ou_count;
    x411_dda_t *t61_ddas; /* type 6 */
    unsigned t61_dda_count;
    x411_string_t plain[DRAFT_ATTRIBUTES]; /* types 7, 8, 9 */
    x411_pds_t pds[DRAFT_ATTRIBUTES];      /* types 10 to 15, 17 to 21 */
    x411_string_t *lines;                  /* type 16 */
    unsigned line_count;
    x411_string_t net_number; /* type 22 */
    x411_string_t net_subaddress;
    bool terminal_type_present; /* type 23 */
    int64_t terminal_type;
    x411_universal_t universal[DRAFT_ATTRIBUTES]; /* types 24, 25, 29 to 40 */
    x411_universal_t universal_name[4];           /* type 26 */
    x411_universal_t *universal_ous;              /* type 27 */
    unsigned universal_ou_count;
    draft_universal_dda_t *universal_ddas; /* type 28 */
    unsigned universal_dda_count;
    x411_extension_attribute_t *others; /* without a key, or not in the form that the key would give */
    unsigned other_count;
} draft_t;

/* Fills draft from address; what does not come back as the same octets from its key goes to others. */
void draft_from_address(apr_pool_t *pool, const x411_or_address_t *address, draft_t *draft);

/* Makes the address of draft in pool, extension attributes by type, others last. */
void draft_to_address(apr_pool_t *pool, const draft_t *draft, x411_or_address_t *address);

#endif
