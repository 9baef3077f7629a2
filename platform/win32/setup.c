#include "setup.h"
#include "base/error.h"
#include "registry.h"
#include "wide.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

enum { TEMPLATE_LIMIT = 64 * 1024, PATH_SIZE = 32768, PORT_LIMIT = 65535, NAME_SIZE = 64, DEPTH_LIMIT = 8 };

static const char template_name[] = "x400mta.conf.default";

static int complain(const char *what, const char *path, apr_status_t status)
{
    char words[512];
    fprintf(stderr, "x400mta: %s %s: %s\n", path, what, err_status_words(status, words, sizeof(words)));
    return EXIT_FAILURE;
}

static const char *folder_of(const char *path, apr_pool_t *pool)
{
    const char *end = path + strlen(path);
    while (end > path && end[-1] != '\\' && end[-1] != '/')
        end--;
    if (end > path && end - path > (ptrdiff_t)strlen("C:\\"))
        end--;
    return end == path ? "." : apr_pstrmemdup(pool, path, (apr_size_t)(end - path));
}

/* The template beside the program; NULL if it cannot be read. */
static char *read_template(apr_pool_t *pool)
{
    wchar_t wide[PATH_SIZE];
    GetModuleFileNameW(NULL, wide, PATH_SIZE);
    const char *path =
        apr_pstrcat(pool, folder_of(wide_to_utf8(wide, pool), pool), "\\", template_name, NULL);
    apr_file_t *file;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);
    char *text = apr_pcalloc(pool, TEMPLATE_LIMIT + 1);
    apr_size_t length = 0;
    if (status == APR_SUCCESS) {
        status = apr_file_read_full(file, text, TEMPLATE_LIMIT, &length);
        apr_file_close(file);
    }
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status)) {
        complain("cannot be read", path, status);
        return NULL;
    }
    return text;
}

/* text with every word replaced by value. */
static char *replace(const char *text, const char *word, const char *value, apr_pool_t *pool)
{
    char *result = apr_pstrdup(pool, "");
    const char *found;
    while ((found = strstr(text, word))) {
        result =
            apr_pstrcat(pool, result, apr_pstrmemdup(pool, text, (apr_size_t)(found - text)), value, NULL);
        text = found + strlen(word);
    }
    return apr_pstrcat(pool, result, text, NULL);
}

/* The computer's name as the name of the MTA; letters, digits and "-" only, as its names are. */
static const char *machine_name(apr_pool_t *pool)
{
    wchar_t wide[NAME_SIZE] = L"";
    DWORD size = NAME_SIZE;
    if (!GetComputerNameW(wide, &size) || !wide[0])
        return "MTA";
    char *name = wide_to_utf8(wide, pool);
    for (char *at = name; *at; at++)
        if (!((*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') ||
              *at == '-'))
            *at = '-';
    return name;
}

static int write_configuration(const char *path, const char *port, apr_pool_t *pool)
{
    char *text = read_template(pool);
    if (!text)
        return EXIT_FAILURE;
    text = replace(replace(text, "@PORT@", port, pool), "@NAME@", machine_name(pool), pool);
    apr_file_t *file;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
                                        APR_FPROT_OS_DEFAULT, pool);
    if (APR_STATUS_IS_EEXIST(status)) {
        printf("The configuration %s is there already and stays as it is\n", path);
        return EXIT_SUCCESS;
    }
    if (status != APR_SUCCESS)
        return complain("cannot be made", path, status);
    status = apr_file_write_full(file, text, strlen(text), NULL);
    apr_file_close(file);
    return status == APR_SUCCESS ? EXIT_SUCCESS : complain("cannot be written", path, status);
}

int setup_prepare(const char *configuration, const char *port, const char *service, apr_pool_t *pool)
{
    char *end;
    long number = strtol(port, &end, 10);
    if (!*port || *end || number < 1 || number > PORT_LIMIT) {
        fprintf(stderr, "x400mta: \"%s\" is no TCP port; give a number from 1 to %d\n", port, PORT_LIMIT);
        return EXIT_FAILURE;
    }
    const char *folder = folder_of(configuration, pool);
    unsigned long error = registry_protect_data_folder(folder, service, pool);
    if (error)
        return complain("cannot be made, or its rights cannot be set", folder, APR_FROM_OS_ERROR((int)error));
    return write_configuration(configuration, port, pool);
}

/* Removes what is in the folder, then the folder. A link to elsewhere is removed, not followed. */
static apr_status_t remove_folder(const char *folder, int depth, apr_pool_t *pool)
{
    apr_dir_t *dir;
    apr_finfo_t info;
    apr_status_t status = depth > DEPTH_LIMIT ? APR_ENAMETOOLONG : apr_dir_open(&dir, folder, pool);
    if (status != APR_SUCCESS)
        return status;
    apr_status_t first = APR_SUCCESS;
    for (;;) {
        status = apr_dir_read(&info, APR_FINFO_TYPE | APR_FINFO_NAME, dir);
        if (status != APR_SUCCESS && status != APR_INCOMPLETE)
            break;
        if (strcmp(info.name, ".") == 0 || strcmp(info.name, "..") == 0)
            continue;
        const char *path = apr_pstrcat(pool, folder, "\\", info.name, NULL);
        status =
            info.filetype == APR_DIR ? remove_folder(path, depth + 1, pool) : apr_file_remove(path, pool);
        if (status != APR_SUCCESS && first == APR_SUCCESS)
            first = status;
    }
    apr_dir_close(dir);
    return first == APR_SUCCESS ? apr_dir_remove(folder, pool) : first;
}

int setup_purge(const char *configuration, apr_pool_t *pool)
{
    apr_finfo_t info;
    const char *folder = folder_of(configuration, pool);
    apr_status_t status = apr_stat(&info, configuration, APR_FINFO_TYPE, pool);
    if (APR_STATUS_IS_ENOENT(status))
        return EXIT_SUCCESS;
    status = remove_folder(folder, 0, pool);
    return status == APR_SUCCESS ? EXIT_SUCCESS : complain("cannot be removed whole", folder, status);
}
