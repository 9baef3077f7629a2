/* store/store.h over a simulated disk. Transactions become durable in groups, in order, after simulated time;
 * what a process had not committed when it ended is gone. The disk never lies; it fails when it is told to.
 * It also watches: an entry is deleted once, a message goes after its last entry, an entry has a message. */
#include <stdlib.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "sim_watch.h"
#include "world.h"

typedef struct chunk_t {
    uint8_t *data;
    size_t length;
} chunk_t;

typedef struct stored_message_t {
    uint64_t id;  /* key */
    bool present; /* the record; else chunks only */
    store_message_t record;
    uint8_t *envelope;
    char *mts_id;
    char *source;
    chunk_t *chunks;
    unsigned chunk_count;
    unsigned entries;
} stored_message_t;

typedef struct stored_entry_t {
    uint64_t id; /* key */
    store_entry_t record;
    char destination[STORE_NAME_LIMIT + 1];
    uint8_t *recipients;
    uint8_t *progress;
} stored_entry_t;

typedef struct mark_t {
    uint8_t digest[STORE_DIGEST_SIZE];
    utc_time_t time;
} mark_t;

struct disk_t {
    node_t *node;
    apr_hash_t *messages;
    apr_hash_t *entries;
    mark_t *marks;
    size_t mark_first;
    size_t mark_end;
    size_t mark_capacity;
    watches_t watches;
    uint64_t next_id;
    uint64_t octets;
};

typedef enum step_kind_t {
    PUT_MESSAGE,
    PUT_CHUNK,
    PUT_ENTRY,
    UPDATE_ENTRY,
    PUT_PROGRESS,
    DELETE_ENTRY,
    DELETE_MESSAGE,
    DELETE_CHUNKS,
    PUT_MARK,
    PURGE_MARKS,
    PUT_WATCH,
    UPDATE_WATCH,
    DELETE_WATCH
} step_kind_t;

typedef struct step_t {
    struct step_t *next;
    step_kind_t kind;
    uint64_t id;
    unsigned number;
    utc_time_t time;
    uint8_t digest[STORE_DIGEST_SIZE];
    store_message_t message; /* strings and octets are in the transaction's pool */
    store_entry_t entry;
    store_watch_t watch;
    bytes_t octets;
} step_t;

typedef enum job_kind_t { JOB_TXN, JOB_READ_MESSAGE, JOB_READ_CHUNK } job_kind_t;

struct store_txn_t {
    struct store_txn_t *next;
    job_kind_t kind;
    store_t *store;
    apr_pool_t *pool;
    step_t *first;
    step_t **last;
    bool failed;
    store_done_t done;
    store_message_read_t message_read;
    store_chunk_read_t chunk_read;
    void *context;
    uint64_t id;
    unsigned number;
    uint64_t octets;
    timers_item_t read;
};

typedef store_txn_t job_t;

typedef struct job_list_t {
    job_t *first;
    job_t **last;
} job_list_t;

struct store_t {
    node_t *node;
    disk_t *disk;
    job_list_t pending;
    job_list_t group; /* being committed */
    job_list_t completions;
    job_list_t reads;
    timers_item_t writer;
    timers_item_t notify;
    store_figures_t figures;
    bool killed;
};

