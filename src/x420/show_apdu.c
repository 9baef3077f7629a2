/* Envelopes and reports for people. */
#include <apr_strings.h>
#include <apr_time.h>

#include "x411/oraddress_text.h"
#include "x411/report.h"
#include "x420/describe.h"
#include "x420/show_internal.h"

enum { HEX_LIMIT = 256, CONTENT_HEX_LIMIT = 1024 };

const char *show_time_text(apr_pool_t *pool, const x411_time_t *time)
{
    utc_time_t utc = 0;
    const char *raw = bytes_to_string(pool, time->text);
    if (!x411_time_to_utc(time, &utc))
        return apr_psprintf(pool, "\"%s\" (not a time)", raw);
    apr_time_exp_t when;
    apr_time_exp_gmt(&when, utc);
    return apr_psprintf(pool, "%04d-%02d-%02d %02d:%02d:%02d UTC", when.tm_year + 1900, when.tm_mon + 1,
                        when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec);
}

void show_time(const show_t *show, unsigned indent, const char *label, const x411_time_t *time)
{
    if (x411_time_present(time))
        x420_show_line(show->out, indent, label, "%s", show_time_text(show->pool, time));
}

const char *show_eits_text(apr_pool_t *pool, const x411_eits_t *eits)
{
    static const char *const names[] = {"unknown", "telex",    "ia5-text", "g3-facsimile", "g4-class-1",
                                        "teletex", "videotex", "voice",    "sfd",          "mixed-mode"};
    const char *text = "";
    for (unsigned i = 0; i < eits->built_in.count; i++) {
        if (!ber_bit(&eits->built_in, i))
            continue;
        const char *name = i < sizeof(names) / sizeof(names[0]) ? names[i] : apr_psprintf(pool, "bit %u", i);
        text = apr_pstrcat(pool, text, *text ? ", " : "", name, NULL);
    }
    for (unsigned i = 0; i < eits->extended_count; i++) {
        const char *oid = ber_oid_text(pool, eits->extended[i]);
        text = apr_pstrcat(pool, text, *text ? ", " : "", oid ? oid : "malformed identifier", NULL);
    }
    return *text ? text : "none";
}

static void show_eits(const show_t *show, unsigned indent, const char *label, const x411_eits_t *eits)
{
    if (eits->present)
        x420_show_line(show->out, indent, label, "%s", show_eits_text(show->pool, eits));
}

static const char *content_type_text(apr_pool_t *pool, const x411_content_type_t *type)
{
    const char *text = x411_content_type_text(pool, type);
    if (type->oid.length || !type->present)
        return text;
    switch (type->built_in) {
    case X411_CONTENT_UNIDENTIFIED: return "unidentified (0)";
    case X411_CONTENT_P2: return "P2, interpersonal message of 1984 (2)";
    case X411_CONTENT_P22: return "P22, interpersonal message of 1988 (22)";
    case X411_CONTENT_EDI: return "EDI (35)";
    case X411_CONTENT_VOICE: return "voice (40)";
    default: return text;
    }
}

static void show_content_type(const show_t *show, unsigned indent, const x411_content_type_t *type)
{
    if (type->present)
        x420_show_line(show->out, indent, "Content type", "%s", content_type_text(show->pool, type));
}

