/* mta/mailbox_file.h without files: what is finished is shown to the judge. */
#include <stdlib.h>

#include <apr_strings.h>

#include "judge.h"
#include "mta/mailbox_file.h"

void mailbox_file_init(mailbox_file_t *file, apr_pool_t *pool, const char *folder, const char *name,
                       void (*sync_folder)(const char *folder))
{
    *file = (mailbox_file_t){.pool = pool, .folder = apr_pstrdup(pool, folder), .sync_folder = sync_folder};
    file->content_path = apr_psprintf(pool, "%s/%s.content", folder, name);
    file->envelope_path = apr_psprintf(pool, "%s/%s.json", folder, name);
}

/* The folder is "/sim/N12/box0". */
static node_t *node_of(const mailbox_file_t *file, unsigned *user)
{
    unsigned index = 0;
    sscanf(file->folder, "/sim/N%u/box%u", &index, user);
    return &sim_world->nodes[index];
}

/* The handle of the file is a buffer here. */
static buffer_t *content_of(mailbox_file_t *file)
{
    if (!file->file)
        file->file = (apr_file_t *)(void *)buffer_create(file->pool, SIZE_MAX / 2);
    return (buffer_t *)(void *)file->file;
}

static bool fails(const mailbox_file_t *file)
{
    unsigned user;
    const node_t *node = node_of(file, &user);
    world_t *world = node->world;
    return world_disk_fails(world, node->mailbox_broken, world->faults.mailboxes);
}

apr_status_t mailbox_file_append(mailbox_file_t *file, bytes_t octets)
{
    file->failed_path = file->content_path;
    if (fails(file))
        return APR_ENOSPC;
    buffer_append(content_of(file), octets);
    return APR_SUCCESS;
}

apr_status_t mailbox_file_finish(mailbox_file_t *file, const char *envelope_text)
{
    unsigned user = 0;
    node_t *node = node_of(file, &user);
    if (fails(file))
        return APR_ENOSPC;
    judge_delivered(node->world->judge, node, user, file->envelope_path, buffer_bytes(content_of(file)),
                    envelope_text);
    return APR_SUCCESS;
}

void mailbox_file_close(mailbox_file_t *file)
{
    if (file->file)
        buffer_release(content_of(file));
    file->file = NULL;
}
