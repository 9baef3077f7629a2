#include "mta/expansion.h"

#include <apr_strings.h>

#include "x411/extensions.h"

static bool read_history(const x411_extensions_t *extensions, int64_t type, apr_pool_t *pool,
                         x411_history_t *history)
{
    const x411_extension_t *extension = x411_extension_find(extensions, type);
    if (extension && x411_extension_history(extension, pool, history))
        return true;
    *history = (x411_history_t){0};
    return false;
}

static bool is_prohibited(const x411_apdu_t *apdu)
{
    const x411_extension_t *extension =
        x411_extension_find(&apdu->extensions, X411_EXT_DL_EXPANSION_PROHIBITED);
    int64_t value = 0;
    return extension && x411_extension_number(extension, &value) && value == 1;
}

static expansion_verdict_t refuse(recipient_fault_t *fault, int64_t diagnostic, const char *words)
{
    *fault = (recipient_fault_t){
        .reason = X411_REASON_UNABLE_TO_TRANSFER, .diagnostic = diagnostic, .words = words};
    return EXPANSION_REFUSED;
}

expansion_verdict_t expansion_check(const names_list_t *list, const x411_apdu_t *apdu, apr_pool_t *pool,
                                    recipient_fault_t *fault)
{
    x411_history_t history;
    *fault = (recipient_fault_t){0};
    read_history(&apdu->extensions, X411_EXT_DL_EXPANSION_HISTORY, pool, &history);
    for (unsigned i = 0; i < history.count; i++)
        if (names_same_address(&history.elements[i].name.address, &list->name.address, pool))
            return EXPANSION_LOOP;
    if (is_prohibited(apdu))
        return refuse(fault, X411_DIAG_DL_EXPANSION_PROHIBITED, NULL);
    if (!list->member_count || history.count >= X411_UB_DL_EXPANSIONS)
        return refuse(fault, X411_DIAG_DL_EXPANSION_FAILURE,
                      list->member_count ? "too many lists one in another" : "the list has no member");
    /* Who sends to the list: the list before it, else the originator. */
    const x411_or_name_t *submitter =
        history.count ? &history.elements[history.count - 1].name : &apdu->originator;
    if (!list->submitters.count || names_match(&list->submitters, &submitter->address, pool))
        return EXPANSION_PERMITTED;
    refuse(fault, X411_DIAG_NO_DL_SUBMIT_PERMISSION, NULL);
    fault->restriction = true;
    return list->config->test_restrictions ? EXPANSION_PERMITTED : EXPANSION_REFUSED;
}

/* The O/R names that dl-exempted-recipients (extension 42, a SET OF ORName) holds. */
static bool is_exempted(const x411_apdu_t *apdu, const x411_or_name_t *member, apr_pool_t *pool)
{
    const x411_extension_t *extension =
        x411_extension_find(&apdu->extensions, X411_EXT_DL_EXEMPTED_RECIPIENTS);
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t set;
    ber_tlv_t tlv;
    if (!extension)
        return false;
    ber_reader_init(&reader, extension->value, &fault);
    if (!ber_read(&reader, &tlv) || !ber_children(&reader, &tlv, &set))
        return false;
    while (ber_more(&set) && ber_read(&set, &tlv)) {
        x411_or_name_t name;
        if (!x411_or_name_read(&set, &tlv, pool, &name))
            return false;
        if (names_same_address(&name.address, &member->address, pool))
            return true;
    }
    return false;
}

static void set_report_request(x411_recipient_t *recipient, config_member_reports_t policy)
{
    static const x411_user_report_t requests[] = {[CONFIG_MEMBER_REPORTS_NONE] = X411_USER_REPORT_NONE,
                                                  [CONFIG_MEMBER_REPORTS_NON_DELIVERY] =
                                                      X411_USER_REPORT_NON_DELIVERY,
                                                  [CONFIG_MEMBER_REPORTS_ALL] = X411_USER_REPORT_ALL};
    if (policy == CONFIG_MEMBER_REPORTS_UNCHANGED)
        return;
    x411_user_report_t user = requests[policy];
    /* The MTA asks for as much as its user does: non-delivery at least, as the standard has it. */
    x411_mta_report_t mta = user == X411_USER_REPORT_ALL ? X411_MTA_REPORT_ALL : X411_MTA_REPORT_NON_DELIVERY;
    recipient->indicators = x411_recipient_indicators(true, mta, user);
}

static void add_history(apr_pool_t *pool, x411_apdu_t *apdu, const names_list_t *list, utc_time_t now)
{
    x411_history_t old;
    read_history(&apdu->extensions, X411_EXT_DL_EXPANSION_HISTORY, pool, &old);
    x411_history_t history = {old.count + 1, apr_pcalloc(pool, (old.count + 1) * sizeof(*history.elements))};
    if (old.count)
        memcpy(history.elements, old.elements, old.count * sizeof(*history.elements));
    history.elements[old.count] =
        (x411_history_element_t){.name = list->name, .time = x411_time_from_utc(pool, now), .reason = -1};
    x411_extension_set(pool, &apdu->extensions, X411_EXT_DL_EXPANSION_HISTORY, 0,
                       x411_value_history(pool, X411_EXT_DL_EXPANSION_HISTORY, &history));
}

