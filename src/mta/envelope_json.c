#include "mta/envelope_json.h"

#include "mta/queue.h"
#include "x411/extensions.h"
#include "x411/oraddress_text.h"
#include "x411/report.h"

json_t *envelope_json_text(bytes_t octets, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, octets.length * 2 + 1);
    size_t length = 0;
    for (size_t i = 0; i < octets.length; i++) {
        uint8_t octet = octets.data[i];
        if (octet < 0x80) {
            text[length++] = (char)octet;
        } else {
            text[length++] = (char)(0xC0 | octet >> 6);
            text[length++] = (char)(0x80 | (octet & 0x3F));
        }
    }
    return json_stringn(text, length);
}

static json_t *text_of(const char *text)
{
    json_t *value = json_string(text);
    return value ? value : json_string("");
}

static void set_time(json_t *object, const char *key, const x411_time_t *time, apr_pool_t *pool)
{
    if (x411_time_present(time))
        json_object_set_new(object, key, envelope_json_text(time->text, pool));
}

json_t *envelope_json_trace(const x411_trace_t *trace, apr_pool_t *pool)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < trace->count; i++) {
        const x411_trace_element_t *element = &trace->elements[i];
        json_t *item = json_object();
        json_object_set_new(item, "domain", text_of(x411_domain_text(pool, &element->domain)));
        if (x411_present(&element->mta))
            json_object_set_new(item, "mta", envelope_json_text(element->mta.octets, pool));
        set_time(item, "arrival", &element->arrival, pool);
        json_object_set_new(item, "action",
                            json_string(element->action == X411_REROUTED ? "rerouted" : "relayed"));
        set_time(item, "deferred", &element->deferred, pool);
        if (element->other_actions_present && ber_bit(&element->other_actions, X411_OTHER_REDIRECTED))
            json_object_set_new(item, "redirected", json_true());
        if (element->other_actions_present && ber_bit(&element->other_actions, X411_OTHER_DL_OPERATION))
            json_object_set_new(item, "dl_operation", json_true());
        json_array_append_new(array, item);
    }
    return array;
}

/* A redirection or expansion history as an array of { "name", "time", "reason"? }. */
static void set_history(json_t *object, const char *key, const x411_extensions_t *extensions, int64_t type,
                        apr_pool_t *pool)
{
    x411_history_t history;
    const x411_extension_t *extension = x411_extension_find(extensions, type);
    if (!extension || !x411_extension_history(extension, pool, &history))
        return;
    json_t *array = json_array();
    for (unsigned i = 0; i < history.count; i++) {
        const x411_history_element_t *element = &history.elements[i];
        const char *reason = x411_redirection_reason_name(element->reason);
        json_t *item = json_object();
        json_object_set_new(item, "name", text_of(x411_or_name_text(pool, &element->name)));
        set_time(item, "time", &element->time, pool);
        if (type == X411_EXT_REDIRECTION_HISTORY)
            json_object_set_new(item, "reason", json_string(reason ? reason : "unknown"));
        json_array_append_new(array, item);
    }
    json_object_set_new(object, key, array);
}

static void set_outcome(json_t *item, const x411_outcome_t *outcome, apr_pool_t *pool)
{
    json_object_set_new(item, "report", json_string(outcome->delivered ? "delivered" : "non-delivered"));
    set_time(item, "arrival", &outcome->arrival, pool);
    if (outcome->originally_intended)
        json_object_set_new(item, "originally_intended",
                            text_of(x411_or_name_text(pool, outcome->originally_intended)));
    if (outcome->delivered) {
        const char *user = x411_user_type_name(outcome->user_type_present ? outcome->user_type : 0);
        json_object_set_new(item, "user_type", json_string(user ? user : "unknown"));
        set_time(item, "delivery_time", &outcome->delivery_time, pool);
        return;
    }
    const char *reason = x411_reason_name(outcome->reason);
    json_object_set_new(item, "reason", json_integer(outcome->reason));
    json_object_set_new(item, "reason_name", json_string(reason ? reason : "unknown"));
    if (outcome->diagnostic_present) {
        const char *diagnostic = x411_diagnostic_name(outcome->diagnostic);
        json_object_set_new(item, "diagnostic", json_integer(outcome->diagnostic));
        json_object_set_new(item, "diagnostic_name", json_string(diagnostic ? diagnostic : "unknown"));
    }
    if (x411_present(&outcome->supplementary))
        json_object_set_new(item, "supplementary", envelope_json_text(outcome->supplementary.octets, pool));
}

