/* Interpersonal messages and notifications as JSON. */
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

static void put_digest(const x420_describe_t *how, json_t *object, const char *key, bytes_t octets)
{
    if (how->digest)
        json_object_set_new(object, key, json_string(how->digest(how->pool, octets)));
}

static json_t *ipm_id(const x420_describe_t *how, const x420_ipm_id_t *id)
{
    json_t *object = json_object();
    if (id->user)
        json_object_set_new(object, "or_name", x420_describe_or_name(how, id->user));
    put_string(how, object, "id", &id->local);
    return object;
}

static json_t *ipm_ids(const x420_describe_t *how, const x420_ipm_ids_t *ids)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < ids->count; i++)
        json_array_append_new(array, ipm_id(how, &ids->items[i]));
    return array;
}

static json_t *descriptor(const x420_describe_t *how, const x420_descriptor_t *one)
{
    json_t *object = json_object();
    if (one->formal)
        json_object_set_new(object, "or_name", x420_describe_or_name(how, one->formal));
    put_string(how, object, "free_form", &one->free_form);
    put_string(how, object, "telephone", &one->telephone);
    return object;
}

static json_t *descriptors(const x420_describe_t *how, const x420_descriptors_t *list)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < list->count; i++)
        json_array_append_new(array, descriptor(how, &list->items[i]));
    return array;
}

static json_t *extension_oids(const x420_describe_t *how, const x420_extensions_t *extensions)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < extensions->count; i++) {
        const x420_extension_t *extension = &extensions->items[i];
        json_t *oid = x420_describe_oid(how, extension->oid);
        if (how->readable) {
            json_t *object = json_object();
            const char *name = x420_extension_name(extension->oid);
            json_object_set_new(object, "type", oid);
            if (name)
                json_object_set_new(object, "name", json_string(name));
            if (extension->value.length)
                json_object_set_new(object, "value_ber", x420_describe_hex(how, extension->value));
            oid = object;
        }
        json_array_append_new(array, oid);
    }
    return array;
}

static json_t *recipients(const x420_describe_t *how, const x420_recipients_t *list)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < list->count; i++) {
        const x420_recipient_t *one = &list->items[i];
        json_t *object = descriptor(how, &one->descriptor);
        if (one->requests_present)
            json_object_set_new(object, "notification_requests", x420_describe_bits(how, &one->requests));
        if (one->reply_requested_present)
            json_object_set_new(object, "reply_requested", json_boolean(one->reply_requested));
        if (one->extensions.present)
            json_object_set_new(object, "recipient_extensions", extension_oids(how, &one->extensions));
        json_array_append_new(array, object);
    }
    return array;
}

static void put_file(const x420_describe_t *how, json_t *object, const x420_body_t *body)
{
    const x420_file_t *file = &body->file;
    bytes_t name;
    bytes_t octets;
    if (!x420_body_attachment(how->pool, body, &name, &octets))
        return;
    json_object_set_new(object, "file_name", x420_describe_utf8(how, name));
    json_object_set_new(object, "file_length", json_integer((json_int_t)octets.length));
    put_digest(how, object, "file_sha256", octets);
    if (file->modified.length)
        json_object_set_new(object, "file_modified", x420_describe_octets(file->modified));
    if (file->application.length)
        json_object_set_new(object, "file_application", x420_describe_oid(how, file->application));
}

static void put_readable(const x420_describe_t *how, json_t *object, const x420_body_t *body)
{
    bytes_t text;
    if (x420_body_text(how->pool, body, &text))
        json_object_set_new(object, "text", x420_describe_utf8(how, text));
    if (x420_extended_name(body->extended))
        json_object_set_new(object, "extended_type", json_string(x420_extended_name(body->extended)));
    if (body->charset_count) {
        json_t *array = json_array();
        for (unsigned i = 0; i < body->charset_count; i++)
            json_array_append_new(array, json_integer(body->charsets[i]));
        json_object_set_new(object, "character_sets", array);
    }
    put_file(how, object, body);
    put_time(object, "delivery_time", &body->delivery_time);
    if (body->fault)
        json_object_set_new(object, "fault", json_string(body->fault));
}

static void put_octets(const x420_describe_t *how, json_t *object, bytes_t octets)
{
    json_object_set_new(object, "length", json_integer((json_int_t)octets.length));
    put_digest(how, object, "sha256", octets);
}

static void put_raw(const x420_describe_t *how, json_t *object, bytes_t raw)
{
    json_object_set_new(object, "octets_ber", json_integer((json_int_t)raw.length));
    put_digest(how, object, "ber_sha256", raw);
}

static json_t *body_part(const x420_describe_t *how, const x420_body_t *body)
{
    json_t *object = json_object();
    json_object_set_new(object, "type", json_string(x420_body_type_name(body->type)));
    if (body->type == X420_BODY_EXTERNAL && body->data.present) {
        json_t *oids = json_array();
        if (body->parameters.present && body->parameters.oid.length)
            json_array_append_new(oids, x420_describe_oid(how, body->parameters.oid));
        if (body->data.oid.length)
            json_array_append_new(oids, x420_describe_oid(how, body->data.oid));
        json_object_set_new(object, "oids", oids);
        put_octets(how, object, body->data.octets);
    } else if (!body->fault && (body->type == X420_BODY_IA5 || body->type == X420_BODY_TELETEX)) {
        put_octets(how, object, body->octets);
    } else if (!body->message) {
        put_raw(how, object, body->raw);
    }
    if (body->message)
        json_object_set_new(object, "ipm", x420_describe_ipm(how, body->message));
    if (how->readable)
        put_readable(how, object, body);
    return object;
}

