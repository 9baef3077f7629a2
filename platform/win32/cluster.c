/* Windows failover clusters. A Generic Service that uses the network name of its group finds that name in its
 * environment; else the cluster interface is asked for the group. */
#include "platform.h"
#include "cluster_group.h"
#include "service.h"
#include "wide.h"

#include <stdlib.h>

#include <apr_env.h>
#include <apr_strings.h>

enum { ANSWER_MILLISECONDS = 10000, WORDS_SIZE = 256 };

static const char name_variable[] = "_CLUSTER_NETWORK_NAME_";

/* A question in a thread of its own: a cluster that hangs takes that thread only. */
typedef struct question_t {
    volatile LONG holders; /* the last of the two that lets go frees it */
    wchar_t service[CLUSTER_GROUP_TEXT];
    wchar_t resource[CLUSTER_GROUP_TEXT]; /* empty = to be found out */
    cluster_group_t group;
} question_t;

static void let_go(question_t *question)
{
    if (InterlockedDecrement(&question->holders) == 0)
        free(question);
}

static DWORD WINAPI ask(LPVOID data)
{
    question_t *question = data;
    cluster_group_find(question->service, question->resource[0] ? question->resource : NULL,
                       &question->group);
    let_go(question);
    return 0;
}

static void be_silent(platform_cluster_t *cluster, const char *failure)
{
    cluster->state = PLATFORM_CLUSTER_SILENT;
    cluster->failure = failure;
}

static void take_answer(platform_cluster_t *cluster, const cluster_group_t *group, apr_pool_t *pool)
{
    if (group->state == CLUSTER_GROUP_NONE)
        return;
    if (group->state == CLUSTER_GROUP_FAILED) {
        char words[WORDS_SIZE];
        be_silent(cluster, group->error ? apr_psprintf(pool, "%s: %s", group->failure,
                                                       apr_strerror(APR_FROM_OS_ERROR(group->error), words,
                                                                    sizeof(words)))
                                        : apr_pstrdup(pool, group->failure));
        return;
    }
    const char **addresses = apr_pcalloc(pool, (group->count + 1) * sizeof(*addresses));
    for (size_t i = 0; i < group->count; i++)
        addresses[i] = wide_to_utf8(group->addresses[i], pool);
    cluster->state = PLATFORM_CLUSTER_FOUND;
    cluster->runs_us = true;
    cluster->addresses = addresses;
    cluster->source = apr_psprintf(pool, "the cluster, group %s", wide_to_utf8(group->name, pool));
}

static void ask_interface(const char *resource, platform_cluster_t *cluster, apr_pool_t *pool)
{
    question_t *question = calloc(1, sizeof(*question));
    if (!question) {
        be_silent(cluster, "there is no memory to ask");
        return;
    }
    question->holders = 2;
    wide_copy(question->service, CLUSTER_GROUP_TEXT, service_name());
    wide_copy(question->resource, CLUSTER_GROUP_TEXT, resource ? resource : "");
    HANDLE thread = CreateThread(NULL, 0, ask, question, 0, NULL);
    if (!thread) {
        question->holders = 1;
        be_silent(cluster, "there is no thread to ask");
    } else if (WaitForSingleObject(thread, ANSWER_MILLISECONDS) == WAIT_OBJECT_0) {
        take_answer(cluster, &question->group, pool);
    } else {
        be_silent(cluster, "the cluster does not answer");
    }
    if (thread)
        CloseHandle(thread);
    let_go(question);
}

void platform_find_cluster(const char *resource, platform_cluster_t *cluster, apr_pool_t *pool)
{
    static const char *const none[] = {NULL};
    char *name = NULL;
    *cluster = (platform_cluster_t){
        .state = PLATFORM_CLUSTER_NONE, .kind = "Windows failover cluster", .addresses = none, .source = ""};
    if (apr_env_get(&name, name_variable, pool) != APR_SUCCESS || !*name) {
        ask_interface(resource, cluster, pool);
        return;
    }
    const char **names = apr_pcalloc(pool, 2 * sizeof(*names));
    names[0] = name;
    cluster->state = PLATFORM_CLUSTER_FOUND;
    cluster->runs_us = true;
    cluster->addresses = names;
    cluster->source = apr_psprintf(pool, "%s of the environment", name_variable);
}