static void list_init(job_list_t *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static void list_add(job_list_t *list, job_t *job)
{
    job->next = NULL;
    *list->last = job;
    list->last = &job->next;
}

static job_t *list_take(job_list_t *list)
{
    job_t *job = list->first;
    if (job) {
        list->first = job->next;
        if (!list->first)
            list->last = &list->first;
    }
    return job;
}

static void list_remove(job_list_t *list, job_t *job)
{
    for (job_t **place = &list->first; *place; place = &(*place)->next) {
        if (*place == job) {
            *place = job->next;
            if (!*place)
                list->last = place;
            return;
        }
    }
}

/* The disk. */

disk_t *sim_disk_create(node_t *node)
{
    disk_t *disk = apr_pcalloc(node->pool, sizeof(*disk));
    disk->node = node;
    disk->messages = apr_hash_make(node->pool);
    disk->entries = apr_hash_make(node->pool);
    disk->next_id = 1;
    return disk;
}

static stored_message_t *find_message(disk_t *disk, uint64_t id)
{
    return apr_hash_get(disk->messages, &id, sizeof(id));
}

static stored_message_t *make_message(disk_t *disk, uint64_t id)
{
    stored_message_t *message = find_message(disk, id);
    if (message)
        return message;
    message = calloc(1, sizeof(*message));
    if (!message)
        abort();
    message->id = id;
    apr_hash_set(disk->messages, &message->id, sizeof(message->id), message);
    return message;
}

static void drop_message(disk_t *disk, stored_message_t *message)
{
    apr_hash_set(disk->messages, &message->id, sizeof(message->id), NULL);
    for (unsigned i = 0; i < message->chunk_count; i++) {
        disk->octets -= message->chunks[i].length;
        free(message->chunks[i].data);
    }
    free(message->chunks);
    free(message->envelope);
    free(message->mts_id);
    free(message->source);
    free(message);
}

static void drop_entry(disk_t *disk, stored_entry_t *entry)
{
    apr_hash_set(disk->entries, &entry->id, sizeof(entry->id), NULL);
    free(entry->recipients);
    free(entry->progress);
    free(entry);
}

void sim_disk_destroy(disk_t *disk)
{
    apr_hash_index_t *i;
    while ((i = apr_hash_first(NULL, disk->entries)) != NULL)
        drop_entry(disk, apr_hash_this_val(i));
    while ((i = apr_hash_first(NULL, disk->messages)) != NULL)
        drop_message(disk, apr_hash_this_val(i));
    free(disk->marks);
    watches_destroy(&disk->watches);
}

void sim_disk_figures(const disk_t *disk, disk_figures_t *figures)
{
    *figures = (disk_figures_t){.entries = apr_hash_count(disk->entries),
                                .marks = disk->mark_end - disk->mark_first,
                                .watches = disk->watches.count,
                                .octets = disk->octets};
    for (apr_hash_index_t *i = apr_hash_first(NULL, disk->messages); i; i = apr_hash_next(i)) {
        const stored_message_t *message = apr_hash_this_val(i);
        figures->messages += message->present;
        figures->chunks += message->chunk_count;
    }
}

static void *copy_octets(bytes_t octets)
{
    void *copy = malloc(octets.length + 1);
    if (!copy)
        abort();
    if (octets.length)
        memcpy(copy, octets.data, octets.length);
    return copy;
}

static char *copy_text(const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy)
        abort();
    return copy;
}

static void put_message(disk_t *disk, const step_t *step)
{
    stored_message_t *message = make_message(disk, step->message.id);
    if (message->present) {
        world_violate(disk->node->world, "%s: message %d is put twice", disk->node->name,
                      (int)step->message.id);
        return;
    }
    message->present = true;
    message->record = step->message;
    message->record.envelope.data = message->envelope = copy_octets(step->message.envelope);
    message->record.mts_id = message->mts_id = copy_text(step->message.mts_id);
    message->record.source = message->source = copy_text(step->message.source);
}

static void put_chunk(disk_t *disk, const step_t *step)
{
    stored_message_t *message = make_message(disk, step->id);
    if (step->number >= message->chunk_count) {
        message->chunks = realloc(message->chunks, (step->number + 1) * sizeof(chunk_t));
        if (!message->chunks)
            abort();
        memset(message->chunks + message->chunk_count, 0,
               (step->number + 1 - message->chunk_count) * sizeof(chunk_t));
        message->chunk_count = step->number + 1;
    }
    chunk_t *chunk = &message->chunks[step->number];
    disk->octets += step->octets.length - chunk->length;
    free(chunk->data);
    *chunk = (chunk_t){copy_octets(step->octets), step->octets.length};
}

static void set_entry(stored_entry_t *entry, const store_entry_t *record)
{
    free(entry->recipients);
    bytes_t progress = entry->record.progress;
    entry->record = *record;
    entry->record.progress = progress;
    entry->recipients = copy_octets(record->recipients);
    entry->record.recipients = bytes_make(entry->recipients, record->recipients.length);
    apr_cpystrn(entry->destination, record->destination, sizeof(entry->destination));
    entry->record.destination = entry->destination;
}

