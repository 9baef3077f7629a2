/* A resutils.dll for tests, in place of the one of a cluster. Texts of a list of properties are looked for as
 * it is documented. */
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0502

#include <windows.h>

#include <clusapi.h>
typedef void *PCLUSPROP_FILETIME; /* the header of mingw-w64 10 lacks it at this level */
#include <resapi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { SYNTAX_NAME = 0x00040003, SYNTAX_TEXT = 0x00010003, SYNTAX_NUMBER = 0x00010002, TEXT_SIZE = 512 };

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

/* Tables of properties. */

/* What a value is, from the key or by default. */
typedef struct value_t {
    DWORD number;
    wchar_t text[TEXT_SIZE];
} value_t;

static void read_value(HKEY key, const RESUTIL_PROPERTY_ITEM *item, value_t *value)
{
    DWORD size = item->Format == CLUSPROP_FORMAT_DWORD ? sizeof(value->number) : sizeof(value->text);
    void *room = item->Format == CLUSPROP_FORMAT_DWORD ? (void *)&value->number : (void *)value->text;
    if (RegQueryValueExW(key, item->Name, NULL, NULL, room, &size) == ERROR_SUCCESS)
        return;
    if (item->Format == CLUSPROP_FORMAT_DWORD)
        value->number = item->Default;
    else
        wcscpy(value->text, (const wchar_t *)item->lpDefault);
}

DWORD WINAPI ResUtilGetPropertiesToParameterBlock(HKEY key, const PRESUTIL_PROPERTY_ITEM table, LPBYTE block,
                                                  WINBOOL required, LPWSTR *wrong)
{
    (void)required;
    *wrong = NULL;
    for (const RESUTIL_PROPERTY_ITEM *item = table; item->Name; item++) {
        value_t value;
        read_value(key, item, &value);
        if (item->Format == CLUSPROP_FORMAT_DWORD) {
            memcpy(block + item->Offset, &value.number, sizeof(value.number));
            continue;
        }
        wchar_t *copy = LocalAlloc(LMEM_FIXED, (wcslen(value.text) + 1) * sizeof(*copy));
        if (!copy)
            return ERROR_NOT_ENOUGH_MEMORY;
        wcscpy(copy, value.text);
        memcpy(block + item->Offset, &copy, sizeof(copy));
    }
    return ERROR_SUCCESS;
}

void WINAPI ResUtilFreeParameterBlock(LPBYTE block, const LPBYTE other, const PRESUTIL_PROPERTY_ITEM table)
{
    for (const RESUTIL_PROPERTY_ITEM *item = table; item->Name; item++) {
        wchar_t *text;
        wchar_t *kept;
        if (item->Format == CLUSPROP_FORMAT_DWORD)
            continue;
        memcpy(&text, block + item->Offset, sizeof(text));
        memcpy(&kept, other + item->Offset, sizeof(kept));
        if (text != kept)
            LocalFree(text);
    }
}

DWORD WINAPI ResUtilEnumProperties(const PRESUTIL_PROPERTY_ITEM table, LPWSTR out, DWORD size,
                                   LPDWORD returned, LPDWORD required)
{
    DWORD length = 0; /* in octets, with an empty text at the end */
    for (const RESUTIL_PROPERTY_ITEM *item = table; item->Name; item++)
        length += (DWORD)((wcslen(item->Name) + 1) * sizeof(wchar_t));
    *required = length + sizeof(wchar_t);
    *returned = 0;
    if (*required > size)
        return ERROR_MORE_DATA;
    for (const RESUTIL_PROPERTY_ITEM *item = table; item->Name; item++) {
        wcscpy(out, item->Name);
        out += wcslen(out) + 1;
    }
    *out = 0;
    *returned = *required;
    return ERROR_SUCCESS;
}

