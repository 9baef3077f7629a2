#include "platform.h"
#include "wide.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

enum { WER_NO_HEAP = 1 /* WER_FAULT_REPORTING_FLAG_NOHEAP */ };

void platform_sync_folder(const char *folder)
{
    apr_pool_t *pool;
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return;
    HANDLE handle = CreateFileW(wide_path(folder, pool), GENERIC_WRITE,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (handle != INVALID_HANDLE_VALUE) {
        FlushFileBuffers(handle); /* not every file system can, NTFS keeps a journal besides */
        CloseHandle(handle);
    }
    apr_pool_destroy(pool);
}

typedef struct pid_file_t {
    const char *path;
    apr_pool_t *pool;
} pid_file_t;

static apr_status_t remove_pid_file(void *data)
{
    const pid_file_t *file = data;
    return apr_file_remove(file->path, file->pool);
}

err_t *platform_write_pid_file(const char *path, apr_pool_t *pool)
{
    const char *other = apr_pstrcat(pool, path, ".new", NULL);
    apr_file_t *file;
    apr_file_remove(other, pool);
    apr_status_t status = apr_file_open(&file, other, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
                                        APR_FPROT_OS_DEFAULT, pool);
    if (status == APR_SUCCESS) {
        const char *text = apr_psprintf(pool, "%lu\n", (unsigned long)GetCurrentProcessId());
        status = apr_file_write_full(file, text, strlen(text), NULL);
        apr_file_close(file);
    }
    if (status == APR_SUCCESS)
        status = apr_file_rename(other, path, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "cannot write the process ID to %s", path);
    pid_file_t *own = apr_palloc(pool, sizeof(*own));
    *own = (pid_file_t){apr_pstrdup(pool, path), pool};
    apr_pool_cleanup_register(pool, own, remove_pid_file, apr_pool_cleanup_null);
    return NULL;
}

/* Windows has no limit on open handles that an MTA could reach. */
size_t platform_raise_open_files(size_t wanted)
{
    return wanted;
}

/* Windows hands no sockets over to a service. */
size_t platform_inherited_sockets(apr_os_sock_t *sockets, size_t limit)
{
    (void)sockets;
    (void)limit;
    return 0;
}

void platform_set_core_dumps(platform_core_t policy)
{
    UINT mode = SEM_FAILCRITICALERRORS;
    if (policy == PLATFORM_CORE_OFF)
        mode |= SEM_NOGPFAULTERRORBOX; /* Windows Error Reporting leaves the process alone */
    SetErrorMode(mode);
    if (policy == PLATFORM_CORE_FULL)
        return;
    HRESULT(WINAPI * set_flags)(DWORD);
    FARPROC found = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "WerSetFlags");
    memcpy(&set_flags, &found, sizeof(set_flags));
    if (found)
        set_flags(WER_NO_HEAP);
}
