/* The text of a value as its type: numbers with units, words, selectors, address spaces, times of the week.
 * Each function returns NULL, or in words (in pool) why the text is no such value and what would be right. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/schema.h"

/* A number in the option's unit: digits, or digits with one of the suffixes of the unit: s, min, h, d for
 * times (also m for minutes), k, M, G for sizes. The range of the option is checked. */
const char *value_number(const schema_option_t *option, const char *text, apr_pool_t *pool, unsigned *value);
/* yes, no, on, off, true, false, 1, 0 */
const char *value_boolean(const schema_option_t *option, const char *text, apr_pool_t *pool, bool *value);
/* One of the option's words, without regard to case. */
const char *value_word(const schema_option_t *option, const char *text, apr_pool_t *pool, unsigned *value);
/* Text as it is; 0x and an even number of hexadecimal digits, or hex: and the same, are octets. */
const char *value_selector(const schema_option_t *option, const char *text, apr_pool_t *pool, bytes_t *value);
/* [X400:]PATTERN[;;COST] */
const char *value_address_space(const char *text, apr_pool_t *pool, config_address_space_t *space);
/* "mon-fri 08:00-18:00": sets the bits. */
const char *value_times(const char *text, apr_pool_t *pool, uint8_t slots[CONFIG_SLOTS / 8]);
/* A number of the unit as people write it: "10min" for 600 s. */
const char *value_describe(schema_unit_t unit, unsigned value, apr_pool_t *pool);

#endif
