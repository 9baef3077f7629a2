/* x400mta: the daemon and service. Reads its arguments, checks the configuration, puts the parts together and
 * runs the event loop until it is told to stop. */
#include <stdlib.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_getopt.h>
#include <apr_strings.h>

#include "admin/admin.h"
#include "event/ids.h"
#include "event/recent.h"
#include "event/textlogs.h"
#include "event/tracking.h"
#include "mta/agent.h"
#include "platform.h"
#include "route/route.h"
#include "x400_version.h"
#include "x400mta_advice.h"
#include "x400mta_bind.h"
#include "x400mta_counters.h"
#include "x400mta_store.h"
#include "x400mta_system.h"

enum { STOP_PATIENCE_SECONDS = 30, ALIVE_SECONDS = 1 };

typedef struct arguments_t {
    const char *configuration;
    bool configuration_given;
    bool check;
    bool daemon;
} arguments_t;

typedef struct service_t {
    apr_pool_t *pool;
    apr_pool_t *config_pool; /* of the configuration in force */
    const char *path;
    const config_t *config;
    event_log_t *events;
    event_recent_t *recent;
    textlogs_t *textlogs;
    tracking_t *tracking;
    net_loop_t *loop;
    store_t *store;
    agent_t *agent;
    bind_watch_t *bind_watch;
    counters_show_t *counters;
    admin_t *admin;
    timers_item_t alive;
    err_t *ended_by; /* why the service ends though nobody told it to */
} service_t;

static const apr_getopt_option_t options[] = {
    {"config", 'c', 1, "FILE  the configuration file"},
    {"check", 'k', 0, "      check the configuration, say what is wrong with it, and end"},
    {"daemon", 'd', 0, "      run in the background"},
    {"reference", 'r', 0, "      print the reference of all options of the configuration, and end"},
    {"manual", 'm', 0, "      print the same as a manual page, x400mta.conf(5), and end"},
    {"version", 'V', 0, "      print the version, and end"},
    {"help", 'h', 0, "      print this text, and end"},
    {NULL, 0, 0, NULL}};

static void usage(FILE *out)
{
    fputs("x400mta - X.400 message transfer agent\n\nUsage: x400mta [-c FILE] [--check | --daemon]\n\n", out);
    for (const apr_getopt_option_t *option = options; option->name; option++)
        fprintf(out, "  -%c, --%-10s %s\n", option->optch, option->name, option->description);
    fprintf(out, "\nWithout -c the configuration is %s.\n%s", platform_default_configuration(),
            platform_service_help());
}

/* Reads the arguments; false, with *status for exit, if the program is to end. */
static bool read_arguments(int argc, const char *const argv[], arguments_t *arguments, int *status,
                           apr_pool_t *pool)
{
    *arguments = (arguments_t){.configuration = platform_default_configuration()};
    *status = EXIT_SUCCESS;
    apr_getopt_t *getopt;
    apr_getopt_init(&getopt, pool, argc, argv);
    int option;
    const char *value;
    apr_status_t result;
    while ((result = apr_getopt_long(getopt, options, &option, &value)) == APR_SUCCESS) {
        switch (option) {
        case 'c':
            arguments->configuration = value;
            arguments->configuration_given = true;
            break;
        case 'k': arguments->check = true; break;
        case 'd': arguments->daemon = true; break;
        case 'r': config_print_reference(stdout); return false;
        case 'm': config_print_manual(stdout); return false;
        case 'V': printf("x400mta %s\n", X400_VERSION); return false;
        default: usage(stdout); return false;
        }
    }
    if (result == APR_EOF && getopt->ind == argc)
        return true;
    if (result == APR_EOF)
        fprintf(stderr, "x400mta: unexpected argument \"%s\"\n", argv[getopt->ind]);
    fputs("x400mta: see x400mta --help\n", stderr);
    *status = EXIT_FAILURE;
    return false;
}

static const config_t *read_configuration(const char *path, apr_pool_t *pool, config_findings_t *findings)
{
    const config_t *config = NULL;
    route_read_configuration(path, platform_is_local_address, pool, &config, findings);
    return config;
}

