/* Local submission: a message or probe is made from what the operator or a program gives, and taken in as any
 * other. */
#include <stdio.h>
#include <stdlib.h>

#include <apr_base64.h>
#include <apr_strings.h>

#include "mta/control_internal.h"
#include "mta/intake.h"
#include "mta/object.h"
#include "mta/trash.h"
#include "x411/extensions.h"
#include "x411/oraddress_text.h"

typedef struct sending_t {
    control_reply_t reply;
    void *context;
    char *mts_id; /* malloc */
    object_t *object;
    uint64_t length;
    unsigned chunks_waiting;
    bool store_failed;
} sending_t;

static void sent(void *context, intake_verdict_t verdict, const err_t *err)
{
    sending_t *sending = context;
    if (verdict == INTAKE_SECURED)
        sending->reply(sending->context, 200, json_pack("{s:s}", "mts_id", sending->mts_id));
    else
        sending->reply(
            sending->context, 503,
            json_pack("{s:s}", "error", err ? err->text : "the message could not be secured; try again"));
    free(sending->mts_id);
    free(sending);
}

/* Reads a text of one of the names in list, by its place; -1 if it is none of them. */
static int choice_of(const char *text, const char *const *list)
{
    for (int i = 0; list[i]; i++)
        if (strcmp(text, list[i]) == 0)
            return i;
    return -1;
}

static bool set_name(control_call_t *call, apr_pool_t *pool, const char *what, const char *text,
                     x411_or_name_t *name)
{
    err_t *err = text ? x411_or_name_parse(pool, text, name) : NULL;
    /* X.411 8.5.5: every form of address but the terminal's has a country. */
    if (text && !err && !name->address.country.octets.length && !name->address.x121.octets.length)
        err = err_create(call->pool, 0, "address", "the country is missing (C=)");
    if (text && !err)
        return true;
    control_refuse(call, 400, "%s: %s", what, text ? err_describe(call->pool, err) : "is missing");
    return false;
}

static bool set_content_type(control_call_t *call, apr_pool_t *pool, x411_apdu_t *apdu)
{
    const json_t *value = json_object_get(call->arguments, "content_type");
    apdu->content_type = x411_content_type_make(X411_CONTENT_P22);
    if (!value)
        return true;
    if (json_is_integer(value)) {
        apdu->content_type = x411_content_type_make(json_integer_value(value));
        return true;
    }
    const char *text = json_string_value(value);
    if (text && *text && strspn(text, "0123456789") == strlen(text)) {
        apdu->content_type = x411_content_type_make(apr_atoi64(text));
        return true;
    }
    bytes_t oid = text ? ber_oid_from_text(pool, text) : BYTES_NONE;
    if (!oid.length) {
        control_refuse(call, 400,
                       "content_type: a number (2, 22) or an object identifier (2.6.1.10.1) is wanted");
        return false;
    }
    apdu->content_type.present = true;
    apdu->content_type.oid = oid;
    return true;
}

/* The original encoded information types: numbers of built-in types and object identifiers. */
static bool set_encoded_types(control_call_t *call, apr_pool_t *pool, x411_apdu_t *apdu)
{
    enum { TYPES_LIMIT = 64 };
    const json_t *list = json_object_get(call->arguments, "encoded_types");
    size_t count = json_array_size(list);
    unsigned bits[TYPES_LIMIT];
    bytes_t oids[TYPES_LIMIT];
    unsigned built_in = 0;
    unsigned extended = 0;
    bool good = count <= TYPES_LIMIT;
    for (size_t i = 0; i < count && good; i++) {
        const json_t *item = json_array_get(list, i);
        json_int_t bit = json_integer_value(item);
        if (json_is_integer(item) && bit >= 0 && bit < X411_UB_BUILT_IN_EITS) {
            bits[built_in++] = (unsigned)bit;
            continue;
        }
        oids[extended] = json_is_string(item) ? ber_oid_from_text(pool, json_string_value(item)) : BYTES_NONE;
        good = oids[extended++].length > 0;
    }
    if (!good) {
        control_refuse(call, 400, "encoded_types: at most %d numbers and object identifiers are wanted",
                       TYPES_LIMIT);
        return false;
    }
    if (!count)
        return true;
    apdu->original_eits = x411_eits_make(pool, bits, built_in);
    apdu->original_eits.extended_count = extended;
    if (extended)
        apdu->original_eits.extended = apr_pmemdup(pool, oids, extended * sizeof(oids[0]));
    return true;
}

