/* Encoded information types, trace and extension fields as JSON. */
#include "x411/extensions.h"
#include "x420/describe.h"

static json_t *time_text(const x411_time_t *time)
{
    return x420_describe_octets(time->text);
}

json_t *x420_describe_eits(const x420_describe_t *how, const x411_eits_t *eits)
{
    json_t *object = json_object();
    json_t *bits = json_array();
    for (size_t i = 0; i < eits->built_in.count; i++)
        if (ber_bit(&eits->built_in, i))
            json_array_append_new(bits, json_integer((json_int_t)i));
    json_object_set_new(object, "bits", bits);
    if (eits->extended_count) {
        json_t *extended = json_array();
        for (unsigned i = 0; i < eits->extended_count; i++)
            json_array_append_new(extended, x420_describe_oid(how, eits->extended[i]));
        json_object_set_new(object, "extended", extended);
    }
    return object;
}

static json_t *action_name(int64_t action)
{
    if (action == X411_RELAYED)
        return json_string("relayed");
    if (action == X411_REROUTED)
        return json_string("rerouted");
    return json_integer(action);
}

static void put_attempted(const x420_describe_t *how, json_t *object, const x411_trace_element_t *element)
{
    if (!element->attempted_present)
        return;
    json_t *attempted = NULL;
    if (x411_present(&element->attempted_mta)) {
        attempted = json_object();
        json_object_set_new(attempted, "mta", x420_describe_string(how, &element->attempted_mta));
    } else {
        attempted = x420_describe_domain(how, &element->attempted);
    }
    json_object_set_new(object, "attempted", attempted);
}

static json_t *trace_element(const x420_describe_t *how, const x411_trace_element_t *element)
{
    json_t *object = json_object();
    json_object_set_new(object, "domain", x420_describe_domain(how, &element->domain));
    if (x411_present(&element->mta))
        json_object_set_new(object, "mta", x420_describe_string(how, &element->mta));
    json_object_set_new(object, "arrival", time_text(&element->arrival));
    json_object_set_new(object, "action", action_name(element->action));
    put_attempted(how, object, element);
    if (x411_time_present(&element->deferred))
        json_object_set_new(object, "deferred", time_text(&element->deferred));
    if (element->converted.present)
        json_object_set_new(object, "converted", x420_describe_eits(how, &element->converted));
    if (element->other_actions_present)
        json_object_set_new(object, "other_actions", x420_describe_bits(how, &element->other_actions));
    return object;
}

json_t *x420_describe_trace(const x420_describe_t *how, const x411_trace_t *trace)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < trace->count; i++)
        json_array_append_new(array, trace_element(how, &trace->elements[i]));
    return array;
}

