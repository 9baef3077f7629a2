/* A unit of work: the queue in memory and the store change together or not at all. */
#include "scene.h"

static const char LINKS[] =
    "connector B { general { remote-mta-name = B } stack { remote-host-name = localhost }\n"
    "address-space = { \"C=GB;A= ;P=B\" } }\n"
    "connector C { general { remote-mta-name = C } stack { remote-host-name = localhost }\n"
    "address-space = { \"C=GB;A= ;P=C\" } }\n";

static void count_entry(void *context, const store_entry_t *entry)
{
    unsigned *counts = context;
    counts[strcmp(entry->destination, "B") ? 1 : 0] += entry->recipient_count;
    counts[2] += entry->kind == STORE_MESSAGE;
}

/* Recipients stored for B and for C, and how many entries there are. */
static void stored(scene_t *scene, unsigned *counts)
{
    memset(counts, 0, 3 * sizeof(*counts));
    CU_ASSERT_PTR_NULL(store_scan_entries(scene->agent->services.store, count_entry, counts, scene->pool));
}

/* A message of three recipients: two for B, one for C. */
static void add_message(scene_t *scene, work_t *work, queue_entry_t *entries[2])
{
    static const uint16_t for_b[] = {0, 2};
    static const uint16_t for_c[] = {1};
    store_t *store = scene->agent->services.store;
    object_t *object = scene_object(scene, scene_message(scene, 3));
    work_add_object(work, object);
    entries[0] =
        queue_entry_create(scene_destination(scene, "B"), store_new_id(store), object->record.id, for_b, 2);
    entries[1] =
        queue_entry_create(scene_destination(scene, "C"), store_new_id(store), object->record.id, for_c, 1);
    work_add_entry(work, object, entries[0], 0);
    work_add_entry(work, object, entries[1], 0);
}

static void what_is_committed_is_queued_and_durable(void)
{
    scene_t *scene = scene_begin(LINKS);
    queue_entry_t *entries[2];
    unsigned counts[3];
    work_t *work = work_begin(scene->agent);
    add_message(scene, work, entries);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 0); /* not before it is durable */
    work_commit(work, NULL, NULL);
    scene_settle(scene);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 1);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->recipients, 2);
    CU_ASSERT_EQUAL(scene_destination(scene, "C")->recipients, 1);
    CU_ASSERT_EQUAL(scene->agent->queued, 2);
    scene_close(scene);
    scene_open(scene);
    stored(scene, counts);
    CU_ASSERT_EQUAL(counts[0], 2);
    CU_ASSERT_EQUAL(counts[1], 1);
    CU_ASSERT_EQUAL(counts[2], 2);
    scene_end(scene);
}

static void what_is_abandoned_never_was(void)
{
    scene_t *scene = scene_begin(LINKS);
    queue_entry_t *entries[2];
    unsigned counts[3];
    work_t *work = work_begin(scene->agent);
    add_message(scene, work, entries);
    work_abandon(work);
    scene_settle(scene);
    stored(scene, counts);
    CU_ASSERT_EQUAL(counts[2], 0);
    CU_ASSERT_EQUAL(scene->agent->queued, 0);
    scene_end(scene);
}

typedef struct reading_t {
    bool found;
    bool done;
} reading_t;

static void was_read(void *context, object_t *object, const err_t *err)
{
    reading_t *reading = context;
    CU_ASSERT_PTR_NULL(err);
    reading->found = object != NULL;
    reading->done = true;
    if (object)
        object_release(object);
}

static bool is_there(scene_t *scene, uint64_t message_id)
{
    reading_t reading = {false, false};
    object_read(scene->agent, message_id, was_read, &reading);
    scene_settle(scene);
    CU_ASSERT_TRUE(reading.done);
    return reading.found;
}

static void remove_entry(scene_t *scene, queue_entry_t *entry)
{
    queue_take(entry);
    work_t *work = work_begin(scene->agent);
    work_remove_entry(work, entry);
    work_commit(work, NULL, NULL);
    scene_settle(scene);
}

static void a_message_goes_with_its_last_entry(void)
{
    scene_t *scene = scene_begin(LINKS);
    queue_entry_t *entries[2];
    work_t *work = work_begin(scene->agent);
    add_message(scene, work, entries);
    work_commit(work, NULL, NULL);
    scene_settle(scene);
    uint64_t id = entries[0]->message_id;
    remove_entry(scene, entries[0]);
    CU_ASSERT_TRUE(is_there(scene, id));
    remove_entry(scene, entries[1]);
    CU_ASSERT_FALSE(is_there(scene, id));
    CU_ASSERT_EQUAL(scene->agent->queued, 0);
    scene_end(scene);
}

static void an_entry_moves_with_fewer_recipients(void)
{
    static const uint16_t third[] = {2};
    scene_t *scene = scene_begin(LINKS);
    queue_entry_t *entries[2];
    unsigned counts[3];
    work_t *work = work_begin(scene->agent);
    add_message(scene, work, entries);
    work_commit(work, NULL, NULL);
    scene_settle(scene);
    queue_take(entries[0]);
    work = work_begin(scene->agent);
    work_move_entry(work, entries[0], scene_destination(scene, "C"), third, 1);
    work_commit(work, NULL, NULL);
    scene_settle(scene);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 0);
    CU_ASSERT_EQUAL(scene_destination(scene, "C")->count, 2);
    CU_ASSERT_EQUAL(scene_destination(scene, "C")->recipients, 2);
    CU_ASSERT_FALSE(queue_entry_has(entries[0], 0, true));
    CU_ASSERT_TRUE(queue_entry_has(entries[0], 2, true));
    stored(scene, counts);
    CU_ASSERT_EQUAL(counts[0], 0);
    CU_ASSERT_EQUAL(counts[1], 2);
    scene_end(scene);
}

/* The store refuses: what was to come is gone, what was to go stays, and both are told. */
static void what_fails_leaves_everything_as_it_was(void)
{
    scene_t *scene = scene_begin(LINKS);
    queue_entry_t *entries[2];
    work_t *work = work_begin(scene->agent);
    add_message(scene, work, entries);
    work_commit(work, NULL, NULL);
    scene_settle(scene);
    queue_take(entries[0]);
    work = work_begin(scene->agent);
    work_remove_entry(work, entries[0]);
    object_t *object = scene_object(scene, scene_message(scene, 1));
    work_add_object(work, object);
    queue_entry_t *twice = /* an identifier that is taken */
        queue_entry_create(scene_destination(scene, "B"), entries[1]->id, object->record.id, NULL, 0);
    work_add_entry(work, object, twice, 0);
    work_commit(work, NULL, NULL);
    scene_settle(scene);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "12011|commit|"));
    CU_ASSERT_EQUAL(scene->agent->queued, 2);
    CU_ASSERT_FALSE(entries[0]->busy);
    CU_ASSERT_PTR_NOT_NULL(entries[0]->delay); /* it is tried again in a while */
    scene->told[0] = '\0';
    work = work_begin(scene->agent);
    work_commit(work, NULL, NULL);
    scene_settle(scene);
    CU_ASSERT_EQUAL(strncmp(scene->told, "12012|", 6), 0);
    scene_end(scene);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(what_is_committed_is_queued_and_durable), UNIT_TEST(what_is_abandoned_never_was),
    UNIT_TEST(a_message_goes_with_its_last_entry),      UNIT_TEST(an_entry_moves_with_fewer_recipients),
    UNIT_TEST(what_fails_leaves_everything_as_it_was),
};
UNIT_MAIN("work", TESTS)
