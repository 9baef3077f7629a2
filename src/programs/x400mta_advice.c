#include "x400mta_advice.h"

#include <errno.h>
#include <string.h>

#include <apr_errno.h>
#include <apr_network_io.h>

/* APR has no names for these. */
#ifdef _WIN32
enum {
    ADDRESS_IN_USE = APR_FROM_OS_ERROR(WSAEADDRINUSE),
    ADDRESS_GONE = APR_FROM_OS_ERROR(WSAEADDRNOTAVAIL)
};
#else
enum { ADDRESS_IN_USE = EADDRINUSE, ADDRESS_GONE = EADDRNOTAVAIL };
#endif

static const char *of_network(int code)
{
    if (code == ADDRESS_IN_USE)
        return "Another program listens there: stop it, or choose another port in the configuration "
               "(\"ss -ltnp\" shows who listens).";
    if (APR_STATUS_IS_EACCES(code))
        return "Ports below 1024 are the system's: start x400mta as root with mta.user, or with the "
               "capability "
               "CAP_NET_BIND_SERVICE, or choose a higher port.";
    if (code == ADDRESS_GONE)
        return "This machine does not have that address now: correct it in the configuration, or leave it "
               "out to "
               "listen on all.";
    return NULL;
}

static const char *of_system(int code)
{
    if (APR_STATUS_IS_EACCES(code))
        return "x400mta may not go there as the user that it runs as: change the owner or the rights of the "
               "folder, or the path in the configuration.";
    if (APR_STATUS_IS_ENOENT(code))
        return "Make the folder, or correct the path in the configuration.";
    if (APR_STATUS_IS_ENOSPC(code))
        return "The disk is full: make room, then start x400mta again.";
    return NULL;
}

static const char *of_layer(const err_t *err)
{
    if (err->code == ADDRESS_IN_USE || strcmp(err->layer, "network") == 0)
        return of_network(err->code);
    if (strcmp(err->layer, "store") == 0 && APR_STATUS_IS_EAGAIN(err->code))
        return "Only one x400mta may use a store: stop the other one, or give this one a data-folder of its "
               "own. With store.wait this one would wait for the other to end.";
    if (strcmp(err->layer, "system") == 0)
        return of_system(err->code);
    return NULL;
}

const char *advice_for(const err_t *err)
{
    const char *advice = NULL;
    for (; err; err = err->cause) {
        const char *found = of_layer(err);
        advice = found ? found : advice;
    }
    return advice;
}
