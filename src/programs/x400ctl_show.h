/* `x400ctl show FILE`: a P1, P2 or P22 object, or a message in a mailbox, printed readably or as JSON. */
#ifndef PROGRAMS_X400CTL_SHOW_H
#define PROGRAMS_X400CTL_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* Prints what is in path to out. The kind is found from the octets: a P1 APDU of any mode, with or without
 * the EXTERNAL of normal mode, or a content of type P2 or P22. NAME.json and NAME.content of a mailbox folder
 * are shown together. NULL, or why the file cannot be read or is nothing that is known. */
err_t *show_file(const char *path, bool json, FILE *out, apr_pool_t *pool);

#endif
