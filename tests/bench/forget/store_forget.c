/* store/store.h over memory that forgets: every transaction is done at once, and gone when the process ends.
 * Linked with the agent in the place of the real store it shows what the stack alone can do: one of the two
 * limits that tests/bench compares with. For measuring only; no program that is installed has it. */
#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "store/store.h"

typedef struct kept_t {
    uint64_t id;
    apr_pool_t *pool;
    bool present;
    store_message_t record;
    apr_hash_t *chunks; /* unsigned -> bytes_t */
} kept_t;

typedef enum step_kind_t { PUT_MESSAGE, PUT_CHUNK, DELETE_MESSAGE } step_kind_t;

typedef struct step_t {
    struct step_t *next;
    step_kind_t kind;
    uint64_t id;
    unsigned number;
    store_message_t message;
    bytes_t octets;
} step_t;

struct store_txn_t {
    struct store_txn_t *next;
    store_t *store;
    apr_pool_t *pool;
    step_t *first;
    step_t **last;
    store_done_t done;
    store_message_read_t message_read;
    store_chunk_read_t chunk_read;
    void *context;
    uint64_t id;
    unsigned number;
};

struct store_t {
    store_config_t config;
    apr_pool_t *pool;
    apr_hash_t *messages;
    store_txn_t *first;
    store_txn_t **last;
    uint64_t next_id;
    bool notified;
    store_figures_t figures;
};

err_t *store_open(store_t **store, const store_config_t *config, apr_pool_t *pool)
{
    (void)pool; /* for errors only */
    apr_pool_t *own = NULL;
    apr_pool_create(&own, NULL);
    store_t *made = apr_pcalloc(own, sizeof(*made));
    made->config = *config;
    made->pool = own;
    made->messages = apr_hash_make(own);
    made->last = &made->first;
    made->next_id = 1;
    *store = made;
    return NULL;
}

void store_close(store_t *store)
{
    while (store->first)
        store_drain(store);
    apr_pool_destroy(store->pool);
}

/* Nobody else has it. */
bool store_owns(store_t *store)
{
    (void)store;
    return true;
}

bool store_lost(store_t *store, const char **by)
{
    (void)store;
    (void)by;
    return false;
}

store_remark_t store_remark(const store_t *store)
{
    (void)store;
    return STORE_AS_LEFT;
}

uint64_t store_new_id(store_t *store)
{
    return store->next_id++;
}

bool store_busy(const store_t *store)
{
    (void)store;
    return false;
}

void store_figures(const store_t *store, store_figures_t *figures)
{
    *figures = store->figures;
}

static store_txn_t *create(store_t *store)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    store_txn_t *txn = apr_pcalloc(pool, sizeof(*txn));
    txn->store = store;
    txn->pool = pool;
    txn->last = &txn->first;
    return txn;
}

static void queue(store_txn_t *txn)
{
    store_t *store = txn->store;
    *store->last = txn;
    store->last = &txn->next;
    if (!store->notified && store->config.notify)
        store->config.notify(store->config.notify_context);
    store->notified = true;
}

static kept_t *find(const store_t *store, uint64_t id)
{
    return apr_hash_get(store->messages, &id, sizeof(id));
}

static kept_t *keep(store_t *store, uint64_t id)
{
    kept_t *kept = find(store, id);
    if (kept)
        return kept;
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    kept = apr_pcalloc(pool, sizeof(*kept));
    kept->id = id;
    kept->pool = pool;
    kept->chunks = apr_hash_make(pool);
    apr_hash_set(store->messages, &kept->id, sizeof(kept->id), kept);
    return kept;
}

static void keep_message(store_t *store, const store_message_t *message)
{
    kept_t *kept = keep(store, message->id);
    kept->present = true;
    kept->record = *message;
    kept->record.mts_id = apr_pstrdup(kept->pool, message->mts_id);
    kept->record.source = apr_pstrdup(kept->pool, message->source);
    kept->record.envelope = bytes_copy(kept->pool, message->envelope);
}

static void keep_chunk(store_t *store, const step_t *step)
{
    kept_t *kept = keep(store, step->id);
    unsigned *number = apr_palloc(kept->pool, sizeof(*number));
    bytes_t *octets = apr_palloc(kept->pool, sizeof(*octets));
    *number = step->number;
    *octets = bytes_copy(kept->pool, step->octets);
    apr_hash_set(kept->chunks, number, sizeof(*number), octets);
}

static void forget(store_t *store, uint64_t id)
{
    kept_t *kept = find(store, id);
    if (!kept)
        return;
    apr_hash_set(store->messages, &kept->id, sizeof(kept->id), NULL);
    apr_pool_destroy(kept->pool);
}

static step_t *add(store_txn_t *txn, step_kind_t kind, uint64_t id)
{
    step_t *step = apr_pcalloc(txn->pool, sizeof(*step));
    step->kind = kind;
    step->id = id;
    *txn->last = step;
    txn->last = &step->next;
    return step;
}

store_txn_t *store_txn_begin(store_t *store)
{
    return create(store);
}

void store_txn_put_message(store_txn_t *txn, const store_message_t *message)
{
    step_t *step = add(txn, PUT_MESSAGE, message->id);
    step->message = *message;
    step->message.mts_id = apr_pstrdup(txn->pool, message->mts_id);
    step->message.source = apr_pstrdup(txn->pool, message->source);
    step->message.envelope = bytes_copy(txn->pool, message->envelope);
}