/* A time: UTCTime (261231235900Z) or ISO 8601 (2026-12-31T23:59:00Z). */
static bool set_time(control_call_t *call, const char *what, utc_time_t *utc)
{
    const char *text = control_text(call, what);
    int year, month, day, hour, minute, second, length = 0;
    if (x411_time_read(bytes_of_string(text), utc) <= X411_TIME_NO_ZONE)
        return true;
    /* Widths bound the numbers, and the count says whether all were there. NOLINTNEXTLINE(cert-err34-c) */
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute, &second, &length) ==
            6 &&
        length == (int)strlen(text)) {
        const char *short_form = apr_psprintf(call->pool, "%02d%02d%02d%02d%02d%02dZ", year % 100, month, day,
                                              hour, minute, second);
        if (year >= 1950 && year < 2050 && x411_time_read(bytes_of_string(short_form), utc) == X411_TIME_GOOD)
            return true;
    }
    control_refuse(call, 400, "%s: a UTC time such as 2026-12-31T23:59:00Z is wanted, not \"%s\"", what,
                   text);
    return false;
}

/* What the originator prohibits or allows. */
static void set_prohibitions(control_call_t *call, apr_pool_t *pool, x411_apdu_t *apdu)
{
    enum { PROHIBITED = 1 };
    static const struct {
        const char *name;
        int64_t type;
    } extensions[] = {{"reassignment_prohibited", X411_EXT_RECIPIENT_REASSIGNMENT_PROHIBITED},
                      {"dl_expansion_prohibited", X411_EXT_DL_EXPANSION_PROHIBITED},
                      {"conversion_with_loss_prohibited", X411_EXT_CONVERSION_WITH_LOSS_PROHIBITED}};
    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++)
        if (json_is_true(json_object_get(call->arguments, extensions[i].name)))
            x411_extension_set(pool, &apdu->extensions, extensions[i].type, 1 << X411_CRITICAL_DELIVERY,
                               x411_value_number(pool, BER_ENUMERATED, PROHIBITED));
    if (json_is_true(json_object_get(call->arguments, "alternate_allowed")))
        x411_indicator_set(&apdu->flags, X411_FLAG_ALTERNATE_ALLOWED, true);
    if (json_is_true(json_object_get(call->arguments, "conversion_prohibited")))
        x411_indicator_set(&apdu->flags, X411_FLAG_CONVERSION_PROHIBITED, true);
    if (json_is_true(json_object_get(call->arguments, "disclose_recipients")))
        x411_indicator_set(&apdu->flags, X411_FLAG_DISCLOSURE, true);
}

static bool set_options(control_call_t *call, apr_pool_t *pool, x411_apdu_t *apdu, x411_user_report_t *report)
{
    static const char *const priorities[] = {"normal", "non-urgent", "urgent", NULL};
    static const char *const reports[] = {"none", "non-delivery", "delivery", NULL};
    const char *text = control_text(call, "priority");
    int choice = text ? choice_of(text, priorities) : X411_NORMAL;
    if (choice < 0) {
        control_refuse(call, 400, "priority: urgent, normal or non-urgent is wanted, not \"%s\"", text);
        return false;
    }
    apdu->priority_present = choice != X411_NORMAL;
    apdu->priority = choice;
    text = control_text(call, "report");
    choice = text ? choice_of(text, reports) : X411_USER_REPORT_NON_DELIVERY;
    if (choice < 0) {
        control_refuse(call, 400, "report: none, non-delivery or delivery is wanted, not \"%s\"", text);
        return false;
    }
    *report = (x411_user_report_t)choice;
    text = control_text(call, "content_identifier");
    if (text)
        apdu->content_id = x411_printable(apr_pstrndup(pool, text, X411_UB_CONTENT_ID));
    if (json_is_true(json_object_get(call->arguments, "content_return")))
        x411_indicator_set(&apdu->flags, X411_FLAG_CONTENT_RETURN, true);
    utc_time_t utc;
    if (control_text(call, "deferred")) {
        if (!set_time(call, "deferred", &utc))
            return false;
        apdu->deferred_delivery = x411_time_from_utc(pool, utc);
    }
    if (control_text(call, "latest")) {
        if (!set_time(call, "latest", &utc))
            return false;
        x411_extension_set(pool, &apdu->extensions, X411_EXT_LATEST_DELIVERY_TIME,
                           1 << X411_CRITICAL_DELIVERY, x411_value_time(pool, utc));
    }
    set_prohibitions(call, pool, apdu);
    return true;
}

