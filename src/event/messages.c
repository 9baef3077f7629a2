#include "event/messages.h"

#include <string.h>

#include <apr_strings.h>

enum { SEVERITY_SHIFT = 30, ID_MASK = 0xFFFF };

static uint32_t severity_of(event_type_t type)
{
    switch (type) {
    case EVENT_ERROR: return 3;
    case EVENT_WARNING: return 2;
    case EVENT_INFORMATION: break;
    }
    return 1;
}

static const char *severity_name(event_type_t type)
{
    switch (type) {
    case EVENT_ERROR: return "Error";
    case EVENT_WARNING: return "Warning";
    case EVENT_INFORMATION: break;
    }
    return "Informational";
}

uint32_t event_message_id(const event_definition_t *definition)
{
    return severity_of(definition->type) << SEVERITY_SHIFT | (definition->id & ID_MASK);
}

unsigned event_message_strings(const event_record_t *record, char *texts, size_t size)
{
    const event_definition_t *definition = record->definition;
    unsigned count = 0;
    for (; count < definition->parameter_count; count++)
        apr_cpystrn(texts + count * size, record->parameters[count], size);
    apr_cpystrn(texts + count++ * size, definition->module, size);
    apr_snprintf(texts + count++ * size, size, "%u", record->thread);
    apr_snprintf(texts + count++ * size, size, "%u", definition->procedure);
    apr_snprintf(texts + count++ * size, size, "%d", definition->severity);
    return count;
}

/* The text of an event: for the compiler, with % doubled where it stands for itself; or as it is shown. */
static void write_text(FILE *out, const event_definition_t *event, bool source)
{
    const char *open = source ? "%" : "<";
    const char *close = source ? "" : ">";
    for (const char *at = event->text; *at; at++) {
        unsigned number = at[0] == '%' ? (unsigned)(at[1] - '0') : 0;
        if (number >= 1 && number <= event->parameter_count) {
            fprintf(out, "%s%u%s", open, number, close);
            at++;
        } else if (*at == '%' && source) {
            fputs("%%", out);
        } else {
            fputc(*at, out);
        }
    }
    unsigned last = event->parameter_count;
    fprintf(out, " [%s%u%s %s%u%s %s%u%s] (%s%u%s)", open, last + 1, close, open, last + 2, close, open,
            last + 3, close, open, last + 4, close);
}

static void write_head(FILE *out, unsigned id, const char *severity, const char *symbol)
{
    fprintf(out, "MessageId=%u\r\nSeverity=%s\r\nFacility=System\r\nSymbolicName=%s\r\nLanguage=English\r\n",
            id, severity, symbol);
}

void event_messages_source(FILE *out)
{
    fputs("MessageIdTypedef=DWORD\r\n"
          "SeverityNames=(Success=0x0:STATUS_SEVERITY_SUCCESS\r\n"
          "               Informational=0x1:STATUS_SEVERITY_INFORMATIONAL\r\n"
          "               Warning=0x2:STATUS_SEVERITY_WARNING\r\n"
          "               Error=0x3:STATUS_SEVERITY_ERROR)\r\n"
          "FacilityNames=(System=0x0:FACILITY_SYSTEM)\r\n"
          "LanguageNames=(English=0x409:MSG00409)\r\n\r\n",
          out);
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++) {
        char symbol[32];
        apr_snprintf(symbol, sizeof(symbol), "EVENT_CATEGORY_%d", i);
        write_head(out, (unsigned)i, "Success", symbol);
        fprintf(out, "%s\r\n.\r\n\r\n", event_category_name((event_category_t)i));
    }
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        write_head(out, all[i].id, severity_name(all[i].type), all[i].symbol);
        write_text(out, &all[i], true);
        fputs("\r\n.\r\n\r\n", out);
    }
}

void event_messages_expected(FILE *out)
{
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        fprintf(out, "%08x\t%s\n", (unsigned)i, event_category_name((event_category_t)i));
    size_t count;
    const event_definition_t *all = event_catalogue(&count);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%08x\t", (unsigned)event_message_id(&all[i]));
        write_text(out, &all[i], false);
        fputc('\n', out);
    }
}