void store_txn_put_chunk(store_txn_t *txn, uint64_t message_id, unsigned number, bytes_t octets)
{
    step_t *step = add(txn, PUT_CHUNK, message_id);
    step->number = number;
    step->octets = bytes_copy(txn->pool, octets);
}

void store_txn_delete_message_after(store_txn_t *txn, uint64_t message_id, const uint64_t *entries,
                                    unsigned count)
{
    (void)entries; /* nothing fails here */
    (void)count;
    add(txn, DELETE_MESSAGE, message_id);
}

void store_txn_delete_chunks(store_txn_t *txn, uint64_t message_id)
{
    add(txn, DELETE_MESSAGE, message_id);
}

/* Entries, marks and watches matter after a restart only, and then nothing is left here. */

void store_txn_put_entry(store_txn_t *txn, const store_entry_t *entry)
{
    (void)txn;
    (void)entry;
}

void store_txn_update_entry(store_txn_t *txn, const store_entry_t *entry)
{
    (void)txn;
    (void)entry;
}

void store_txn_delete_entry(store_txn_t *txn, uint64_t entry_id)
{
    (void)txn;
    (void)entry_id;
}

void store_txn_put_mark(store_txn_t *txn, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time)
{
    (void)txn;
    (void)digest;
    (void)time;
}

void store_txn_purge_marks(store_txn_t *txn, utc_time_t time)
{
    (void)txn;
    (void)time;
}

void store_txn_put_progress(store_txn_t *txn, uint64_t entry_id, bytes_t progress)
{
    (void)txn;
    (void)entry_id;
    (void)progress;
}

void store_txn_put_watch(store_txn_t *txn, const store_watch_t *watch)
{
    (void)txn;
    (void)watch;
}

void store_txn_update_watch(store_txn_t *txn, uint64_t id, bytes_t recipients)
{
    (void)txn;
    (void)id;
    (void)recipients;
}

void store_txn_delete_watch(store_txn_t *txn, uint64_t id)
{
    (void)txn;
    (void)id;
}

err_t *store_scan_entries(store_t *store, void (*each)(void *context, const store_entry_t *entry),
                          void *context, apr_pool_t *pool)
{
    (void)store;
    (void)each;
    (void)context;
    (void)pool;
    return NULL;
}

err_t *store_scan_marks(store_t *store, size_t limit,
                        void (*each)(void *context, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time),
                        void *context, apr_pool_t *pool)
{
    (void)store;
    (void)limit;
    (void)each;
    (void)context;
    (void)pool;
    return NULL;
}

err_t *store_scan_watches(store_t *store, void (*each)(void *context, const store_watch_t *watch),
                          void *context, apr_pool_t *pool)
{
    (void)store;
    (void)each;
    (void)context;
    (void)pool;
    return NULL;
}

err_t *store_purge_orphans(store_t *store, apr_pool_t *pool)
{
    (void)store;
    (void)pool;
    return NULL;
}

static void apply(const store_txn_t *txn)
{
    for (const step_t *step = txn->first; step; step = step->next) {
        switch (step->kind) {
        case PUT_MESSAGE: keep_message(txn->store, &step->message); break;
        case PUT_CHUNK: keep_chunk(txn->store, step); break;
        case DELETE_MESSAGE: forget(txn->store, step->id); break;
        }
    }
}

void store_txn_commit(store_txn_t *txn, store_done_t done, void *context)
{
    txn->done = done;
    txn->context = context;
    apply(txn);
    txn->store->figures.transactions++;
    queue(txn);
}

void store_txn_abandon(store_txn_t *txn)
{
    apr_pool_destroy(txn->pool);
}

static bytes_t chunk_of(const kept_t *kept, unsigned number)
{
    const bytes_t *octets = kept ? apr_hash_get(kept->chunks, &number, sizeof(number)) : NULL;
    return octets ? *octets : BYTES_NONE;
}

void store_read_message(store_t *store, uint64_t message_id, store_message_read_t done, void *context)
{
    store_txn_t *txn = create(store);
    txn->id = message_id;
    txn->message_read = done;
    txn->context = context;
    queue(txn);
}

void store_read_chunk(store_t *store, uint64_t message_id, unsigned number, store_chunk_read_t done,
                      void *context)
{
    store_txn_t *txn = create(store);
    txn->id = message_id;
    txn->number = number;
    txn->chunk_read = done;
    txn->context = context;
    queue(txn);
}

void store_drain(store_t *store)
{
    store_txn_t *done = store->first;
    store->first = NULL;
    store->last = &store->first;
    store->notified = false;
    while (done) {
        store_txn_t *txn = done;
        done = txn->next;
        const kept_t *kept = txn->message_read || txn->chunk_read ? find(store, txn->id) : NULL;
        if (txn->message_read)
            txn->message_read(txn->context, NULL, kept && kept->present ? &kept->record : NULL,
                              chunk_of(kept, 0));
        else if (txn->chunk_read)
            txn->chunk_read(txn->context, NULL, chunk_of(kept, txn->number));
        else if (txn->done)
            txn->done(txn->context, NULL);
        apr_pool_destroy(txn->pool);
    }
}
