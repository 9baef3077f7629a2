/* The addresses of this machine, as messages of rtnetlink tell of them: what platform_follow_addresses keeps.
 * The socket is elsewhere, so that tests can play any message, an overrun too. */
#ifndef PLATFORM_ADDRESS_TABLE_H
#define PLATFORM_ADDRESS_TABLE_H

#include <apr_tables.h>

#include "platform.h"

enum { ADDRESS_TABLE_LIMIT = 4096, LINK_TABLE_LIMIT = 1024 };

typedef struct address_table_t address_table_t;

typedef enum address_news_t {
    ADDRESS_NO_NEWS,
    ADDRESS_NEWS,      /* the table has changed; not told while a dump is under way */
    ADDRESS_DUMP_DONE, /* all addresses are in the table, or all links */
    ADDRESS_DUMP_AGAIN /* what was told may be incomplete: the dump is to be asked for again */
} address_news_t;

address_table_t *address_table_create(apr_pool_t *pool);
/* A dump of addresses was asked for: what it does not tell of is gone when it is done. A dump of links, which
 * comes before, needs no call: an interface that is not told of is taken to be up. */
void address_table_begin_dump(address_table_t *table);
/* Takes in the messages of one datagram. */
address_news_t address_table_take(address_table_t *table, const void *octets, size_t length);
/* All addresses, in the order of the system; in pool, *count of them. */
const platform_address_t *address_table_list(const address_table_t *table, size_t *count, apr_pool_t *pool);

#endif
