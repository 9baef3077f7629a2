/* A resutils.dll for tests, in place of the one of a cluster. Texts of a list of properties are looked for as
 * it is documented. */
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0502

#include <windows.h>

#include <clusapi.h>
typedef void *PCLUSPROP_FILETIME; /* the header of mingw-w64 10 lacks it at this level */
#include <resapi.h>
#include <string.h>
#include <wchar.h>

enum { SYNTAX_NAME = 0x00040003, SYNTAX_TEXT = 0x00010003 };

typedef struct reader_t {
    const unsigned char *place;
    const unsigned char *end;
} reader_t;

static DWORD get_number(reader_t *reader)
{
    DWORD number = 0;
    if ((size_t)(reader->end - reader->place) >= sizeof(number)) {
        memcpy(&number, reader->place, sizeof(number));
        reader->place += sizeof(number);
    }
    return number;
}

/* The value that follows its kind; NULL at the end. */
static const wchar_t *get_text(reader_t *reader)
{
    DWORD length = get_number(reader);
    const unsigned char *text = reader->place;
    DWORD whole = (length + 3) & ~(DWORD)3;
    if (whole < length || (size_t)(reader->end - reader->place) < whole)
        return NULL;
    reader->place += whole;
    return (const wchar_t *)(const void *)text;
}

DWORD WINAPI ResUtilFindSzProperty(const PVOID list, DWORD size, LPCWSTR name, LPWSTR *value)
{
    reader_t reader = {list, (const unsigned char *)list + size};
    DWORD count = get_number(&reader);
    for (DWORD i = 0; i < count; i++) {
        if (get_number(&reader) != SYNTAX_NAME)
            return ERROR_INVALID_DATA;
        const wchar_t *found = get_text(&reader);
        if (!found)
            return ERROR_INVALID_DATA;
        int same = _wcsicmp(found, name) == 0;
        for (DWORD syntax = get_number(&reader); syntax; syntax = get_number(&reader)) {
            const wchar_t *text = get_text(&reader);
            if (!text || (same && syntax != SYNTAX_TEXT))
                return ERROR_INVALID_DATA;
            if (!same)
                continue;
            *value = LocalAlloc(LMEM_FIXED, (wcslen(text) + 1) * sizeof(*text));
            if (!*value)
                return ERROR_NOT_ENOUGH_MEMORY;
            wcscpy(*value, text);
            return ERROR_SUCCESS;
        }
    }
    return ERROR_FILE_NOT_FOUND;
}
