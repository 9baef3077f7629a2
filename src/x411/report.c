#include "x411/report.h"

#include <apr_strings.h>

bool x411_report_wanted(const x411_recipient_t *recipient, bool delivered)
{
    x411_mta_report_t mta = x411_mta_report(recipient);
    x411_user_report_t user = x411_user_report(recipient);
    if (delivered)
        return mta == X411_MTA_REPORT_ALL || mta == X411_MTA_REPORT_AUDITED || user == X411_USER_REPORT_ALL;
    return mta != X411_MTA_REPORT_NONE || user != X411_USER_REPORT_NONE;
}

/* The DL expansion history of a message; false if there is none that can be read. */
static bool expansion_history(apr_pool_t *pool, const x411_apdu_t *subject, x411_history_t *history)
{
    const x411_extension_t *extension =
        x411_extension_find(&subject->extensions, X411_EXT_DL_EXPANSION_HISTORY);
    return extension && x411_extension_history(extension, pool, history) && history->count > 0;
}

const x411_or_name_t *x411_report_destination(apr_pool_t *pool, const x411_apdu_t *subject)
{
    x411_history_t history;
    if (subject->kind == X411_REPORT)
        return NULL;
    if (expansion_history(pool, subject, &history))
        return &history.elements[history.count - 1].name;
    return &subject->originator;
}

/* Words as a PrintableString that fits. */
static x411_string_t supplementary(apr_pool_t *pool, const char *words)
{
    if (!words || !*words)
        return X411_ABSENT;
    char *text = apr_pstrndup(pool, words, X411_UB_SUPPLEMENTARY_INFO);
    for (char *p = text; *p; p++)
        if (!x411_is_printable(bytes_make(p, 1)))
            *p = *p == '"' ? '\'' : '?';
    return x411_printable(text);
}

/* The first intended recipient of a recipient that was redirected; NULL if it was not. */
static x411_or_name_t *originally_intended(apr_pool_t *pool, const x411_recipient_t *recipient)
{
    x411_history_t history;
    const x411_extension_t *extension =
        x411_extension_find(&recipient->extensions, X411_EXT_REDIRECTION_HISTORY);
    if (!extension || !x411_extension_history(extension, pool, &history) || history.count == 0)
        return NULL;
    return &history.elements[0].name;
}

static void add_recipient(apr_pool_t *pool, x411_apdu_t *report, const x411_report_spec_t *spec,
                          const x411_result_t *result)
{
    x411_recipient_t *recipient = x411_apdu_add_recipient(pool, report);
    if (!recipient)
        return;
    x411_outcome_t *outcome = apr_pcalloc(pool, sizeof(*outcome));
    recipient->name = result->recipient->name;
    recipient->number = result->recipient->number;
    recipient->indicators = result->recipient->indicators;
    recipient->outcome = outcome;
    outcome->arrival = x411_time_from_utc(pool, spec->subject_arrival);
    outcome->delivered = result->delivered;
    if (result->delivered) {
        outcome->delivery_time = x411_time_from_utc(pool, result->delivery_time);
        outcome->user_type_present = result->user_type != 0;
        outcome->user_type = result->user_type;
    } else {
        outcome->reason = result->reason;
        outcome->diagnostic_present = result->diagnostic >= 0;
        outcome->diagnostic = result->diagnostic >= 0 ? result->diagnostic : 0;
    }
    outcome->supplementary = supplementary(pool, result->supplementary);
    outcome->originally_intended = originally_intended(pool, result->recipient);
    const x411_extension_t *redirections =
        x411_extension_find(&result->recipient->extensions, X411_EXT_REDIRECTION_HISTORY);
    if (redirections)
        x411_extension_set(pool, &recipient->extensions, redirections->type, 0, redirections->value);
}

/* originator-and-DL-expansion-history: the originator with the time of the first trace element, then the
 * lists. */
static void add_history(apr_pool_t *pool, x411_apdu_t *report, const x411_apdu_t *subject)
{
    x411_history_t lists;
    if (!expansion_history(pool, subject, &lists) || lists.count >= X411_UB_ORIG_AND_DL_EXPANSIONS)
        return;
    x411_history_element_t *elements = apr_pcalloc(pool, (lists.count + 1) * sizeof(*elements));
    elements[0].name = subject->originator;
    elements[0].time = subject->trace.count ? subject->trace.elements[0].arrival : lists.elements[0].time;
    memcpy(elements + 1, lists.elements, lists.count * sizeof(*elements));
    x411_history_t history = {lists.count + 1, elements};
    x411_extension_set(pool, &report->extensions, X411_EXT_ORIGINATOR_AND_DL_HISTORY, 0,
                       x411_value_history(pool, X411_EXT_ORIGINATOR_AND_DL_HISTORY, &history));
}

/* Whether any of the recipients asks for an audited report: the subject's trace goes with it. */
static bool is_audited(const x411_report_spec_t *spec)
{
    for (unsigned i = 0; i < spec->result_count; i++)
        if (x411_mta_report(spec->results[i].recipient) == X411_MTA_REPORT_AUDITED)
            return true;
    return false;
}

static void fill_content(apr_pool_t *pool, x411_apdu_t *apdu, const x411_report_spec_t *spec, bool failed)
{
    const x411_apdu_t *subject = spec->subject;
    x411_report_t *report = apdu->report = apr_pcalloc(pool, sizeof(*report));
    report->subject_id = subject->mts_id;
    report->original_eits = subject->original_eits;
    report->content_type = subject->content_type;
    report->content_id = subject->content_id;
    if (is_audited(spec)) {
        report->subject_trace_present = subject->trace.count > 0;
        report->subject_trace = subject->trace;
    }
    const x411_extension_t *correlator =
        x411_extension_find(&subject->extensions, X411_EXT_CONTENT_CORRELATOR);
    if (correlator)
        x411_extension_set(pool, &report->extensions, correlator->type, 0, correlator->value);
    if (failed && spec->return_content && subject->kind == X411_MESSAGE && spec->content.length &&
        x411_indicator(&subject->flags, X411_FLAG_CONTENT_RETURN)) {
        report->returned_content_present = true;
        report->returned_content = spec->content;
    }
}

x411_apdu_t *x411_report_build(apr_pool_t *pool, const x411_report_spec_t *spec)
{
    const x411_or_name_t *destination = x411_report_destination(pool, spec->subject);
    if (!destination)
        return NULL;
    x411_apdu_t *apdu = x411_apdu_create(pool, X411_REPORT);
    bool failed = false;
    for (unsigned i = 0; i < spec->result_count; i++) {
        const x411_result_t *result = &spec->results[i];
        if (!x411_report_wanted(result->recipient, result->delivered))
            continue;
        add_recipient(pool, apdu, spec, result);
        failed = failed || !result->delivered;
    }
    if (apdu->recipient_count == 0)
        return NULL;
    fill_content(pool, apdu, spec, failed);
    apdu->mts_id = x411_mts_id_copy(pool, &spec->id);
    apdu->originator = *destination;
    x411_domain_t domain = x411_domain_copy(pool, &spec->domain);
    x411_trace_add(pool, &apdu->trace, &domain, spec->now, X411_RELAYED);
    add_history(pool, apdu, spec->subject);
    if (spec->mta) {
        x411_internal_trace_stamp(pool, apdu, &domain, spec->mta, spec->now, X411_RELAYED);
        x411_extension_set(pool, &apdu->extensions, X411_EXT_REPORTING_MTA_NAME, 0,
                           x411_value_reporting_mta(pool, &domain, bytes_of_string(spec->mta)));
    }
    return apdu;
}
