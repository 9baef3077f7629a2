/* Names of the codes in reports (X.411 Figure 2). */
#include "x411/report.h"

static const char *const reasons[] = {
    "transfer-failure",
    "unable-to-transfer",
    "conversion-not-performed",
    "physical-rendition-not-performed",
    "physical-delivery-not-performed",
    "restricted-delivery",
    "directory-operation-unsuccessful",
    "deferred-delivery-not-performed",
    "transfer-failure-for-security-reason",
};

static const char *const diagnostics[] = {
    "unrecognised-OR-name",
    "ambiguous-OR-name",
    "mts-congestion",
    "loop-detected",
    "recipient-unavailable",
    "maximum-time-expired",
    "encoded-information-types-unsupported",
    "content-too-long",
    "conversion-impractical",
    "implicit-conversion-prohibited",
    "implicit-conversion-not-subscribed",
    "invalid-arguments",
    "content-syntax-error",
    "size-constraint-violation",
    "protocol-violation",
    "content-type-not-supported",
    "too-many-recipients",
    "no-bilateral-agreement",
    "unsupported-critical-function",
    "conversion-with-loss-prohibited",
    "line-too-long",
    "page-split",
    "pictorial-symbol-loss",
    "punctuation-symbol-loss",
    "alphabetic-character-loss",
    "multiple-information-loss",
    "recipient-reassignment-prohibited",
    "redirection-loop-detected",
    "dl-expansion-prohibited",
    "no-dl-submit-permission",
    "dl-expansion-failure",
    "physical-rendition-attributes-not-supported",
    "undeliverable-mail-physical-delivery-address-incorrect",
    "undeliverable-mail-physical-delivery-office-incorrect-or-invalid",
    "undeliverable-mail-physical-delivery-address-incomplete",
    "undeliverable-mail-recipient-unknown",
    "undeliverable-mail-recipient-deceased",
    "undeliverable-mail-organization-expired",
    "undeliverable-mail-recipient-refused-to-accept",
    "undeliverable-mail-recipient-did-not-claim",
    "undeliverable-mail-recipient-changed-address-permanently",
    "undeliverable-mail-recipient-changed-address-temporarily",
    "undeliverable-mail-recipient-changed-temporary-address",
    "undeliverable-mail-new-address-unknown",
    "undeliverable-mail-recipient-did-not-want-forwarding",
    "undeliverable-mail-originator-prohibited-forwarding",
    "secure-messaging-error",
    "unable-to-downgrade",
    "unable-to-complete-transfer",
    "transfer-attempts-limit-reached",
    "incorrect-notification-type",
    "dl-expansion-prohibited-by-security-policy",
    "forbidden-alternate-recipient",
    "security-policy-violation",
    "security-services-refusal",
    "unauthorised-dl-member",
    "unauthorised-dl-name",
    "unauthorised-originally-intended-recipient-name",
    "unauthorised-originator-name",
    "unauthorised-recipient-name",
    "unreliable-system",
    "authentication-failure-on-subject-message",
    "decryption-failed",
    "decryption-key-unobtainable",
    "double-envelope-creation-failure",
    "double-enveloping-message-restoring-failure",
    "failure-of-proof-of-message",
    "integrity-failure-on-subject-message",
    "invalid-security-label",
    "key-failure",
    "mandatory-parameter-absence",
    "operation-security-failure",
    "repudiation-failure-of-message",
    "security-context-failure",
    "token-decryption-failed",
    "token-error",
    "unknown-security-label",
    "unsupported-algorithm-identifier",
    "unsupported-security-policy",
};

static const char *const redirections[] = {
    "recipient-assigned-alternate-recipient",
    "originator-requested-alternate-recipient",
    "recipient-MD-assigned-alternate-recipient",
    "directory-look-up",
    "alias",
};

static const char *const user_types[] = {"public", "private", "ms", "dl", "pdau", "physical-recipient",
                                         "other"};

static const char *lookup(const char *const *names, size_t count, int64_t code)
{
    return code >= 0 && (uint64_t)code < count ? names[code] : NULL;
}

#define LOOKUP(names, code) lookup(names, sizeof(names) / sizeof((names)[0]), code)

const char *x411_reason_name(int64_t reason)
{
    return LOOKUP(reasons, reason);
}

const char *x411_diagnostic_name(int64_t diagnostic)
{
    return LOOKUP(diagnostics, diagnostic);
}

const char *x411_redirection_reason_name(int64_t reason)
{
    return LOOKUP(redirections, reason);
}

const char *x411_user_type_name(int64_t type)
{
    return LOOKUP(user_types, type);
}
