/* What to do about an error with which x400mta does not start: a sentence for whoever installs it. */
#ifndef PROGRAMS_X400MTA_ADVICE_H
#define PROGRAMS_X400MTA_ADVICE_H

#include "base/error.h"

/* The advice for err, judged by the innermost code of its chain that there is one for; NULL without any. */
const char *advice_for(const err_t *err);

#endif
