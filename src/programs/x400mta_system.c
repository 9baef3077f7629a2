#include "x400mta_system.h"

#include <stdio.h>

#include "event/ids.h"
#include "platform.h"

enum {
    OTHER_FILES = 256, /* for all but associations: store, logs, mailboxes, operators, listeners */
    SOCKET_LIMIT = 64,
    NUMBER_TEXT = 24
};

void system_raise_limits(const config_mta_t *mta, event_log_t *events)
{
    size_t needed = (size_t)mta->maximum_associations + OTHER_FILES;
    size_t allowed = platform_raise_open_files(needed);
    if (allowed >= needed || !events)
        return;
    char texts[3][NUMBER_TEXT];
    snprintf(texts[0], NUMBER_TEXT, "%lu", (unsigned long)allowed);
    snprintf(texts[1], NUMBER_TEXT, "%lu", (unsigned long)needed);
    snprintf(texts[2], NUMBER_TEXT, "%u", mta->maximum_associations);
    event_raise(events, EVENT_ID_OPEN_FILES_LIMIT, NULL, texts[0], texts[1], texts[2]);
}

void system_set_core_dumps(const config_mta_t *mta)
{
    static const platform_core_t policies[] = {[CONFIG_CORE_DUMPS_OFF] = PLATFORM_CORE_OFF,
                                               [CONFIG_CORE_DUMPS_REGISTERS] = PLATFORM_CORE_REGISTERS,
                                               [CONFIG_CORE_DUMPS_FULL] = PLATFORM_CORE_FULL};
    platform_set_core_dumps(policies[mta->core_dumps]);
}

void system_take_sockets(net_loop_t *loop)
{
    apr_os_sock_t sockets[SOCKET_LIMIT];
    size_t count = platform_inherited_sockets(sockets, SOCKET_LIMIT);
    for (size_t i = 0; i < count; i++)
        net_loop_inherit(loop, sockets[i]);
}

void system_report_sockets(net_loop_t *loop, event_log_t *events)
{
    const char *address;
    for (size_t i = 0; (address = net_loop_unused_socket(loop, i)); i++)
        event_raise(events, EVENT_ID_SOCKET_UNUSED, NULL, address);
}
