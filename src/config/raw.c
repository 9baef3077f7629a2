#include "config/raw.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "config/scan.h"

enum {
    FILE_LIMIT = 8 * 1024 * 1024, /* octets of one file */
    INCLUDE_DEPTH = 8,
    INCLUDE_LIMIT = 1000 /* files in all */
};

/* A file that is being read. */
typedef struct frame_t {
    const char *file;
    scan_result_t scan;
    size_t ended; /* sections of it that have ended */
    struct frame_t *outer;
    unsigned depth;
} frame_t;

/* What was read of a section that has not ended yet; owner tells which. */
typedef struct pending_t {
    const cfg_t *owner;
    raw_option_t *option; /* one of these two */
    raw_section_t *section;
    struct pending_t *below;
} pending_t;

typedef struct reader_t {
    apr_pool_t *pool;
    config_findings_t *findings;
    frame_t *frame;
    pending_t *pending;
    size_t files;
    bool broken;
} reader_t;

/* libConfuse gives its callbacks nothing of the caller's. */
static _Thread_local reader_t *current;

static config_place_t place_of(const cfg_t *cfg)
{
    return (config_place_t){current->frame->file, cfg->line};
}

/* What would be right, for the messages of libConfuse that leave it open. */
static const char *advice(const char *message)
{
    if (!strncmp(message, "unexpected token '{'", 20))
        return "; this option takes one value, no list";
    if (!strncmp(message, "unexpected token", 16))
        return "; written are NAME = VALUE, NAME = { VALUE, VALUE } and SECTION { ... }";
    if (!strncmp(message, "missing title", 13))
        return "; it has a name, as in connector \"NAME\" { ... }";
    if (!strncmp(message, "missing opening brace", 21))
        return "; written is SECTION { ... }, with a name before the brace only for listener, connector and "
               "mailbox";
    if (!strncmp(message, "missing equal sign", 18))
        return "; written is NAME = VALUE";
    if (!strncmp(message, "unexpected closing brace", 24))
        return "; there is no section to close";
    if (!strncmp(message, "attempt to append", 17))
        return "; write '='";
    return "";
}

static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
    const char *message = apr_pvsprintf(current->pool, format, arguments);
    config_findings_add(current->findings, current->pool, CONFIG_ERROR, place_of(cfg), "%s%s", message,
                        advice(message));
}

static raw_option_t *find_pending(const cfg_t *owner, const schema_option_t *schema)
{
    for (pending_t *each = current->pending; each; each = each->below)
        if (each->owner == owner && each->option && each->option->schema == schema)
            return each->option;
    return NULL;
}

static raw_option_t *new_option(cfg_t *cfg, const schema_option_t *schema)
{
    raw_option_t *option = apr_pcalloc(current->pool, sizeof(*option));
    option->schema = schema;
    option->place = place_of(cfg);
    pending_t *pending = apr_pcalloc(current->pool, sizeof(*pending));
    *pending = (pending_t){cfg, option, NULL, current->pending};
    current->pending = pending;
    return option;
}

/* A value. It is only kept here, so that all mistakes are found later; the range is checked by
 * config/build.c. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
    const schema_section_t *section = schema_find_section(cfg->name);
    const schema_option_t *schema = section ? schema_find_option(section, opt->name) : NULL;
    if (!schema || !text)
        return -1;
    raw_option_t *option = find_pending(cfg, schema);
    bool begins = opt->nvalues == 1; /* an assignment has freed the values of the one before */
    if (option && begins)
        config_findings_add(current->findings, current->pool, CONFIG_ERROR, place_of(cfg),
                            "option '%s' is given twice, first in line %d; one of them must go", schema->name,
                            option->place.line);
    if (!option)
        option = new_option(cfg, schema);
    raw_value_t *value = apr_pcalloc(current->pool, sizeof(*value));
    *value = (raw_value_t){apr_pstrdup(current->pool, text), place_of(cfg), NULL};
    *(option->last ? &option->last->next : &option->values) = value;
    option->last = value;
    *(const char **)result = "";
    return 0;
}

