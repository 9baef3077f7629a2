/* eventdoc: prints the documents that are made from the event catalogue; the build uses it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/document.h"

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    if (strcmp(what, "markdown") == 0) {
        event_document_markdown(stdout);
    } else if (strcmp(what, "journal") == 0) {
        event_document_journal(stdout, event_journal_id);
    } else {
        fputs("Usage: eventdoc markdown | journal\n"
              "Prints docs/events.md, or journald's message catalogue.\n",
              stderr);
        return EXIT_FAILURE;
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
