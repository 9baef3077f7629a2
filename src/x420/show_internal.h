/* What the files of show share. */
#ifndef X420_SHOW_INTERNAL_H
#define X420_SHOW_INTERNAL_H

#include "x420/show.h"

typedef struct show_t {
    apr_pool_t *pool;
    buffer_t *out;
} show_t;

void show_clean(buffer_t *out, bytes_t utf8);
void show_label(buffer_t *out, unsigned indent, const char *label);
void show_title(buffer_t *out, unsigned indent, const char *title);
/* Nothing if the string is absent. */
void show_string(const show_t *show, unsigned indent, const char *label, const x411_string_t *string);
void show_time(const show_t *show, unsigned indent, const char *label, const x411_time_t *time);
/* "2026-11-22 03:14:25 UTC", or the characters as they are and what is wrong with them. */
const char *show_time_text(apr_pool_t *pool, const x411_time_t *time);
/* "ia5-text, teletex, 2.6.1.12.0"; "none". */
const char *show_eits_text(apr_pool_t *pool, const x411_eits_t *eits);
void show_interpersonal(const show_t *show, unsigned indent, const x420_content_t *content);

#endif
