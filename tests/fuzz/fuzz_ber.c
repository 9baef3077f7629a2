/* The BER reader: walks whatever the input is and reads every value in every way. */
#include <stdlib.h>

#include <apr_general.h>

#include "ber/reader.h"
#include "fuzz.h"

static void walk(ber_reader_t *reader, apr_pool_t *pool)
{
    while (ber_more(reader)) {
        ber_tlv_t tlv;
        if (!ber_read(reader, &tlv))
            return;
        ber_reader_t values = *reader;
        ber_fault_t fault = {.base = reader->fault->base};
        values.fault = &fault;
        int64_t number;
        bool truth;
        bytes_t octets;
        ber_bits_t bits;
        size_t length;
        ber_value_integer(&values, &tlv, &number);
        fault.what = NULL;
        ber_value_boolean(&values, &tlv, &truth);
        fault.what = NULL;
        if (ber_value_length(&values, &tlv, &length) && ber_value_octets(&values, &tlv, pool, &octets) &&
            octets.length != length)
            abort();
        fault.what = NULL;
        if (ber_value_bits(&values, &tlv, pool, &bits) && bits.count)
            ber_bit(&bits, bits.count - 1);
        ber_oid_text(pool, tlv.content);
        bool malformed;
        if (ber_element_length(tlv.whole, &malformed) != tlv.whole.length || malformed)
            abort();
        ber_reader_t child;
        if (tlv.constructed && ber_children(reader, &tlv, &child))
            walk(&child, pool);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    if (!pool) {
        apr_initialize();
        atexit(apr_terminate);
        apr_pool_create(&pool, NULL);
    }
    apr_pool_clear(pool);
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_init(&reader, bytes_make(data, size), &fault);
    walk(&reader, pool);
    return 0;
}