static bool add_recipients(control_call_t *call, apr_pool_t *pool, x411_apdu_t *apdu,
                           x411_user_report_t report)
{
    const json_t *list = json_object_get(call->arguments, "recipients");
    const char *text = control_text(call, "alternate");
    x411_or_name_t alternate;
    if (text && !set_name(call, pool, "alternate", text, &alternate))
        return false;
    if (!json_array_size(list)) {
        control_refuse(call, 400, "recipients: at least one O/R address is wanted");
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        x411_recipient_t *recipient = x411_apdu_add_recipient(pool, apdu);
        if (!recipient) {
            control_refuse(call, 400, "recipients: no more than %d are possible", X411_LIMIT_RECIPIENTS);
            return false;
        }
        const char *what = apr_psprintf(call->pool, "recipient %d", (int)i + 1);
        if (!set_name(call, pool, what, json_string_value(json_array_get(list, i)), &recipient->name))
            return false;
        recipient->number = (int64_t)i + 1;
        x411_mta_report_t mta =
            report == X411_USER_REPORT_ALL ? X411_MTA_REPORT_ALL : X411_MTA_REPORT_NON_DELIVERY;
        recipient->indicators = x411_recipient_indicators(true, mta, report);
        if (text)
            x411_extension_set(pool, &recipient->extensions, X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE,
                               1 << X411_CRITICAL_SUBMISSION, x411_value_or_name(pool, &alternate));
    }
    return true;
}

static bool set_content(control_call_t *call, object_t *object, bool probe)
{
    const char *text = control_text(call, "content");
    if (probe) {
        const json_t *value = json_object_get(call->arguments, "content_length");
        json_int_t length = json_integer_value(value);
        if (!value && text &&
            *text) /* that of the message that it asks about, without the octet that ends it */
            length = apr_base64_decode_len(text) - 1;
        object->apdu->content_length_present = true;
        object->apdu->content_length = length;
    } else if (!text) {
        control_refuse(call, 400, "content: base64 of the content octets is wanted");
        return false;
    } else {
        char *octets = apr_palloc(object->pool, (apr_size_t)apr_base64_decode_len(text) + 1);
        int length = apr_base64_decode_binary((unsigned char *)octets, text);
        object->content = bytes_make(octets, length > 0 ? (size_t)length : 0);
    }
    object->content_here = true;
    return true;
}

static void chunk_stored(void *context, const err_t *err)
{
    sending_t *sending = context;
    sending->store_failed = sending->store_failed || err;
    if (--sending->chunks_waiting)
        return;
    if (!sending->store_failed) {
        intake_begin(sending->object, sending->length, NULL, sent, sending);
        return;
    }
    trash_chunks(sending->object->agent, sending->object->record.id);
    object_release(sending->object);
    sent(sending, INTAKE_FAILED, err);
}

/* A content of more than one chunk goes to the store ahead of its message. */
static void put_chunks(agent_t *agent, sending_t *sending)
{
    object_t *object = sending->object;
    object->record.id = store_new_id(agent->services.store);
    unsigned number = 0;
    for (size_t offset = 0; offset < object->content.length; offset += STORE_CHUNK_SIZE) {
        store_txn_t *txn = store_txn_begin(agent->services.store);
        store_txn_put_chunk(txn, object->record.id, number++,
                            bytes_slice(object->content, offset, STORE_CHUNK_SIZE));
        sending->chunks_waiting++;
        store_txn_commit(txn, chunk_stored, sending);
    }
    object->content_here = false;
}

void control_send(control_call_t *call)
{
    agent_t *agent = call->agent;
    if (agent->stopping) {
        control_refuse(call, 503, "the MTA is stopping");
        return;
    }
    object_t *object = object_create(agent);
    apr_pool_t *pool = object->pool;
    bool probe = json_is_true(json_object_get(call->arguments, "probe"));
    x411_apdu_t *apdu = x411_apdu_create(pool, probe ? X411_PROBE : X411_MESSAGE);
    object->apdu = apdu;
    apdu->mts_id = agent_new_mts_id(agent, pool);
    x411_user_report_t report;
    if (!set_name(call, pool, "originator", control_text(call, "originator"), &apdu->originator) ||
        !set_content_type(call, pool, apdu) || !set_encoded_types(call, pool, apdu) ||
        !set_options(call, pool, apdu, &report) || !add_recipients(call, pool, apdu, report) ||
        !set_content(call, object, probe)) {
        object_release(object);
        return;
    }
    sending_t *sending = calloc(1, sizeof(*sending));
    if (!sending)
        abort();
    sending->reply = call->reply;
    sending->context = call->context;
    sending->mts_id = strdup(x411_mts_id_text(pool, &apdu->mts_id));
    sending->object = object;
    sending->length = object->content.length;
    if (sending->length > STORE_CHUNK_SIZE)
        put_chunks(agent, sending);
    else
        intake_begin(object, sending->length, NULL, sent, sending);
}
