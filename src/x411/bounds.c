#include "x411/bounds.h"

typedef struct check_t {
    x411_violation_t *list;
    size_t room;
    size_t count;
    int64_t recipient;
} check_t;

static void report(check_t *check, const char *what, size_t length)
{
    if (check->count < check->room)
        check->list[check->count] = (x411_violation_t){what, check->recipient, length};
    check->count++;
}

/* How a string may be: its most octets, and the words for what it is not. */
typedef struct bound_t {
    size_t least;
    size_t most;
    const char *too_long;
    const char *empty;
    const char *repertoire;
} bound_t;

#define BOUND(least, most, name)                                                                             \
    {                                                                                                        \
        least, most, name " is too long", name " is empty", name " has characters outside its repertoire"    \
    }

static void check_string(check_t *check, const x411_string_t *string, const bound_t *bound)
{
    if (!x411_present(string))
        return;
    size_t length = string->octets.length;
    if (length > bound->most)
        report(check, bound->too_long, length);
    else if (length < bound->least)
        report(check, bound->empty, length);
    if ((string->type == BER_PRINTABLE_STRING && !x411_is_printable(string->octets)) ||
        (string->type == BER_NUMERIC_STRING && !x411_is_numeric(string->octets)))
        report(check, bound->repertoire, length);
}

static const bound_t country_bound = BOUND(1, X411_UB_COUNTRY_NUMERIC, "country name");
static const bound_t admd_bound = BOUND(0, X411_UB_DOMAIN_NAME, "ADMD name");
static const bound_t prmd_bound = BOUND(1, X411_UB_DOMAIN_NAME, "PRMD name");
static const bound_t local_id_bound = BOUND(1, X411_UB_LOCAL_ID, "local identifier");
static const bound_t content_id_bound = BOUND(1, X411_UB_CONTENT_ID, "content identifier");
static const bound_t supplementary_bound = BOUND(1, X411_UB_SUPPLEMENTARY_INFO, "supplementary information");

static void check_country(check_t *check, const x411_string_t *country)
{
    size_t expected = country->type == BER_NUMERIC_STRING ? X411_UB_COUNTRY_NUMERIC : X411_UB_COUNTRY_ALPHA;
    check_string(check, country, &country_bound);
    size_t length = country->octets.length;
    if (x411_present(country) && length && length <= X411_UB_COUNTRY_NUMERIC && length != expected)
        report(check, "country name is neither two letters nor three digits", length);
}

static void check_domain(check_t *check, const x411_domain_t *domain)
{
    check_country(check, &domain->country);
    check_string(check, &domain->admd, &admd_bound);
    check_string(check, &domain->prmd, &prmd_bound);
}

static void check_standard_attributes(check_t *check, const x411_or_address_t *a)
{
    static const bound_t x121 = BOUND(1, X411_UB_X121, "X.121 address");
    static const bound_t terminal = BOUND(1, X411_UB_TERMINAL_ID, "terminal identifier");
    static const bound_t organization = BOUND(1, X411_UB_ORGANIZATION, "organization name");
    static const bound_t numeric = BOUND(1, X411_UB_NUMERIC_USER_ID, "numeric user identifier");
    static const bound_t surname = BOUND(1, X411_UB_SURNAME, "surname");
    static const bound_t given_name = BOUND(1, X411_UB_GIVEN_NAME, "given name");
    static const bound_t initials = BOUND(1, X411_UB_INITIALS, "initials");
    static const bound_t generation = BOUND(1, X411_UB_GENERATION, "generation qualifier");
    static const bound_t ou = BOUND(1, X411_UB_OU, "organizational unit name");
    check_country(check, &a->country);
    check_string(check, &a->admd, &admd_bound);
    check_string(check, &a->x121, &x121);
    check_string(check, &a->terminal_id, &terminal);
    check_string(check, &a->prmd, &prmd_bound);
    check_string(check, &a->organization, &organization);
    check_string(check, &a->numeric_user_id, &numeric);
    if (a->personal_name_present && !x411_present(&a->personal_name.surname))
        report(check, "personal name has no surname", 0);
    check_string(check, &a->personal_name.surname, &surname);
    check_string(check, &a->personal_name.given_name, &given_name);
    check_string(check, &a->personal_name.initials, &initials);
    check_string(check, &a->personal_name.generation, &generation);
    if (a->ous_present && (a->ou_count == 0 || a->ou_count > X411_UB_OUS))
        report(check, "not one to four organizational unit names", a->ou_count);
    for (unsigned i = 0; i < a->ou_count; i++)
        check_string(check, &a->ous[i], &ou);
}

