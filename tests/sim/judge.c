#include "judge.h"

#include <stdlib.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <jansson.h>

#include "event/ids.h"

struct judge_t {
    world_t *world;
    apr_pool_t *pool;
    sent_t *first;
    apr_hash_t *by_identifier; /* content identifier -> sent_t */
    apr_hash_t *failed;        /* "MTS-ID/number" -> how often that was decided, unsigned */
    apr_hash_t *looped;        /* the same, for loops detected */
    apr_hash_t *transferred;   /* "MTS-ID>connector" */
    apr_hash_t *rerouted;      /* MTS-ID of a message, probe or report -> how often, unsigned */
    apr_hash_t *reports;       /* "MTS-ID of a report>recipient" -> how often it came, unsigned */
    apr_hash_t *late;          /* MTS-ID of what a next hop did not confirm in the time configured */
    apr_hash_t *judged;        /* MTS-ID of a probe -> recipients that were judged, unsigned */
    apr_hash_t *unreported;    /* MTS-ID of a subject whose report was dropped as the rules say */
    unsigned count;
    judge_figures_t figures;
};

judge_t *judge_create(world_t *world, apr_pool_t *pool)
{
    judge_t *judge = apr_pcalloc(pool, sizeof(*judge));
    judge->world = world;
    judge->pool = pool;
    judge->by_identifier = apr_hash_make(pool);
    judge->failed = apr_hash_make(pool);
    judge->looped = apr_hash_make(pool);
    judge->transferred = apr_hash_make(pool);
    judge->rerouted = apr_hash_make(pool);
    judge->reports = apr_hash_make(pool);
    judge->late = apr_hash_make(pool);
    judge->judged = apr_hash_make(pool);
    judge->unreported = apr_hash_make(pool);
    return judge;
}

sent_t *judge_sent(judge_t *judge, node_t *node, unsigned count)
{
    sent_t *sent = apr_pcalloc(judge->pool, sizeof(*sent));
    sent->judge = judge;
    sent->number = ++judge->count;
    sent->node = node;
    sent->count = count;
    sent->recipients = apr_pcalloc(judge->pool, count * sizeof(*sent->recipients));
    sent->next = judge->first;
    judge->first = sent;
    apr_hash_set(judge->by_identifier, apr_psprintf(judge->pool, "m%u", sent->number), APR_HASH_KEY_STRING,
                 sent);
    return sent;
}

void judge_accepted(sent_t *sent, const char *mts_id)
{
    sent->accepted = true;
    sent->mts_id = apr_pstrdup(sent->judge->pool, mts_id);
    sent->judge->figures.accepted++;
}

uint8_t judge_octet(unsigned number, size_t i)
{
    return (uint8_t)(number * 31 + i * 7 + (i >> 8) + (i >> 16));
}

static unsigned count_of(apr_hash_t *hash, const char *key)
{
    const unsigned *count = apr_hash_get(hash, key, APR_HASH_KEY_STRING);
    return count ? *count : 0;
}

/* Counts once more under the key; returns how often that is now. */
static unsigned count_once(const judge_t *judge, apr_hash_t *hash, const char *key)
{
    unsigned *count = apr_hash_get(hash, key, APR_HASH_KEY_STRING);
    if (!count) {
        count = apr_pcalloc(judge->pool, sizeof(*count));
        apr_hash_set(hash, apr_pstrdup(judge->pool, key), APR_HASH_KEY_STRING, count);
    }
    return ++*count;
}

/* "...;O=N12;...;S=U1;" or with other attributes between; JUDGE_NO_NODE if it names none of ours. */
static void read_address(const char *text, unsigned *node, unsigned *user)
{
    const char *place = strstr(text, "O=N");
    *node = place ? (unsigned)atoi(place + 3) : JUDGE_NO_NODE;
    const char *name = strstr(text, "S=u");
    *user = name ? (unsigned)atoi(name + 3) : JUDGE_UNKNOWN_USER;
}

static judged_recipient_t *find_recipient(sent_t *sent, const char *address)
{
    unsigned node;
    unsigned user;
    read_address(address, &node, &user);
    for (unsigned i = 0; i < sent->count; i++) {
        judged_recipient_t *r = &sent->recipients[i];
        if ((r->node == node && r->user == user) || (r->asked_node == node && r->asked_user == user))
            return r;
    }
    return NULL;
}

