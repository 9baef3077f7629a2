/* What is set for SQLite as a whole, before the first database is opened. */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

/* Leaves out the locks that SQLite takes so that threads can share a connection, and its count of memory:
 * each connection of a store is used by one thread at a time, and nothing asks for the count. Call it before
 * threads open databases; where SQLite runs already, or is not known to this build, nothing changes. */
void sqlite_set_up(void);

#endif
