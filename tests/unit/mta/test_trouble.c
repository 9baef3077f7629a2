/* What becomes of an entry, by what failed: tried again, moved to another link, set aside, or reported. */
#include "scene.h"

#include "mta/trouble.h"

#define LINK(name, spaces)                                                                                   \
    "connector " name " { general { remote-mta-name = " name " }\n"                                          \
    "stack { remote-host-name = localhost }\n"                                                               \
    "override { max-transfer-retries = 2 transfer-interval = 60s }\n"                                        \
    "address-space = { " spaces " } }\n"

static const char TWO_WAYS[] =
    LINK("B", "\"C=GB;A= ;P=B\"") LINK("OTHER", "\"C=GB;A= ;P=B;;50\"") LINK("BACK", "\"C=GB;A= ;P=A\"");
static const char ONE_WAY[] = LINK("B", "\"C=GB;A= ;P=B\"") LINK("BACK", "\"C=GB;A= ;P=A\"");

/* A message with so many recipients, queued for B. */
static queue_entry_t *queued(scene_t *scene, unsigned recipients)
{
    object_t *object = scene_object(scene, scene_message(scene, recipients));
    queue_entry_t *entry =
        queue_entry_create(scene_destination(scene, "B"), store_new_id(scene->agent->services.store),
                           object->record.id, NULL, 0);
    work_t *work = work_begin(scene->agent);
    work_add_object(work, object);
    work_add_entry(work, object, entry, 0);
    work_commit(work, NULL, NULL);
    scene_settle(scene);
    scene->told[0] = '\0';
    return entry;
}

static void meet(scene_t *scene, queue_entry_t *entry, trouble_kind_t kind)
{
    trouble_t trouble = {.kind = kind,
                         .err = err_create(scene->pool, 0, "test", "it went wrong"),
                         .entry = entry,
                         .connector = (connector_t *)entry->destination};
    queue_take(entry);
    trouble_handle(scene->agent, &trouble);
    scene_settle(scene);
}

static void a_failed_transfer_is_tried_again_so_often(void)
{
    scene_t *scene = scene_begin(ONE_WAY);
    queue_entry_t *entry = queued(scene, 1);
    for (unsigned attempt = 1; attempt <= 2; attempt++) {
        meet(scene, entry, TROUBLE_TRANSFER);
        CU_ASSERT_EQUAL(entry->attempts, attempt);
        CU_ASSERT_PTR_NOT_NULL(entry->delay);
        CU_ASSERT_STRING_EQUAL(scene->told, "");
    }
    meet(scene, entry, TROUBLE_TRANSFER);
    CU_ASSERT_EQUAL(strncmp(scene->told, "270|B|Adjacent-MTA|message|", 27), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, ";290|transfer-failure|mts-congestion|"));
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 0);
    CU_ASSERT_EQUAL(scene_destination(scene, "BACK")->count, 1); /* the report */
    scene_end(scene);
}

static void Q152955_it_moves_if_there_really_is_another_way(void)
{
    scene_t *scene = scene_begin(TWO_WAYS);
    queue_entry_t *entry = queued(scene, 2);
    meet(scene, entry, TROUBLE_UNREACHABLE);
    CU_ASSERT_STRING_EQUAL(entry->destination->name, "OTHER");
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "287|"));
    CU_ASSERT_PTR_NULL(strstr(scene->told, "290|"));
    scene->told[0] = '\0';
    meet(scene, entry, TROUBLE_UNREACHABLE); /* not back to where it failed before */
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 0);
    CU_ASSERT_EQUAL(scene_destination(scene, "OTHER")->count, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "290|transfer-failure|mts-congestion|"));
    CU_ASSERT_EQUAL(scene_destination(scene, "BACK")->count, 1);
    scene_end(scene);
}

static void what_is_too_old_is_reported_and_goes_no_other_way(void)
{
    scene_t *scene = scene_begin(TWO_WAYS);
    queue_entry_t *entry = queued(scene, 1);
    meet(scene, entry, TROUBLE_EXPIRED);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "290|unable-to-transfer|maximum-time-expired|"));
    CU_ASSERT_EQUAL(scene_destination(scene, "OTHER")->count, 0);
    CU_ASSERT_EQUAL(scene_destination(scene, "BACK")->count, 1);
    scene_end(scene);
}

static void trouble_of_one_recipient_leaves_the_others(void)
{
    static const uint16_t second[] = {1};
    scene_t *scene = scene_begin(ONE_WAY);
    queue_entry_t *entry = queued(scene, 3);
    trouble_t trouble = {.kind = TROUBLE_DOWNGRADE,
                         .entry = entry,
                         .connector = (connector_t *)entry->destination,
                         .recipients = second,
                         .recipient_count = 1};
    queue_take(entry);
    trouble_handle(scene->agent, &trouble);
    scene_settle(scene);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 1);
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->recipients, 2);
    CU_ASSERT_FALSE(queue_entry_has(entry, 1, true));
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->told, "290|unable-to-transfer|unable-to-downgrade|"));
    CU_ASSERT_EQUAL(scene_destination(scene, "BACK")->count, 1);
    scene_end(scene);
}

static void what_cannot_be_used_is_set_aside(void)
{
    scene_t *scene = scene_begin(ONE_WAY);
    queue_entry_t *entry = queued(scene, 1);
    queue_entry_t *next = queued(scene, 1);
    meet(scene, entry, TROUBLE_UNUSABLE);
    CU_ASSERT_EQUAL(entry->state, STORE_ENTRY_BAD);
    CU_ASSERT_EQUAL(strncmp(scene->told, "12016|", 6), 0);
    CU_ASSERT_PTR_EQUAL(queue_first(scene_destination(scene, "B")), next); /* it blocks nothing */
    scene_end(scene);
}

static void a_lost_link_costs_no_attempt_until_it_breaks_again_and_again(void)
{
    scene_t *scene = scene_begin(ONE_WAY);
    queue_entry_t *entry = queued(scene, 1);
    for (unsigned i = 0; i < 8; i++)
        meet(scene, entry, TROUBLE_LOST);
    CU_ASSERT_EQUAL(entry->attempts, 0);
    CU_ASSERT_PTR_NULL(entry->delay);
    meet(scene, entry, TROUBLE_LOST);
    CU_ASSERT_EQUAL(entry->attempts, 1);
    CU_ASSERT_PTR_NOT_NULL(entry->delay);
    scene_end(scene);
}

static void an_operator_moves_it_only_where_there_is_a_way(void)
{
    scene_t *scene = scene_begin(ONE_WAY);
    queue_entry_t *entry = queued(scene, 1);
    meet(scene, entry, TROUBLE_MOVED);
    CU_ASSERT_STRING_EQUAL(entry->destination->name, "B");
    CU_ASSERT_EQUAL(scene_destination(scene, "B")->count, 1);
    CU_ASSERT_STRING_EQUAL(scene->told, "");
    scene_end(scene);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(a_failed_transfer_is_tried_again_so_often),
    UNIT_TEST(Q152955_it_moves_if_there_really_is_another_way),
    UNIT_TEST(what_is_too_old_is_reported_and_goes_no_other_way),
    UNIT_TEST(trouble_of_one_recipient_leaves_the_others),
    UNIT_TEST(what_cannot_be_used_is_set_aside),
    UNIT_TEST(a_lost_link_costs_no_attempt_until_it_breaks_again_and_again),
    UNIT_TEST(an_operator_moves_it_only_where_there_is_a_way),
};
UNIT_MAIN("trouble", TESTS)
