#include "x400ctl_ipm.h"

#include <apr_file_info.h>
#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/timebase.h"
#include "x400ctl_files.h"
#include "x411/oraddress_text.h"
#include "x420/ipm_build.h"

enum { ATTACHMENT_LIMIT = 256 };

static err_t *ipm_name(apr_pool_t *pool, const char *text, const x411_or_name_t **name)
{
    x411_or_name_t *parsed = apr_pcalloc(pool, sizeof(*parsed));
    err_t *err = x411_or_name_parse(pool, text, parsed);
    *name = parsed;
    return err ? err_wrap(pool, err, err->code, "address", "the address \"%s\" cannot be read", text) : NULL;
}

/* The name of a file without its folders, of this system or another. */
static const char *file_base(const char *path)
{
    const char *base = path;
    for (const char *at = path; *at; at++)
        if (*at == '/' || *at == '\\')
            base = at + 1;
    return base;
}

static err_t *ipm_attach(apr_pool_t *pool, const char *path, x420_attachment_t *attachment)
{
    apr_finfo_t info;
    attachment->name = file_base(path);
    if (apr_stat(&info, path, APR_FINFO_MTIME, pool) == APR_SUCCESS)
        attachment->modified = info.mtime;
    return ctl_read_file(pool, path, CTL_FILE_LIMIT, &attachment->octets);
}

/* Recipients and attachments, in the order of the command line. */
static err_t *ipm_lists(ctl_t *ctl, x420_spec_t *spec)
{
    size_t count = (size_t)ctl->options->nelts;
    x420_to_t *to = apr_pcalloc(ctl->pool, count * sizeof(*to));
    x420_attachment_t *attachments = apr_pcalloc(ctl->pool, count * sizeof(*attachments));
    spec->to = to;
    spec->attachments = attachments;
    for (size_t i = 0; i < count; i++) {
        const ctl_option_t *option = &APR_ARRAY_IDX(ctl->options, i, ctl_option_t);
        err_t *err = NULL;
        if (option->letter == 'r') {
            err = ipm_name(ctl->pool, option->value, &to[spec->to_count++].name);
        } else if (option->letter == 'a') {
            if (spec->attachment_count == ATTACHMENT_LIMIT)
                return err_create(ctl->pool, APR_EINVAL, "files", "more than %d files to attach",
                                  ATTACHMENT_LIMIT);
            err = ipm_attach(ctl->pool, option->value, &attachments[spec->attachment_count++]);
        }
        if (err)
            return err;
    }
    return NULL;
}

static const char *ipm_local_id(apr_pool_t *pool)
{
    char host[APRMAXHOSTLEN + 1] = "localhost";
    apr_gethostname(host, sizeof(host), pool);
    uint32_t number = 0;
    apr_generate_random_bytes((unsigned char *)&number, sizeof(number));
    return x420_local_id_make(pool, host, timebase_utc(timebase_system()), number);
}

err_t *ctl_build_ipm(ctl_t *ctl, int content_type, const char *text_file, bytes_t *content, x411_eits_t *eits)
{
    x420_spec_t spec = {.content_type = content_type, .subject = ctl_option(ctl, 's')};
    err_t *err = ipm_name(ctl->pool, ctl_option(ctl, 'f'), &spec.originator);
    if (!err)
        err = ipm_lists(ctl, &spec);
    const char *text = ctl_option(ctl, 't');
    if (text)
        spec.text = bytes_of_string(text);
    if (!err && text && text_file)
        err =
            err_create(ctl->pool, APR_EINVAL, "files", "give the text with --text or --text-file, not both");
    if (!err && text_file)
        err = ctl_read_file(ctl->pool, text_file, CTL_FILE_LIMIT, &spec.text);
    if (err)
        return err;
    spec.local_id = ipm_local_id(ctl->pool);
    buffer_t *out = apr_palloc(ctl->pool, sizeof(*out));
    buffer_init(out, ctl->pool, CTL_FILE_LIMIT);
    x420_built_t built;
    err = x420_ipm_build(ctl->pool, &spec, out, &built);
    if (err)
        return err_wrap(ctl->pool, err, err->code, "P2",
                        "the message cannot be made (it may have at most %d octets)", CTL_FILE_LIMIT);
    if (built.subject_replaced)
        ctl_complain("note: the subject has characters that old readers see as question marks");
    *content = buffer_bytes(out);
    *eits = built.eits;
    return NULL;
}