static void put_entry(disk_t *disk, const step_t *step)
{
    world_t *world = disk->node->world;
    stored_message_t *message = find_message(disk, step->entry.message_id);
    if (!message || !message->present)
        world_violate(world, "%s: entry %d has no message %d", disk->node->name, (int)step->entry.id,
                      (int)step->entry.message_id);
    if (apr_hash_get(disk->entries, &step->entry.id, sizeof(step->entry.id))) {
        world_violate(world, "%s: entry %d is put twice", disk->node->name, (int)step->entry.id);
        return;
    }
    stored_entry_t *entry = calloc(1, sizeof(*entry));
    if (!entry)
        abort();
    entry->id = step->entry.id;
    set_entry(entry, &step->entry);
    apr_hash_set(disk->entries, &entry->id, sizeof(entry->id), entry);
    if (message)
        message->entries++;
}

static void update_entry(disk_t *disk, const step_t *step)
{
    stored_entry_t *entry = apr_hash_get(disk->entries, &step->entry.id, sizeof(step->entry.id));
    node_t *node = disk->node;
    if (entry && step->entry.attempts > entry->record.attempts && !node->world->faults.clock_steps &&
        step->entry.due < node_utc(node) + TIME_SECONDS(1))
        world_violate(node->world, "%s: entry %d failed %u times and is to be tried again at once",
                      node->name, (int)step->entry.id, step->entry.attempts);
    if (entry)
        set_entry(entry, &step->entry);
    else
        world_violate(disk->node->world, "%s: entry %d is changed and not there", disk->node->name,
                      (int)step->entry.id);
}

static void put_progress(disk_t *disk, const step_t *step)
{
    stored_entry_t *entry = apr_hash_get(disk->entries, &step->id, sizeof(step->id));
    if (!entry)
        return;
    free(entry->progress);
    entry->progress = copy_octets(step->octets);
    entry->record.progress = bytes_make(entry->progress, step->octets.length);
}

static void delete_entry(disk_t *disk, const step_t *step)
{
    stored_entry_t *entry = apr_hash_get(disk->entries, &step->id, sizeof(step->id));
    if (!entry) {
        world_violate(disk->node->world, "%s: entry %d is deleted twice", disk->node->name, (int)step->id);
        return;
    }
    stored_message_t *message = find_message(disk, entry->record.message_id);
    if (message)
        message->entries--;
    drop_entry(disk, entry);
}

static void delete_message(disk_t *disk, const step_t *step)
{
    stored_message_t *message = find_message(disk, step->id);
    if (!message)
        return;
    for (size_t at = 0; at < step->octets.length; at += sizeof(uint64_t)) /* entries that are to be gone */
        if (apr_hash_get(disk->entries, step->octets.data + at, sizeof(uint64_t)))
            return;
    if (step->kind == DELETE_MESSAGE && message->entries)
        world_violate(disk->node->world, "%s: message %d is deleted, %u entries need it", disk->node->name,
                      (int)step->id, message->entries);
    if (step->kind == DELETE_CHUNKS && message->present)
        world_violate(disk->node->world, "%s: chunks of message %d are deleted, which is there",
                      disk->node->name, (int)step->id);
    drop_message(disk, message);
}

static void put_mark(disk_t *disk, const step_t *step)
{
    if (disk->mark_end == disk->mark_capacity) {
        disk->mark_capacity = disk->mark_capacity ? disk->mark_capacity * 2 : 64;
        disk->marks = realloc(disk->marks, disk->mark_capacity * sizeof(mark_t));
        if (!disk->marks)
            abort();
    }
    mark_t *mark = &disk->marks[disk->mark_end++];
    memcpy(mark->digest, step->digest, STORE_DIGEST_SIZE);
    mark->time = step->time;
}

static void apply(disk_t *disk, const job_t *txn)
{
    for (const step_t *step = txn->first; step; step = step->next) {
        switch (step->kind) {
        case PUT_MESSAGE: put_message(disk, step); break;
        case PUT_CHUNK: put_chunk(disk, step); break;
        case PUT_ENTRY: put_entry(disk, step); break;
        case UPDATE_ENTRY: update_entry(disk, step); break;
        case PUT_PROGRESS: put_progress(disk, step); break;
        case DELETE_ENTRY: delete_entry(disk, step); break;
        case DELETE_MESSAGE:
        case DELETE_CHUNKS: delete_message(disk, step); break;
        case PUT_MARK: put_mark(disk, step); break;
        case PURGE_MARKS:
            while (disk->mark_first < disk->mark_end && disk->marks[disk->mark_first].time < step->time)
                disk->mark_first++;
            break;
        case PUT_WATCH: watches_put(&disk->watches, &step->watch); break;
        case UPDATE_WATCH: watches_update(&disk->watches, step->id, step->octets); break;
        case DELETE_WATCH: watches_delete(&disk->watches, step->id); break;
        }
    }
}

