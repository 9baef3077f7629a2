#include "base/error.h"

#include <stdarg.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

enum { STATUS_TEXT_SIZE = 256 };

static err_t *create(apr_pool_t *pool, const err_t *cause, int code, const char *layer, const char *text)
{
    err_t *err = apr_palloc(pool, sizeof(*err));
    *err = (err_t){.code = code, .layer = layer, .text = text, .cause = cause};
    return err;
}

err_t *err_create(apr_pool_t *pool, int code, const char *layer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    return create(pool, NULL, code, layer, text);
}

err_t *err_wrap(apr_pool_t *pool, const err_t *cause, int code, const char *layer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    return create(pool, cause, code, layer, text);
}

err_t *err_from_status(apr_pool_t *pool, apr_status_t status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = apr_pvsprintf(pool, format, arguments);
    va_end(arguments);
    char words[STATUS_TEXT_SIZE];
    err_status_words(status, words, sizeof(words));
    err_t *cause = create(pool, NULL, status, "system", apr_pstrdup(pool, words));
    return create(pool, cause, status, "system", text);
}

const char *err_status_words(apr_status_t status, char *words, apr_size_t size)
{
    apr_strerror(status, words, size);
    apr_size_t length = strlen(words);
    while (length > 0 && (apr_isspace(words[length - 1]) || words[length - 1] == '.'))
        length--;
    words[length] = 0;
    return words;
}

const char *err_describe(apr_pool_t *pool, const err_t *err)
{
    if (!err)
        return "no error";
    const char *text = err->text;
    for (const err_t *cause = err->cause; cause; cause = cause->cause)
        text = apr_pstrcat(pool, text, ": ", cause->text, NULL);
    return text;
}

err_t *err_copy(apr_pool_t *pool, const err_t *err)
{
    if (!err)
        return NULL;
    return create(pool, err_copy(pool, err->cause), err->code, err->layer, apr_pstrdup(pool, err->text));
}
