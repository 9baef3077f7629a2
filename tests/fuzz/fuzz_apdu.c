/* Fuzz target: P1 APDUs. What decodes is encoded from what was kept and from its fields, and decodes again to
 * the same; everything that the agent asks of an APDU is asked. */
#include "fuzz.h"

#include <apr_general.h>
#include <stdlib.h>

#include "x411/bounds.h"
#include "x411/downgrade.h"
#include "x411/oraddress_text.h"
#include "x411/report.h"

static void ask_extensions(apr_pool_t *pool, const x411_extensions_t *extensions)
{
    for (unsigned i = 0; i < extensions->count; i++) {
        const x411_extension_t *extension = &extensions->items[i];
        int64_t number;
        int64_t methods[16];
        unsigned count;
        ber_bits_t bits;
        x411_time_t time;
        x411_or_name_t name;
        x411_or_address_t address;
        x411_string_t string;
        x411_trace_t trace;
        x411_history_t history;
        x411_domain_t domain;
        x411_extension_number(extension, &number);
        x411_extension_methods(extension, methods, &count);
        x411_extension_bits(extension, pool, &bits);
        x411_extension_time(extension, pool, &time);
        x411_extension_or_name(extension, pool, &name);
        x411_extension_or_address(extension, pool, &address);
        x411_extension_string(extension, pool, &string);
        x411_extension_trace(extension, pool, &trace);
        x411_extension_reporting_mta(extension, pool, &domain, &string);
        if (x411_extension_history(extension, pool, &history))
            x411_value_history(pool, extension->type, &history);
    }
    x411_extension_unsupported(extensions, true);
    x411_extension_undeliverable(extensions, false);
}

static void ask_name(apr_pool_t *pool, x411_or_name_t *name)
{
    const char *text = x411_or_name_text(pool, name);
    x411_or_name_t again;
    if (!x411_or_name_parse(pool, text, &again))
        x411_or_address_equal(&name->address, &again.address);
    x411_or_name_changed(name);
}

static void ask(apr_pool_t *pool, x411_apdu_t *apdu)
{
    x411_violation_t list[8];
    x411_domain_t domain = x411_domain_make("GB", " ", "ppa");
    x411_bounds_check(pool, apdu, list, 8);
    x411_loop_check(pool, apdu, &domain, "pp-a.test");
    x411_report_destination(pool, apdu);
    x411_mts_id_text(pool, &apdu->mts_id);
    ask_extensions(pool, &apdu->extensions);
    if (apdu->recipient_count) {
        x411_result_t result = {.recipient = &apdu->recipients[0], .reason = 1, .diagnostic = 3};
        x411_report_spec_t spec = {
            .subject = apdu, .results = &result, .result_count = 1, .domain = domain, .mta = "m"};
        spec.id = apdu->mts_id;
        x411_report_build(pool, &spec);
    }
    ask_name(pool, &apdu->originator);
    for (unsigned i = 0; i < apdu->recipient_count && i < 8; i++) {
        ask_extensions(pool, &apdu->recipients[i].extensions);
        ask_name(pool, &apdu->recipients[i].name);
    }
}

static void encode_again(apr_pool_t *pool, const x411_apdu_t *apdu, x411_mode_t mode, bytes_t content)
{
    x411_encode_options_t options = {
        .mode = mode, .bare = true, .extension_form = X411_EXTENSION_FORM_AS_RECEIVED};
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    x411_apdu_t *again;
    bytes_t same;
    buffer_init(out, pool, 64 << 20);
    if (x411_apdu_encode(pool, apdu, &options, content, out) ||
        x411_apdu_decode(pool, buffer_bytes(out), &again, &same))
        abort();
    if (again->recipient_count != apdu->recipient_count || again->trace.count != apdu->trace.count ||
        (mode != X411_MODE_1984 && again->extensions.count != apdu->extensions.count) ||
        !bytes_equal(content, same))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    if (!root) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    apr_pool_t *pool;
    apr_pool_create(&pool, root);
    x411_apdu_t *apdu = NULL;
    bytes_t content;
    if (!x411_apdu_decode(pool, bytes_make(data, size), &apdu, &content)) {
        encode_again(pool, apdu, X411_MODE_NORMAL, content);
        ask(pool, apdu);
        encode_again(pool, apdu, X411_MODE_NORMAL, content);
        x411_apdu_t *clone = x411_apdu_clone(pool, apdu);
        bool *failed = apr_palloc(pool, clone->recipient_count + 1);
        if (!x411_downgrade(pool, clone, failed))
            encode_again(pool, clone, X411_MODE_1984, content);
    }
    apr_pool_destroy(pool);
    return 0;
}