static int check(const char *path, apr_pool_t *pool)
{
    config_findings_t findings;
    const config_t *config = read_configuration(path, pool, &findings);
    fputs(config_findings_text(&findings, pool), config ? stdout : stderr);
    if (!config) {
        fprintf(stderr, "%s: %d errors, %d findings in all; it cannot be used\n", path, (int)findings.errors,
                (int)findings.count);
        return EXIT_FAILURE;
    }
    printf("%s: good; %d connectors, %d mailboxes, %d listeners, %d warnings\n", path,
           (int)config->connector_count, (int)config->mailbox_count, (int)config->listener_count,
           (int)findings.count);
    return EXIT_SUCCESS;
}

/* The mistake to name where there is room for one. */
static const char *first_error(const config_findings_t *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->findings[i].severity == CONFIG_ERROR)
            return findings->findings[i].text;
    return "it cannot be read";
}

/* Reload: a bad file changes nothing. */
static const char *reload(void *context, bool *ok, apr_pool_t *pool)
{
    service_t *service = context;
    apr_pool_t *config_pool;
    apr_pool_create(&config_pool, service->pool);
    config_findings_t findings;
    platform_service_reloading();
    const config_t *config = read_configuration(service->path, config_pool, &findings);
    const char *text = apr_pstrdup(pool, config_findings_text(&findings, config_pool));
    *ok = false;
    const char *refused = config ? NULL : first_error(&findings);
    if (config) {
        err_t *err = agent_reload(service->agent, config);
        if (!err)
            bind_watch_reload(service->bind_watch, config);
        if (err) {
            refused = err_describe(pool, err);
            text = apr_pstrcat(pool, text, refused, "\n", NULL);
        }
        *ok = !err;
    }
    if (refused)
        event_raise(service->events, EVENT_ID_CONFIGURATION_REFUSED, NULL, service->path, refused,
                    apr_psprintf(pool, "%d", (int)findings.count));
    if (*ok) {
        apr_pool_destroy(service->config_pool);
        service->config_pool = config_pool;
        service->config = config;
        system_raise_limits(&config->mta, service->events);
        system_report_sockets(service->loop, service->events);
        for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
            event_log_set_level(service->events, (event_category_t)i, config->log.levels[i]);
    } else {
        apr_pool_destroy(config_pool);
    }
    platform_service_ready(*ok ? "running with the new configuration"
                               : "running; the new configuration is refused");
    return text;
}

static void do_reload(void *baton)
{
    service_t *service = baton;
    if (!service->agent)
        return;
    apr_pool_t *pool;
    apr_pool_create(&pool, service->pool);
    bool ok;
    reload(service, &ok, pool);
    apr_pool_destroy(pool);
}

static void do_stop(void *baton)
{
    service_t *service = baton;
    platform_service_stopping();
    if (!service->agent) {
        net_loop_stop(service->loop);
        return;
    }
    agent_stop(service->agent, TIME_SECONDS(STOP_PATIENCE_SECONDS));
}

static void stop_asked(void *context)
{
    service_t *service = context;
    net_loop_post(service->loop, do_stop, service);
}

static void reload_asked(void *context)
{
    service_t *service = context;
    net_loop_post(service->loop, do_reload, service);
}

static void do_pause(void *baton)
{
    service_t *service = baton;
    if (service->agent)
        agent_pause(service->agent);
}

static void do_continue(void *baton)
{
    service_t *service = baton;
    if (service->agent)
        agent_continue(service->agent);
    platform_service_paused(false);
}

static void pause_asked(void *context, bool pause)
{
    service_t *service = context;
    net_loop_post(service->loop, pause ? do_pause : do_continue, service);
}

static void paused(void *context)
{
    (void)context;
    platform_service_paused(true);
}

static void entry_taken(void *context, const store_entry_t *entry)
{
    service_t *service = context;
    if (service->agent)
        agent_take_over(service->agent, entry);
}

static void stopped(void *context)
{
    service_t *service = context;
    net_loop_stop(service->loop);
}

static void store_ready(void *baton)
{
    service_t *service = baton;
    if (!service->agent)
        return;
    agent_store_ready(service->agent);
    if (!service->store || service->ended_by)
        return;
    service->ended_by = opening_lost(service->store, service->config, service->events, service->pool);
    if (service->ended_by)
        net_loop_stop(service->loop);
}

static void store_notify(void *context)
{
    service_t *service = context;
    net_loop_post(service->loop, store_ready, service);
}

