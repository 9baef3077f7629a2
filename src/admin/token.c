/* The token file: whoever can read it may order the MTA about, so it is made for its owner alone. */
#include "admin/admin.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <ctype.h>

#include "admin/token.h"

const char *admin_token_path(const config_t *config, apr_pool_t *pool)
{
    if (config->admin.token_file && config->admin.token_file[0])
        return config->admin.token_file;
    return apr_pstrcat(pool, config->mta.data_folder ? config->mta.data_folder : ".", "/admin.token", NULL);
}

/* A token is printable characters without spaces. */
static bool token_is_usable(const char *token)
{
    if (!token[0])
        return false;
    for (const char *at = token; *at; at++)
        if (!isgraph((unsigned char)*at))
            return false;
    return true;
}

/* Reads the file's text without the white space at its end. */
static err_t *token_read_text(const char *path, const char **text, apr_finfo_t *info, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "the token file %s cannot be read", path);
    char room[ADMIN_TOKEN_LIMIT + 2];
    apr_size_t length = 0;
    apr_status_t info_status = apr_file_info_get(info, APR_FINFO_PROT, file);
    if (info_status != APR_SUCCESS)
        info->valid = 0;
    status = apr_file_read_full(file, room, sizeof(room) - 1, &length);
    apr_file_close(file);
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status))
        return err_from_status(pool, status, "the token file %s cannot be read", path);
    while (length > 0 && isspace((unsigned char)room[length - 1]))
        length--;
    if (length > ADMIN_TOKEN_LIMIT)
        return err_create(pool, APR_EINVAL, "admin", "the token file %s holds more than %d characters", path,
                          ADMIN_TOKEN_LIMIT);
    *text = apr_pstrmemdup(pool, room, length);
    return NULL;
}

err_t *admin_token_read(const char *path, const char **token, apr_pool_t *pool)
{
    apr_finfo_t info = {.valid = 0};
    err_t *err = token_read_text(path, token, &info, pool);
    if (!err && !token_is_usable(*token))
        err =
            err_create(pool, APR_EINVAL, "admin",
                       "the token file %s holds no token; delete it and start the MTA anew to get one", path);
    return err;
}

static err_t *token_make(const char *path, const char **token, apr_pool_t *pool)
{
    uint8_t random[ADMIN_TOKEN_OCTETS];
    apr_status_t status = apr_generate_random_bytes(random, sizeof(random));
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "no random octets for a token");
    *token = bytes_to_hex(pool, bytes_make(random, sizeof(random)));
    apr_file_t *file;
    /* EXCL: a file that somebody else put here meanwhile is not ours to write a secret into. */
    status = apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
                           APR_FPROT_UREAD | APR_FPROT_UWRITE, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "the token file %s cannot be made", path);
    status = apr_file_write_full(file, *token, strlen(*token), NULL);
    if (status == APR_SUCCESS)
        status = apr_file_write_full(file, "\n", 1, NULL);
    apr_status_t closed = apr_file_close(file);
    if (status == APR_SUCCESS)
        status = closed;
    if (status != APR_SUCCESS) {
        apr_file_remove(path, pool);
        return err_from_status(pool, status, "the token file %s cannot be written", path);
    }
    return NULL;
}

err_t *admin_token_ensure(const char *path, const char **token, apr_pool_t *pool)
{
    apr_finfo_t info = {.valid = 0}; /* stays so if there is no file */
    apr_status_t status = apr_stat(&info, path, APR_FINFO_SIZE | APR_FINFO_TYPE, pool);
    if ((status == APR_SUCCESS || status == APR_INCOMPLETE) && (info.valid & APR_FINFO_SIZE) &&
        info.filetype == APR_REG && info.size == 0) {
        /* A crash between making the file and writing it. */
        apr_file_remove(path, pool);
        status = APR_ENOENT;
    }
    if (APR_STATUS_IS_ENOENT(status))
        return token_make(path, token, pool);
    err_t *err = token_read_text(path, token, &info, pool);
    if (err)
        return err;
    if (!token_is_usable(*token))
        return err_create(pool, APR_EINVAL, "admin", "the token file %s holds no token; delete it to get one",
                          path);
    if ((info.valid & APR_FINFO_PROT) && (info.protection & (APR_FPROT_WREAD | APR_FPROT_WWRITE)))
        return err_create(
            pool, APR_EACCES, "admin",
            "everybody may read or write the token file %s; take these rights away (chmod o= %s)", path,
            path);
    return NULL;
}

bool admin_token_equal(const char *token, const char *given)
{
    size_t length = strlen(token);
    size_t given_length = strlen(given);
    volatile unsigned char difference = given_length == length ? 0 : 1;
    /* The time depends on what was given only, never on where it differs from the token. */
    for (size_t i = 0; i < given_length; i++)
        difference |= (unsigned char)(given[i] ^ token[length ? i % length : 0]);
    return difference == 0;
}
