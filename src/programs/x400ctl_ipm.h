/* The interpersonal message that `x400ctl send` makes of its options. */
#ifndef PROGRAMS_X400CTL_IPM_H
#define PROGRAMS_X400CTL_IPM_H

#include "base/bytes.h"
#include "base/error.h"
#include "x400ctl_ctl.h"
#include "x411/fields.h"

/* Builds the content (type 2 or 22) from -f, -r, -s, -t or the text file (may be NULL), and -a; *eits gets
 * what it is made of, for the envelope. */
err_t *ctl_build_ipm(ctl_t *ctl, int content_type, const char *text_file, bytes_t *content,
                     x411_eits_t *eits);

#endif
