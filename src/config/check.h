/* What parses but cannot work, and what breaks a rule that involves more than one option. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/raw.h"

/* Adds findings about a configuration that was built from root. */
void check_config(const raw_section_t *root, const config_t *config, apr_pool_t *pool,
                  config_findings_t *findings);

#endif
