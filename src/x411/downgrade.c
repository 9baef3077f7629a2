#include "x411/downgrade.h"

#include <apr_strings.h>

static const char COMMON[] = "COMMON";

static bool has_dda(const x411_or_address_t *address, const char *type)
{
    for (unsigned i = 0; i < address->dda_count; i++)
        if (x411_text_equal(address->ddas[i].type.octets, bytes_of_string(type)))
            return true;
    return false;
}

/* True if the Teletex or universal attribute only repeats a printable one, which stays. */
static bool is_repeated(const x411_or_address_t *a, int64_t type)
{
    switch (type) {
    case X411_EA_TELETEX_COMMON_NAME:
    case X411_EA_UNIVERSAL_COMMON_NAME: return x411_or_address_find(a, X411_EA_COMMON_NAME) != NULL;
    case X411_EA_TELETEX_ORGANIZATION:
    case X411_EA_UNIVERSAL_ORGANIZATION: return x411_present(&a->organization);
    case X411_EA_TELETEX_PERSONAL_NAME:
    case X411_EA_UNIVERSAL_PERSONAL_NAME: return x411_present(&a->personal_name.surname);
    case X411_EA_TELETEX_OUS:
    case X411_EA_UNIVERSAL_OUS: return a->ou_count > 0;
    case X411_EA_TELETEX_DDAS:
    case X411_EA_UNIVERSAL_DDAS: return a->dda_count > 0;
    default: return false;
    }
}

bool x411_or_name_downgrade(apr_pool_t *pool, x411_or_name_t *name)
{
    x411_or_address_t *address = &name->address;
    if (name->directory_name.length && x411_or_name_is_empty(name))
        return false;
    if (!name->directory_name.length && !address->extensions_present)
        return true;
    x411_string_t common = X411_ABSENT;
    for (unsigned i = 0; i < address->extension_count; i++) {
        int64_t type = address->extensions[i].type;
        if (type == X411_EA_COMMON_NAME) {
            if (!x411_attribute_string(address, type, pool, &common))
                return false;
        } else if (!is_repeated(address, type)) {
            return false;
        }
    }
    if (x411_present(&common)) {
        if (address->dda_count >= X411_UB_DDAS || has_dda(address, COMMON))
            return false;
        x411_dda_t *ddas = apr_palloc(pool, (address->dda_count + 1) * sizeof(*ddas));
        if (address->dda_count)
            memcpy(ddas, address->ddas, address->dda_count * sizeof(*ddas));
        ddas[address->dda_count++] = (x411_dda_t){x411_printable(COMMON), common};
        address->ddas = ddas;
        address->ddas_present = true;
    }
    address->extension_count = 0;
    address->extensions_present = false;
    name->directory_name = BYTES_NONE; /* the address says who is meant */
    x411_or_name_changed(name);
    return true;
}

void x411_or_name_upgrade(apr_pool_t *pool, x411_or_name_t *name)
{
    x411_or_address_t *address = &name->address;
    if (x411_or_address_find(address, X411_EA_COMMON_NAME))
        return;
    for (unsigned i = 0; i < address->dda_count; i++) {
        if (!x411_text_equal(address->ddas[i].type.octets, bytes_of_string(COMMON)))
            continue;
        x411_or_address_set_common_name(pool, address, address->ddas[i].value.octets);
        x411_dda_t *ddas = apr_palloc(pool, address->dda_count * sizeof(*ddas));
        unsigned kept = 0;
        for (unsigned j = 0; j < address->dda_count; j++)
            if (j != i)
                ddas[kept++] = address->ddas[j];
        address->ddas = ddas;
        address->dda_count = kept;
        address->ddas_present = kept > 0;
        x411_or_name_changed(name);
        return;
    }
}

/* An extension that a 1984 system would not honour although it must be. */
static const x411_extension_t *lost_extension(const x411_extensions_t *extensions)
{
    for (unsigned i = 0; i < extensions->count; i++)
        if (x411_extension_critical(&extensions->items[i], X411_CRITICAL_TRANSFER) ||
            x411_extension_critical(&extensions->items[i], X411_CRITICAL_DELIVERY))
            return &extensions->items[i];
    return NULL;
}

