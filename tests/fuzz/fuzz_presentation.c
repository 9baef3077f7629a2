/* Presentation PDUs and the APDUs of association control: what decodes must encode, decode again, and then
 * encode to the same octets. The first octet chooses the type. */
#include "fuzz.h"

#include "osi/acse.h"
#include "osi/presentation.h"

#include <apr_general.h>
#include <stdlib.h>

static buffer_t *new_buffer(apr_pool_t *pool)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    buffer_init(out, pool, 1 << 20);
    return out;
}

static void check_same(bool read, const buffer_t *one, const buffer_t *two)
{
    if (!read || !bytes_equal(buffer_bytes(one), buffer_bytes(two)))
        abort();
}

static void run_ppdu(apr_pool_t *pool, bytes_t input, unsigned choice)
{
    presentation_ppdu_t *ppdu = apr_palloc(pool, 2 * sizeof(*ppdu));
    ber_fault_t fault;
    bool connects = choice < 3;
    presentation_kind_t kind = (presentation_kind_t)choice;
    bool read = connects ? presentation_read_connect(input, kind, pool, ppdu, &fault)
                         : presentation_read_abort(input, pool, ppdu, &fault);
    if (read != (fault.what == NULL))
        abort();
    if (!read)
        return;
    buffer_t *one = new_buffer(pool);
    buffer_t *two = new_buffer(pool);
    ber_writer_t writer;
    ber_writer_init(&writer, one);
    presentation_write(&writer, ppdu);
    if (!ber_writer_ok(&writer))
        abort();
    read = connects ? presentation_read_connect(buffer_bytes(one), kind, pool, &ppdu[1], &fault)
                    : presentation_read_abort(buffer_bytes(one), pool, &ppdu[1], &fault);
    if (ppdu->contexts_beyond && kind == PRESENTATION_CP)
        return; /* what is past the limit is answered, not sent */
    ber_writer_init(&writer, two);
    presentation_write(&writer, &ppdu[1]);
    check_same(read, one, two);
}

static void run_user_data(apr_pool_t *pool, bytes_t input)
{
    presentation_user_data_t data;
    ber_fault_t fault;
    if (!presentation_read_user_data(input, pool, &data, &fault))
        return;
    buffer_t *one = new_buffer(pool);
    buffer_t *two = new_buffer(pool);
    ber_writer_t writer;
    ber_writer_init(&writer, one);
    presentation_write_user_data(&writer, &data);
    bool read = presentation_read_user_data(buffer_bytes(one), NULL, &data, &fault);
    ber_writer_init(&writer, two);
    presentation_write_user_data(&writer, &data);
    check_same(read, one, two);
}

static void run_acse(apr_pool_t *pool, bytes_t input)
{
    acse_apdu_t apdu;
    ber_fault_t fault;
    if (!acse_read(input, pool, &apdu, &fault))
        return;
    if (apdu.kind == ACSE_AARE && apdu.source == 0)
        return; /* without a diagnostic: legible, not to be written */
    buffer_t *one = new_buffer(pool);
    buffer_t *two = new_buffer(pool);
    ber_writer_t writer;
    ber_writer_init(&writer, one);
    acse_write(&writer, &apdu);
    bool read = acse_read(buffer_bytes(one), pool, &apdu, &fault);
    ber_writer_init(&writer, two);
    acse_write(&writer, &apdu);
    acse_rejection_text(pool, &apdu);
    check_same(read, one, two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    if (size == 0)
        return 0;
    bytes_t input = bytes_make(data + 1, size - 1);
    unsigned choice = data[0] % 6;
    if (choice == 4)
        run_user_data(pool, input);
    else if (choice == 5)
        run_acse(pool, input);
    else
        run_ppdu(pool, input, choice);
    apr_pool_clear(pool);
    return 0;
}