static void check_ddas(check_t *check, const x411_or_address_t *a)
{
    static const bound_t type = BOUND(1, X411_UB_DDA_TYPE, "type of a domain-defined attribute");
    static const bound_t value = BOUND(1, X411_UB_DDA_VALUE, "value of a domain-defined attribute");
    if (a->ddas_present && (a->dda_count == 0 || a->dda_count > X411_UB_DDAS))
        report(check, "not one to four domain-defined attributes", a->dda_count);
    for (unsigned i = 0; i < a->dda_count; i++) {
        check_string(check, &a->ddas[i].type, &type);
        check_string(check, &a->ddas[i].value, &value);
    }
}

static void check_extension_attributes(check_t *check, apr_pool_t *pool, const x411_or_address_t *a)
{
    static const bound_t common = BOUND(1, X411_UB_COMMON_NAME, "common name");
    static const bound_t pds_name = BOUND(1, X411_UB_PDS_NAME, "PDS name");
    static const bound_t postal_code = BOUND(1, X411_UB_POSTAL_CODE, "postal code");
    static const bound_t parameter = BOUND(1, X411_UB_PDS_PARAMETER, "postal attribute");
    if (a->extensions_present && a->extension_count == 0)
        report(check, "empty set of extension attributes", 0);
    for (unsigned i = 0; i < a->extension_count; i++) {
        int64_t type = a->extensions[i].type;
        x411_string_t string = X411_ABSENT;
        x411_pds_t pds = {X411_ABSENT, X411_ABSENT};
        const bound_t *bound = type == X411_EA_PDS_NAME              ? &pds_name
                               : type == X411_EA_POSTAL_CODE         ? &postal_code
                               : type <= X411_EA_TELETEX_COMMON_NAME ? &common
                                                                     : NULL;
        if (type < 1 || !x411_attribute_name(type)) {
            report(check, "unknown extension attribute", (size_t)(type < 0 ? 0 : type));
        } else if (bound || type == X411_EA_PD_COUNTRY) {
            if (!x411_attribute_string(a, type, pool, &string))
                report(check, "extension attribute is not of its type", (size_t)type);
            else if (bound)
                check_string(check, &string, bound);
            else
                check_country(check, &string);
        } else if (type >= X411_EA_PD_OFFICE_NAME && type <= X411_EA_LOCAL_POSTAL &&
                   type != X411_EA_UNFORMATTED_POSTAL) {
            if (!x411_attribute_pds(a, type, pool, &pds))
                report(check, "extension attribute is not of its type", (size_t)type);
            check_string(check, &pds.printable, &parameter);
            check_string(check, &pds.teletex, &parameter);
        }
    }
}

static void check_name(check_t *check, apr_pool_t *pool, const x411_or_name_t *name)
{
    if (x411_or_name_is_empty(name)) {
        if (!name->directory_name.length)
            report(check, "O/R name without address and directory name", 0);
        return;
    }
    if (!x411_present(&name->address.country))
        report(check, "address has no country name", 0);
    if (!x411_present(&name->address.admd))
        report(check, "address has no ADMD name", 0);
    check_standard_attributes(check, &name->address);
    check_ddas(check, &name->address);
    check_extension_attributes(check, pool, &name->address);
}

size_t x411_bounds_check_name(apr_pool_t *pool, const x411_or_name_t *name, int64_t recipient,
                              x411_violation_t *list, size_t room)
{
    check_t check = {list, room, 0, recipient};
    check_name(&check, pool, name);
    return check.count;
}

static void check_time(check_t *check, const x411_time_t *time, const char *bad, const char *odd)
{
    utc_time_t utc;
    if (!x411_time_present(time))
        return;
    x411_time_quality_t quality = x411_time_read(time->text, &utc);
    if (quality == X411_TIME_EMPTY || quality == X411_TIME_BAD)
        report(check, bad, time->text.length);
    else if (quality == X411_TIME_LONG_YEAR)
        report(check, odd, time->text.length);
}

