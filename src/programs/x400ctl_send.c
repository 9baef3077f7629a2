/* x400ctl send: submits an interpersonal message, any content file, or a probe. */
#include <apr_base64.h>
#include <apr_file_info.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "x400ctl_ctl.h"
#include "x400ctl_files.h"
#include "x400ctl_ipm.h"
#include "x400ctl_table.h"

enum {
    OPTION_TEXT_FILE = 256 + 64,
    OPTION_CONTENT,
    OPTION_CONTENT_TYPE,
    OPTION_PRIORITY,
    OPTION_REPORT,
    OPTION_PROBE,
    OPTION_DEFERRED,
    OPTION_CONTENT_ID,
    OPTION_RETURN,
    OPTION_LATEST,
    OPTION_ALTERNATE,
    OPTION_ALTERNATE_ALLOWED,
    OPTION_NO_REDIRECTION,
    OPTION_NO_EXPANSION,
    OPTION_NO_CONVERSION,
    OPTION_DISCLOSE
};

const apr_getopt_option_t send_options[] = {
    {"from", 'f', 1, "the originator's O/R address"},
    {"recipient", 'r', 1, "a recipient's O/R address; may be given many times"},
    {"subject", 's', 1, "the subject"},
    {"text", 't', 1, "the text"},
    {"text-file", OPTION_TEXT_FILE, 1, "a file with the text, in UTF-8; - is standard input"},
    {"attach", 'a', 1, "a file to attach; may be given many times"},
    {"content", OPTION_CONTENT, 1, "a file that is the content as it is; - is standard input"},
    {"content-type", OPTION_CONTENT_TYPE, 1,
     "of --content: 2, 22, another number, or an object identifier (22)"},
    {"content-identifier", OPTION_CONTENT_ID, 1, "at most 16 characters that come back in reports"},
    {"priority", OPTION_PRIORITY, 1, "urgent, normal or non-urgent"},
    {"report", OPTION_REPORT, 1, "none, non-delivery or delivery: which reports are wanted (non-delivery)"},
    {"content-return", OPTION_RETURN, 0, "a non-delivery report is to bring the content back"},
    {"probe", OPTION_PROBE, 0, "sends a probe: asks whether such a message could be delivered"},
    {"deferred", OPTION_DEFERRED, 1, "not to be delivered before this time (+90m, +2h, or UTC)"},
    {"latest", OPTION_LATEST, 1, "not to be delivered after this time"},
    {"alternate", OPTION_ALTERNATE, 1, "O/R address that gets it where a recipient cannot"},
    {"alternate-allowed", OPTION_ALTERNATE_ALLOWED, 0,
     "the recipient's domain may deliver it to another user if it does not know the recipient"},
    {"no-redirection", OPTION_NO_REDIRECTION, 0, "recipients may not have it redirected"},
    {"no-expansion", OPTION_NO_EXPANSION, 0, "distribution lists may not expand it"},
    {"no-conversion", OPTION_NO_CONVERSION, 0, "its body may not be converted"},
    {"disclose-recipients", OPTION_DISCLOSE, 0, "each recipient is told of the others"},
    {NULL, 0, 0, NULL},
};

/* One of the words of a choice, or a complaint. */
static bool send_choice(const ctl_t *ctl, json_t *arguments, int letter, const char *name,
                        const char *const *words)
{
    const char *value = ctl_option(ctl, letter);
    if (!value)
        return true;
    for (size_t i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0) {
            json_object_set_new(arguments, name, json_string(value));
            return true;
        }
    ctl_complain("--%s is %s, %s or %s, not \"%s\"", name, words[0], words[1], words[2], value);
    return false;
}

/* "+90m" from now, or a time as it was given. */
static bool send_time(const ctl_t *ctl, json_t *arguments, int letter, const char *name)
{
    const char *value = ctl_option(ctl, letter);
    if (!value)
        return true;
    if (value[0] == '+') {
        char *unit;
        long count = strtol(value + 1, &unit, 10);
        long seconds = *unit == 's' ? 1 : *unit == 'm' ? 60 : *unit == 'h' ? 3600 : *unit == 'd' ? 86400 : 0;
        if (count <= 0 || count > 1000000 || seconds == 0 || unit[1] != '\0') {
            ctl_complain("--%s %s is not a delay; write +90m, +2h or +1d", name, value);
            return false;
        }
        apr_time_exp_t parts;
        apr_time_exp_gmt(&parts, apr_time_now() + apr_time_from_sec(count * seconds));
        value = apr_psprintf(ctl->pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    }
    json_object_set_new(arguments, name, json_string(value));
    return true;
}

/* Digits are a built-in content type, dots make an object identifier. */
static bool send_content_type(json_t *arguments, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && digits < 6 && text[digits] == '\0')
        return json_object_set_new(arguments, "content_type", json_integer(strtol(text, NULL, 10))) == 0;
    if (digits > 0 && strchr(text, '.') && strspn(text, "0123456789.") == strlen(text))
        return json_object_set_new(arguments, "content_type", json_string(text)) == 0;
    ctl_complain(
        "--content-type is 2, 22, another number or an object identifier such as 2.6.1.10.1, not \"%s\"",
        text);
    return false;
}

