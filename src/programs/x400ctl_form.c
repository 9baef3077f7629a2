/* x400ctl connectors show NAME --form: the parameters of a link as both sides agree on them. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "x400ctl_ctl.h"
#include "x400ctl_table.h"

enum { LABEL_WIDTH = 30, COLUMN_WIDTH = 34 };

static void print_row(FILE *out, const char *label, const char *ours, const char *theirs)
{
    fprintf(out, "%-*s %-*s %s\n", LABEL_WIDTH, label, COLUMN_WIDTH, *ours ? ours : "-",
            *theirs ? theirs : "-");
}

static const char *member_text(apr_pool_t *pool, const json_t *side, const char *name)
{
    const char *text = json_string_value(json_object_get(side, name));
    return text && *text ? text_harmless(pool, text) : "-";
}

static void print_sides(FILE *out, apr_pool_t *pool, const json_t *form)
{
    static const char *const selectors[][2] = {
        {"T-selector", "transport"}, {"S-selector", "session"}, {"P-selector", "presentation"}};
    const json_t *ours = json_object_get(form, "ours");
    const json_t *theirs = json_object_get(form, "theirs");
    print_row(out, "", "this side", "the other side");
    print_row(out, "MTA name", member_text(pool, ours, "mta_name"), member_text(pool, theirs, "mta_name"));
    print_row(out, "MTA password",
              json_is_true(json_object_get(ours, "password")) ? "given separately" : "none",
              json_is_true(json_object_get(theirs, "password")) ? "given separately" : "none");
    print_row(out, "Global domain identifier", member_text(pool, ours, "domain"),
              member_text(pool, theirs, "domain"));
    print_row(out, "Listens at (TCP, RFC 1006)", text_of_list(pool, json_object_get(ours, "addresses")),
              text_of_list(pool, json_object_get(theirs, "addresses")));
    const char *from = json_string_value(json_object_get(form, "calls_from"));
    print_row(out, "Calls from", from ? text_harmless(pool, from) : "any of its addresses",
              text_of_list(pool, json_object_get(form, "allowed_callers")));
    for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++)
        print_row(out, selectors[i][0],
                  member_text(pool, json_object_get(ours, "selectors"), selectors[i][1]),
                  member_text(pool, json_object_get(theirs, "selectors"), selectors[i][1]));
    print_row(out, "Software", member_text(pool, form, "software"), "");
    print_row(out, "Contact (name, telephone)", "", "");
}

static void print_value(FILE *out, const char *label, const char *value)
{
    fprintf(out, "%-*s %s\n", LABEL_WIDTH, label, value);
}

static void print_values(FILE *out, apr_pool_t *pool, const json_t *form)
{
    bool alternate = json_is_true(json_object_get(form, "two_way_alternate"));
    print_value(out, "Application context", text_of(pool, form, "context"));
    print_value(out, "Dialogue", alternate ? "two-way alternate" : "monologue");
    if (alternate)
        print_value(out, "First turn", text_of(pool, form, "first_turn"));
    print_value(out, "Checkpoint size",
                apr_psprintf(pool, "%s KB", text_of(pool, form, "checkpoint_size_k")));
    print_value(out, "Window size", text_of(pool, form, "window_size"));
    print_value(out, "Recovery timeout", text_of_seconds(pool, form, "recovery_timeout_s"));
    print_value(out, "Largest TPDU", text_of(pool, form, "tpdu_size"));
    print_value(out, "Associations at most", text_of(pool, form, "maximum_associations"));
    print_value(out, "Idle associations end after", text_of_seconds(pool, form, "lifetime_s"));
    print_value(out, "Next attempt after a failure", text_of_seconds(pool, form, "open_interval_s"));
    bool limited = json_integer_value(json_object_get(form, "maximum_message_size_k")) > 0;
    print_value(out, "Largest message",
                limited ? apr_psprintf(pool, "%s KB", text_of(pool, form, "maximum_message_size_k"))
                        : "no limit");
    print_value(out, "Schedule", text_of(pool, form, "schedule"));
    print_value(out, "Addresses behind the other side",
                text_of_list(pool, json_object_get(form, "address_spaces")));
    print_value(out, "What is accommodated", text_of_list(pool, json_object_get(form, "quirks")));
}

static ctl_exit_t print_form(ctl_t *ctl, const json_t *form)
{
    const char *path = ctl_option(ctl, 'o');
    FILE *out = path ? fopen(path, "w") : stdout;
    if (!out) {
        ctl_complain("the file %s cannot be written", path);
        return CTL_FAILED;
    }
    fprintf(out, "Parameters of the X.400 link \"%s\"\n", text_of(ctl->pool, form, "name"));
    fprintf(out, "as configured on %s\n\n", text_of(ctl->pool, form, "date"));
    print_sides(out, ctl->pool, form);
    fputs("\nAgreed for both\n\n", out);
    print_values(out, ctl->pool, form);
    bool failed = ferror(out) != 0;
    if (path)
        failed = fclose(out) != 0 || failed;
    if (failed)
        ctl_complain("the form could not be written");
    return failed ? CTL_FAILED : CTL_OK;
}

ctl_exit_t command_connectors_show(ctl_t *ctl)
{
    if (!ctl_option(ctl, 'F'))
        return command_connectors(ctl);
    json_t *form;
    ctl_exit_t status =
        ctl_request(ctl, "connector.form", json_pack("{s:s}", "name", ctl->arguments[0]), &form);
    if (status != CTL_OK)
        return status;
    if (ctl->json)
        ctl_print_json(form);
    else
        status = print_form(ctl, form);
    json_decref(form);
    return status;
}