static void show_trace(const show_t *show, unsigned indent, const char *label, const x411_trace_t *trace)
{
    for (unsigned i = 0; i < trace->count; i++) {
        const x411_trace_element_t *element = &trace->elements[i];
        const char *text = x411_domain_text(show->pool, &element->domain);
        if (x411_present(&element->mta))
            text = apr_pstrcat(show->pool, text, " MTA ", bytes_to_string(show->pool, element->mta.octets),
                               NULL);
        text = apr_pstrcat(show->pool, text, element->action == X411_REROUTED ? " rerouted " : " relayed ",
                           show_time_text(show->pool, &element->arrival), NULL);
        if (x411_present(&element->attempted_mta))
            text = apr_pstrcat(show->pool, text, ", after trying MTA ",
                               bytes_to_string(show->pool, element->attempted_mta.octets), NULL);
        else if (element->attempted_present)
            text = apr_pstrcat(show->pool, text, ", after trying ",
                               x411_domain_text(show->pool, &element->attempted), NULL);
        if (x411_time_present(&element->deferred))
            text = apr_pstrcat(show->pool, text, ", deferred to ",
                               show_time_text(show->pool, &element->deferred), NULL);
        if (element->converted.present)
            text = apr_pstrcat(show->pool, text, ", converted to ",
                               show_eits_text(show->pool, &element->converted), NULL);
        if (ber_bit(&element->other_actions, X411_OTHER_REDIRECTED))
            text = apr_pstrcat(show->pool, text, ", redirected", NULL);
        if (ber_bit(&element->other_actions, X411_OTHER_DL_OPERATION))
            text = apr_pstrcat(show->pool, text, ", list expanded", NULL);
        x420_show_line(show->out, indent, label, "%s", text);
    }
}

static void show_history(const show_t *show, unsigned indent, const char *label,
                         const x411_history_t *history)
{
    for (unsigned i = 0; i < history->count; i++) {
        const x411_history_element_t *element = &history->elements[i];
        const char *reason = element->reason >= 0 ? x411_redirection_reason_name(element->reason) : NULL;
        x420_show_line(show->out, indent, label, "%s %s%s%s", x411_or_name_text(show->pool, &element->name),
                       x411_time_present(&element->time) ? show_time_text(show->pool, &element->time) : "",
                       reason ? ", " : "", reason ? reason : "");
    }
}

static const char *criticality_text(apr_pool_t *pool, const x411_extension_t *extension)
{
    static const char *const names[] = {"submission", "transfer", "delivery"};
    const char *text = "";
    for (unsigned i = 0; i < 3; i++)
        if (x411_extension_critical(extension, i))
            text = apr_pstrcat(pool, text, *text ? ", " : "; critical for ", names[i], NULL);
    return text;
}

/* Values on a line of their own kind; true if shown. */
static bool show_lists(const show_t *show, unsigned indent, const x411_extension_t *extension,
                       const char *name)
{
    x411_trace_t trace;
    x411_history_t history;
    if (extension->type == X411_EXT_INTERNAL_TRACE && x411_extension_trace(extension, show->pool, &trace)) {
        show_trace(show, indent, "Internal trace", &trace);
        return true;
    }
    if (extension->type != X411_EXT_REDIRECTION_HISTORY && extension->type != X411_EXT_DL_EXPANSION_HISTORY &&
        extension->type != X411_EXT_ORIGINATOR_AND_DL_HISTORY)
        return false;
    if (!x411_extension_history(extension, show->pool, &history))
        return false;
    show_history(show, indent, name, &history);
    return true;
}

static void show_extension(const show_t *show, unsigned indent, const x411_extension_t *extension)
{
    const char *name = extension->type >= 0 ? x411_extension_name(extension->type) : NULL;
    const char *critical = criticality_text(show->pool, extension);
    x411_time_t time;
    x411_or_name_t or_name;
    x411_string_t string;
    int64_t number = 0;
    if (!name && extension->type < 0)
        name = ber_oid_text(show->pool, extension->oid);
    if (!name)
        name = apr_psprintf(show->pool, "extension %" APR_INT64_T_FMT, (apr_int64_t)extension->type);
    if (show_lists(show, indent, extension, name))
        return;
    if (x411_extension_number(extension, &number))
        x420_show_line(show->out, indent, name, "%lld%s", (long long)number, critical);
    else if (x411_extension_time(extension, show->pool, &time))
        x420_show_line(show->out, indent, name, "%s%s", show_time_text(show->pool, &time), critical);
    else if (x411_extension_or_name(extension, show->pool, &or_name))
        x420_show_line(show->out, indent, name, "%s%s", x411_or_name_text(show->pool, &or_name), critical);
    else if (x411_extension_string(extension, show->pool, &string))
        show_string(show, indent, name, &string);
    else {
        x420_show_line(show->out, indent, name, "%lu octets%s", (unsigned long)extension->value.length,
                       critical);
        x420_show_hex(extension->value, indent + 1, HEX_LIMIT, show->out);
    }
}

