#include "x400ctl_ctl.h"

#include <apr_errno.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/admin.h"
#include "admin/client.h"
#include "config/config.h"

enum { CLIENT_TIMEOUT_SECONDS = 600 }; /* a link test waits for its peer's time limits */

const char *ctl_option(const ctl_t *ctl, int letter)
{
    const char *value = NULL;
    for (int i = 0; i < ctl->options->nelts; i++) {
        const ctl_option_t *option = &APR_ARRAY_IDX(ctl->options, i, ctl_option_t);
        if (option->letter == letter)
            value = option->value ? option->value : "";
    }
    return value;
}

void ctl_complain(const char *format, ...)
{
    va_list arguments;
    fputs("x400ctl: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* --admin HOST:PORT, with brackets around an IPv6 address. */
static bool ctl_parse_admin(ctl_t *ctl, admin_client_t *client)
{
    char *host, *scope;
    apr_port_t port = 0;
    if (apr_parse_addr_port(&host, &scope, &port, ctl->admin, ctl->pool) != APR_SUCCESS || !host ||
        port == 0) {
        ctl_complain("--admin %s is not an address and a port; write it as 127.0.0.1:1405", ctl->admin);
        return false;
    }
    client->host = host;
    client->port = port;
    return true;
}

const config_t *ctl_configuration(ctl_t *ctl)
{
    config_findings_t findings;
    const config_t *config = config_read_loosely(ctl->configuration, ctl->pool, &findings);
    if (!config) {
        ctl_complain("the configuration cannot be used to find the MTA:");
        fputs(config_findings_text(&findings, ctl->pool), stderr);
        fputs("Name another one with -c FILE, or the MTA itself with --admin HOST:PORT --token-file FILE.\n",
              stderr);
    }
    return config;
}

/* Address, port and token file of the MTA, from the options or its configuration. */
static ctl_exit_t ctl_locate(ctl_t *ctl, admin_client_t *client, const char **token_file)
{
    *token_file = ctl->token_file;
    if (ctl->admin && !ctl_parse_admin(ctl, client))
        return CTL_USAGE;
    if (ctl->admin && ctl->token_file)
        return CTL_OK;
    /* The file may be wrong already while the MTA still runs with what it was. */
    const config_t *config = ctl_configuration(ctl);
    if (!config)
        return CTL_UNREACHABLE;
    if (!ctl->admin) {
        if (config->admin.port == 0) {
            ctl_complain("the configuration %s has no admin interface (admin { port = ... })",
                         ctl->configuration);
            return CTL_UNREACHABLE;
        }
        client->host =
            config->admin.address && config->admin.address[0] ? config->admin.address : "127.0.0.1";
        client->port = config->admin.port;
    }
    if (!ctl->token_file && !config->mta.data_folder &&
        !(config->admin.token_file && config->admin.token_file[0])) {
        ctl_complain("the configuration %s has no mta.data-folder, in which the token file would be; "
                     "x400mta -c %s --check lists what is wrong with it",
                     ctl->configuration, ctl->configuration);
        return CTL_UNREACHABLE;
    }
    if (!ctl->token_file)
        *token_file = admin_token_path(config, ctl->pool);
    return CTL_OK;
}

static ctl_exit_t ctl_connect(ctl_t *ctl, admin_client_t *client)
{
    const char *token_file = NULL;
    client->timeout = TIME_SECONDS(CLIENT_TIMEOUT_SECONDS);
    ctl_exit_t status = ctl_locate(ctl, client, &token_file);
    if (status != CTL_OK)
        return status;
    err_t *err = admin_token_read(token_file, &client->token, ctl->pool);
    if (!err)
        return CTL_OK;
    ctl_complain("%s", err_describe(ctl->pool, err));
    if (APR_STATUS_IS_ENOENT(err->code) && ctl->token_file)
        fputs("Name the file that the MTA made when it started: admin.token in its data folder.\n", stderr);
    else if (APR_STATUS_IS_ENOENT(err->code))
        fputs("The MTA makes this file when it starts: it has not run with this configuration yet.\n",
              stderr);
    else if (APR_STATUS_IS_EACCES(err->code))
        fputs("Run x400ctl as the user that the MTA runs as, or as root.\n", stderr);
    return CTL_UNREACHABLE;
}

static ctl_exit_t ctl_exchange(ctl_t *ctl, const char *method, const char *target, bytes_t body,
                               admin_response_t *response)
{
    admin_client_t client = {0};
    ctl_exit_t status = ctl_connect(ctl, &client);
    if (status != CTL_OK)
        return status;
    err_t *err = admin_client_request(&client, method, target, body, response, ctl->pool);
    if (err && APR_STATUS_IS_ECONNREFUSED(err->code)) {
        ctl_complain(
            "no MTA is running: nobody listens on %s port %u; start x400mta, or see its event log if it "
            "was to run",
            client.host, client.port);
        return CTL_UNREACHABLE;
    }
    if (err) {
        ctl_complain("no answer of an MTA from %s port %u: %s", client.host, client.port,
                     err_describe(ctl->pool, err));
        return CTL_UNREACHABLE;
    }
    return CTL_OK;
}

/* Prints the words of a refusal. */
static ctl_exit_t ctl_refused(ctl_t *ctl, const admin_response_t *response, const json_t *result)
{
    const char *text = json_string_value(json_object_get(result, "error"));
    if (response->status == 401) {
        ctl_complain(
            "the MTA does not accept this token; is it another MTA's, or is this configuration not the "
            "running one's?");
        return CTL_UNREACHABLE;
    }
    if (text)
        ctl_complain("%s", text);
    else
        ctl_complain("the MTA answered with status %d and without a reason", response->status);
    (void)ctl;
    return CTL_FAILED;
}

ctl_exit_t ctl_request(ctl_t *ctl, const char *operation, json_t *arguments, json_t **result)
{
    *result = NULL;
    char *text = arguments ? json_dumps(arguments, JSON_COMPACT) : NULL;
    json_decref(arguments);
    admin_response_t response;
    ctl_exit_t status = ctl_exchange(ctl, "POST", apr_pstrcat(ctl->pool, "/v1/", operation, NULL),
                                     bytes_of_string(text), &response);
    free(text);
    if (status != CTL_OK)
        return status;
    json_error_t where;
    json_t *json = json_loadb((const char *)response.body.data, response.body.length, JSON_ALLOW_NUL, &where);
    if (response.status != 200) {
        status = ctl_refused(ctl, &response, json);
    } else if (!json_is_object(json)) {
        ctl_complain("the MTA's answer is not a JSON object: %s", json ? "it is something else" : where.text);
        status = CTL_FAILED;
    }
    if (status == CTL_OK)
        *result = json;
    else
        json_decref(json);
    return status;
}

ctl_exit_t ctl_request_text(ctl_t *ctl, const char *target, const char **text)
{
    admin_response_t response;
    ctl_exit_t status = ctl_exchange(ctl, "GET", target, BYTES_NONE, &response);
    if (status != CTL_OK)
        return status;
    *text = bytes_to_string(ctl->pool, response.body);
    if (response.status == 200)
        return CTL_OK;
    json_t *json = json_loadb((const char *)response.body.data, response.body.length, 0, NULL);
    status = ctl_refused(ctl, &response, json);
    json_decref(json);
    return status;
}

void ctl_print_json(const json_t *result)
{
    json_dumpf(result, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
}

ctl_exit_t ctl_ask(ctl_t *ctl, const char *operation, json_t *arguments, const char *verdict,
                   void (*show)(ctl_t *ctl, const json_t *result))
{
    json_t *result;
    ctl_exit_t status = ctl_request(ctl, operation, arguments, &result);
    if (status != CTL_OK)
        return status;
    if (ctl->json)
        ctl_print_json(result);
    else
        show(ctl, result);
    const json_t *said = verdict ? json_object_get(result, verdict) : NULL;
    if (verdict && !json_is_true(said) && json_integer_value(said) <= 0)
        status = CTL_FAILED;
    json_decref(result);
    return status;
}