static bool is_new_path(judge_t *judge, sent_t *sent, const char *path)
{
    for (unsigned i = 0; i < sent->path_count; i++)
        if (strcmp(sent->paths[i], path) == 0)
            return false;
    const char **paths = apr_palloc(judge->pool, (sent->path_count + 1) * sizeof(*paths));
    if (sent->path_count)
        memcpy(paths, sent->paths, sent->path_count * sizeof(*paths));
    paths[sent->path_count++] = apr_pstrdup(judge->pool, path);
    sent->paths = paths;
    return true;
}

static void message_delivered(judge_t *judge, sent_t *sent, node_t *node, unsigned user, bytes_t content,
                              const json_t *root)
{
    world_t *world = judge->world;
    bool same = content.length == sent->size;
    for (size_t i = 0; same && i < content.length; i++)
        same = content.data[i] == judge_octet(sent->number, i);
    if (!same)
        world_violate(world, "message %u came with another content: %zu octets, %zu were sent", sent->number,
                      content.length, sent->size);
    if (sent->probe)
        world_violate(world, "probe %u was delivered", sent->number);
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(root, "recipients"), i, item)
    {
        if (!json_is_true(json_object_get(item, "delivered")))
            continue;
        const char *address = json_string_value(json_object_get(item, "address"));
        judged_recipient_t *recipient = find_recipient(sent, address);
        if (!recipient || recipient->node != node->index || recipient->user != user) {
            world_violate(world, "message %u was delivered at %s user %u for %s", sent->number, node->name,
                          user, address);
            continue;
        }
        recipient->delivered++;
        judge->figures.delivered++;
    }
}

static void report_delivered(judge_t *judge, sent_t *sent, node_t *node, const json_t *root)
{
    const char *report_id = json_string_value(json_object_get(root, "mts_identifier"));
    if (sent->node != node)
        world_violate(judge->world, "a report on message %u came to %s, not to %s", sent->number, node->name,
                      sent->node->name);
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(root, "recipients"), i, item)
    {
        const char *address = json_string_value(json_object_get(item, "address"));
        const char *what = json_string_value(json_object_get(item, "report"));
        judged_recipient_t *recipient = find_recipient(sent, address);
        if (!recipient && sent->list && strstr(address, "S=u8"))
            continue; /* on the list itself */
        if (!recipient || !what) {
            world_violate(judge->world, "a report on message %u names %s", sent->number, address);
            continue;
        }
        char key[600];
        apr_snprintf(key, sizeof(key), "%s>%d", report_id, (int)(recipient - sent->recipients));
        unsigned times = count_once(judge, judge->reports, key);
        if (times > 1) { /* two ways, as a next hop did not say that it has it */
            judge->figures.repeats++;
            if (times > 1 + count_of(judge->rerouted, report_id))
                world_violate(judge->world, "report %s on message %u came %u times", report_id, sent->number,
                              times);
            continue;
        }
        bool positive = strcmp(what, "delivered") == 0;
        if (positive)
            recipient->positive++;
        else
            recipient->negative++;
        judge->figures.positive += positive;
        judge->figures.negative += !positive;
    }
}

/* Something of the message, or about it, came out: now it must end as it should, whether the submission was
 * confirmed or a crash took the answer; not if it was refused. */
static void identify(const judge_t *judge, sent_t *sent, const char *mts_id)
{
    sent->seen = true;
    if (!mts_id || (sent->mts_id && strcmp(sent->mts_id, mts_id) != 0))
        world_violate(judge->world, "message %u was %s and came as %s", sent->number,
                      sent->mts_id ? sent->mts_id : "-", mts_id ? mts_id : "-");
    else if (!sent->mts_id)
        sent->mts_id = apr_pstrdup(judge->pool, mts_id);
    if (sent->refused)
        world_violate(judge->world, "message %u was refused, and taken nevertheless", sent->number);
}

