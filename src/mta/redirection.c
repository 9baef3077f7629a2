#include "mta/redirection.h"

#include "route/names.h"

/* Times that one recipient may be redirected: X411_UB_REDIRECTIONS is what peers may send. */
enum { REDIRECTION_LIMIT = 64 };

bool redirection_prohibited(const x411_apdu_t *apdu)
{
    const x411_extension_t *extension =
        x411_extension_find(&apdu->extensions, X411_EXT_RECIPIENT_REASSIGNMENT_PROHIBITED);
    int64_t value = 0;
    return extension && x411_extension_number(extension, &value) && value == 1;
}

const x411_or_name_t *redirection_requested(apr_pool_t *pool, const x411_recipient_t *recipient)
{
    const x411_extension_t *extension =
        x411_extension_find(&recipient->extensions, X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE);
    if (!extension)
        return NULL;
    x411_or_name_t *name = apr_pcalloc(pool, sizeof(*name));
    return x411_extension_or_name(extension, pool, name) && !x411_or_name_is_empty(name) ? name : NULL;
}

static bool was_meant(apr_pool_t *pool, const x411_history_t *history, const x411_or_name_t *name)
{
    for (unsigned i = 0; i < history->count; i++)
        if (names_same_address(&history->elements[i].name.address, &name->address, pool))
            return true;
    return false;
}

redirection_verdict_t redirection_apply(apr_pool_t *pool, x411_apdu_t *apdu, unsigned index,
                                        const x411_or_name_t *to, int64_t reason, utc_time_t now)
{
    x411_recipient_t *recipient = &apdu->recipients[index];
    x411_history_t old = {0};
    const x411_extension_t *extension =
        x411_extension_find(&recipient->extensions, X411_EXT_REDIRECTION_HISTORY);
    if (extension && !x411_extension_history(extension, pool, &old))
        old = (x411_history_t){0};
    if (reason != REDIRECTION_ORIGINATOR_REQUESTED && redirection_prohibited(apdu))
        return REDIRECTION_PROHIBITED;
    if (old.count >= REDIRECTION_LIMIT || was_meant(pool, &old, to) ||
        names_same_address(&recipient->name.address, &to->address, pool))
        return REDIRECTION_LOOP;
    x411_history_t history = {old.count + 1, apr_pcalloc(pool, (old.count + 1) * sizeof(*history.elements))};
    if (old.count)
        memcpy(history.elements, old.elements, old.count * sizeof(*history.elements));
    history.elements[old.count] = (x411_history_element_t){
        .name = recipient->name, .time = x411_time_from_utc(pool, now), .reason = reason};
    bytes_t value = x411_value_history(pool, X411_EXT_REDIRECTION_HISTORY, &history);
    if (!value.length ||
        !x411_extension_set(pool, &recipient->extensions, X411_EXT_REDIRECTION_HISTORY, 0, value))
        return REDIRECTION_LOOP;
    if (reason == REDIRECTION_ORIGINATOR_REQUESTED)
        x411_extension_remove(&recipient->extensions, X411_EXT_ORIGINATOR_REQUESTED_ALTERNATE);
    recipient->name = *x411_or_name_copy(pool, to);
    return REDIRECTION_DONE;
}
