/* The way of one recipient: redirections, distribution lists, address spaces, what a mailbox's user takes,
 * and alternate recipients where it fails (X.411 14.3.2, 14.3.4, 14.3.7). */
#include <apr_strings.h>

#include "event/ids.h"
#include "mta/expansion.h"
#include "mta/plan.h"
#include "mta/track.h"
#include "mta/redirection.h"
#include "x411/oraddress_text.h"

/* One recipient on its way. */
typedef struct resolve_t {
    plan_t *plan;
    unsigned index;
    const char *came_in_by;
    const char *const *tried;
    uint64_t content_length;
    const names_abilities_t *abilities; /* of the mailbox that refused it, NULL = it was none */
    bool unknown;                       /* nobody has the address */
    bool settled;                       /* nothing more is to be done: it ends here without a word */
    unsigned redirections;
    recipient_fault_t fault;
} resolve_t;

static x411_recipient_t *recipient_of(const resolve_t *resolve)
{
    return &resolve->plan->apdu->recipients[resolve->index];
}

static const char *mts_id_of(const resolve_t *resolve)
{
    return x411_mts_id_text(resolve->plan->pool, &resolve->plan->apdu->mts_id);
}

static bool fail(resolve_t *resolve, int64_t reason, int64_t diagnostic, const char *words)
{
    resolve->fault = (recipient_fault_t){.reason = reason, .diagnostic = diagnostic, .words = words};
    return false;
}

static void tell_test(const resolve_t *resolve, const char *rule)
{
    const recipient_fault_t *fault = &resolve->fault;
    const char *mts_id = mts_id_of(resolve);
    const char *reason = x411_reason_name(fault->reason);
    const char *diagnostic = x411_diagnostic_name(fault->diagnostic);
    event_subject_t subject = {.mts_id = mts_id, .connector = rule, .layer = "P1"};
    event_raise(resolve->plan->agent->services.events, EVENT_ID_RESTRICTION_TEST, &subject, mts_id,
                x411_or_name_text(resolve->plan->pool, &recipient_of(resolve)->name), rule,
                reason ? reason : "unknown", diagnostic ? diagnostic : "none");
}

/* Gives the recipient another name; false with the fault, or the recipient's way goes on from there. */
static bool redirect(resolve_t *resolve, const x411_or_name_t *to, int64_t reason)
{
    plan_t *plan = resolve->plan;
    agent_t *agent = plan->agent;
    const char *from = x411_or_name_text(plan->pool, &recipient_of(resolve)->name);
    switch (redirection_apply(plan->apdu_pool, plan->apdu, resolve->index, to, reason, agent_utc(agent))) {
    case REDIRECTION_PROHIBITED:
        return fail(resolve, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_RECIPIENT_REASSIGNMENT_PROHIBITED,
                    NULL);
    case REDIRECTION_LOOP:
        return fail(resolve, X411_REASON_UNABLE_TO_TRANSFER, X411_DIAG_REDIRECTION_LOOP, NULL);
    case REDIRECTION_DONE: break;
    }
    plan->redirected = true;
    track_redirected(agent, plan->apdu, to);
    resolve->redirections++;
    resolve->came_in_by = NULL; /* to another address it may go back there */
    const char *mts_id = mts_id_of(resolve);
    const char *why = x411_redirection_reason_name(reason);
    event_subject_t subject = {.mts_id = mts_id, .layer = "routing"};
    event_raise(agent->services.events, EVENT_ID_REDIRECTED, &subject, mts_id, from,
                x411_or_name_text(plan->pool, to), why ? why : "unknown");
    return true;
}

static bool to_list(resolve_t *resolve, const names_list_t *list)
{
    plan_t *plan = resolve->plan;
    agent_t *agent = plan->agent;
    recipient_fault_t fault;
    switch (expansion_check(list, plan->apdu, plan->pool, &fault)) {
    case EXPANSION_REFUSED: resolve->fault = fault; return false;
    case EXPANSION_LOOP: {
        const char *mts_id = mts_id_of(resolve);
        event_subject_t subject = {.mts_id = mts_id, .connector = list->config->name};
        event_raise(agent->services.events, EVENT_ID_LIST_LOOP, &subject, mts_id, list->config->name);
        resolve->settled = true;
        return true;
    }
    case EXPANSION_PERMITTED: break;
    }
    resolve->fault = fault;
    if (fault.restriction)
        tell_test(resolve, list->config->name);
    resolve->settled = true;
    if (plan->apdu->kind == X411_MESSAGE) {
        plan_add(plan, &agent->lists[list->index]->destination, resolve->index);
        return true;
    }
    plan_deliver(plan, resolve->index);
    plan->results[plan->result_count - 1].user_type = EXPANSION_USER_TYPE;
    return true;
}

static bool to_mailbox(resolve_t *resolve, const mailbox_t *mailbox)
{
    plan_t *plan = resolve->plan;
    const config_t *config = plan->agent->config;
    const names_abilities_t *abilities =
        names_abilities(plan->agent->names, (size_t)(mailbox->config - config->mailboxes));
    if (abilities->redirect)
        return redirect(resolve, &abilities->redirect->to, abilities->redirect->reason);
    if (!recipient_check(abilities, plan->apdu, resolve->index, resolve->content_length, plan->pool,
                         &resolve->fault)) {
        resolve->abilities = abilities;
        return false;
    }
    if (resolve->fault.restriction)
        tell_test(resolve, mailbox->destination.name);
    resolve->settled = true;
    return true;
}

static bool is_own_domain(const agent_t *agent, const x411_or_address_t *address)
{
    x411_domain_t own = agent_domain(agent);
    x411_domain_t domain = {address->country, address->admd, address->prmd};
    return x411_domain_equal(&own, &domain);
}