void judge_delivered(judge_t *judge, node_t *node, unsigned user, const char *path, bytes_t content,
                     const char *envelope)
{
    json_error_t error;
    json_t *root = json_loads(envelope, JSON_ALLOW_NUL, &error);
    const char *identifier = json_string_value(json_object_get(root, "content_identifier"));
    sent_t *sent = identifier ? apr_hash_get(judge->by_identifier, identifier, APR_HASH_KEY_STRING) : NULL;
    const char *type = json_string_value(json_object_get(root, "type"));
    world_trace(judge->world, node, "mailbox box%u: %s %s in %s, %zu octets", user, type ? type : "?",
                identifier ? identifier : "?", path, content.length);
    if (!root)
        world_violate(judge->world, "the envelope %s is no JSON: %s", path, error.text);
    else if (sent && is_new_path(judge, sent, path)) {
        bool report = type && strcmp(type, "report") == 0;
        identify(judge, sent,
                 json_string_value(json_object_get(root, report ? "subject_identifier" : "mts_identifier")));
        if (report)
            report_delivered(judge, sent, node, root);
        else
            message_delivered(judge, sent, node, user, content, root);
    }
    json_decref(root);
}

static void note(judge_t *judge, apr_hash_t *hash, const char *a, const char *between, const char *b)
{
    const char *key = apr_pstrcat(judge->pool, a, between, b, NULL);
    apr_hash_set(hash, key, APR_HASH_KEY_STRING, key);
}

/* Well after the last fault every queue has had its retries: nothing may have waited there until it was too
 * old. */
static void check_expiry(const judge_t *judge, const node_t *node, const char *diagnostic, const char *mts_id)
{
    enum { PATIENCE_SECONDS = 5400 };
    world_t *world = judge->world;
    if (strcmp(diagnostic, "maximum-time-expired") == 0 && world->faults_over && !world->impatient &&
        !world->faults.hostiles && !world->faults.clock_steps &&
        world->now - world->faults_ended > TIME_SECONDS(PATIENCE_SECONDS))
        world_violate(world, "%s held %s until it was too old, long after the last fault", node->name,
                      mts_id);
}

void judge_event(judge_t *judge, node_t *node, const event_record_t *record)
{
    const char *const *p = record->parameters;
    switch (record->definition->id) {
    case EVENT_ID_NON_DELIVERY_REPORT:
        judge->figures.failed++;
        check_expiry(judge, node, p[1], p[2]);
        count_once(judge, judge->failed, apr_pstrcat(judge->pool, p[2], "/", p[4], NULL));
        if (strcmp(p[1], "loop-detected") == 0)
            note(judge, judge->looped, p[2], "/", p[4]);
        break;
    case EVENT_ID_MESSAGE_TRANSFERRED: note(judge, judge->transferred, p[0], ">", p[1]); break;
    case EVENT_ID_REROUTED:
        judge->figures.rerouted++;
        count_once(judge, judge->rerouted, p[0]);
        break;
    case EVENT_ID_TRANSFER_TIMED_OUT: note(judge, judge->late, p[0], "", ""); break;
    case EVENT_ID_PROBE_ANSWERED:
        for (long count = strtol(p[1], NULL, 10); count > 0; count--)
            count_once(judge, judge->judged, p[0]);
        break;
    case EVENT_ID_REPORT_NO_ROUTE:
        judge->figures.unreported++;
        note(judge, judge->unreported, p[0], "", "");
        break;
    case EVENT_ID_REPEAT_DROPPED: judge->figures.recognised++; break;
    case EVENT_ID_MESSAGE_SET_ASIDE:
        judge->figures.set_aside++;
        if (!judge->world->faults.hostiles)
            world_violate(judge->world, "%s set %s aside: %s", node->name, p[0], p[1]);
        break;
    default: break;
    }
}

static bool noted(apr_hash_t *hash, const char *key)
{
    return apr_hash_get(hash, key, APR_HASH_KEY_STRING) != NULL;
}

/* What was redirected or expanded may come back to an MTA on its way; its trace says why, but not behind a
 * link of 1984, whose trace has no such thing: there it is taken for a loop, as the standard has it. */
static bool looks_like_loop(const judge_t *judge, const sent_t *sent, const judged_recipient_t *r,
                            const char *key)
{
    bool another = sent->list || r->asked_node != r->node || r->asked_user != r->user;
    return another && judge->world->links_1984 && noted(judge->looped, key);
}