/* Takes from the pending ones what belongs to owner. They come last first; pushing them to the front of the
 * lists brings them into the order of the file. */
static void adopt(raw_section_t *section, const cfg_t *owner)
{
    pending_t **link = &current->pending;
    while (*link) {
        pending_t *each = *link;
        if (each->owner != owner) {
            link = &each->below;
            continue;
        }
        *link = each->below;
        if (each->option) {
            each->option->next = section->options;
            section->options = each->option;
        } else {
            each->section->next = section->sections;
            section->sections = each->section;
        }
    }
}

/* A section has ended: it becomes a raw section, and libConfuse's goes, so that the next one is never merged
 * with it or replaces it. */
static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
    const schema_section_t *schema = schema_find_section(opt->name);
    if (!schema || opt->nvalues != 1)
        return -1;
    const cfg_t *ended = opt->values[0]->section;
    raw_section_t *section = apr_pcalloc(current->pool, sizeof(*section));
    frame_t *frame = current->frame;
    section->schema = schema;
    section->title = ended->title ? apr_pstrdup(current->pool, ended->title) : NULL;
    section->place.file = frame->file;
    section->place.line =
        frame->ended < frame->scan.section_count ? frame->scan.section_lines[frame->ended] : cfg->line;
    frame->ended++;
    adopt(section, ended);
    pending_t *pending = apr_pcalloc(current->pool, sizeof(*pending));
    *pending = (pending_t){cfg, NULL, section, current->pending};
    current->pending = pending;
    cfg_free_value(opt);
    return 0;
}

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv);

/* The options and sections of a section as libConfuse wants them. The sections nest two deep. */
static cfg_opt_t *make_options(const schema_section_t *section, apr_pool_t *pool)
{
    size_t count = 2;
    for (const schema_option_t *each = section->options; each->name; each++)
        count++;
    for (const schema_section_t *each = section->sections; each->name; each++)
        count++;
    cfg_opt_t *opts = apr_pcalloc(pool, count * sizeof(*opts));
    cfg_opt_t *opt = opts;
    for (const schema_option_t *each = section->options; each->name; each++, opt++) {
        cfg_flag_t list = schema_is_list(each) ? CFGF_LIST : CFGF_NONE;
        *opt = (cfg_opt_t)CFG_STR_CB(each->name, NULL, CFGF_NODEFAULT | list, on_value);
    }
    for (const schema_section_t *each = section->sections; each->name; each++, opt++) {
        cfg_flag_t titled = each->titled ? CFGF_TITLE | CFGF_MULTI : CFGF_MULTI;
        *opt = (cfg_opt_t)CFG_SEC(each->name, make_options(each, pool), titled);
        opt->validcb = on_section;
    }
    if (section == schema_root())
        *opt++ = (cfg_opt_t)CFG_FUNC("include", on_include);
    *opt = (cfg_opt_t)CFG_END();
    return opts;
}

/* Scans the text and gives it to libConfuse. cfg is its root, of which the name and line of the file are
 * changed: the caller puts them back. */
static void read_frame(cfg_t *cfg, frame_t *frame, bytes_t text)
{
    reader_t *reader = current;
    char *copy = apr_pcalloc(reader->pool, text.length + 1);
    if (text.length)
        memcpy(copy, text.data, text.length);
    frame->outer = reader->frame;
    reader->frame = frame;
    scan_text(copy, text.length, frame->file, reader->pool, reader->findings, &frame->scan);
    size_t errors = reader->findings->errors;
    if (!frame->scan.usable) {
        reader->broken = true;
    } else {
        int result = cfg_parse_buf(cfg, copy);
        bool failed = result != CFG_SUCCESS || frame->scan.confused;
        reader->broken = reader->broken || failed;
        if (failed && errors == reader->findings->errors)
            config_findings_add(reader->findings, reader->pool, CONFIG_ERROR,
                                (config_place_t){frame->file, frame->scan.line}, "syntax error");
    }
    reader->frame = frame->outer;
}