static bool send_recipients(const ctl_t *ctl, json_t *arguments)
{
    json_t *recipients = json_array();
    for (int i = 0; i < ctl->options->nelts; i++) {
        const ctl_option_t *option = &APR_ARRAY_IDX(ctl->options, i, ctl_option_t);
        if (option->letter == 'r')
            json_array_append_new(recipients, json_string(option->value));
    }
    size_t count = json_array_size(recipients);
    json_object_set_new(arguments, "recipients", recipients);
    if (count == 0)
        ctl_complain("no recipient; name one with -r");
    return count > 0;
}

/* What the body is made of, for the envelope: numbers of built-in types and object identifiers. */
static json_t *send_encoded_types(apr_pool_t *pool, const x411_eits_t *eits)
{
    json_t *list = json_array();
    for (unsigned bit = 0; bit < eits->built_in.count; bit++)
        if (ber_bit(&eits->built_in, bit))
            json_array_append_new(list, json_integer((json_int_t)bit));
    for (unsigned i = 0; i < eits->extended_count; i++)
        json_array_append_new(list, json_string(ber_oid_text(pool, eits->extended[i])));
    return list;
}

/* The content: a file as it is, or an interpersonal message made here. */
static bool send_content(ctl_t *ctl, json_t *arguments)
{
    bytes_t content = BYTES_NONE;
    const char *file = ctl_option(ctl, OPTION_CONTENT);
    const char *type = ctl_option(ctl, OPTION_CONTENT_TYPE);
    err_t *err;
    if (file) {
        if (ctl_option(ctl, 's') || ctl_option(ctl, 't') || ctl_option(ctl, 'a') ||
            ctl_option(ctl, OPTION_TEXT_FILE)) {
            ctl_complain("--content is the whole content: it has no place for a subject, a text or files");
            return false;
        }
        if (!send_content_type(arguments, type ? type : "22"))
            return false;
        err = ctl_read_file(ctl->pool, file, CTL_FILE_LIMIT, &content);
    } else {
        int number = 22;
        if (type && strcmp(type, "2") != 0 && strcmp(type, "22") != 0) {
            ctl_complain("an interpersonal message has the content type 2 or 22, not %s", type);
            return false;
        }
        if (type)
            number = strcmp(type, "2") == 0 ? 2 : 22;
        json_object_set_new(arguments, "content_type", json_integer(number));
        x411_eits_t eits;
        err = ctl_build_ipm(ctl, number, ctl_option(ctl, OPTION_TEXT_FILE), &content, &eits);
        if (!err)
            json_object_set_new(arguments, "encoded_types", send_encoded_types(ctl->pool, &eits));
    }
    if (err) {
        ctl_complain("%s", err_describe(ctl->pool, err));
        return false;
    }
    size_t room = (size_t)apr_base64_encode_len((int)content.length);
    char *text = malloc(room);
    if (!text)
        return false;
    apr_base64_encode_binary(text, content.data, (int)content.length);
    json_object_set_new(arguments, "content", json_string(text));
    free(text);
    return true;
}

static const struct {
    int letter;
    const char *name;
} switches[] = {{OPTION_PROBE, "probe"},
                {OPTION_RETURN, "content_return"},
                {OPTION_ALTERNATE_ALLOWED, "alternate_allowed"},
                {OPTION_NO_REDIRECTION, "reassignment_prohibited"},
                {OPTION_NO_EXPANSION, "dl_expansion_prohibited"},
                {OPTION_NO_CONVERSION, "conversion_prohibited"},
                {OPTION_DISCLOSE, "disclose_recipients"}};

static bool send_arguments(ctl_t *ctl, json_t *arguments)
{
    static const char *const priorities[] = {"urgent", "normal", "non-urgent", NULL};
    static const char *const reports[] = {"none", "non-delivery", "delivery", NULL};
    const char *from = ctl_option(ctl, 'f');
    if (!from) {
        ctl_complain("no originator; name one with -f");
        return false;
    }
    json_object_set_new(arguments, "originator", json_string(from));
    const char *identifier = ctl_option(ctl, OPTION_CONTENT_ID);
    if (identifier)
        json_object_set_new(arguments, "content_identifier", json_string(identifier));
    if (ctl_option(ctl, OPTION_ALTERNATE))
        json_object_set_new(arguments, "alternate", json_string(ctl_option(ctl, OPTION_ALTERNATE)));
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
        if (ctl_option(ctl, switches[i].letter))
            json_object_set_new(arguments, switches[i].name, json_true());
    return send_recipients(ctl, arguments) &&
           send_choice(ctl, arguments, OPTION_PRIORITY, "priority", priorities) &&
           send_choice(ctl, arguments, OPTION_REPORT, "report", reports) &&
           send_time(ctl, arguments, OPTION_DEFERRED, "deferred") &&
           send_time(ctl, arguments, OPTION_LATEST, "latest") && send_content(ctl, arguments);
}

static void show_accepted(ctl_t *ctl, const json_t *result)
{
    printf("Accepted as %s.\n", text_of(ctl->pool, result, "mts_id"));
}

ctl_exit_t command_send(ctl_t *ctl)
{
    json_t *arguments = json_object();
    if (!send_arguments(ctl, arguments)) {
        json_decref(arguments);
        return CTL_USAGE;
    }
    return ctl_ask(ctl, "send", arguments, NULL, show_accepted);
}