/* The store. */

static void run_writer(void *baton);
static void run_notify(void *baton);

store_t *sim_store_create(node_t *node)
{
    store_t *store = apr_pcalloc(node->boot_pool, sizeof(*store));
    store->node = node;
    store->disk = node->disk;
    store->disk->next_id += 1000;
    list_init(&store->pending);
    list_init(&store->group);
    list_init(&store->completions);
    list_init(&store->reads);
    store->writer = (timers_item_t){.run = run_writer, .baton = store};
    store->notify = (timers_item_t){.run = run_notify, .baton = store};
    return store;
}

static void free_job(job_t *job)
{
    apr_pool_destroy(job->pool);
}

static void complete(store_t *store, job_t *job, const err_t *err)
{
    if (job->kind == JOB_TXN) {
        store->figures.octets_waiting -= job->octets;
        if (job->done)
            job->done(job->context, err);
    } else {
        const stored_message_t *message = err ? NULL : find_message(store->disk, job->id);
        const chunk_t *chunk =
            message && job->number < message->chunk_count ? &message->chunks[job->number] : NULL;
        bytes_t octets = chunk ? bytes_make(chunk->data, chunk->length) : BYTES_NONE;
        if (job->kind == JOB_READ_CHUNK)
            job->chunk_read(job->context, err, octets);
        else
            job->message_read(job->context, err, message && message->present ? &message->record : NULL,
                              octets);
    }
    free_job(job);
}

static void notify_soon(store_t *store)
{
    world_t *world = store->node->world;
    if (!timers_armed(&store->notify))
        world_after(world, &store->notify, world_between(world, 5, 200));
}

static void run_notify(void *baton)
{
    store_t *store = baton;
    node_t *node = store->node;
    if (!node_store_step(node, "told"))
        return;
    sim_loop_enter(node->loop);
    agent_store_ready(node->agent);
    sim_loop_leave(node->loop);
}

void store_drain(store_t *store)
{
    static const err_t failure = {.layer = "store", .text = "the disk failed"};
    job_list_t done = store->completions;
    if (!done.first)
        return;
    list_init(&store->completions);
    while (done.first) {
        job_t *job = done.first;
        done.first = job->next;
        complete(store, job, job->failed ? &failure : NULL);
    }
}

static void start_group(store_t *store)
{
    world_t *world = store->node->world;
    if (timers_armed(&store->writer) || !store->pending.first || store->killed)
        return;
    store->group = store->pending;
    list_init(&store->pending);
    int64_t time = world_between(world, world->commit_time / 4, world->commit_time * 2);
    if (world_chance(world, 5))
        time *= 100;
    world_after(world, &store->writer, time);
}

static void run_writer(void *baton)
{
    store_t *store = baton;
    node_t *node = store->node;
    world_t *world = node->world;
    if (!node_store_step(node, "commit"))
        return;
    job_list_t group = store->group;
    list_init(&store->group);
    while (group.first) {
        job_t *job = group.first;
        group.first = job->next;
        job->failed = world_disk_fails(world, node->disk_full, world->faults.store);
        if (job->failed)
            store->figures.failures++;
        else
            apply(store->disk, job);
        store->figures.transactions += !job->failed;
        list_add(&store->completions, job);
    }
    store->figures.commits++;
    notify_soon(store);
    if (!node_store_step(node, "committed"))
        return;
    start_group(store);
}

uint64_t store_new_id(store_t *store)
{
    return store->disk->next_id++;
}

bool store_busy(const store_t *store)
{
    return store->figures.octets_waiting > 16u << 20;
}

void store_figures(const store_t *store, store_figures_t *figures)
{
    *figures = store->figures;
}

bool sim_store_idle(const store_t *store)
{
    return !store->pending.first && !store->group.first && !store->completions.first && !store->reads.first;
}

static int compare_entries(const void *a, const void *b)
{
    const stored_entry_t *first = *(const stored_entry_t *const *)a;
    const stored_entry_t *second = *(const stored_entry_t *const *)b;
    return first->id < second->id ? -1 : first->id > second->id;
}

