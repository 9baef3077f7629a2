/* The counters as Windows is told of them: the manifest for lodctr, and its texts. A text has an odd number,
 * in the order of the manifest: the name of a set, what it is, and the same for each counter of the set. */
#include "mta/counters.h"

static void write_escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out);
        }
}

static void write_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    write_escaped(out, value);
    fputc('"', out);
}

static const char *words_of(const counter_monitor_t *monitor)
{
    return monitor->counter == COUNTER_NONE ? monitor->words : counter_definitions[monitor->counter].help;
}

static void write_counter(FILE *out, const counter_set_t *set, const counter_monitor_t *monitor)
{
    fprintf(out, "          <counter id=\"%u\" uri=\"%s.%u\"", monitor->number, set->uri, monitor->number);
    write_attribute(out, "name", monitor->name);
    write_attribute(out, "description", words_of(monitor));
    fprintf(out,
            " type=\"%s\" detailLevel=\"standard\">\n"
            "            <counterAttributes><counterAttribute name=\"reference\"/></counterAttributes>\n"
            "          </counter>\n",
            monitor->rate ? "perf_counter_bulk_count" : "perf_counter_large_rawcount");
}

void counters_write_manifest(FILE *out)
{
    fputs(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<instrumentationManifest xmlns=\"http://schemas.microsoft.com/win/2004/08/events\">\n"
        "  <instrumentation>\n"
        "    <counters xmlns=\"http://schemas.microsoft.com/win/2005/12/counters\" schemaVersion=\"1.1\">\n",
        out);
    fprintf(out,
            "      <provider applicationIdentity=\"x400mta.exe\" providerType=\"userMode\" "
            "providerName=\"x400mta\" "
            "providerGuid=\"%s\" resourceBase=\"1\">\n",
            counter_provider_guid);
    for (int i = 0; i < COUNTER_SET_COUNT; i++) {
        const counter_set_t *set = &counter_sets[i];
        fprintf(out, "        <counterSet guid=\"%s\" uri=\"%s\"", set->guid, set->uri);
        write_attribute(out, "name", set->name);
        write_attribute(out, "description", set->words);
        fprintf(out, " instances=\"%s\">\n", set->instances ? "multiple" : "single");
        for (size_t j = 0; j < set->count; j++)
            write_counter(out, set, &set->monitors[j]);
        fputs("        </counterSet>\n", out);
    }
    fputs("      </provider>\n    </counters>\n  </instrumentation>\n</instrumentationManifest>\n", out);
}

static void write_texts(FILE *out, unsigned *number, const char *name, const char *words)
{
    fprintf(out, "    %u \"%s\"\n    %u \"%s\"\n", *number, name, *number + 2, words);
    *number += 4;
}

void counters_write_resource(FILE *out)
{
    unsigned number = 1;
    fputs("LANGUAGE 0x09, 0x01\nSTRINGTABLE\nBEGIN\n", out);
    for (int i = 0; i < COUNTER_SET_COUNT; i++) {
        const counter_set_t *set = &counter_sets[i];
        write_texts(out, &number, set->name, set->words);
        for (size_t j = 0; j < set->count; j++)
            write_texts(out, &number, set->monitors[j].name, words_of(&set->monitors[j]));
    }
    fputs("END\n", out);
}
