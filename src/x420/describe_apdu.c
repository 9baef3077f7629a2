/* Messages, probes and reports as JSON. */
#include "x411/report.h"
#include "x420/describe.h"

static void put_string(const x420_describe_t *how, json_t *object, const char *key,
                       const x411_string_t *string)
{
    if (x411_present(string))
        json_object_set_new(object, key, x420_describe_string(how, string));
}

static void put_time(json_t *object, const char *key, const x411_time_t *time)
{
    if (x411_time_present(time))
        json_object_set_new(object, key, x420_describe_octets(time->text));
}

static void put_eits(const x420_describe_t *how, json_t *object, const char *key, const x411_eits_t *eits)
{
    if (eits->present)
        json_object_set_new(object, key, x420_describe_eits(how, eits));
}

static void put_content_type(const x420_describe_t *how, json_t *object, const x411_content_type_t *type)
{
    if (!type->present)
        return;
    json_object_set_new(object, "content_type",
                        type->oid.length ? x420_describe_oid(how, type->oid) : json_integer(type->built_in));
}

static void put_extensions(const x420_describe_t *how, json_t *object, const x411_extensions_t *extensions)
{
    if (extensions->present)
        json_object_set_new(object, "extensions", x420_describe_extensions(how, extensions));
}

static json_t *indicator_bits(const x411_indicators_t *indicators)
{
    char text[17];
    unsigned count = indicators->count < 16 ? indicators->count : 16;
    for (unsigned i = 0; i < count; i++)
        text[i] = x411_indicator(indicators, i) ? '1' : '0';
    return json_stringn(text, count);
}

static void put_flags(json_t *object, const x411_indicators_t *flags)
{
    static const char *const names[] = {"disclose-recipients", "implicit-conversion-prohibited",
                                        "alternate-recipient-allowed", "content-return-request"};
    if (!flags->present)
        return;
    json_t *array = json_array();
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (x411_indicator(flags, i))
            json_array_append_new(array, json_string(names[i]));
    json_object_set_new(object, "flags", array);
    json_object_set_new(object, "flags_bits", indicator_bits(flags));
}

static void put_outcome(const x420_describe_t *how, json_t *object, const x411_outcome_t *outcome)
{
    put_time(object, "arrival", &outcome->arrival);
    put_eits(how, object, "converted", &outcome->converted);
    json_object_set_new(object, "report", json_string(outcome->delivered ? "delivered" : "non-delivered"));
    if (outcome->delivered) {
        put_time(object, "delivery_time", &outcome->delivery_time);
        if (outcome->user_type_present)
            json_object_set_new(object, "type_of_mts_user", json_integer(outcome->user_type));
        if (how->readable && outcome->user_type_present && x411_user_type_name(outcome->user_type))
            json_object_set_new(object, "type_of_mts_user_name",
                                json_string(x411_user_type_name(outcome->user_type)));
    } else {
        const char *name = x411_reason_name(outcome->reason);
        json_object_set_new(object, "reason", json_integer(outcome->reason));
        if (name)
            json_object_set_new(object, "reason_name", json_string(name));
        if (outcome->diagnostic_present)
            json_object_set_new(object, "diagnostic", json_integer(outcome->diagnostic));
        name = x411_diagnostic_name(outcome->diagnostic);
        if (how->readable && outcome->diagnostic_present && name)
            json_object_set_new(object, "diagnostic_name", json_string(name));
    }
    put_string(how, object, "supplementary", &outcome->supplementary);
    if (outcome->originally_intended)
        json_object_set_new(object, "originally_intended",
                            x420_describe_or_name(how, outcome->originally_intended));
}

static json_t *recipient(const x420_describe_t *how, const x411_recipient_t *one)
{
    static const char *const mta[] = {"none", "non-delivery", "report", "audited-report"};
    static const char *const user[] = {"no-report", "non-delivery-report", "report"};
    json_t *object = json_object();
    json_object_set_new(object, "or_name", x420_describe_or_name(how, &one->name));
    json_object_set_new(object, "number", json_integer(one->number));
    if (one->indicators.present) {
        unsigned user_report = (unsigned)x411_user_report(one);
        json_object_set_new(object, "bits", indicator_bits(&one->indicators));
        json_object_set_new(object, "responsibility", json_boolean(x411_responsible(one)));
        json_object_set_new(object, "mta_report", json_string(mta[(unsigned)x411_mta_report(one) & 3]));
        json_object_set_new(object, "user_report",
                            user_report < 3 ? json_string(user[user_report]) : json_integer(user_report));
    }
    if (one->conversion_present)
        json_object_set_new(object, "explicit_conversion", json_integer(one->conversion));
    if (one->outcome)
        put_outcome(how, object, one->outcome);
    put_extensions(how, object, &one->extensions);
    return object;
}

