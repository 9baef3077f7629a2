/* What the tests of the procedures over envelopes share: a configuration from words, addresses from text, and
 * messages that have been encoded and decoded, as those that come in. */
#ifndef TESTS_MTA_PROCEDURES_H
#define TESTS_MTA_PROCEDURES_H

#include "unit.h"

#include <string.h>

#include <apr_strings.h>

#include "route/names.h"
#include "x411/extensions.h"
#include "x411/oraddress_text.h"
#include "x411/report.h"
#include "x411/trace.h"

#define NOW TIME_SECONDS(1795317265) /* 261122031425Z */

static inline apr_pool_t *procedures_pool(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    return pool;
}

static inline const config_t *procedures_config(apr_pool_t *pool, const char *blocks)
{
    const char *text = apr_pstrcat(pool, "mta { name = A country = GB prmd = A data-folder = \"/tmp\" }\n",
                                   "listener L { }\n", blocks, NULL);
    config_findings_t findings;
    const config_t *config = NULL;
    config_read_text("procedures.conf", bytes_of_string(text), pool, &config, &findings);
    if (!config)
        printf("%s", config_findings_text(&findings, pool));
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

static inline names_t *procedures_names(apr_pool_t *pool, const char *blocks)
{
    names_t *names = NULL;
    err_t *err = names_create(&names, procedures_config(pool, blocks), pool);
    if (err)
        printf("%s\n", err_describe(pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    return names;
}

static inline x411_or_name_t procedures_name(apr_pool_t *pool, const char *text)
{
    x411_or_name_t name;
    CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, text, &name));
    return name;
}

/* A message or probe from S=ANN of C=GB;P=A to the recipients (NULL-terminated), numbered from 1. */
static inline x411_apdu_t *procedures_apdu(apr_pool_t *pool, x411_kind_t kind, const char *const *recipients)
{
    x411_apdu_t *apdu = x411_apdu_create(pool, kind);
    x411_domain_t domain = x411_domain_make("GB", " ", "A");
    apdu->mts_id = x411_mts_id_make(pool, &domain, "A", NOW, 1);
    apdu->originator = procedures_name(pool, "C=GB;A= ;P=A;S=ANN");
    apdu->content_type = x411_content_type_make(X411_CONTENT_P22);
    for (unsigned i = 0; recipients[i]; i++) {
        x411_recipient_t *recipient = x411_apdu_add_recipient(pool, apdu);
        recipient->name = procedures_name(pool, recipients[i]);
        recipient->number = i + 1;
        recipient->indicators =
            x411_recipient_indicators(true, X411_MTA_REPORT_NON_DELIVERY, X411_USER_REPORT_NON_DELIVERY);
    }
    return apdu;
}

static inline x411_apdu_t *procedures_message(apr_pool_t *pool, const char *recipient)
{
    const char *recipients[] = {recipient, NULL};
    return procedures_apdu(pool, X411_MESSAGE, recipients);
}

/* What comes out at the other end. */
static inline x411_apdu_t *procedures_transfer(apr_pool_t *pool, const x411_apdu_t *apdu)
{
    x411_encode_options_t options = {.mode = X411_MODE_NORMAL, .bare = true};
    buffer_t *out = buffer_create(pool, 1 << 20);
    x411_apdu_t *back = NULL;
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_encode(pool, apdu, &options, BYTES_LITERAL("x"), out));
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, buffer_bytes(out), &back, NULL));
    return back;
}

/* The non-delivery report on the only recipient of a message. */
static inline x411_apdu_t *procedures_report(apr_pool_t *pool, const x411_apdu_t *subject)
{
    x411_result_t result = {.recipient = &subject->recipients[0],
                            .reason = X411_REASON_UNABLE_TO_TRANSFER,
                            .diagnostic = X411_DIAG_UNRECOGNISED_OR_NAME};
    x411_domain_t domain = x411_domain_make("GB", " ", "A");
    x411_report_spec_t spec = {.subject = subject,
                               .subject_arrival = NOW,
                               .results = &result,
                               .result_count = 1,
                               .id = x411_mts_id_make(pool, &domain, "A", NOW, 2),
                               .domain = domain,
                               .now = NOW};
    x411_apdu_t *report = x411_report_build(pool, &spec);
    CU_ASSERT_PTR_NOT_NULL_FATAL(report);
    return report;
}

static inline void procedures_set(apr_pool_t *pool, x411_extensions_t *extensions, int64_t type,
                                  int64_t value)
{
    CU_ASSERT(x411_extension_set(pool, extensions, type, 1 << X411_CRITICAL_DELIVERY,
                                 x411_value_number(pool, BER_ENUMERATED, value)));
}

static inline bool procedures_is(apr_pool_t *pool, const x411_or_name_t *name, const char *text)
{
    x411_or_name_t other = procedures_name(pool, text);
    return names_same_address(&name->address, &other.address, pool);
}

#endif