static void put(unsigned char **place, DWORD syntax, const void *value, DWORD length)
{
    memcpy(*place, &syntax, sizeof(syntax));
    memcpy(*place + sizeof(syntax), &length, sizeof(length));
    memcpy(*place + 2 * sizeof(syntax), value, length);
    *place += 2 * sizeof(syntax) + ((length + 3) & ~(DWORD)3);
}

static DWORD text_length(const wchar_t *text)
{
    return (DWORD)((wcslen(text) + 1) * sizeof(*text));
}

DWORD WINAPI ResUtilGetAllProperties(HKEY key, const PRESUTIL_PROPERTY_ITEM table, PVOID out, DWORD size,
                                     LPDWORD returned, LPDWORD required)
{
    static unsigned char list[16 * 1024];
    unsigned char *place = list + sizeof(DWORD);
    static const DWORD end = 0;
    DWORD count = 0;
    memset(list, 0, sizeof(list));
    for (const RESUTIL_PROPERTY_ITEM *item = table; item->Name; item++, count++) {
        value_t value;
        read_value(key, item, &value);
        put(&place, SYNTAX_NAME, item->Name, text_length(item->Name));
        if (item->Format == CLUSPROP_FORMAT_DWORD)
            put(&place, SYNTAX_NUMBER, &value.number, sizeof(value.number));
        else
            put(&place, SYNTAX_TEXT, value.text, text_length(value.text));
        memcpy(place, &end, sizeof(end));
        place += sizeof(end);
    }
    memcpy(list, &count, sizeof(count));
    *required = (DWORD)(place - list);
    *returned = 0;
    if (*required > size)
        return ERROR_MORE_DATA;
    memcpy(out, list, *required);
    *returned = *required;
    return ERROR_SUCCESS;
}

/* Goes through a list of properties, each with one value; checks it against the table and sets it if key is
 * given. */
static DWORD take_list(HKEY key, const RESUTIL_PROPERTY_ITEM *table, const void *list, DWORD size)
{
    reader_t reader = {list, (const unsigned char *)list + size};
    DWORD count = get_number(&reader);
    for (DWORD i = 0; i < count; i++) {
        DWORD name_syntax = get_number(&reader);
        const wchar_t *name = get_text(&reader);
        DWORD syntax = get_number(&reader);
        const wchar_t *value = get_text(&reader);
        if (name_syntax != SYNTAX_NAME || !name || !value || get_number(&reader) != 0)
            return ERROR_INVALID_DATA;
        const RESUTIL_PROPERTY_ITEM *item = table;
        while (item->Name && _wcsicmp(item->Name, name) != 0)
            item++;
        DWORD number;
        memcpy(&number, value, sizeof(number));
        bool is_number = item->Name && item->Format == CLUSPROP_FORMAT_DWORD;
        if (!item->Name || syntax != (DWORD)(is_number ? SYNTAX_NUMBER : SYNTAX_TEXT) ||
            (is_number && (number < item->Minimum || number > item->Maximum)))
            return ERROR_INVALID_PARAMETER;
        if (key)
            RegSetValueExW(key, item->Name, 0, is_number ? REG_DWORD : REG_SZ, (const BYTE *)value,
                           is_number ? sizeof(number) : text_length(value));
    }
    return ERROR_SUCCESS;
}

DWORD WINAPI ResUtilVerifyPropertyTable(const PRESUTIL_PROPERTY_ITEM table, PVOID reserved, WINBOOL unknown,
                                        const PVOID list, DWORD size, LPBYTE block)
{
    (void)reserved;
    (void)unknown;
    (void)block;
    return take_list(NULL, table, list, size);
}

DWORD WINAPI ResUtilSetPropertyTable(HKEY key, const PRESUTIL_PROPERTY_ITEM table, PVOID reserved,
                                     WINBOOL unknown, const PVOID list, DWORD size, LPBYTE block)
{
    (void)reserved;
    (void)unknown;
    (void)block;
    return take_list(key, table, list, size);
}
