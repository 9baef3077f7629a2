#include "x420/ipm_build.h"

static void put_ipm_id(ber_writer_t *writer, const x420_ipm_id_t *id)
{
    ber_open(writer, BER_APPLICATION(11));
    if (id->user)
        x411_or_name_write(writer, BER_APPLICATION(0), id->user);
    ber_put_octets(writer, BER_PRINTABLE_STRING, id->local.octets);
    ber_close(writer);
}

static void put_descriptor(ber_writer_t *writer, ber_tag_t tag, const x420_descriptor_t *descriptor)
{
    ber_open(writer, tag);
    if (descriptor->formal)
        x411_or_name_write(writer, BER_APPLICATION(0), descriptor->formal);
    x411_string_write(writer, BER_CONTEXT(0), &descriptor->free_form);
    x411_string_write(writer, BER_CONTEXT(1), &descriptor->telephone);
    ber_close(writer);
}

static void put_non_receipt(ber_writer_t *writer, const x420_ipn_t *ipn)
{
    ber_open(writer, BER_CONTEXT(0));
    ber_put_integer(writer, BER_CONTEXT(0), ipn->reason);
    if (ipn->discard_reason_present)
        ber_put_integer(writer, BER_CONTEXT(1), ipn->discard_reason);
    x411_string_write(writer, BER_CONTEXT(2), &ipn->comment);
    ber_close(writer);
}

static void put_receipt(ber_writer_t *writer, const x420_ipn_t *ipn)
{
    ber_open(writer, BER_CONTEXT(1));
    x411_time_write_value(writer, BER_CONTEXT(0), &ipn->receipt_time);
    if (ipn->acknowledgment)
        ber_put_integer(writer, BER_CONTEXT(1), ipn->acknowledgment);
    x411_string_write(writer, BER_CONTEXT(2), &ipn->supplementary);
    ber_close(writer);
}

err_t *x420_ipn_build(apr_pool_t *pool, const x420_ipn_t *ipn, buffer_t *out)
{
    ber_writer_t writer;
    if (ipn->type == X420_OTHER_NOTIFICATION)
        return err_create(pool, X420_ERROR_VALUE, "P2", "a notification of another kind is not built here");
    size_t before = buffer_length(out);
    ber_writer_init(&writer, out);
    ber_open(&writer, BER_CONTEXT(1));
    put_ipm_id(&writer, &ipn->subject_ipm);
    if (ipn->originator_present)
        put_descriptor(&writer, BER_CONTEXT(1), &ipn->originator);
    if (ipn->intended_recipient_present)
        put_descriptor(&writer, BER_CONTEXT(2), &ipn->intended_recipient);
    x411_eits_write(&writer, BER_APPLICATION(5), &ipn->conversion_eits);
    ber_open(&writer, BER_CONTEXT(0));
    if (ipn->type == X420_RECEIPT)
        put_receipt(&writer, ipn);
    else
        put_non_receipt(&writer, ipn);
    ber_close(&writer);
    ber_close(&writer);
    if (ber_writer_ok(&writer))
        return NULL;
    buffer_truncate(out, before);
    return err_create(pool, X420_ERROR_ENCODE, "P2", "the notification is larger than %lu octets",
                      (unsigned long)out->limit);
}