static json_t *recipient_json(const x411_recipient_t *recipient, bool delivered, apr_pool_t *pool)
{
    static const char *const mta_reports[] = {"none", "non-delivery", "report", "audited-report"};
    static const char *const user_reports[] = {"no-report", "non-delivery-report", "report"};
    json_t *item = json_object();
    json_object_set_new(item, "address", text_of(x411_or_name_text(pool, &recipient->name)));
    json_object_set_new(item, "number", json_integer(recipient->number));
    set_history(item, "redirection_history", &recipient->extensions, X411_EXT_REDIRECTION_HISTORY, pool);
    if (recipient->outcome) {
        set_outcome(item, recipient->outcome, pool);
        return item;
    }
    unsigned user = x411_user_report(recipient);
    json_object_set_new(item, "delivered", json_boolean(delivered));
    json_object_set_new(item, "responsibility", json_boolean(x411_responsible(recipient)));
    json_object_set_new(item, "mta_report", json_string(mta_reports[x411_mta_report(recipient) & 3]));
    json_object_set_new(item, "user_report", json_string(user_reports[user < 3 ? user : 0]));
    return item;
}

static json_t *extensions_json(const x411_extensions_t *extensions, apr_pool_t *pool)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < extensions->count; i++) {
        const x411_extension_t *extension = &extensions->items[i];
        const char *name = x411_extension_name(extension->type);
        json_t *item = json_object();
        json_object_set_new(item, "type", json_integer(extension->type));
        if (name)
            json_object_set_new(item, "name", json_string(name));
        json_object_set_new(item, "value_ber", json_string(bytes_to_hex(pool, extension->value)));
        json_array_append_new(array, item);
    }
    return array;
}

json_t *envelope_json(object_t *object, const x411_apdu_t *apdu, const queue_entry_t *entry,
                      const char *content_file, apr_pool_t *pool)
{
    bool report = apdu->kind == X411_REPORT;
    json_t *root = json_object();
    json_object_set_new(root, "type", json_string(x411_kind_name(apdu->kind)));
    json_object_set_new(root, "mts_identifier", text_of(x411_mts_id_text(pool, &apdu->mts_id)));
    json_object_set_new(root, report ? "report_destination" : "originator",
                        text_of(x411_or_name_text(pool, &apdu->originator)));
    if (report)
        json_object_set_new(root, "subject_identifier",
                            text_of(x411_mts_id_text(pool, &apdu->report->subject_id)));
    const x411_content_type_t *type = report ? &apdu->report->content_type : &apdu->content_type;
    if (type->present)
        json_object_set_new(root, "content_type", text_of(x411_content_type_text(pool, type)));
    const x411_string_t *content_id = report ? &apdu->report->content_id : &apdu->content_id;
    if (x411_present(content_id))
        json_object_set_new(root, "content_identifier", envelope_json_text(content_id->octets, pool));
    json_object_set_new(root, "priority", json_string(x411_priority_name(apdu->priority)));
    set_time(root, "deferred_delivery_time", &apdu->deferred_delivery, pool);
    x411_time_t arrival = x411_time_from_utc(pool, object->record.arrival);
    set_time(root, "arrival", &arrival, pool);
    json_object_set_new(root, "content_file", json_string(content_file));
    json_object_set_new(root, "content_length", json_integer((json_int_t)object->record.content_length));
    json_t *recipients = json_array();
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        const x411_recipient_t *recipient = &apdu->recipients[i];
        bool here = !report && entry && queue_entry_has(entry, i, x411_responsible(recipient));
        json_array_append_new(recipients, recipient_json(recipient, here, pool));
    }
    json_object_set_new(root, "recipients", recipients);
    json_object_set_new(root, "trace", envelope_json_trace(&apdu->trace, pool));
    set_history(root, "dl_expansion_history", &apdu->extensions, X411_EXT_DL_EXPANSION_HISTORY, pool);
    set_history(root, "originator_and_dl_expansion_history", &apdu->extensions,
                X411_EXT_ORIGINATOR_AND_DL_HISTORY, pool);
    if (report)
        json_object_set_new(root, "returned_content", json_boolean(apdu->report->returned_content_present));
    if (apdu->extensions.count)
        json_object_set_new(root, "extensions", extensions_json(&apdu->extensions, pool));
    return root;
}