const char *raw_load(const char *path, config_place_t place, apr_pool_t *pool, config_findings_t *findings,
                     size_t *length)
{
    apr_file_t *file = NULL;
    apr_finfo_t info;
    char words[256];
    apr_status_t status =
        apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);
    if (status == APR_SUCCESS)
        status = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file);
    if (status != APR_SUCCESS) {
        config_findings_add(findings, pool, CONFIG_ERROR, place, "the file '%s' cannot be read: %s", path,
                            err_status_words(status, words, sizeof(words)));
        if (file)
            apr_file_close(file);
        return NULL;
    }
    if (info.filetype != APR_REG || info.size > FILE_LIMIT) {
        config_findings_add(findings, pool, CONFIG_ERROR, place, "'%s' is not a file of at most %d MB", path,
                            FILE_LIMIT / 1024 / 1024);
        apr_file_close(file);
        return NULL;
    }
    char *text = apr_palloc(pool, (size_t)info.size + 1);
    apr_size_t got = 0;
    status = apr_file_read_full(file, text, (apr_size_t)info.size, &got);
    apr_file_close(file);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status)) {
        config_findings_add(findings, pool, CONFIG_ERROR, place, "the file '%s' cannot be read: %s", path,
                            err_status_words(status, words, sizeof(words)));
        return NULL;
    }
    text[got] = 0;
    *length = got;
    return text;
}

const char *raw_last_separator(const char *path)
{
    const char *end = strrchr(path, '/');
#ifdef _WIN32
    const char *other = strrchr(end ? end : path, '\\');
    if (other)
        end = other;
#endif
    return end;
}

const char *raw_path(const char *file, const char *path, apr_pool_t *pool)
{
    const char *end = raw_last_separator(file);
    char *merged = NULL;
    const char *folder = end ? apr_pstrmemdup(pool, file, (apr_size_t)(end - file) + 1) : "";
    if (apr_filepath_merge(&merged, folder, path, 0, pool) != APR_SUCCESS)
        return apr_pstrdup(pool, path);
    return merged;
}

static bool is_being_read(const char *path)
{
    for (const frame_t *frame = current->frame; frame; frame = frame->outer)
        if (!strcmp(frame->file, path))
            return true;
    return false;
}

/* include("FILE"), the path relative to the folder of the file that says so. libConfuse's own function is not
 * used: after a mistake in an included file it would go on there at the next read. */
static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
    reader_t *reader = current;
    config_place_t place = place_of(cfg);
    (void)opt;
    if (argc != 1 || !*argv[0]) {
        config_findings_add(reader->findings, reader->pool, CONFIG_ERROR, place,
                            "include takes the name of one file: include(\"FILE\")");
        return 0;
    }
    const char *path = raw_path(reader->frame->file, argv[0], reader->pool);
    if (is_being_read(path) || reader->frame->depth >= INCLUDE_DEPTH || ++reader->files > INCLUDE_LIMIT) {
        config_findings_add(reader->findings, reader->pool, CONFIG_ERROR, place,
                            "'%s' is included by itself, too deeply or too often", path);
        return 0;
    }
    size_t length = 0;
    const char *text = raw_load(path, place, reader->pool, reader->findings, &length);
    if (!text)
        return 0;
    int line = cfg->line;
    frame_t frame = {.file = path, .depth = reader->frame->depth + 1};
    read_frame(cfg, &frame, bytes_make(text, length));
    cfg->line = line;
    return 0;
}

raw_section_t *raw_read(const char *path, bytes_t text, apr_pool_t *pool, config_findings_t *findings)
{
    reader_t reader = {.pool = pool, .findings = findings};
    raw_section_t *section = apr_pcalloc(pool, sizeof(*section));
    section->schema = schema_root();
    section->place = (config_place_t){path, 1};
    cfg_t *cfg = cfg_init(make_options(schema_root(), pool), CFGF_NONE);
    if (!cfg) {
        config_findings_add(findings, pool, CONFIG_ERROR, section->place, "no memory to read the file");
        return section;
    }
    cfg_set_error_function(cfg, on_error);
    current = &reader;
    frame_t frame = {.file = path};
    read_frame(cfg, &frame, text);
    adopt(section, cfg);
    section->broken = reader.broken;
    current = NULL;
    cfg_free(cfg);
    return section;
}
