#include "x400ctl_files.h"

#include <apr_file_io.h>
#include <string.h>

#include "base/buffer.h"

enum { PIECE = 64 * 1024 };

err_t *ctl_read_file(apr_pool_t *pool, const char *path, size_t limit, bytes_t *octets)
{
    apr_file_t *file;
    apr_status_t status =
        strcmp(path, "-") == 0
            ? apr_file_open_stdin(&file, pool)
            : apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "%s cannot be opened", path);
    buffer_t *buffer = apr_palloc(pool, sizeof(*buffer));
    buffer_init(buffer, pool, limit + PIECE);
    do {
        uint8_t *room = buffer_reserve(buffer, PIECE);
        apr_size_t length = PIECE;
        if (!room || buffer_length(buffer) > limit) {
            apr_file_close(file);
            return err_create(pool, APR_EINVAL, "files", "%s is longer than %" APR_SIZE_T_FMT " octets", path,
                              limit);
        }
        status = apr_file_read(file, room, &length);
        if (status == APR_SUCCESS)
            buffer_commit(buffer, length);
    } while (status == APR_SUCCESS);
    apr_file_close(file);
    if (!APR_STATUS_IS_EOF(status))
        return err_from_status(pool, status, "%s cannot be read", path);
    *octets = buffer_bytes(buffer);
    return NULL;
}
