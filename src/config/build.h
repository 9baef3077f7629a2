/* From the raw file to the structures of config.h: types, ranges, defaults, what is missing. */
#ifndef CONFIG_BUILD_H
#define CONFIG_BUILD_H

#include "config/raw.h"

/* Fills config (cleared by the caller except pool and path). Mistakes go to findings; what was mistaken has
 * its default. */
void build_config(const raw_section_t *root, config_t *config, config_findings_t *findings);

/* The place of an option in a section of the file, or of the section if it is not given; sections below
 * count. */
config_place_t build_place(const raw_section_t *section, const char *option);
/* The raw section of this kind and title (NULL = no title); NULL if the file has none. */
const raw_section_t *build_find(const raw_section_t *root, const char *name, const char *title);

#endif
