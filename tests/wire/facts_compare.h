/* Compares the facts that a decoder found with those that a file says. */
#ifndef TESTS_FACTS_COMPARE_H
#define TESTS_FACTS_COMPARE_H

#include <jansson.h>
#include <stdio.h>

/* Puts every list of extension fields into the order of the layout: by type, as text ("10" before "7"). */
void facts_sort(json_t *facts);

/* An extension's value may be said decoded ("value") or as its encoding ("value_ber"): drops from found,
 * where it has both, the form that expected does not use (the encoding if expected is NULL or has neither).
 */
void facts_settle(const json_t *expected, json_t *found);

/* Writes each difference to out with its path below name; returns how many there are. Keys that say how the
 * file was made or checked do not count. A key that the layout does not describe counts only if the file has
 * it. */
unsigned facts_compare(const char *name, const json_t *expected, const json_t *found, FILE *out);

#endif