static json_t *recipients(const x420_describe_t *how, const x411_apdu_t *apdu)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        json_array_append_new(array, recipient(how, &apdu->recipients[i]));
    return array;
}

static json_t *report_content(const x420_describe_t *how, const x411_apdu_t *apdu)
{
    const x411_report_t *report = apdu->report;
    json_t *object = json_object();
    json_object_set_new(object, "subject_identifier", x420_describe_mts_id(how, &report->subject_id));
    if (report->subject_trace_present)
        json_object_set_new(object, "subject_intermediate_trace",
                            x420_describe_trace(how, &report->subject_trace));
    put_eits(how, object, "original_eits", &report->original_eits);
    put_content_type(how, object, &report->content_type);
    put_string(how, object, "content_identifier", &report->content_id);
    if (report->returned_content_present) {
        json_t *returned = json_object();
        /* A 1984 report does not say the type of what it returns. */
        x411_content_type_t type = report->content_type;
        if (!type.present)
            type = x411_content_type_make(X411_CONTENT_P2);
        x420_describe_content(how, returned, &type, report->returned_content);
        json_object_set_new(object, "returned_content", returned);
    }
    if (report->additional_information.data)
        json_object_set_new(object, "additional_information",
                            x420_describe_hex(how, report->additional_information));
    put_extensions(how, object, &report->extensions);
    json_object_set_new(object, "recipients", recipients(how, apdu));
    return object;
}

static void put_bilateral(const x420_describe_t *how, json_t *object, const x411_apdu_t *apdu)
{
    if (!apdu->bilateral_present)
        return;
    json_t *array = json_array();
    for (unsigned i = 0; i < apdu->bilateral_count; i++) {
        json_t *element = x420_describe_domain(how, &apdu->bilateral[i].domain);
        json_object_set_new(element, "information_ber",
                            x420_describe_hex(how, apdu->bilateral[i].information));
        json_array_append_new(array, element);
    }
    json_object_set_new(object, "per_domain_bilateral", array);
}

static void put_envelope(const x420_describe_t *how, json_t *object, const x411_apdu_t *apdu)
{
    bool report = apdu->kind == X411_REPORT;
    json_object_set_new(object, "mts_identifier", x420_describe_mts_id(how, &apdu->mts_id));
    json_object_set_new(object, report ? "report_destination" : "originator",
                        x420_describe_or_name(how, &apdu->originator));
    if (!report) {
        put_eits(how, object, "original_eits", &apdu->original_eits);
        put_content_type(how, object, &apdu->content_type);
        put_string(how, object, "content_identifier", &apdu->content_id);
        if (apdu->priority_present)
            json_object_set_new(object, "priority", json_string(x411_priority_name(apdu->priority)));
        put_flags(object, &apdu->flags);
        put_time(object, "deferred_delivery_time", &apdu->deferred_delivery);
        put_bilateral(how, object, apdu);
    }
    json_object_set_new(object, "trace", x420_describe_trace(how, &apdu->trace));
    put_extensions(how, object, &apdu->extensions);
}

json_t *x420_describe_apdu(const x420_describe_t *how, const x411_apdu_t *apdu, const bytes_t *content)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(x411_kind_name(apdu->kind)));
    put_envelope(how, object, apdu);
    if (apdu->kind == X411_REPORT && apdu->report) {
        json_object_set_new(object, "report_content", report_content(how, apdu));
        return object;
    }
    json_object_set_new(object, "recipients", recipients(how, apdu));
    if (apdu->content_length_present)
        json_object_set_new(object, "content_length", json_integer(apdu->content_length));
    if (apdu->kind == X411_MESSAGE && content)
        x420_describe_content(how, object, &apdu->content_type, *content);
    return object;
}
