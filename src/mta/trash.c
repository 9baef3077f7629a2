#include "mta/trash.h"

#include <stdlib.h>

struct trash_t {
    trash_t *next;
    agent_t *agent;
    uint64_t message_id;
    bool message;
};

static void deleted(void *context, const err_t *err)
{
    trash_t *trash = context;
    agent_t *agent = trash->agent;
    agent->works--;
    if (err) {
        trash->next = agent->trash;
        agent->trash = trash;
    } else {
        free(trash);
    }
    agent_check_stopped(agent);
}

static void remove_now(trash_t *trash)
{
    agent_t *agent = trash->agent;
    store_txn_t *txn = store_txn_begin(agent->services.store);
    if (trash->message)
        store_txn_delete_message(txn, trash->message_id);
    else
        store_txn_delete_chunks(txn, trash->message_id);
    agent->works++;
    store_txn_commit(txn, deleted, trash);
}

static void throw_away(agent_t *agent, uint64_t message_id, bool message)
{
    trash_t *trash = calloc(1, sizeof(*trash));
    if (!trash || agent->destroying) {
        free(trash);
        return;
    }
    *trash = (trash_t){.agent = agent, .message_id = message_id, .message = message};
    remove_now(trash);
}

void trash_chunks(agent_t *agent, uint64_t message_id)
{
    throw_away(agent, message_id, false);
}

void trash_message(agent_t *agent, uint64_t message_id)
{
    throw_away(agent, message_id, true);
}

void trash_empty(agent_t *agent)
{
    trash_t *trash = agent->trash;
    agent->trash = NULL;
    while (trash) {
        trash_t *next = trash->next;
        remove_now(trash);
        trash = next;
    }
}

void trash_forget(agent_t *agent)
{
    while (agent->trash) {
        trash_t *trash = agent->trash;
        agent->trash = trash->next;
        free(trash);
    }
}
