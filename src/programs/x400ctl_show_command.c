/* x400ctl show FILE. */
#include <stdio.h>

#include "x400ctl_ctl.h"
#include "x400ctl_show.h"

ctl_exit_t command_show(ctl_t *ctl)
{
    err_t *err = show_file(ctl->arguments[0], ctl->json, stdout, ctl->pool);
    if (!err)
        return CTL_OK;
    ctl_complain("%s", err_describe(ctl->pool, err));
    return CTL_FAILED;
}
