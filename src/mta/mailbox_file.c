#include "mta/mailbox_file.h"

#include <string.h>

#include <apr_strings.h>

void mailbox_file_init(mailbox_file_t *file, apr_pool_t *pool, const char *folder, const char *name,
                       void (*sync_folder)(const char *folder))
{
    *file = (mailbox_file_t){.pool = pool, .folder = apr_pstrdup(pool, folder), .sync_folder = sync_folder};
    file->content_path = apr_psprintf(pool, "%s/%s.content", folder, name);
    file->content_temporary = apr_psprintf(pool, "%s/.%s.content.new", folder, name);
    file->envelope_path = apr_psprintf(pool, "%s/%s.json", folder, name);
    file->envelope_temporary = apr_psprintf(pool, "%s/.%s.json.new", folder, name);
}

static apr_status_t failed(mailbox_file_t *file, apr_status_t status, const char *path)
{
    if (status != APR_SUCCESS)
        file->failed_path = path;
    return status;
}

static apr_status_t open_new(mailbox_file_t *file, apr_file_t **opened, const char *path)
{
    apr_status_t status = apr_file_open(
        opened, path, APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_TRUNCATE | APR_FOPEN_BINARY,
        APR_FPROT_OS_DEFAULT, file->pool);
    if (status != APR_SUCCESS)
        *opened = NULL;
    return failed(file, status, path);
}

/* Whole and on disk under its temporary name; then it gets its own. */
static apr_status_t publish(mailbox_file_t *file, apr_file_t *opened, const char *temporary, const char *path)
{
    apr_status_t status = apr_file_sync(opened);
    apr_status_t closed = apr_file_close(opened);
    if (failed(file, status == APR_SUCCESS ? closed : status, temporary) != APR_SUCCESS)
        return status == APR_SUCCESS ? closed : status;
    return failed(file, apr_file_rename(temporary, path, file->pool), path);
}

apr_status_t mailbox_file_append(mailbox_file_t *file, bytes_t octets)
{
    apr_status_t status = APR_SUCCESS;
    if (!file->file)
        status = open_new(file, &file->file, file->content_temporary);
    if (status == APR_SUCCESS && octets.length)
        status = failed(file, apr_file_write_full(file->file, octets.data, octets.length, NULL),
                        file->content_temporary);
    return status;
}

apr_status_t mailbox_file_finish(mailbox_file_t *file, const char *envelope_text)
{
    apr_file_t *content = file->file;
    file->file = NULL;
    apr_status_t status = publish(file, content, file->content_temporary, file->content_path);
    if (status != APR_SUCCESS)
        return status;
    apr_file_t *envelope;
    status = open_new(file, &envelope, file->envelope_temporary);
    if (status != APR_SUCCESS)
        return status;
    status = apr_file_write_full(envelope, envelope_text, strlen(envelope_text), NULL);
    if (status != APR_SUCCESS) {
        apr_file_close(envelope);
        return failed(file, status, file->envelope_temporary);
    }
    status = publish(file, envelope, file->envelope_temporary, file->envelope_path);
    if (status == APR_SUCCESS && file->sync_folder)
        file->sync_folder(file->folder);
    return status;
}

void mailbox_file_close(mailbox_file_t *file)
{
    if (file->file)
        apr_file_close(file->file);
    file->file = NULL;
}