err_t *store_scan_entries(store_t *store, void (*each)(void *context, const store_entry_t *entry),
                          void *context, apr_pool_t *pool)
{
    unsigned count = apr_hash_count(store->disk->entries);
    stored_entry_t **list = apr_palloc(pool, (count + 1) * sizeof(*list));
    unsigned filled = 0;
    for (apr_hash_index_t *i = apr_hash_first(NULL, store->disk->entries); i; i = apr_hash_next(i))
        list[filled++] = apr_hash_this_val(i);
    qsort(list, filled, sizeof(*list), compare_entries);
    for (unsigned i = 0; i < filled; i++)
        each(context, &list[i]->record);
    return NULL;
}

err_t *store_scan_marks(store_t *store, size_t limit,
                        void (*each)(void *context, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time),
                        void *context, apr_pool_t *pool)
{
    (void)pool;
    const disk_t *disk = store->disk;
    size_t first = disk->mark_end - disk->mark_first > limit ? disk->mark_end - limit : disk->mark_first;
    for (size_t i = first; i < disk->mark_end; i++)
        each(context, disk->marks[i].digest, disk->marks[i].time);
    return NULL;
}

err_t *store_scan_watches(store_t *store, void (*each)(void *context, const store_watch_t *watch),
                          void *context, apr_pool_t *pool)
{
    (void)pool;
    for (size_t i = 0; i < store->disk->watches.count; i++)
        each(context, &store->disk->watches.items[i]);
    return NULL;
}

err_t *store_purge_orphans(store_t *store, apr_pool_t *pool)
{
    unsigned count = apr_hash_count(store->disk->messages);
    stored_message_t **list = apr_palloc(pool, (count + 1) * sizeof(*list));
    unsigned filled = 0;
    for (apr_hash_index_t *i = apr_hash_first(NULL, store->disk->messages); i; i = apr_hash_next(i)) {
        stored_message_t *message = apr_hash_this_val(i);
        if (!message->present)
            list[filled++] = message;
    }
    for (unsigned i = 0; i < filled; i++)
        drop_message(store->disk, list[i]);
    return NULL;
}

static job_t *create_job(store_t *store, job_kind_t kind)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, NULL);
    job_t *job = apr_pcalloc(pool, sizeof(*job));
    job->kind = kind;
    job->pool = pool;
    job->store = store;
    job->last = &job->first;
    return job;
}

store_txn_t *store_txn_begin(store_t *store)
{
    return create_job(store, JOB_TXN);
}

static step_t *add_step(store_txn_t *txn, step_kind_t kind, uint64_t id)
{
    step_t *step = apr_pcalloc(txn->pool, sizeof(*step));
    step->kind = kind;
    step->id = id;
    *txn->last = step;
    txn->last = &step->next;
    return step;
}

void store_txn_put_message(store_txn_t *txn, const store_message_t *message)
{
    step_t *step = add_step(txn, PUT_MESSAGE, message->id);
    step->message = *message;
    step->message.envelope = bytes_copy(txn->pool, message->envelope);
    step->message.mts_id = apr_pstrdup(txn->pool, message->mts_id);
    step->message.source = apr_pstrdup(txn->pool, message->source);
    txn->octets += message->envelope.length;
}

void store_txn_put_chunk(store_txn_t *txn, uint64_t message_id, unsigned number, bytes_t octets)
{
    step_t *step = add_step(txn, PUT_CHUNK, message_id);
    step->number = number;
    step->octets = bytes_copy(txn->pool, octets);
    txn->octets += octets.length;
    if (octets.length > STORE_CHUNK_SIZE)
        world_violate(txn->store->node->world, "a chunk of %d octets", (int)octets.length);
}

static void add_entry(store_txn_t *txn, step_kind_t kind, const store_entry_t *entry)
{
    step_t *step = add_step(txn, kind, entry->id);
    step->entry = *entry;
    step->entry.destination = apr_pstrdup(txn->pool, entry->destination);
    step->entry.recipients = bytes_copy(txn->pool, entry->recipients);
}

void store_txn_put_entry(store_txn_t *txn, const store_entry_t *entry)
{
    add_entry(txn, PUT_ENTRY, entry);
}

void store_txn_update_entry(store_txn_t *txn, const store_entry_t *entry)
{
    add_entry(txn, UPDATE_ENTRY, entry);
}

