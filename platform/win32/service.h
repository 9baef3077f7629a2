/* The service as its manager sees it, and the orders that administrators give from the command line. */
#ifndef PLATFORM_WIN32_SERVICE_H
#define PLATFORM_WIN32_SERVICE_H

#include <apr_pools.h>

/* The name of the service unless another one is given, and what the list of services shows. */
#define SERVICE_DEFAULT_NAME "x400mta"
#define SERVICE_DISPLAY_NAME "X.400 Message Transfer Agent"
/* The file beside x400mta.exe with the texts of the events. */
#define SERVICE_MESSAGE_FILE "x400mta-events.dll"

/* The name of the service that this process is; the default one in a console. Once the service has begun. */
const char *service_name(void);

/* Carries out "x400mta service ORDER [OPTIONS]" for all orders but "run"; returns the exit status. */
int service_manage(int argc, const char *const *argv);

#endif