static void check_trace(check_t *check, const x411_trace_t *trace)
{
    if (trace->count == 0)
        report(check, "trace has no element", 0);
    if (trace->count > X411_UB_TRANSFERS)
        report(check, "trace has too many elements", trace->count);
    for (unsigned i = 0; i < trace->count; i++) {
        const x411_trace_element_t *element = &trace->elements[i];
        check_domain(check, &element->domain);
        if (!x411_time_present(&element->arrival))
            report(check, "trace element has no arrival time", i);
        check_time(check, &element->arrival, "arrival time is not a time", "arrival time has a long year");
        check_time(check, &element->deferred, "deferred time is not a time", "deferred time has a long year");
        if (element->action != X411_RELAYED && element->action != X411_REROUTED)
            report(check, "unknown routing action", (size_t)element->action);
    }
}

static void check_extensions(check_t *check, const x411_extensions_t *extensions)
{
    for (unsigned i = 0; i < extensions->count; i++) {
        if (extensions->items[i].type > X411_UB_EXTENSION_TYPES)
            report(check, "extension type is too large", (size_t)extensions->items[i].type);
        for (unsigned j = 0; j < i && extensions->items[i].type >= 0; j++)
            if (extensions->items[j].type == extensions->items[i].type)
                report(check, "an extension is there twice", (size_t)extensions->items[i].type);
    }
}

static void check_recipient(check_t *check, apr_pool_t *pool, const x411_recipient_t *recipient,
                            bool in_report)
{
    check_name(check, pool, &recipient->name);
    if (recipient->number < 1 || recipient->number > X411_UB_RECIPIENTS)
        report(check, "recipient number is out of range", (size_t)recipient->number);
    if (recipient->indicators.count < 5)
        report(check, "per-recipient indicators are too short", recipient->indicators.count);
    if (!in_report && x411_mta_report(recipient) == X411_MTA_REPORT_NONE)
        report(check, "recipient asks for no report to the originating MTA", 0);
    check_extensions(check, &recipient->extensions);
    if (!recipient->outcome)
        return;
    check_time(check, &recipient->outcome->arrival, "last arrival time is not a time",
               "last arrival has a long year");
    check_time(check, &recipient->outcome->delivery_time, "delivery time is not a time",
               "delivery time has a long year");
    check_string(check, &recipient->outcome->supplementary, &supplementary_bound);
}

size_t x411_bounds_check(apr_pool_t *pool, const x411_apdu_t *apdu, x411_violation_t *list, size_t room)
{
    check_t check = {list, room, 0, -1};
    check_domain(&check, &apdu->mts_id.domain);
    check_string(&check, &apdu->mts_id.local, &local_id_bound);
    check_name(&check, pool, &apdu->originator);
    check_string(&check, &apdu->content_id, &content_id_bound);
    if (apdu->content_type.present && !apdu->content_type.oid.length &&
        (apdu->content_type.built_in < 0 || apdu->content_type.built_in > X411_UB_BUILT_IN_CONTENT_TYPE))
        report(&check, "content type is out of range", 0);
    if (apdu->priority < X411_NORMAL || apdu->priority > X411_URGENT)
        report(&check, "unknown priority", (size_t)apdu->priority);
    check_time(&check, &apdu->deferred_delivery, "deferred delivery time is not a time",
               "deferred delivery time has a long year");
    check_trace(&check, &apdu->trace);
    check_extensions(&check, &apdu->extensions);
    if (apdu->report) {
        check_domain(&check, &apdu->report->subject_id.domain);
        check_string(&check, &apdu->report->subject_id.local, &local_id_bound);
        check_string(&check, &apdu->report->content_id, &content_id_bound);
        check_extensions(&check, &apdu->report->extensions);
        if (apdu->recipient_count == 0)
            report(&check, "report on no recipient", 0);
    }
    for (unsigned i = 0; i < apdu->recipient_count; i++) {
        check.recipient = i;
        check_recipient(&check, pool, &apdu->recipients[i], apdu->kind == X411_REPORT);
    }
    return check.count;
}