void store_txn_put_progress(store_txn_t *txn, uint64_t entry_id, bytes_t progress)
{
    add_step(txn, PUT_PROGRESS, entry_id)->octets = bytes_copy(txn->pool, progress);
}

void store_txn_delete_entry(store_txn_t *txn, uint64_t entry_id)
{
    add_step(txn, DELETE_ENTRY, entry_id);
}

void store_txn_delete_message_after(store_txn_t *txn, uint64_t message_id, const uint64_t *entries,
                                    unsigned count)
{
    bytes_t list = bytes_make(entries, count * sizeof(*entries));
    add_step(txn, DELETE_MESSAGE, message_id)->octets = bytes_copy(txn->pool, list);
}

void store_txn_delete_chunks(store_txn_t *txn, uint64_t message_id)
{
    add_step(txn, DELETE_CHUNKS, message_id);
}

void store_txn_put_mark(store_txn_t *txn, const uint8_t digest[STORE_DIGEST_SIZE], utc_time_t time)
{
    step_t *step = add_step(txn, PUT_MARK, 0);
    memcpy(step->digest, digest, STORE_DIGEST_SIZE);
    step->time = time;
}

void store_txn_purge_marks(store_txn_t *txn, utc_time_t time)
{
    add_step(txn, PURGE_MARKS, 0)->time = time;
}

void store_txn_put_watch(store_txn_t *txn, const store_watch_t *watch)
{
    step_t *step = add_step(txn, PUT_WATCH, watch->id);
    step->watch = *watch;
    step->watch.mts_id = apr_pstrdup(txn->pool, watch->mts_id);
    step->watch.destination = apr_pstrdup(txn->pool, watch->destination);
    step->watch.recipients = bytes_copy(txn->pool, watch->recipients);
}

void store_txn_update_watch(store_txn_t *txn, uint64_t id, bytes_t recipients)
{
    add_step(txn, UPDATE_WATCH, id)->octets = bytes_copy(txn->pool, recipients);
}

void store_txn_delete_watch(store_txn_t *txn, uint64_t id)
{
    add_step(txn, DELETE_WATCH, id);
}

void store_txn_commit(store_txn_t *txn, store_done_t done, void *context)
{
    store_t *store = txn->store;
    txn->done = done;
    txn->context = context;
    store->figures.octets_waiting += txn->octets;
    list_add(&store->pending, txn);
    start_group(store);
}

void store_txn_abandon(store_txn_t *txn)
{
    free_job(txn);
}

static void run_read(void *baton)
{
    job_t *job = baton;
    store_t *store = job->store;
    world_t *world = store->node->world;
    list_remove(&store->reads, job);
    job->failed = world_disk_fails(world, false, world->faults.reads);
    list_add(&store->completions, job);
    notify_soon(store);
}

static void queue_read(store_t *store, job_t *job)
{
    world_t *world = store->node->world;
    job->read = (timers_item_t){.run = run_read, .baton = job};
    list_add(&store->reads, job);
    if (!store->killed)
        world_after(world, &job->read, world_between(world, 50, 3000));
}

void store_read_message(store_t *store, uint64_t message_id, store_message_read_t done, void *context)
{
    job_t *job = create_job(store, JOB_READ_MESSAGE);
    job->id = message_id;
    job->message_read = done;
    job->context = context;
    queue_read(store, job);
}

void store_read_chunk(store_t *store, uint64_t message_id, unsigned number, store_chunk_read_t done,
                      void *context)
{
    job_t *job = create_job(store, JOB_READ_CHUNK);
    job->id = message_id;
    job->number = number;
    job->chunk_read = done;
    job->context = context;
    queue_read(store, job);
}

void sim_store_kill(store_t *store)
{
    static const err_t ended = {.layer = "store", .text = "the process ended"};
    world_t *world = store->node->world;
    store->killed = true;
    timers_cancel(&world->events, &store->writer);
    timers_cancel(&world->events, &store->notify);
    for (;;) {
        job_t *job = list_take(&store->completions);
        if (!job)
            job = list_take(&store->group);
        if (!job)
            job = list_take(&store->pending);
        if (!job)
            job = list_take(&store->reads);
        if (!job)
            return;
        timers_cancel(&world->events, &job->read);
        complete(store, job, &ended);
    }
}
