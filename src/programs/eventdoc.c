/* eventdoc: prints the documents that are made from the event catalogue; the build uses it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/document.h"
#include "event/messages.h"

static void write_journal(FILE *out)
{
    event_document_journal(out, event_journal_id);
}

static const struct {
    const char *name;
    void (*write)(FILE *out);
    const char *words;
} DOCUMENTS[] = {
    {"markdown", event_document_markdown, "the page docs/events.md"},
    {"journal", write_journal, "the message catalogue of journald"},
    {"messages", event_messages_source, "the source of the message file of the Windows Event Log"},
    {"messages-expected", event_messages_expected, "what that file must show, for its test"}};

enum { DOCUMENT_COUNT = sizeof(DOCUMENTS) / sizeof(DOCUMENTS[0]) };

static int usage(void)
{
    fputs("Usage: eventdoc DOCUMENT [FILE]\nPrints a document that is made from the event catalogue, or "
          "writes it "
          "to FILE:\n\n",
          stderr);
    for (int i = 0; i < DOCUMENT_COUNT; i++)
        fprintf(stderr, "  %-18s %s\n", DOCUMENTS[i].name, DOCUMENTS[i].words);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    int chosen = 0;
    while (chosen < DOCUMENT_COUNT && argc > 1 && strcmp(argv[1], DOCUMENTS[chosen].name) != 0)
        chosen++;
    if (argc < 2 || argc > 3 || chosen == DOCUMENT_COUNT)
        return usage();
    FILE *out = argc == 3 ? fopen(argv[2], "wb") : stdout;
    if (!out) {
        fprintf(stderr, "eventdoc: the file %s cannot be written\n", argv[2]);
        return EXIT_FAILURE;
    }
    DOCUMENTS[chosen].write(out);
    bool good = fflush(out) == 0 && !ferror(out);
    return (out == stdout || fclose(out) == 0) && good ? EXIT_SUCCESS : EXIT_FAILURE;
}