/* The loop feeds the service manager's watchdog itself: if it hangs, nothing does. Often enough for the
 * shortest interval that makes sense, three seconds; the platform leaves out what is too often. */
static void alive(void *baton)
{
    service_t *service = baton;
    platform_service_alive();
    timers_arm(net_loop_timers(service->loop), &service->alive,
               net_loop_now(service->loop) + TIME_SECONDS(ALIVE_SECONDS));
}

/* Where an allocation that failed is told: there is one service in a process. */
static event_log_t *emergency_log;

/* APR calls this when there is no memory; nobody could go on without it. event_raise allocates nothing. */
static int out_of_memory(int status)
{
    event_raise(emergency_log, EVENT_ID_OUT_OF_MEMORY, NULL, "an allocation failed");
    abort();
    return status;
}

static err_t *open_log(service_t *service)
{
    const config_t *config = service->config;
    service->events = event_log_create(service->pool, timebase_system());
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        event_log_set_level(service->events, (event_category_t)i, config->log.levels[i]);
    emergency_log = service->events;
    apr_pool_abort_set(out_of_memory, apr_pool_parent_get(service->pool));
    service->recent = event_log_add_recent(service->events, service->pool);
    if (config->log.standard_error)
        event_log_add_standard_error(service->events);
    err_t *err = NULL;
    if (config->log.file)
        err = event_log_add_text_file(service->events, config->log.file, service->pool);
    if (!err && config->log.system)
        err = platform_log_open(service->events, config->log.event_source, service->pool);
    return err;
}

/* The logs that are files of this program's own, in the data folder by default. */
static err_t *open_text_logs(service_t *service)
{
    const config_t *config = service->config;
    textlogs_config_t texts = {.folder = config->log.text_folder,
                               .event_log = config->log.text_events,
                               .unbounded_event = config->log.unbounded_event,
                               .unbounded_apdu = config->log.unbounded_apdu,
                               .unbounded_interop = config->log.unbounded_interop};
    service->textlogs = textlogs_create(service->events, timebase_system(), &texts, service->pool);
    if (!config->log.tracking)
        return NULL;
    return tracking_open(&service->tracking, config->log.tracking_folder, config->log.tracking_days,
                         service->events, service->pool);
}

/* What another process may have in its store is not sent from here. */
static bool may_send(void *baton)
{
    const service_t *service = baton;
    return !service->store || store_owns(service->store);
}

static err_t *open_agent(service_t *service)
{
    agent_services_t services = {.loop = service->loop,
                                 .events = service->events,
                                 .recent = service->recent,
                                 .tracking = service->tracking,
                                 .textlogs = service->textlogs,
                                 .store = service->store,
                                 .sync_folder = platform_sync_folder,
                                 .stopped = stopped,
                                 .paused = paused,
                                 .reload = reload,
                                 .context = service};
    err_t *err = agent_create(&service->agent, service->config, &services, service->pool);
    if (err)
        return err;
    service->bind_watch =
        bind_watch_begin(service->agent, service->config, service->loop, service->events, service->pool);
    return agent_start(service->agent);
}

/* Becomes the user; before the first file of the service is made, so that all of them are the user's. */
static err_t *become_user(service_t *service)
{
    const config_mta_t *mta = &service->config->mta;
    err_t *err = NULL;
    if (mta->pid_file)
        err = platform_write_pid_file(mta->pid_file, service->pool);
    system_raise_limits(mta, NULL);
    if (!err && mta->user)
        err = platform_drop_privileges(mta->user, service->pool);
    if (!err)
        system_set_core_dumps(mta);
    return err;
}

/* All that needs the store. */
static err_t *start_agent(service_t *service)
{
    net_loop_set_gate(service->loop, may_send, service);
    err_t *err = open_text_logs(service);
    if (!err) {
        system_take_sockets(service->loop);
        err = open_agent(service);
        system_report_sockets(service->loop, service->events);
    }
    if (!err)
        err = admin_start(&service->admin, service->agent, service->loop, service->config, service->events,
                          service->pool);
    if (!err) {
        service->counters = counters_begin(service->agent, service->loop, service->pool);
        event_raise(service->events, EVENT_ID_STARTED, NULL, X400_VERSION, X400_BUILD);
        platform_service_ready("running");
        store_notify(service); /* for what came before there was an agent */
    }
    return err;
}