static json_t *history(const x420_describe_t *how, const x411_extension_t *extension)
{
    x411_history_t value;
    if (!x411_extension_history(extension, how->pool, &value))
        return NULL;
    const char *key = "originator-or-dl";
    if (extension->type == X411_EXT_REDIRECTION_HISTORY)
        key = "intended-recipient";
    else if (extension->type == X411_EXT_DL_EXPANSION_HISTORY)
        key = "dl";
    json_t *array = json_array();
    for (unsigned i = 0; i < value.count; i++) {
        const x411_history_element_t *element = &value.elements[i];
        json_t *object = json_object();
        json_object_set_new(object, key, x420_describe_or_name(how, &element->name));
        if (x411_time_present(&element->time))
            json_object_set_new(object, "time", time_text(&element->time));
        if (element->reason >= 0)
            json_object_set_new(object, "reason", json_integer(element->reason));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *reporting_mta(const x420_describe_t *how, const x411_extension_t *extension)
{
    x411_domain_t domain;
    x411_string_t mta;
    if (!x411_extension_reporting_mta(extension, how->pool, &domain, &mta))
        return NULL;
    json_t *object = json_object();
    json_object_set_new(object, "domain", x420_describe_domain(how, &domain));
    json_object_set_new(object, "mta", x420_describe_string(how, &mta));
    return object;
}

static json_t *delivery_methods(const x411_extension_t *extension)
{
    int64_t methods[16];
    unsigned count = 0;
    if (!x411_extension_methods(extension, methods, &count))
        return NULL;
    json_t *array = json_array();
    for (unsigned i = 0; i < count; i++)
        json_array_append_new(array, json_integer(methods[i]));
    return array;
}

/* Values that have a form of their own by the type of the extension. */
static json_t *typed_value(const x420_describe_t *how, const x411_extension_t *extension)
{
    x411_trace_t trace;
    x411_or_address_t address;
    switch (extension->type) {
    case X411_EXT_REQUESTED_DELIVERY_METHOD: return delivery_methods(extension);
    case X411_EXT_ORIGINATOR_RETURN_ADDRESS:
        return x411_extension_or_address(extension, how->pool, &address)
                   ? x420_describe_or_address(how, &address)
                   : NULL;
    case X411_EXT_REDIRECTION_HISTORY:
    case X411_EXT_DL_EXPANSION_HISTORY:
    case X411_EXT_ORIGINATOR_AND_DL_HISTORY: return history(how, extension);
    case X411_EXT_TRACE_INFORMATION:
    case X411_EXT_INTERNAL_TRACE:
        return x411_extension_trace(extension, how->pool, &trace) ? x420_describe_trace(how, &trace) : NULL;
    case X411_EXT_REPORTING_MTA_NAME: return reporting_mta(how, extension);
    default: return NULL;
    }
}

/* Values that say by their own tag what they are. */
static json_t *tagged_value(const x420_describe_t *how, const x411_extension_t *extension)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_tlv_t tlv;
    int64_t number = 0;
    ber_bits_t bits;
    x411_time_t time;
    x411_or_name_t name;
    x411_string_t string;
    ber_reader_init(&reader, extension->value, &fault);
    if (!extension->value.length || !ber_read(&reader, &tlv))
        return NULL;
    switch (tlv.tag) {
    case BER_INTEGER:
    case BER_ENUMERATED: return x411_extension_number(extension, &number) ? json_integer(number) : NULL;
    case BER_BIT_STRING:
        return x411_extension_bits(extension, how->pool, &bits) ? x420_describe_bits(how, &bits) : NULL;
    case BER_UTC_TIME: return x411_extension_time(extension, how->pool, &time) ? time_text(&time) : NULL;
    case BER_APPLICATION(0):
        return x411_extension_or_name(extension, how->pool, &name) ? x420_describe_or_name(how, &name) : NULL;
    case BER_OBJECT_IDENTIFIER: return x420_describe_oid(how, tlv.content);
    case BER_PRINTABLE_STRING:
    case BER_NUMERIC_STRING:
    case BER_TELETEX_STRING:
    case BER_IA5_STRING:
        return x411_extension_string(extension, how->pool, &string) ? x420_describe_string(how, &string)
                                                                    : NULL;
    default: return NULL;
    }
}

static json_t *criticality(const ber_bits_t *bits)
{
    static const char *const names[] = {"submission", "transfer", "delivery"};
    json_t *array = json_array();
    for (unsigned i = 0; i < 3; i++)
        if (ber_bit(bits, i))
            json_array_append_new(array, json_string(names[i]));
    return array;
}

static json_t *extension_field(const x420_describe_t *how, const x411_extension_t *extension)
{
    json_t *object = json_object();
    const char *name = x411_extension_name(extension->type);
    if (extension->type < 0)
        json_object_set_new(object, "type", x420_describe_oid(how, extension->oid));
    else
        json_object_set_new(object, "type", json_integer(extension->type));
    if (extension->criticality_present)
        json_object_set_new(object, "criticality", criticality(&extension->criticality));
    json_t *value = typed_value(how, extension);
    if (!value)
        value = tagged_value(how, extension);
    if (value)
        json_object_set_new(object, "value", value);
    if (extension->value.length && (!value || how->raw_values))
        json_object_set_new(object, "value_ber", x420_describe_hex(how, extension->value));
    if (name && extension->type >= 0)
        json_object_set_new(object, "name", json_string(name));
    return object;
}

json_t *x420_describe_extensions(const x420_describe_t *how, const x411_extensions_t *extensions)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < extensions->count; i++)
        json_array_append_new(array, extension_field(how, &extensions->items[i]));
    return array;
}
