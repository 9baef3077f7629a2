/* Pacemaker: the virtual addresses of the group that this service belongs to. */
#include "platform.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/buffer.h"
#include "cib.h"

enum {
    ANSWER_LIMIT = 16 << 20, /* octets of the cluster information base */
    ANSWER_SECONDS = 10,
    EXIT_DISCONNECTED = 102, /* of Pacemaker's tools: no cluster runs */
    EXIT_NO_PROGRAM = 127
};

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Words of a list that blanks or commas separate. */
static const char *const *split(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    char *state;
    for (char *each = apr_strtok(apr_pstrdup(pool, text), " ,\t\n", &state); each;
         each = apr_strtok(NULL, " ,\t\n", &state))
        APR_ARRAY_PUSH(list, const char *) = each;
    APR_ARRAY_PUSH(list, const char *) = NULL;
    return (const char *const *)list->elts;
}

/* The environment that the resource agent gives the service. */
static bool look_in_environment(platform_cluster_t *cluster, apr_pool_t *pool)
{
    static const char *const names[] = {"X400MTA_CLUSTER_ADDRESSES", "OCF_RESKEY_virtual_addresses"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = environment(names[i]);
        if (!value)
            continue;
        cluster->state = PLATFORM_CLUSTER_FOUND;
        cluster->runs_us = true;
        cluster->addresses = split(value, pool);
        cluster->source = apr_psprintf(pool, "%s of the environment", names[i]);
        return true;
    }
    return false;
}

/* Reads what the child prints, within the time. */
static apr_status_t read_all(apr_file_t *from, buffer_t *into)
{
    apr_time_t end = apr_time_now() + apr_time_from_sec(ANSWER_SECONDS);
    for (;;) {
        apr_interval_time_t left = end - apr_time_now();
        char *place = (char *)buffer_reserve(into, 65536);
        if (!place)
            return APR_ENOSPC;
        if (left <= 0)
            return APR_TIMEUP;
        apr_file_pipe_timeout_set(from, left);
        apr_size_t length = 65536;
        apr_status_t status = apr_file_read(from, place, &length);
        if (APR_STATUS_IS_EOF(status))
            return APR_SUCCESS;
        if (status != APR_SUCCESS)
            return status;
        buffer_commit(into, length);
    }
}

static apr_status_t start_query(apr_proc_t *process, apr_pool_t *pool)
{
    const char *const arguments[] = {"cibadmin", "--query", "--local", NULL};
    apr_procattr_t *attributes;
    apr_status_t status = apr_procattr_create(&attributes, pool);
    if (status == APR_SUCCESS)
        status = apr_procattr_io_set(attributes, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE);
    apr_file_t *nowhere; /* what it complains of is in its exit status */
    if (status == APR_SUCCESS)
        status = apr_file_open(&nowhere, "/dev/null", APR_FOPEN_WRITE, APR_FPROT_OS_DEFAULT, pool);
    if (status == APR_SUCCESS)
        status = apr_procattr_child_err_set(attributes, nowhere, NULL);
    if (status == APR_SUCCESS)
        status = apr_procattr_cmdtype_set(attributes, APR_PROGRAM_PATH);
    if (status == APR_SUCCESS)
        status = apr_procattr_error_check_set(attributes, 1);
    return status == APR_SUCCESS ? apr_proc_create(process, arguments[0], arguments, NULL, attributes, pool)
                                 : status;
}

/* Runs the query; its exit status is in *code. */
static apr_status_t query(buffer_t *answer, int *code, apr_pool_t *pool)
{
    apr_proc_t process;
    apr_exit_why_e why;
    apr_status_t status = start_query(&process, pool);
    if (status != APR_SUCCESS) {
        *code = EXIT_NO_PROGRAM;
        return APR_SUCCESS;
    }
    status = read_all(process.out, answer);
    if (status != APR_SUCCESS)
        apr_proc_kill(&process, SIGKILL);
    apr_proc_wait(&process, code, &why, APR_WAIT);
    if (status == APR_SUCCESS && why != APR_PROC_EXIT)
        status = APR_EGENERAL;
    return status;
}

static void be_silent(platform_cluster_t *cluster, const char *failure)
{
    cluster->state = PLATFORM_CLUSTER_SILENT;
    cluster->failure = failure;
}

static void read_answer(platform_cluster_t *cluster, const buffer_t *xml, const char *resource,
                        apr_pool_t *pool)
{
    cib_answer_t answer;
    bytes_t octets = buffer_bytes(xml);
    err_t *err = cib_find_addresses((const char *)octets.data, octets.length, resource, &answer, pool);
    if (err) {
        be_silent(cluster, err_describe(pool, err));
        return;
    }
    if (!answer.resource)
        return;
    cluster->state = PLATFORM_CLUSTER_FOUND;
    cluster->runs_us = true;
    cluster->addresses = answer.addresses;
    cluster->source = answer.group
                          ? apr_psprintf(pool, "the cluster information base, group %s", answer.group)
                          : apr_psprintf(pool, "the cluster information base, resource %s", answer.resource);
}

void platform_find_cluster(const char *resource, platform_cluster_t *cluster, apr_pool_t *pool)
{
    static const char *const none[] = {NULL};
    const char *instance = environment("OCF_RESOURCE_INSTANCE");
    *cluster = (platform_cluster_t){.state = PLATFORM_CLUSTER_NONE,
                                    .runs_us = instance != NULL,
                                    .kind = "Pacemaker",
                                    .addresses = none,
                                    .source = ""};
    if (look_in_environment(cluster, pool))
        return;
    buffer_t *xml = buffer_create(pool, ANSWER_LIMIT);
    int code = 0;
    apr_status_t status = query(xml, &code, pool);
    char words[256];
    if (status != APR_SUCCESS)
        be_silent(cluster, apr_psprintf(pool, "cibadmin gave no answer: %s",
                                        apr_strerror(status, words, sizeof(words))));
    else if (code == 0)
        read_answer(cluster, xml, resource ? resource : instance, pool);
    else if (code != EXIT_NO_PROGRAM && (code != EXIT_DISCONNECTED || instance))
        be_silent(cluster, apr_psprintf(pool, "cibadmin ended with status %d", code));
    else if (instance)
        be_silent(cluster, "cibadmin is not on this machine");
}
