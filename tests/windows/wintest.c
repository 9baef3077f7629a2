/* What the tests of the Windows build need from within Windows:
 *
 *   wintest hold                     lives until its standard input ends: while a program of a user runs, so
 * do services wintest messages DLL EXPECTED    FormatMessage over the message file for every number, compared
 * with the texts that "eventdoc messages-expected" writes; each may be one test
 *   wintest texts PROGRAM RESOURCE the texts in the resources of a program, compared with "counterdoc
 * resource"
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { STRING_COUNT = 20, STRING_SIZE = 8, LINE_SIZE = 8192, TEXT_SIZE = 1100 };

static int hold(void)
{
    while (getchar() != EOF)
        ;
    return 0;
}

/* The text that the Event Viewer would show, with "<1>", "<2>" ... as insertion strings; without the end of
 * the line. */
static bool format(HMODULE module, DWORD number, char *text, int size)
{
    wchar_t strings[STRING_COUNT][STRING_SIZE];
    DWORD_PTR arguments[STRING_COUNT];
    for (int i = 0; i < STRING_COUNT; i++) {
        swprintf(strings[i], STRING_SIZE, L"<%d>", i + 1);
        arguments[i] = (DWORD_PTR)strings[i];
    }
    wchar_t *wide = NULL;
    DWORD flags =
        FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY;
    if (!FormatMessageW(flags, module, number, 0, (LPWSTR)&wide, 0, (va_list *)arguments))
        return false;
    int got = WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
    LocalFree(wide);
    text[got > 0 ? strcspn(text, "\r\n") : 0] = 0;
    return got > 0;
}

static int messages(const wchar_t *dll, const wchar_t *expected)
{
    HMODULE module = LoadLibraryExW(dll, NULL, LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_IMAGE_RESOURCE);
    FILE *file = _wfopen(expected, L"rb");
    if (!module || !file) {
        printf("wintest: %s cannot be opened (error %lu)\n0 passed, 1 failed\n",
               module ? "the list" : "the DLL", GetLastError());
        return 1;
    }
    static char line[LINE_SIZE];
    static char text[LINE_SIZE];
    unsigned passed = 0;
    unsigned failed = 0;
    while (fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\r\n")] = 0;
        char *wanted = strchr(line, '\t');
        if (!wanted)
            continue;
        *wanted++ = 0;
        DWORD number = strtoul(line, NULL, 16);
        if (format(module, number, text, sizeof(text)) && strcmp(text, wanted) == 0) {
            passed++;
            continue;
        }
        failed++;
        printf("FAILED %s: wanted \"%s\", got \"%s\"\n", line, wanted, text);
    }
    if (format(module, 0xC000FFFE, text, sizeof(text))) { /* no event has it: a text would be another's */
        failed++;
        printf("FAILED a number without an event has the text \"%s\"\n", text);
    }
    fclose(file);
    printf("messages: %u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

static int texts(const wchar_t *program, const wchar_t *resource)
{
    HMODULE module = LoadLibraryExW(program, NULL, LOAD_LIBRARY_AS_DATAFILE | LOAD_LIBRARY_AS_IMAGE_RESOURCE);
    FILE *file = _wfopen(resource, L"rb");
    unsigned passed = 0;
    unsigned failed = 0;
    static char line[LINE_SIZE];
    static char wanted[LINE_SIZE];
    while (module && file && fgets(line, sizeof(line), file)) {
        wchar_t wide[TEXT_SIZE];
        char text[TEXT_SIZE];
        unsigned number;
        if (sscanf(line, " %u \"%1000[^\"]\"", &number, wanted) != 2)
            continue;
        int length = LoadStringW(module, number, wide, TEXT_SIZE);
        WideCharToMultiByte(CP_UTF8, 0, wide, length + 1, text, sizeof(text), NULL, NULL);
        if (length > 0 && strcmp(text, wanted) == 0) {
            passed++;
        } else {
            failed++;
            printf("FAILED text %u: wanted \"%s\", got \"%s\"\n", number, wanted, length > 0 ? text : "");
        }
    }
    if (file)
        fclose(file);
    printf("texts: %u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    if (argc == 2 && wcscmp(argv[1], L"hold") == 0)
        return hold();
    if (argc == 4 && wcscmp(argv[1], L"messages") == 0)
        return messages(argv[2], argv[3]);
    if (argc == 4 && wcscmp(argv[1], L"texts") == 0)
        return texts(argv[2], argv[3]);
    fputs("Usage: wintest hold | messages DLL EXPECTED | texts PROGRAM RESOURCE\n", stderr);
    return 2;
}