static void show_extensions(const show_t *show, unsigned indent, const x411_extensions_t *extensions)
{
    for (unsigned i = 0; i < extensions->count; i++)
        show_extension(show, indent, &extensions->items[i]);
}

static void show_outcome(const show_t *show, unsigned indent, const x411_outcome_t *outcome)
{
    if (outcome->delivered) {
        const char *type = outcome->user_type_present ? x411_user_type_name(outcome->user_type) : NULL;
        x420_show_line(show->out, indent, "Delivered", "%s%s%s",
                       show_time_text(show->pool, &outcome->delivery_time),
                       type ? ", to a user of type " : "", type ? type : "");
    } else {
        const char *reason = x411_reason_name(outcome->reason);
        const char *diagnostic =
            outcome->diagnostic_present ? x411_diagnostic_name(outcome->diagnostic) : NULL;
        x420_show_line(show->out, indent, "Not delivered", "%s (reason %lld)",
                       reason ? reason : "unknown reason", (long long)outcome->reason);
        if (outcome->diagnostic_present)
            x420_show_line(show->out, indent, "Diagnostic", "%s (%lld)", diagnostic ? diagnostic : "unknown",
                           (long long)outcome->diagnostic);
    }
    show_string(show, indent, "Information", &outcome->supplementary);
    show_time(show, indent, "Last arrival", &outcome->arrival);
    show_eits(show, indent, "Converted to", &outcome->converted);
    if (outcome->originally_intended)
        x420_show_line(show->out, indent, "Originally for", "%s",
                       x411_or_name_text(show->pool, outcome->originally_intended));
}

static void show_recipient(const show_t *show, unsigned indent, const x411_recipient_t *recipient)
{
    static const char *const mta[] = {"none", "non-delivery", "report", "audited report"};
    static const char *const user[] = {"none", "non-delivery", "report", "3"};
    x420_show_line(show->out, indent,
                   apr_psprintf(show->pool, "Recipient %" APR_INT64_T_FMT, (apr_int64_t)recipient->number),
                   "%s", x411_or_name_text(show->pool, &recipient->name));
    indent++;
    if (recipient->indicators.present)
        x420_show_line(show->out, indent, "Responsibility", "%s; reports to the MTA: %s, to the user: %s",
                       x411_responsible(recipient) ? "yes" : "no",
                       mta[(unsigned)x411_mta_report(recipient) & 3],
                       user[(unsigned)x411_user_report(recipient) & 3]);
    if (recipient->conversion_present)
        x420_show_line(show->out, indent, "Explicit conversion", "%lld", (long long)recipient->conversion);
    if (recipient->outcome)
        show_outcome(show, indent, recipient->outcome);
    show_extensions(show, indent, &recipient->extensions);
}

static void show_flags(const show_t *show, const x411_indicators_t *flags)
{
    static const char *const names[] = {"recipients disclosed", "implicit conversion prohibited",
                                        "alternate recipient allowed", "return of content requested"};
    const char *text = "";
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (x411_indicator(flags, i))
            text = apr_pstrcat(show->pool, text, *text ? ", " : "", names[i], NULL);
    if (flags->present)
        x420_show_line(show->out, 1, "Flags", "%s", *text ? text : "none set");
}

