/* `x400ctl track MTS-ID`: one message through everything that the tracking log has about it, reports
 * included. It reads the files of the log itself, so the MTA need not run and has no work with it. */
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "event/tracking.h"
#include "x400ctl_ctl.h"
#include "x400ctl_table.h"

enum { LINE_ROOM = 16384, FIELDS = 13, RELATED_LIMIT = 10000 };

/* Fields of a line, by the numbers of event/tracking.h less one. */
enum {
    F_ID,
    F_EVENT,
    F_TIME,
    F_CONNECTOR,
    F_PARTNER,
    F_REMOTE,
    F_ORIGINATOR,
    F_PRIORITY,
    F_OCTETS,
    F_SECONDS,
    F_COST,
    F_SUBJECT,
    F_RECIPIENTS
};

typedef struct search_t {
    ctl_t *ctl;
    const char *folder;
    apr_array_header_t *files; /* of const char *, sorted */
    apr_hash_t *related;       /* identifiers of the message and of reports on it */
    bool grown;                /* the pass found new ones */
    bool show;                 /* the pass prints */
    json_t *list;
    unsigned shown;
} search_t;

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool list_files(search_t *search)
{
    apr_pool_t *pool = search->ctl->pool;
    apr_dir_t *folder;
    apr_status_t status = apr_dir_open(&folder, search->folder, pool);
    if (status != APR_SUCCESS) {
        char words[160];
        ctl_complain("the tracking log %s cannot be read: %s", search->folder,
                     err_status_words(status, words, sizeof(words)));
        return false;
    }
    apr_finfo_t file;
    while (apr_dir_read(&file, APR_FINFO_NAME, folder) == APR_SUCCESS)
        if (file.name && strlen(file.name) == 12 && strspn(file.name, "0123456789") == 8 &&
            strcmp(file.name + 8, ".log") == 0)
            APR_ARRAY_PUSH(search->files, const char *) = apr_pstrdup(pool, file.name);
    apr_dir_close(folder);
    qsort(search->files->elts, (size_t)search->files->nelts, sizeof(const char *), compare_names);
    return true;
}

/* Cuts line at its tabs; how many fields it has, at most FIELDS. */
static unsigned split(char *line, char *fields[FIELDS])
{
    unsigned count = 0;
    line[strcspn(line, "\r\n")] = 0;
    for (char *at = line; at && count < FIELDS; count++) {
        fields[count] = at;
        at = strchr(at, '\t');
        if (at)
            *at++ = 0;
    }
    return count;
}

static void relate(search_t *search, const char *id)
{
    if (!*id || apr_hash_get(search->related, id, APR_HASH_KEY_STRING) ||
        apr_hash_count(search->related) >= RELATED_LIMIT)
        return;
    const char *kept = apr_pstrdup(search->ctl->pool, id);
    apr_hash_set(search->related, kept, APR_HASH_KEY_STRING, kept);
    search->grown = true;
}

static json_t *text_json(const char *text)
{
    json_t *json = json_string(text);
    return json ? json : json_string("");
}

static void show_record(search_t *search, char *fields[FIELDS])
{
    search->shown++;
    int event = (int)strtol(fields[F_EVENT], NULL, 10);
    const char *name = tracking_event_name(event);
    if (search->list) {
        json_t *record = json_pack(
            "{s:o, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:[]}", "mts_id", text_json(fields[F_ID]), "event",
            event, "what", name, "time", text_json(fields[F_TIME]), "connector",
            text_json(fields[F_CONNECTOR]), "partner", text_json(fields[F_PARTNER]), "originator",
            text_json(fields[F_ORIGINATOR]), "octets", json_integer(apr_atoi64(fields[F_OCTETS])),
            "report_id", text_json(fields[F_SUBJECT]), "recipients");
        json_array_append_new(search->list, record);
        return;
    }
    apr_pool_t *pool = search->ctl->pool;
    printf("%s  %s", text_harmless(pool, fields[F_TIME]), name);
    if (*fields[F_CONNECTOR])
        printf(", %s", text_harmless(pool, fields[F_CONNECTOR]));
    if (*fields[F_PARTNER])
        printf(" (%s)", text_harmless(pool, fields[F_PARTNER]));
    if (*fields[F_SUBJECT])
        printf(", report %s", text_harmless(pool, fields[F_SUBJECT]));
    else
        printf(", %s octets, from %s", text_harmless(pool, fields[F_OCTETS]),
               text_harmless(pool, fields[F_ORIGINATOR]));
    putchar('\n');
}

