/* Names of the numbers and object identifiers of X.420. */
#include "x420/ipm.h"

#define NAME_OF(table, number)                                                                               \
    ((number) >= 0 && (size_t)(number) < sizeof(table) / sizeof((table)[0]) ? (table)[number] : NULL)

const char *x420_body_type_name(x420_body_type_t type)
{
    static const char *const names[] = {"ia5-text",
                                        "telex",
                                        "voice",
                                        "g3-facsimile",
                                        "g4-class1",
                                        "teletex",
                                        "videotex",
                                        "nationally-defined",
                                        "encrypted",
                                        "message",
                                        "sfd",
                                        "mixed-mode",
                                        NULL,
                                        NULL,
                                        "bilaterally-defined",
                                        "externally-defined"};
    const char *name = NAME_OF(names, (int)type);
    return name ? name : "unknown";
}

const char *x420_extended_name(x420_extended_t extended)
{
    static const char *const names[] = {
        [X420_EXTENDED_IA5] = "ia5-text",
        [X420_EXTENDED_G3] = "g3-facsimile",
        [X420_EXTENDED_G4] = "g4-class1",
        [X420_EXTENDED_TELETEX] = "teletex",
        [X420_EXTENDED_VIDEOTEX] = "videotex",
        [X420_EXTENDED_ENCRYPTED] = "encrypted",
        [X420_EXTENDED_MESSAGE] = "message",
        [X420_EXTENDED_MIXED_MODE] = "mixed-mode",
        [X420_EXTENDED_BILATERAL] = "bilaterally-defined",
        [X420_EXTENDED_NATIONAL] = "nationally-defined",
        [X420_EXTENDED_GENERAL_TEXT] = "general-text",
        [X420_EXTENDED_FILE] = "file-transfer",
        [X420_EXTENDED_REPORT] = "report",
        [X420_EXTENDED_NOTIFICATION] = "notification",
        [X420_EXTENDED_VOICE] = "voice",
        [X420_EXTENDED_CONTENT] = "content",
    };
    return NAME_OF(names, (int)extended);
}

const char *x420_extension_name(bytes_t oid)
{
    static const char *const heading[] = {"incomplete-copy",
                                          "languages",
                                          "auto-submitted",
                                          "body-part-signatures",
                                          "ipm-security-label",
                                          "authorization-time",
                                          "circulation-list-recipients",
                                          "distribution-codes",
                                          "extended-subject",
                                          "information-category",
                                          "manual-handling-instructions",
                                          "originators-reference",
                                          "precedence-policy-identifier"};
    static const char *const recipient[] = {"circulation-list-indicator", "precedence"};
    static const char *const notification[] = {"absence-advice", "change-of-address-advice"};
    static const uint8_t rfc822_heading[] = {0x09, 0x92, 0x26, 0x87, 0xFF, 0xFF,
                                             0xFF, 0x7F, 0x81, 0x48, 0x01};
    if (bytes_equal(oid, bytes_make(rfc822_heading, sizeof(rfc822_heading))))
        return "rfc-822-heading";
    if (oid.length != 4 || oid.data[0] != 0x56 || oid.data[1] != 0x01)
        return NULL;
    switch (oid.data[2]) {
    case 5: return NAME_OF(heading, oid.data[3]);
    case 19: return NAME_OF(notification, oid.data[3]);
    case 20: return NAME_OF(recipient, oid.data[3]);
    default: return NULL;
    }
}

const char *x420_importance_name(int64_t importance)
{
    static const char *const names[] = {"low", "normal", "high"};
    return NAME_OF(names, importance);
}

const char *x420_sensitivity_name(int64_t sensitivity)
{
    static const char *const names[] = {NULL, "personal", "private", "company-confidential"};
    return NAME_OF(names, sensitivity);
}

const char *x420_non_receipt_name(int64_t reason)
{
    static const char *const names[] = {"ipm-discarded", "ipm-auto-forwarded"};
    return NAME_OF(names, reason);
}

const char *x420_discard_name(int64_t reason)
{
    static const char *const names[] = {"ipm-expired", "ipm-obsoleted", "user-subscription-terminated",
                                        "not-used"};
    return NAME_OF(names, reason);
}

const x420_extension_t *x420_extension_find(apr_pool_t *pool, const x420_extensions_t *extensions,
                                            const char *oid)
{
    bytes_t wanted = ber_oid_from_text(pool, oid);
    for (unsigned i = 0; i < extensions->count; i++)
        if (bytes_equal(extensions->items[i].oid, wanted))
            return &extensions->items[i];
    return NULL;
}

bool x420_is_interpersonal(const x411_content_type_t *type)
{
    if (type->oid.length)
        return type->oid.length == 4 && memcmp(type->oid.data, "\x56\x01\x0A", 3) == 0 &&
               type->oid.data[3] <= 1;
    return type->present && (type->built_in == X411_CONTENT_P2 || type->built_in == X411_CONTENT_P22);
}
