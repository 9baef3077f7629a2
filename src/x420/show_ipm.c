/* Interpersonal messages and notifications for people. */
#include <apr_strings.h>

#include "x411/oraddress_text.h"
#include "x420/charset.h"
#include "x420/show_internal.h"

enum { HEX_LIMIT = 256 };

static const char *local_text(const show_t *show, const x411_string_t *string)
{
    return bytes_to_string(show->pool, x420_utf8_from_8bit(show->pool, string->octets, X420_LATIN1));
}

static void show_ipm_id(const show_t *show, unsigned indent, const char *label, const x420_ipm_id_t *id)
{
    if (!id->present)
        return;
    const char *local = x411_present(&id->local) ? local_text(show, &id->local) : "(no identifier)";
    if (id->user)
        x420_show_line(show->out, indent, label, "%s, of %s", local, x411_or_name_text(show->pool, id->user));
    else
        x420_show_line(show->out, indent, label, "%s", local);
}

static const char *descriptor_text(const show_t *show, const x420_descriptor_t *descriptor)
{
    apr_pool_t *pool = show->pool;
    const char *text = descriptor->formal ? x411_or_name_text(pool, descriptor->formal) : "(no O/R name)";
    if (x411_present(&descriptor->free_form)) {
        bytes_t utf8 = x411_utf8_from_t61(pool, descriptor->free_form.octets);
        text = apr_pstrcat(pool, text, " \"", bytes_to_string(pool, utf8), "\"", NULL);
    }
    if (x411_present(&descriptor->telephone))
        text = apr_pstrcat(pool, text, " telephone ", local_text(show, &descriptor->telephone), NULL);
    return text;
}

static void show_recipients(const show_t *show, unsigned indent, const char *label,
                            const x420_recipients_t *recipients)
{
    for (unsigned i = 0; i < recipients->count; i++) {
        const x420_recipient_t *one = &recipients->items[i];
        x420_show_line(show->out, indent, label, "%s%s%s%s%s", descriptor_text(show, &one->descriptor),
                       ber_bit(&one->requests, X420_REQUEST_RN) ? "; receipt notification" : "",
                       ber_bit(&one->requests, X420_REQUEST_NRN) ? "; non-receipt notification" : "",
                       ber_bit(&one->requests, X420_REQUEST_IPM_RETURN) ? "; return of the message" : "",
                       one->reply_requested ? "; reply requested" : "");
    }
}

static void show_descriptors(const show_t *show, unsigned indent, const char *label,
                             const x420_descriptors_t *descriptors)
{
    for (unsigned i = 0; i < descriptors->count; i++)
        x420_show_line(show->out, indent, label, "%s", descriptor_text(show, &descriptors->items[i]));
}

static void show_ipm_ids(const show_t *show, unsigned indent, const char *label, const x420_ipm_ids_t *ids)
{
    for (unsigned i = 0; i < ids->count; i++)
        show_ipm_id(show, indent, label, &ids->items[i]);
}

static void show_number(const show_t *show, unsigned indent, const char *label, int64_t number,
                        const char *name)
{
    if (name)
        x420_show_line(show->out, indent, label, "%s", name);
    else
        x420_show_line(show->out, indent, label, "%lld", (long long)number);
}

static void show_extension_list(const show_t *show, unsigned indent, const char *label,
                                const x420_extensions_t *extensions)
{
    for (unsigned i = 0; i < extensions->count; i++) {
        const x420_extension_t *extension = &extensions->items[i];
        const char *name = x420_extension_name(extension->oid);
        const char *oid = ber_oid_text(show->pool, extension->oid);
        x420_show_line(show->out, indent, label, "%s%s(%s), %lu octets", name ? name : "", name ? " " : "",
                       oid ? oid : "malformed identifier", (unsigned long)extension->value.length);
        if (extension->value.length)
            x420_show_hex(extension->value, indent + 1, HEX_LIMIT, show->out);
    }
}

static void show_heading(const show_t *show, unsigned indent, const x420_heading_t *heading)
{
    show_ipm_id(show, indent, "This message", &heading->this_ipm);
    if (heading->originator_present)
        x420_show_line(show->out, indent, "From", "%s", descriptor_text(show, &heading->originator));
    show_descriptors(show, indent, "Authorized by", &heading->authorizing);
    show_recipients(show, indent, "To", &heading->primary);
    show_recipients(show, indent, "Copy", &heading->copy);
    show_recipients(show, indent, "Blind copy", &heading->blind_copy);
    show_ipm_id(show, indent, "In reply to", &heading->replied_to);
    show_ipm_ids(show, indent, "Obsoletes", &heading->obsoleted);
    show_ipm_ids(show, indent, "Related to", &heading->related);
    show_string(show, indent, "Subject", &heading->subject);
    show_time(show, indent, "Expires", &heading->expiry_time);
    show_time(show, indent, "Reply by", &heading->reply_time);
    show_descriptors(show, indent, "Reply to", &heading->reply_recipients);
    if (heading->importance_present)
        show_number(show, indent, "Importance", heading->importance,
                    x420_importance_name(heading->importance));
    if (heading->sensitivity_present)
        show_number(show, indent, "Sensitivity", heading->sensitivity,
                    x420_sensitivity_name(heading->sensitivity));
    if (heading->auto_forwarded_present)
        x420_show_line(show->out, indent, "Auto-forwarded", "%s", heading->auto_forwarded ? "yes" : "no");
    show_extension_list(show, indent, "Heading extension", &heading->extensions);
    if (heading->unknown_count)
        x420_show_line(show->out, indent, "Unknown fields", "%u", heading->unknown_count);
}

