/* The two files of a delivered message, in the folder of a mailbox: NAME.content and NAME.json. Each is
 * written under another name and renamed when it is whole and on disk, the content first, so that whoever
 * sees NAME.json finds NAME.content complete beside it. These calls wait for the disk: they are for the
 * worker's thread. */
#ifndef MTA_MAILBOX_FILE_H
#define MTA_MAILBOX_FILE_H

#include <apr_file_io.h>

#include "base/bytes.h"

typedef struct mailbox_file_t {
    apr_pool_t *pool;
    const char *folder;
    const char *content_path;
    const char *content_temporary;
    const char *envelope_path;
    const char *envelope_temporary;
    void (*sync_folder)(const char *folder); /* makes the renames durable; may be NULL */
    apr_file_t *file;                        /* the content, while it is written */
    const char *failed_path;                 /* what a call that failed could not write */
} mailbox_file_t;

/* Prepares the files NAME.content and NAME.json in folder; nothing is written yet. All memory is in pool. */
void mailbox_file_init(mailbox_file_t *file, apr_pool_t *pool, const char *folder, const char *name,
                       void (*sync_folder)(const char *folder));
/* Appends octets (perhaps none) to the content, which the first call begins anew. */
apr_status_t mailbox_file_append(mailbox_file_t *file, bytes_t octets);
/* The content is whole: makes it visible and durable, then the envelope with this text. */
apr_status_t mailbox_file_finish(mailbox_file_t *file, const char *envelope_text);
/* Closes what is open; to be called in the end, whatever happened. */
void mailbox_file_close(mailbox_file_t *file);

#endif