static void show_recipient(search_t *search, char *fields[FIELDS], bool report)
{
    bool failed = strcmp(fields[1], "1") == 0;
    if (search->list) {
        json_t *record = json_array_get(search->list, json_array_size(search->list) - 1);
        json_array_append_new(
            json_object_get(record, "recipients"),
            json_pack("{s:o, s:b}", "address", text_json(fields[0]), "failed", failed ? 1 : 0));
        return;
    }
    printf("    %s%s\n", text_harmless(search->ctl->pool, fields[0]),
           report ? failed ? ": not delivered" : ": delivered" : "");
}

static bool concerns(search_t *search, char *fields[FIELDS])
{
    if (!apr_hash_get(search->related, fields[F_ID], APR_HASH_KEY_STRING) &&
        !(*fields[F_SUBJECT] && apr_hash_get(search->related, fields[F_SUBJECT], APR_HASH_KEY_STRING)))
        return false;
    relate(search, fields[F_ID]);
    relate(search, fields[F_SUBJECT]);
    return true;
}

static void read_file(search_t *search, const char *name, apr_pool_t *pool)
{
    apr_file_t *file;
    const char *path = apr_pstrcat(pool, search->folder, "/", name, NULL);
    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BUFFERED, APR_FPROT_OS_DEFAULT, pool) !=
        APR_SUCCESS)
        return;
    char line[LINE_ROOM];
    char *fields[FIELDS];
    unsigned long recipients = 0; /* lines of the last record that are still to come */
    bool ours = false;
    bool report = false;
    while (apr_file_gets(line, sizeof(line), file) == APR_SUCCESS) {
        unsigned count = split(line, fields);
        if (recipients > 0 && count == 2) {
            recipients--;
            if (ours && search->show)
                show_recipient(search, fields, report);
            continue;
        }
        ours = count == FIELDS && concerns(search, fields);
        recipients = count == FIELDS ? strtoul(fields[F_RECIPIENTS], NULL, 10) : 0;
        report = count == FIELDS && *fields[F_SUBJECT];
        if (ours && search->show)
            show_record(search, fields);
    }
    apr_file_close(file);
}

static void pass(search_t *search)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, search->ctl->pool);
    for (int i = 0; i < search->files->nelts; i++) {
        apr_pool_clear(pool);
        read_file(search, APR_ARRAY_IDX(search->files, i, const char *), pool);
    }
    apr_pool_destroy(pool);
}

ctl_exit_t command_track(ctl_t *ctl)
{
    const config_t *config = ctl_configuration(ctl);
    if (!config)
        return CTL_UNREACHABLE;
    search_t search = {.ctl = ctl,
                       .folder = config->log.tracking_folder ? config->log.tracking_folder : ".",
                       .files = apr_array_make(ctl->pool, 16, sizeof(const char *)),
                       .related = apr_hash_make(ctl->pool)};
    if (!list_files(&search))
        return CTL_FAILED;
    relate(&search, ctl->arguments[0]);
    while (search.grown) { /* a report leads to its message, and that to its other reports */
        search.grown = false;
        pass(&search);
    }
    search.show = true;
    search.list = ctl->json ? json_array() : NULL;
    pass(&search);
    if (ctl->json) {
        json_t *result = json_pack("{s:o}", "records", search.list);
        ctl_print_json(result);
        json_decref(result);
    } else if (!search.shown) {
        ctl_complain("the tracking log in %s has nothing about %s", search.folder, ctl->arguments[0]);
    }
    return search.shown ? CTL_OK : CTL_FAILED;
}
