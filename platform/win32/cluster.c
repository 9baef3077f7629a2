/* Windows failover clusters: a Generic Service that uses the network name of its group finds that name in its
 * environment. A service that does not is not told apart from one that no cluster runs. */
#include "platform.h"

#include <apr_env.h>
#include <apr_strings.h>

static const char name_variable[] = "_CLUSTER_NETWORK_NAME_";

void platform_find_cluster(const char *resource, platform_cluster_t *cluster, apr_pool_t *pool)
{
    static const char *const none[] = {NULL};
    char *name = NULL;
    (void)resource;
    *cluster = (platform_cluster_t){
        .state = PLATFORM_CLUSTER_NONE, .kind = "Windows failover cluster", .addresses = none, .source = ""};
    if (apr_env_get(&name, name_variable, pool) != APR_SUCCESS || !*name)
        return;
    const char **names = apr_pcalloc(pool, 2 * sizeof(*names));
    names[0] = name;
    cluster->state = PLATFORM_CLUSTER_FOUND;
    cluster->runs_us = true;
    cluster->addresses = names;
    cluster->source = apr_psprintf(pool, "the environment (%s)", name_variable);
}