static void conclude_recipient(judge_t *judge, const sent_t *sent, unsigned index, bool faults)
{
    world_t *world = judge->world;
    const judged_recipient_t *r = &sent->recipients[index];
    const char *key = apr_psprintf(judge->pool, "%s/%u", sent->mts_id, sent->list ? 1 : index + 1);
    unsigned failures = count_of(judge->failed, key);
    bool failed = failures > 0;
    unsigned reroutes = count_of(judge->rerouted, sent->mts_id);
    /* Without faults a report may be dropped only after the next MTA has it, without having said so in time.
     */
    bool unreported = (faults || sent->doomed) && noted(judge->unreported, sent->mts_id);
    bool known = r->node != JUDGE_NO_NODE && r->user != JUDGE_UNKNOWN_USER;
    bool hostile = r->node != JUDGE_NO_NODE && world->nodes[r->node].hostile;
    bool gone =
        hostile && noted(judge->transferred, apr_psprintf(judge->pool, "%s>N%u", sent->mts_id, r->node));
    bool arrived = sent->probe ? r->positive > 0 : r->delivered > 0;
    if (!arrived && !failed && !gone && !(sent->probe && (sent->report != JUDGE_REPORT_ALL || unreported)))
        world_violate(world, "message %u to N%u user %u is lost: neither delivered nor reported",
                      sent->number, r->node, r->user);
    if (!known && r->delivered)
        world_violate(world, "message %u was delivered to a user who is not there", sent->number);
    /* The configurations give a transfer a second: too little where a link is full. */
    bool late = noted(judge->late, sent->mts_id);
    if (known && failed && !faults && !late && !hostile && !sent->doomed &&
        !looks_like_loop(judge, sent, r, key))
        world_violate(world, "message %u to N%u failed in a world without faults", sent->number, r->node);
    if (r->delivered > 1) {
        judge->figures.repeats += r->delivered - 1;
        if (r->delivered > 1 + reroutes)
            world_violate(world, "message %u was delivered %u times to N%u user %u", sent->number,
                          r->delivered, r->node, r->user);
    }
    if (r->delivered && r->negative && !sent->list) {
        judge->figures.ambiguous++;
        if (!faults && !late)
            world_violate(world, "message %u is delivered and reported as failed", sent->number);
    }
    if (sent->list)
        return; /* whose members' reports reach the originator is the list's to say */
    if (r->positive > (sent->probe ? 1 + reroutes : r->delivered))
        world_violate(world, "message %u to N%u has %u delivery reports", sent->number, r->node, r->positive);
    if (r->negative > failures && !hostile)
        world_violate(world, "message %u to N%u has %u non-delivery reports", sent->number, r->node,
                      r->negative);
    /* Delivered, and then the disk failed before that was written down: it may expire before it is delivered
     * again, and is reported as failed. */
    bool expired = faults && failed && r->negative;
    if (sent->report == JUDGE_REPORT_ALL && r->delivered && !r->positive && !unreported && !expired)
        world_violate(world, "message %u was delivered to N%u and no report came", sent->number, r->node);
    /* A failure is told when it is decided; a disk that then fails undoes it, and the message may yet arrive,
     * or the probe be judged once more. */
    bool again = faults && sent->probe && count_of(judge->judged, sent->mts_id) >= sent->count + failures;
    failed = failed && !again;
    if (sent->report != JUDGE_REPORT_NONE && failed && !arrived && !gone && !r->negative && !unreported)
        world_violate(world, "message %u to N%u failed and no report came", sent->number, r->node);
    if (sent->report != JUDGE_REPORT_ALL && r->positive)
        world_violate(world, "a delivery report on message %u was not asked for", sent->number);
}

void judge_conclude(judge_t *judge, bool faults)
{
    for (const sent_t *sent = judge->first; sent; sent = sent->next) {
        if (!sent->accepted && !sent->seen)
            continue; /* refused; or a crash took it, or the answer and each report */
        for (unsigned i = 0; i < sent->count; i++)
            conclude_recipient(judge, sent, i, faults);
    }
}

const judge_figures_t *judge_figures(const judge_t *judge)
{
    return &judge->figures;
}