static void drop_extensions(x411_extensions_t *extensions)
{
    *extensions = (x411_extensions_t){0};
}

/* 1984 trace elements have no other-actions and no EITs by object identifier. */
static void downgrade_trace(x411_trace_t *trace)
{
    for (unsigned i = 0; i < trace->count; i++) {
        x411_trace_element_t *element = &trace->elements[i];
        if (element->other_actions_present || element->converted.extended_count) {
            element->other_actions_present = false;
            element->raw = BYTES_NONE;
        }
        if (element->converted.extended_count) {
            element->converted.extended_count = 0;
            element->converted.raw = BYTES_NONE;
        }
    }
}

/* Indicators have eight bits in a recipient of 1984, four in a message. */
static void shorten(x411_indicators_t *indicators, unsigned count)
{
    if (!indicators->present)
        return;
    indicators->count = (uint8_t)count;
    indicators->bits = (uint16_t)(indicators->bits & (uint16_t) ~(0xFFFFU >> count));
}

static bool downgrade_recipient(apr_pool_t *pool, x411_recipient_t *recipient)
{
    bool possible = !lost_extension(&recipient->extensions) && x411_or_name_downgrade(pool, &recipient->name);
    x411_outcome_t *outcome = recipient->outcome;
    drop_extensions(&recipient->extensions);
    recipient->unknown_count = 0;
    shorten(&recipient->indicators, 8);
    if (outcome) {
        if (outcome->originally_intended && !x411_or_name_downgrade(pool, outcome->originally_intended))
            outcome->originally_intended = NULL;
        if (outcome->supplementary.octets.length > X411_UB_SUPPLEMENTARY_INFO_1984)
            outcome->supplementary.octets.length = X411_UB_SUPPLEMENTARY_INFO_1984;
        if (outcome->converted.extended_count) {
            outcome->converted.extended_count = 0;
            outcome->converted.raw = BYTES_NONE;
        }
    }
    return possible;
}

static err_t *impossible(apr_pool_t *pool, const char *what, const char *detail)
{
    return err_create(pool, X411_ERROR_DOWNGRADE, "P1", "1984 P1 cannot carry %s%s%s", what,
                      detail ? " " : "", detail ? detail : "");
}

err_t *x411_downgrade(apr_pool_t *pool, x411_apdu_t *apdu, bool *failed)
{
    memset(failed, 0, apdu->recipient_count * sizeof(*failed));
    if (apdu->content_type.present && apdu->content_type.oid.length)
        return impossible(pool, "the content type", x411_content_type_text(pool, &apdu->content_type));
    const x411_extension_t *lost = lost_extension(&apdu->extensions);
    if (lost)
        return impossible(pool, "the critical extension",
                          lost->type >= 0 ? x411_extension_name(lost->type) : ber_oid_text(pool, lost->oid));
    if (!x411_or_name_downgrade(pool, &apdu->originator))
        return impossible(
            pool, apdu->kind == X411_REPORT ? "the report destination" : "the originator's name", NULL);
    drop_extensions(&apdu->extensions);
    apdu->unknown_count = 0;
    downgrade_trace(&apdu->trace);
    shorten(&apdu->flags, 4);
    if (apdu->original_eits.extended_count) {
        apdu->original_eits.extended_count = 0;
        apdu->original_eits.raw = BYTES_NONE;
    }
    if (apdu->report) {
        downgrade_trace(&apdu->report->subject_trace);
        drop_extensions(&apdu->report->extensions);
        apdu->report->original_eits = (x411_eits_t){0};
        apdu->report->content_type = (x411_content_type_t){0};
        apdu->report->unknown_count = 0;
    }
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        failed[i] = !downgrade_recipient(pool, &apdu->recipients[i]);
    return NULL;
}
