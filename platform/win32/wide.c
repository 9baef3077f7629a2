#include "wide.h"

#include <stdbool.h>
#include <string.h>

enum { SURROGATE_MASK = 0xFC00, HIGH_SURROGATE = 0xD800 };

wchar_t *wide_of_utf8(const char *text, apr_pool_t *pool)
{
    if (!text)
        return NULL;
    int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *wide = apr_pcalloc(pool, ((size_t)size + 1) * sizeof(*wide));
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, size);
    return wide;
}

char *wide_to_utf8(const wchar_t *text, apr_pool_t *pool)
{
    if (!text)
        return NULL;
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *narrow = apr_pcalloc(pool, (size_t)size + 1);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, size, NULL, NULL);
    return narrow;
}

void wide_copy(wchar_t *room, size_t size, const char *text)
{
    /* A character takes at least as many octets as it takes places here, so this many octets always fit. */
    size_t length = strlen(text);
    if (length > size - 1)
        length = size - 1;
    while (length > 0 && text[length] && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--; /* not in the middle of a character */
    int got = MultiByteToWideChar(CP_UTF8, 0, text, (int)length, room, (int)size - 1);
    if (got > 0 && (room[got - 1] & SURROGATE_MASK) == HIGH_SURROGATE)
        got--;
    room[got > 0 ? got : 0] = 0;
}

wchar_t *wide_path(const char *path, apr_pool_t *pool)
{
    static const wchar_t local[] = L"\\\\?\\";
    static const wchar_t share[] = L"\\\\?\\UNC\\";
    const wchar_t *wide = wide_of_utf8(path, pool);
    DWORD size = GetFullPathNameW(wide, 0, NULL, NULL);
    wchar_t *whole = apr_pcalloc(pool, ((size_t)size + sizeof(share) / sizeof(*share) + 1) * sizeof(*whole));
    wchar_t *full = apr_pcalloc(pool, ((size_t)size + 1) * sizeof(*full));
    if (size == 0 || GetFullPathNameW(wide, size, full, NULL) == 0)
        return wide_of_utf8(path, pool);
    bool is_share = full[0] == L'\\' && full[1] == L'\\';
    if (is_share && full[2] == L'?')
        return full;
    wcscpy(whole, is_share ? share : local);
    wcscat(whole, is_share ? full + 2 : full);
    return whole;
}