x411_apdu_t *expansion_build(apr_pool_t *pool, const names_list_t *list, const x411_apdu_t *subject,
                             unsigned index, utc_time_t now)
{
    x411_apdu_t *apdu = x411_apdu_clone(pool, subject);
    const x411_recipient_t *request = &subject->recipients[index];
    apdu->recipients = apr_pcalloc(pool, list->member_count * sizeof(*apdu->recipients));
    apdu->recipient_count = 0;
    /* It was deferred, if at all, before it was expanded. */
    apdu->deferred_delivery = (x411_time_t){BYTES_NONE};
    for (unsigned i = 0; i < list->member_count; i++) {
        if (is_exempted(subject, &list->members[i], pool))
            continue;
        x411_recipient_t *recipient = &apdu->recipients[apdu->recipient_count++];
        recipient->name = *x411_or_name_copy(pool, &list->members[i]);
        recipient->number = request->number;
        recipient->indicators = request->indicators;
        x411_indicator_set(&recipient->indicators, 0, true);
        recipient->conversion_present = request->conversion_present;
        recipient->conversion = request->conversion;
        set_report_request(recipient, list->config->member_reports);
        /* What the originator asked for this recipient holds for each member, but not the alternate: it was
         * meant to stand for the list; nor how the message came to the list. */
        for (unsigned j = 0; j < request->extensions.count; j++) {
            const x411_extension_t *extension = &request->extensions.items[j];
            if (extension->type == X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE ||
                extension->type == X411_EXT_REDIRECTION_HISTORY)
                continue;
            if (!recipient->extensions.items)
                recipient->extensions.items =
                    apr_pcalloc(pool, request->extensions.count * sizeof(*recipient->extensions.items));
            recipient->extensions.capacity = request->extensions.count;
            recipient->extensions.items[recipient->extensions.count++] = *extension;
            recipient->extensions.present = true;
        }
    }
    add_history(pool, apdu, list, now);
    return apdu;
}

bool expansion_reports_delivery(const names_list_t *list)
{
    bool propagates = list->config->propagation == CONFIG_PROPAGATE_PREVIOUS ||
                      list->config->propagation == CONFIG_PROPAGATE_BOTH;
    return list->config->reports_always || !propagates;
}

/* Who sent to the list, by the history that the report brings back; NULL if it says nothing of the list. */
static const x411_or_name_t *previous_of(apr_pool_t *pool, const names_list_t *list,
                                         const x411_apdu_t *report)
{
    x411_history_t history;
    read_history(&report->extensions, X411_EXT_ORIGINATOR_AND_DL_HISTORY, pool, &history);
    for (unsigned i = history.count; i-- > 1;) {
        if (!names_same_address(&history.elements[i].name.address, &list->name.address, pool))
            continue;
        x411_or_name_t *name = apr_palloc(pool, sizeof(*name));
        *name = history.elements[i - 1].name;
        return name;
    }
    return NULL;
}

static x411_apdu_t *readdress(apr_pool_t *pool, const x411_apdu_t *report, const x411_or_name_t *to,
                              const x411_or_name_t *reporting_list)
{
    x411_apdu_t *copy = x411_apdu_clone(pool, report);
    copy->originator = *x411_or_name_copy(pool, to);
    if (reporting_list)
        x411_extension_set(pool, &copy->extensions, X411_EXT_REPORTING_DL_NAME, 0,
                           x411_value_or_name(pool, reporting_list));
    return copy;
}

x411_apdu_t **expansion_forward_report(apr_pool_t *pool, const names_t *names, x411_apdu_t *report,
                                       unsigned *count)
{
    /* A queue: each of its reports is looked at once; those for own lists give way to what they become. The
     * way back through lists gets shorter with every step, and the limit holds whatever an owner's address
     * leads to. */
    x411_apdu_t **queue = apr_palloc(pool, (EXPANSION_REPORT_LIMIT + 2) * sizeof(x411_apdu_t *));
    x411_apdu_t **results = apr_palloc(pool, EXPANSION_REPORT_LIMIT * sizeof(x411_apdu_t *));
    unsigned end = 0;
    *count = 0;
    queue[end++] = report;
    for (unsigned at = 0; at < end && *count < EXPANSION_REPORT_LIMIT; at++) {
        x411_apdu_t *each = queue[at];
        const names_list_t *list = names_find_list(names, &each->originator.address, pool);
        if (!list) {
            results[(*count)++] = each;
            continue;
        }
        config_propagation_t propagation = list->config->propagation;
        bool to_previous = propagation == CONFIG_PROPAGATE_PREVIOUS || propagation == CONFIG_PROPAGATE_BOTH;
        bool to_owner = propagation == CONFIG_PROPAGATE_OWNER || propagation == CONFIG_PROPAGATE_BOTH;
        const x411_or_name_t *previous = to_previous ? previous_of(pool, list, each) : NULL;
        if (previous && end < EXPANSION_REPORT_LIMIT)
            queue[end++] = readdress(pool, each, previous, NULL);
        if (to_owner && list->owner && end < EXPANSION_REPORT_LIMIT)
            queue[end++] = readdress(pool, each, list->owner, &list->name);
    }
    return results;
}