static void tell_no_route(const resolve_t *resolve, const route_choice_t *choice, bool loop)
{
    event_log_t *events = resolve->plan->agent->services.events;
    const char *mts_id = mts_id_of(resolve);
    event_subject_t subject = {.mts_id = mts_id, .layer = "routing"};
    if (loop)
        event_raise(events, EVENT_ID_LOOP_DETECTED, &subject, mts_id, resolve->came_in_by);
    else if (is_own_domain(resolve->plan->agent, &recipient_of(resolve)->name.address))
        event_raise(events, EVENT_ID_LOCAL_RECIPIENT_UNKNOWN, &subject,
                    x411_or_name_text(resolve->plan->pool, &recipient_of(resolve)->name), mts_id);
    event_raise(events, EVENT_ID_RECIPIENT_NO_ROUTE, &subject,
                x411_or_name_text(resolve->plan->pool, &recipient_of(resolve)->name), mts_id,
                choice->why_none ? choice->why_none : "");
}

/* One step: the recipient is settled, or has another name (true), or fails (false). */
static bool step(resolve_t *resolve)
{
    plan_t *plan = resolve->plan;
    agent_t *agent = plan->agent;
    const x411_or_name_t *name = &recipient_of(resolve)->name;
    resolve->abilities = NULL;
    resolve->unknown = false;
    resolve->fault = (recipient_fault_t){0};
    const names_redirect_t *redirection = names_find_redirect(agent->names, &name->address, plan->scratch);
    if (redirection)
        return redirect(resolve, &redirection->to, redirection->reason);
    const names_list_t *list = names_find_list(agent->names, &name->address, plan->scratch);
    if (list)
        return to_list(resolve, list);
    route_choice_t choice;
    destination_t *destination =
        plan_choose(plan, name, resolve->came_in_by, resolve->tried,
                    recipient_content_length(plan->apdu, resolve->content_length), &choice);
    if (!destination) {
        /* Two MTAs that each take the other for the way there: a loop, found before it is entered. After
         * failed tries elsewhere the same is no loop but the lack of another way. */
        bool loop = choice.came_back && !resolve->tried;
        tell_no_route(resolve, &choice, loop);
        resolve->unknown = !loop;
        return fail(resolve, X411_REASON_UNABLE_TO_TRANSFER,
                    loop               ? X411_DIAG_LOOP_DETECTED
                    : choice.barred    ? X411_DIAG_NO_BILATERAL_AGREEMENT
                    : choice.too_large ? X411_DIAG_SIZE_CONSTRAINT_VIOLATION
                                       : X411_DIAG_UNRECOGNISED_OR_NAME,
                    choice.why_none);
    }
    if (destination->kind == ROUTE_MAILBOX && !to_mailbox(resolve, (mailbox_t *)destination))
        return false;
    if (destination->kind == ROUTE_MAILBOX && !resolve->settled)
        return true; /* redirected */
    resolve->settled = true;
    if (destination->kind == ROUTE_MAILBOX && plan->apdu->kind == X411_PROBE)
        plan_deliver(plan, resolve->index); /* a probe is answered here */
    else
        plan_add(plan, destination, resolve->index);
    return true;
}

/* The recipient failed: to an alternate, if one is to be had. What its user assigned comes first, then what
 * the originator asked for, then what the domain has for addresses that nobody has. */
static bool use_alternate(resolve_t *resolve)
{
    plan_t *plan = resolve->plan;
    recipient_fault_t fault = resolve->fault;
    if (resolve->abilities && resolve->abilities->alternate && !redirection_prohibited(plan->apdu) &&
        redirect(resolve, &resolve->abilities->alternate->to, resolve->abilities->alternate->reason))
        return true;
    const x411_or_name_t *requested = redirection_requested(plan->pool, recipient_of(resolve));
    if (requested && redirect(resolve, requested, REDIRECTION_ORIGINATOR_REQUESTED))
        return true;
    const names_redirect_t *domain = names_domain_alternate(plan->agent->names);
    if (domain && resolve->unknown && !redirection_prohibited(plan->apdu) &&
        x411_indicator(&plan->apdu->flags, X411_FLAG_ALTERNATE_ALLOWED) &&
        is_own_domain(plan->agent, &recipient_of(resolve)->name.address) &&
        redirect(resolve, &domain->to, domain->reason))
        return true;
    resolve->fault = fault; /* that of the recipient, not of the attempt to find another */
    return false;
}

void plan_route(plan_t *plan, unsigned index, const char *came_in_by, const char *const *tried,
                uint64_t content_length)
{
    resolve_t resolve = {.plan = plan,
                         .index = index,
                         .came_in_by = came_in_by,
                         .tried = tried,
                         .content_length = content_length};
    /* Every turn adds to the redirection history, which is bounded and never has a name twice. */
    while (!resolve.settled) {
        if (step(&resolve) || use_alternate(&resolve))
            continue;
        if (resolve.redirections) {
            const char *mts_id = mts_id_of(&resolve);
            const char *diagnostic = x411_diagnostic_name(resolve.fault.diagnostic);
            event_subject_t subject = {.mts_id = mts_id, .layer = "routing"};
            event_raise(plan->agent->services.events, EVENT_ID_ALTERNATE_RECIPIENT, &subject, mts_id,
                        x411_or_name_text(plan->pool, &recipient_of(&resolve)->name),
                        diagnostic ? diagnostic : "it cannot be delivered there");
        }
        plan_fail(plan, index, resolve.fault.reason, resolve.fault.diagnostic, resolve.fault.words);
        return;
    }
}