static void show_envelope(const show_t *show, const x411_apdu_t *apdu)
{
    bool report = apdu->kind == X411_REPORT;
    x420_show_line(show->out, 1, "MTS identifier", "%s", x411_mts_id_text(show->pool, &apdu->mts_id));
    x420_show_line(show->out, 1, report ? "Report to" : "Originator", "%s",
                   x411_or_name_text(show->pool, &apdu->originator));
    if (!report) {
        show_content_type(show, 1, &apdu->content_type);
        show_string(show, 1, "Content identifier", &apdu->content_id);
        show_eits(show, 1, "Information types", &apdu->original_eits);
        x420_show_line(show->out, 1, "Priority", "%s", x411_priority_name(apdu->priority));
        show_flags(show, &apdu->flags);
        show_time(show, 1, "Deferred until", &apdu->deferred_delivery);
        if (apdu->content_length_present)
            x420_show_line(show->out, 1, "Content length", "%lld octets", (long long)apdu->content_length);
    }
    for (unsigned i = 0; i < apdu->bilateral_count; i++)
        x420_show_line(show->out, 1, "Bilateral information", "for %s, %lu octets",
                       x411_domain_text(show->pool, &apdu->bilateral[i].domain),
                       (unsigned long)apdu->bilateral[i].information.length);
    show_trace(show, 1, "Trace", &apdu->trace);
    show_extensions(show, 1, &apdu->extensions);
}

static void show_report(const show_t *show, const x411_report_t *report)
{
    show_title(show->out, 0, "Reported message");
    x420_show_line(show->out, 1, "MTS identifier", "%s", x411_mts_id_text(show->pool, &report->subject_id));
    show_content_type(show, 1, &report->content_type);
    show_string(show, 1, "Content identifier", &report->content_id);
    show_eits(show, 1, "Information types", &report->original_eits);
    show_trace(show, 1, "Trace", &report->subject_trace);
    if (report->additional_information.data) {
        x420_show_line(show->out, 1, "Further information", "%lu octets",
                       (unsigned long)report->additional_information.length);
        x420_show_hex(report->additional_information, 2, HEX_LIMIT, show->out);
    }
    show_extensions(show, 1, &report->extensions);
}

static void show_apdu(const show_t *show, const x420_object_t *object)
{
    static const char *const titles[] = {"Message", "Report", "Probe"};
    const x411_apdu_t *apdu = object->apdu;
    show_title(show->out, 0,
               apr_psprintf(show->pool, "%s (P1 of %s%s)", titles[apdu->kind],
                            object->mode == X411_MODE_1984 ? "1984" : "1988",
                            object->wrapped ? ", normal mode" : ""));
    show_envelope(show, apdu);
    if (apdu->report)
        show_report(show, apdu->report);
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        show_recipient(show, 1, &apdu->recipients[i]);
    if (apdu->kind == X411_MESSAGE) {
        x420_show_content(show->pool, &apdu->content_type, object->content, show->out);
    } else if (apdu->report && apdu->report->returned_content_present) {
        show_title(show->out, 0, "Returned content");
        x420_show_content(show->pool, &apdu->report->content_type, apdu->report->returned_content, show->out);
    }
}

void x420_show_content(apr_pool_t *pool, const x411_content_type_t *type, bytes_t content, buffer_t *out)
{
    show_t show = {pool, out};
    x420_content_t decoded;
    x420_show_line(out, 0, "Content", "%lu octets, %s", (unsigned long)content.length,
                   type->present ? content_type_text(pool, type) : "type not said");
    /* A 1984 report does not say what it returns: try. */
    bool interpersonal = !type->present || x420_is_interpersonal(type);
    err_t *err = interpersonal ? x420_content_decode(pool, content, &decoded) : NULL;
    if (interpersonal && !err) {
        show_interpersonal(&show, 0, &decoded);
        return;
    }
    if (err && type->present)
        x420_show_line(out, 1, "Malformed", "%s", err_describe(pool, err));
    x420_show_hex(content, 1, CONTENT_HEX_LIMIT, out);
}

void x420_show_object(apr_pool_t *pool, const x420_object_t *object, buffer_t *out)
{
    show_t show = {pool, out};
    if (object->kind == X420_OBJECT_APDU)
        show_apdu(&show, object);
    else
        show_interpersonal(&show, 0, &object->interpersonal);
}
