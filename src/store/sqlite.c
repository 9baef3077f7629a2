#include "store/sqlite.h"

#ifdef X400_SQLITE

#include <sqlite3.h>

void sqlite_set_up(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

#else

void sqlite_set_up(void)
{
}

#endif
