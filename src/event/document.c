#include "event/document.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>

enum { FIELD_NAME = 64 };

static const char *level_name(event_level_t level)
{
    switch (level) {
    case EVENT_LEVEL_NONE: return "always";
    case EVENT_LEVEL_MINIMUM: return "from minimum";
    case EVENT_LEVEL_MEDIUM: return "from medium";
    case EVENT_LEVEL_MAXIMUM: return "at maximum";
    }
    return "always";
}

void event_journal_id(char *text, unsigned event_id)
{
    /* One random prefix for all events of this program, the event's ID at its end. */
    apr_snprintf(text, EVENT_JOURNAL_ID_SIZE, "7c1d0d5a9b3e4f67a2d84c19%08x", event_id);
}

void event_journal_field(char *name, size_t size, const char *parameter)
{
    apr_cpystrn(name, "X400_", size);
    size_t length = strlen(name);
    for (; *parameter && length < size - 1; parameter++)
        name[length++] = isalnum((unsigned char)*parameter) ? (char)toupper((unsigned char)*parameter) : '_';
    name[length] = 0;
}

/* The text with each %n replaced by its parameter's name between open and close. */
static void write_text(FILE *out, const event_definition_t *event, const char *open, const char *close,
                       bool fields)
{
    for (const char *at = event->text; *at; at++) {
        unsigned number = at[0] == '%' ? (unsigned)(at[1] - '0') : 0;
        if (number < 1 || number > event->parameter_count) {
            fputc(*at, out);
            continue;
        }
        char field[FIELD_NAME];
        event_journal_field(field, sizeof(field), event->parameters[number - 1]);
        fprintf(out, "%s%s%s", open, fields ? field : event->parameters[number - 1], close);
        at++;
    }
}

static void write_event(FILE *out, const event_definition_t *event)
{
    fprintf(out, "### %u\n\n> ", event->id);
    write_text(out, event, "*", "*", false);
    fprintf(out, "\n\n%s (%d), %s, logged %s; tag `%s`.\n\n%s\n\n", event_type_name(event->type),
            event->severity, event_category_name(event->category), level_name(event->level), event->module,
            event->cause);
    fprintf(out, "What to do: %s\n\n", event->action);
}

void event_document_markdown(FILE *out)
{
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    fputs(
        "# Events\n\n"
        "Every event that x400mta can raise: its number, its text, what it means and what to do. This page "
        "is\n"
        "made from the catalogue in `src/event/catalogue.def` (`eventdoc markdown > docs/events.md`).\n"
        "`x400ctl events explain NUMBER` says the same, and so does `journalctl -x` where the journal's\n"
        "catalogue is installed.\n\n"
        "Numbers below 12000 are those that administrators of such MTAs know; numbers from 12000 on are "
        "new.\n"
        "After each text comes a tag, `[component process thread procedure] (severity)`. Errors and "
        "important\n"
        "warnings are logged always; the others from the level of their category on, which the "
        "configuration\n"
        "sets (`log { diagnostics { } }`) and `x400ctl diagnostics CATEGORY LEVEL` changes at run time.\n\n",
        out);
    for (size_t i = 0; i < count; i++)
        write_event(out, &all[i]);
    size_t reserved_count;
    const event_reserved_t *reserved = event_reserved(&reserved_count);
    fputs("## Reserved numbers\n\n"
          "Known from the old MTA, for parts that this one does not have. They are never given to another "
          "event.\n\n"
          "| number | subject |\n|---|---|\n",
          out);
    for (size_t i = 0; i < reserved_count; i++)
        fprintf(out, "| %u | %s |\n", reserved[i].id, reserved[i].subject);
}

void event_document_journal(FILE *out, void (*message_id)(char *text, unsigned event_id))
{
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    fputs("# Journal message catalogue of x400mta, made from its event catalogue.\n", out);
    for (size_t i = 0; i < count; i++) {
        const event_definition_t *event = &all[i];
        char id[EVENT_JOURNAL_ID_SIZE];
        message_id(id, event->id);
        fprintf(out, "\n-- %s\nSubject: Event %u, %s, %s\nDefined-By: x400mta\n\n", id, event->id,
                event_category_name(event->category), event_type_name(event->type));
        write_text(out, event, "@", "@", true);
        fprintf(out, "\n\nMeaning: %s\n\nWhat to do: %s\n", event->cause, event->action);
    }
}