static void show_ipm(const show_t *show, unsigned indent, const x420_ipm_t *ipm);

static void show_attachment(const show_t *show, unsigned indent, const x420_body_t *body, bytes_t name,
                            bytes_t octets)
{
    if (name.length) {
        show_label(show->out, indent, "File name");
        show_clean(show->out, name);
        buffer_append(show->out, BYTES_LITERAL("\n"));
    }
    if (body->file.modified.length)
        x420_show_line(show->out, indent, "Modified", "%s", bytes_to_string(show->pool, body->file.modified));
    x420_show_line(show->out, indent, "Size", "%lu octets", (unsigned long)octets.length);
    x420_show_hex(octets, indent, HEX_LIMIT, show->out);
}

static void show_body_contents(const show_t *show, unsigned indent, const x420_body_t *body)
{
    bytes_t text;
    bytes_t name;
    bytes_t octets;
    if (body->fault)
        x420_show_line(show->out, indent, "Malformed", "%s", body->fault);
    if (body->message) {
        show_time(show, indent, "Delivered", &body->delivery_time);
        show_ipm(show, indent, body->message);
    } else if (x420_body_text(show->pool, body, &text)) {
        x420_show_text(show->out, indent, text);
    } else if (x420_body_attachment(show->pool, body, &name, &octets)) {
        show_attachment(show, indent, body, name, octets);
    } else {
        x420_show_hex(body->raw, indent, HEX_LIMIT, show->out);
    }
}

static void show_body(const show_t *show, unsigned indent, const x420_body_t *body, unsigned number)
{
    const char *kind = x420_body_type_name(body->type);
    if (body->type == X420_BODY_EXTERNAL) {
        const char *oid = ber_oid_text(show->pool, body->data.oid);
        const char *extended = x420_extended_name(body->extended);
        kind = extended ? apr_pstrcat(show->pool, extended, " (externally defined)", NULL)
                        : apr_pstrcat(show->pool, kind, " ", oid ? oid : "(no identifier)", NULL);
    }
    show_title(show->out, indent,
               apr_psprintf(show->pool, "Body part %u: %s, %lu octets encoded", number, kind,
                            (unsigned long)body->raw.length));
    show_body_contents(show, indent + 1, body);
}

static void show_ipm(const show_t *show, unsigned indent, const x420_ipm_t *ipm)
{
    show_title(show->out, indent, "Interpersonal message");
    show_heading(show, indent + 1, &ipm->heading);
    for (unsigned i = 0; i < ipm->body_count; i++)
        show_body(show, indent + 1, &ipm->bodies[i], i + 1);
}

static void show_ipn(const show_t *show, unsigned indent, const x420_ipn_t *ipn)
{
    static const char *const titles[] = {"Non-receipt notification", "Receipt notification", "Notification"};
    show_title(show->out, indent, titles[ipn->type]);
    indent++;
    show_ipm_id(show, indent, "About message", &ipn->subject_ipm);
    if (ipn->originator_present)
        x420_show_line(show->out, indent, "From", "%s", descriptor_text(show, &ipn->originator));
    if (ipn->intended_recipient_present)
        x420_show_line(show->out, indent, "Intended recipient", "%s",
                       descriptor_text(show, &ipn->intended_recipient));
    if (ipn->conversion_eits.present)
        x420_show_line(show->out, indent, "Converted to", "%s",
                       show_eits_text(show->pool, &ipn->conversion_eits));
    if (ipn->type == X420_RECEIPT) {
        show_time(show, indent, "Received", &ipn->receipt_time);
        x420_show_line(show->out, indent, "Acknowledged", "%s",
                       ipn->acknowledgment ? "automatically" : "by hand");
        show_string(show, indent, "Information", &ipn->supplementary);
    } else if (ipn->type == X420_NON_RECEIPT) {
        show_number(show, indent, "Reason", ipn->reason, x420_non_receipt_name(ipn->reason));
        if (ipn->discard_reason_present)
            show_number(show, indent, "Discard reason", ipn->discard_reason,
                        x420_discard_name(ipn->discard_reason));
        show_string(show, indent, "Comment", &ipn->comment);
        if (ipn->returned)
            show_ipm(show, indent, ipn->returned);
    }
    show_extension_list(show, indent, "Extension", &ipn->extensions);
    show_extension_list(show, indent, "Extension", &ipn->type_extensions);
}

void show_interpersonal(const show_t *show, unsigned indent, const x420_content_t *content)
{
    if (content->ipm)
        show_ipm(show, indent, content->ipm);
    else if (content->ipn)
        show_ipn(show, indent, content->ipn);
}