static void store_failed(void *context, err_t *err)
{
    service_t *service = context;
    event_raise(service->events, EVENT_ID_STORE_FAILURE, NULL, "open", err_describe(service->pool, err));
    service->ended_by = err;
    net_loop_stop(service->loop);
}

static void store_opened(void *context)
{
    service_t *service = context;
    service->ended_by = start_agent(service);
    if (service->ended_by)
        net_loop_stop(service->loop);
}

static err_t *start(service_t *service)
{
    system_raise_limits(&service->config->mta, service->events);
    err_t *err = net_loop_create(&service->loop, service->pool); /* told to stop, the loop ends in order */
    /* Before there are threads: they must not take the signals. */
    platform_service_t *calls = apr_palloc(service->pool, sizeof(*calls));
    *calls = (platform_service_t){
        .stop = stop_asked, .reload = reload_asked, .pause = pause_asked, .context = service};
    if (!err)
        err = platform_service_begin(calls, service->pool);
    if (err) {
        event_raise(service->events, EVENT_ID_TRANSPORT_START_ERROR, NULL, err_describe(service->pool, err));
        return err;
    }
    service->alive = (timers_item_t){.run = alive, .baton = service};
    timers_arm(net_loop_timers(service->loop), &service->alive, net_loop_now(service->loop));
    opening_calls_t opening = {.opened = store_opened,
                               .failed = store_failed,
                               .notify = store_notify,
                               .taken = entry_taken,
                               .context = service};
    bool waiting = false;
    opening_begin(&service->store, service->config, &opening, service->loop, service->events, &waiting,
                  service->pool);
    if (waiting)
        platform_service_ready("waiting for the store, which another process owns");
    return service->ended_by;
}

static void finish(service_t *service)
{
    bind_watch_end(service->bind_watch);
    counters_end(service->counters);
    admin_stop(service->admin);
    if (service->store)
        store_close(service->store);
    if (service->agent)
        agent_destroy(service->agent);
    service->agent = NULL;
    tracking_close(service->tracking);
}

static int serve(const arguments_t *arguments, apr_pool_t *pool)
{
    service_t *service = apr_pcalloc(pool, sizeof(*service));
    service->pool = pool;
    service->path = arguments->configuration;
    apr_pool_create(&service->config_pool, pool);
    config_findings_t findings;
    service->config = read_configuration(service->path, service->config_pool, &findings);
    fputs(config_findings_text(&findings, pool), stderr);
    if (!service->config) {
        fprintf(stderr, "x400mta: the configuration %s cannot be used; correct it%s\n", service->path,
                arguments->configuration_given ? "" : ", or name another one with -c FILE");
        return EXIT_FAILURE;
    }
    err_t *err = arguments->daemon ? platform_daemonize(pool) : NULL;
    if (!err)
        err = become_user(service);
    if (!err)
        err = open_log(service);
    if (!err)
        err = start(service);
    if (!err) {
        err = net_loop_run(service->loop);
        if (err)
            event_raise(service->events, EVENT_ID_POLL_ERROR, NULL,
                        apr_psprintf(pool, "%d", (int)APR_TO_OS_ERROR(err->code)), err_describe(pool, err));
        err = err ? err : service->ended_by;
    }
    if (err) {
        const char *advice = advice_for(err);
        event_raise(service->events, EVENT_ID_UNEXPECTED_ERROR, NULL, err_describe(pool, err));
        fprintf(stderr, "x400mta: %s\n", err_describe(pool, err));
        if (advice)
            fprintf(stderr, "%s\n", advice);
    }
    finish(service);
    if (!err)
        event_raise(service->events, EVENT_ID_STOPPED, NULL, X400_VERSION, X400_BUILD);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    arguments_t arguments;
    int status;
    if (read_arguments(argc, argv, &arguments, &status, pool))
        status = arguments.check ? check(arguments.configuration, pool) : serve(&arguments, pool);
    /* Now, and not by apr_terminate, which would begin with what was made last and is still in use. */
    apr_pool_destroy(pool);
    return status;
}

int main(int argc, const char *const *argv, const char *const *environment)
{
    if (apr_app_initialize(&argc, &argv, &environment) != APR_SUCCESS)
        return EXIT_FAILURE;
    atexit(apr_terminate);
    int status;
    if (platform_service_command(argc, argv, run, &status))
        return status;
    return run(argc, argv);
}