static void put_people(const x420_describe_t *how, json_t *object, const x420_heading_t *heading)
{
    if (heading->originator_present)
        json_object_set_new(object, "originator", descriptor(how, &heading->originator));
    if (heading->authorizing.present)
        json_object_set_new(object, "authorizing", descriptors(how, &heading->authorizing));
    if (heading->primary.present)
        json_object_set_new(object, "primary", recipients(how, &heading->primary));
    if (heading->copy.present)
        json_object_set_new(object, "copy", recipients(how, &heading->copy));
    if (heading->blind_copy.present)
        json_object_set_new(object, "bcc", recipients(how, &heading->blind_copy));
}

static void put_number(json_t *object, const char *key, int64_t number, const char *name_key,
                       const char *name)
{
    json_object_set_new(object, key, json_integer(number));
    if (name)
        json_object_set_new(object, name_key, json_string(name));
}

static void put_heading(const x420_describe_t *how, json_t *object, const x420_heading_t *heading)
{
    if (heading->this_ipm.present)
        json_object_set_new(object, "this_ipm", ipm_id(how, &heading->this_ipm));
    put_people(how, object, heading);
    if (heading->replied_to.present)
        json_object_set_new(object, "replied_to", ipm_id(how, &heading->replied_to));
    if (heading->obsoleted.present)
        json_object_set_new(object, "obsoleted", ipm_ids(how, &heading->obsoleted));
    if (heading->related.present)
        json_object_set_new(object, "related", ipm_ids(how, &heading->related));
    put_string(how, object, "subject", &heading->subject);
    put_time(object, "expiry_time", &heading->expiry_time);
    put_time(object, "reply_time", &heading->reply_time);
    if (heading->reply_recipients.present)
        json_object_set_new(object, "reply_recipients", descriptors(how, &heading->reply_recipients));
    if (heading->importance_present)
        put_number(object, "importance", heading->importance, "importance_name",
                   how->readable ? x420_importance_name(heading->importance) : NULL);
    if (heading->sensitivity_present)
        put_number(object, "sensitivity", heading->sensitivity, "sensitivity_name",
                   how->readable ? x420_sensitivity_name(heading->sensitivity) : NULL);
    if (heading->auto_forwarded_present)
        json_object_set_new(object, "auto_forwarded", json_boolean(heading->auto_forwarded));
    if (heading->extensions.present)
        json_object_set_new(object, "heading_extensions", extension_oids(how, &heading->extensions));
}

json_t *x420_describe_ipm(const x420_describe_t *how, const x420_ipm_t *ipm)
{
    json_t *object = json_object();
    json_t *bodies = json_array();
    put_heading(how, object, &ipm->heading);
    for (unsigned i = 0; i < ipm->body_count; i++)
        json_array_append_new(bodies, body_part(how, &ipm->bodies[i]));
    json_object_set_new(object, "bodies", bodies);
    return object;
}

static void put_notification(const x420_describe_t *how, json_t *object, const x420_ipn_t *ipn)
{
    if (ipn->type == X420_RECEIPT) {
        put_time(object, "receipt_time", &ipn->receipt_time);
        json_object_set_new(object, "acknowledgment",
                            json_string(ipn->acknowledgment ? "automatic" : "manual"));
        put_string(how, object, "supplementary", &ipn->supplementary);
    } else if (ipn->type == X420_NON_RECEIPT) {
        put_number(object, "reason", ipn->reason, "reason_name", x420_non_receipt_name(ipn->reason));
        if (ipn->discard_reason_present)
            put_number(object, "discard_reason", ipn->discard_reason, "discard_reason_name",
                       x420_discard_name(ipn->discard_reason));
        put_string(how, object, "comment", &ipn->comment);
        if (ipn->returned)
            json_object_set_new(object, "returned", x420_describe_ipm(how, ipn->returned));
    }
    if (ipn->type_extensions.present)
        json_object_set_new(object, "type_extensions", extension_oids(how, &ipn->type_extensions));
}

json_t *x420_describe_ipn(const x420_describe_t *how, const x420_ipn_t *ipn)
{
    static const char *const types[] = {"non-receipt", "receipt", "other"};
    json_t *object = json_object();
    json_object_set_new(object, "notification", json_string(types[ipn->type]));
    if (ipn->subject_ipm.present)
        json_object_set_new(object, "subject_ipm", ipm_id(how, &ipn->subject_ipm));
    if (ipn->originator_present)
        json_object_set_new(object, "originator", descriptor(how, &ipn->originator));
    if (ipn->intended_recipient_present)
        json_object_set_new(object, "intended_recipient", descriptor(how, &ipn->intended_recipient));
    if (ipn->conversion_eits.present)
        json_object_set_new(object, "conversion_eits", x420_describe_eits(how, &ipn->conversion_eits));
    if (ipn->extensions.present)
        json_object_set_new(object, "extensions", extension_oids(how, &ipn->extensions));
    put_notification(how, object, ipn);
    return object;
}

void x420_describe_content(const x420_describe_t *how, json_t *object, const x411_content_type_t *type,
                           bytes_t content)
{
    x420_content_t decoded;
    json_object_set_new(object, "content_length", json_integer((json_int_t)content.length));
    put_digest(how, object, "content_sha256", content);
    if (!x420_is_interpersonal(type))
        return;
    err_t *err = x420_content_decode(how->pool, content, &decoded);
    if (decoded.ipm)
        json_object_set_new(object, "ipm", x420_describe_ipm(how, decoded.ipm));
    else if (decoded.ipn)
        json_object_set_new(object, "ipn", x420_describe_ipn(how, decoded.ipn));
    else if (how->readable && err)
        json_object_set_new(object, "content_fault", json_string(err_describe(how->pool, err)));
}
