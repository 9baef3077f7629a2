/* Link test: opens an association to a connector's peer, binds, says in words what each layer answered, and
 * releases. For `x400ctl link test`. */
#ifndef MTA_LINK_TEST_H
#define MTA_LINK_TEST_H

#include "mta/control.h"
#include "mta/internal.h"

typedef struct link_test_t link_test_t;

/* Starts a test; reply is called when it is over. */
void link_test_begin(connector_t *connector, control_reply_t reply, void *context);

/* Called by the association. */
void link_test_connected(link_test_t *test, const char *peer);
void link_test_failed(link_test_t *test, const err_t *err);
void link_test_opened(link_test_t *test, const association_t *association);
/* The association is over, whatever happened: the reply goes out. */
void link_test_ended(link_test_t *test);

#endif
