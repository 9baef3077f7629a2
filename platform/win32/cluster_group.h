/* The group of a Windows failover cluster that runs this service, and its virtual addresses, asked of the
 * cluster interface (clusapi.dll, resutils.dll), which is loaded for that: a machine needs no cluster.
 * Nothing of APR here: the header of that interface wants another level of Windows than the rest. */
#ifndef PLATFORM_WIN32_CLUSTER_GROUP_H
#define PLATFORM_WIN32_CLUSTER_GROUP_H

#include <stddef.h>

enum { CLUSTER_GROUP_ADDRESSES = 64, CLUSTER_GROUP_TEXT = 256 };

typedef enum cluster_group_state_t {
    CLUSTER_GROUP_NONE,  /* no cluster here, or none that runs this service */
    CLUSTER_GROUP_FOUND, /* addresses are those of the group, perhaps none */
    CLUSTER_GROUP_FAILED /* the cluster gives no answer, or one that does not say which group */
} cluster_group_state_t;

typedef struct cluster_group_t {
    cluster_group_state_t state;
    wchar_t resource[CLUSTER_GROUP_TEXT];                           /* of this service */
    wchar_t name[CLUSTER_GROUP_TEXT];                               /* of the group */
    wchar_t addresses[CLUSTER_GROUP_ADDRESSES][CLUSTER_GROUP_TEXT]; /* or names, if it has no addresses */
    size_t count;
    const char *failure; /* FAILED: what could not be done */
    unsigned long error; /* and why, a number of Windows; 0 = failure says it all */
} cluster_group_t;

/* Finds the group. service is the name of the Windows service, resource the cluster's name for it or NULL:
 * then it is the only resource that is a Generic Service, or of type x400mta, with that service. Addresses of
 * resources that are offline count: the group has them. Waits as long as the cluster takes. */
void cluster_group_find(const wchar_t *service, const wchar_t *resource, cluster_group_t *group);

#endif
