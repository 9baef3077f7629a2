/* An agent without a network: a store of its own, connectors without peers, and the events that it raised. */
#ifndef TESTS_MTA_SCENE_H
#define TESTS_MTA_SCENE_H

#include "unit.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "mta/awaited.h"
#include "mta/connector.h"
#include "mta/object.h"
#include "mta/queue.h"
#include "mta/work.h"
#include "procedures.h"
#include "x411/oraddress_text.h"

typedef struct scene_t {
    apr_pool_t *pool;
    const char *path; /* of the store */
    const config_t *config;
    agent_t *agent;
    char told[4096]; /* "290|transfer-failure|...;" for each event */
} scene_t;

static inline void scene_note(void *context, const event_record_t *record)
{
    scene_t *scene = context;
    size_t length = strlen(scene->told);
    apr_snprintf(scene->told + length, sizeof(scene->told) - length, "%u", record->definition->id);
    for (unsigned i = 0; i < record->definition->parameter_count; i++) {
        length = strlen(scene->told);
        apr_snprintf(scene->told + length, sizeof(scene->told) - length, "|%s", record->parameters[i]);
    }
    length = strlen(scene->told);
    apr_cpystrn(scene->told + length, ";", sizeof(scene->told) - length);
}

static inline void scene_open(scene_t *scene)
{
    agent_services_t services = {0};
    store_config_t store = {.driver = "sqlite3", .parameters = scene->path};
    CU_ASSERT_PTR_NULL_FATAL(net_loop_create(&services.loop, scene->pool));
    CU_ASSERT_PTR_NULL_FATAL(store_open(&services.store, &store, scene->pool));
    services.events = event_log_create(scene->pool, timebase_system());
    for (int i = 1; i < EVENT_CATEGORY_LIMIT; i++)
        event_log_set_level(services.events, (event_category_t)i, EVENT_LEVEL_MAXIMUM);
    event_log_add_sink(services.events, scene_note, scene);
    err_t *err = agent_create(&scene->agent, scene->config, &services, scene->pool);
    CU_ASSERT_PTR_NULL_FATAL(err);
    scene->agent->stopping = true; /* nobody is called */
    scene->told[0] = '\0';
}

/* blocks: connectors and so on of the configuration. */
static inline scene_t *scene_begin(const char *blocks)
{
    apr_pool_t *pool = procedures_pool();
    scene_t *scene = apr_pcalloc(pool, sizeof(*scene));
    const char *folder;
    apr_file_t *file;
    scene->pool = pool;
    apr_temp_dir_get(&folder, pool);
    char *name = apr_psprintf(pool, "%s/x400-scene-XXXXXX", folder);
    apr_file_mktemp(&file, name, 0, pool);
    apr_file_close(file);
    apr_file_remove(name, pool);
    scene->path = name;
    scene->config = procedures_config(pool, blocks);
    scene_open(scene);
    return scene;
}

static inline void scene_close(scene_t *scene)
{
    store_t *store = scene->agent->services.store;
    store_close(store);
    agent_destroy(scene->agent);
    scene->agent = NULL;
}

static inline void scene_end(scene_t *scene)
{
    static const char *const tails[] = {"", "-wal", "-shm", ".lock"};
    scene_close(scene);
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
        apr_file_remove(apr_pstrcat(scene->pool, scene->path, tails[i], NULL), scene->pool);
    apr_pool_destroy(scene->pool);
}

/* Waits for the store until nothing is under way. */
static inline void scene_settle(scene_t *scene)
{
    while (scene->agent->works)
        store_drain(scene->agent->services.store);
}

static inline destination_t *scene_destination(const scene_t *scene, const char *name)
{
    return agent_find_destination(scene->agent, name);
}

/* A message of an originator of C=GB;A= ;P=A with this many recipients, S=R1, S=R2 ... of C=GB;A= ;P=B. */
static inline x411_apdu_t *scene_message(const scene_t *scene, unsigned recipients)
{
    apr_pool_t *pool = scene->pool;
    x411_apdu_t *apdu = x411_apdu_create(pool, X411_MESSAGE);
    apdu->mts_id = agent_new_mts_id(scene->agent, pool);
    CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, "S=ANN;P=A;A= ;C=GB", &apdu->originator));
    apdu->content_type = x411_content_type_make(X411_CONTENT_P22);
    for (unsigned i = 0; i < recipients; i++) {
        x411_recipient_t *recipient = x411_apdu_add_recipient(pool, apdu);
        const char *name = apr_psprintf(pool, "S=R%u;P=B;A= ;C=GB", i + 1);
        CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, name, &recipient->name));
        recipient->number = (int64_t)i + 1;
        recipient->indicators =
            x411_recipient_indicators(true, X411_MTA_REPORT_NON_DELIVERY, X411_USER_REPORT_NON_DELIVERY);
    }
    return apdu;
}

/* The same as an object with a content, ready to be added to a work, which takes over the reference. */
static inline object_t *scene_object(const scene_t *scene, x411_apdu_t *apdu)
{
    object_t *object = object_create(scene->agent);
    utc_time_t now = agent_utc(scene->agent);
    object->content = BYTES_LITERAL("content");
    object->content_here = true;
    CU_ASSERT_PTR_NULL_FATAL(object_describe(object, apdu, 7, NULL, now, now + TIME_SECONDS(3600)));
    return object;
}

#endif
