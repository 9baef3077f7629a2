#include "route/link_state.h"

#include <string.h>

#include <apr_strings.h>

#include "route/table.h"

enum { VERSION = 1 };

/* What is known of the link of each entry while a state is collected. */
typedef struct collector_t {
    const route_table_t *table;
    unsigned *seconds; /* by entry */
    const char **names;
    unsigned *exact; /* by entry: the attributes (1 << subject_key_t) that it gives one value */
    bool *told;      /* by entry: it goes into the state */
    size_t count;    /* of these */
} collector_t;

/* The two cannot match the same address: they give one attribute different values. */
static bool are_disjoint(const collector_t *collector, size_t a, size_t b)
{
    const pattern_t *first = collector->table->entries[a].pattern;
    const pattern_t *second = collector->table->entries[b].pattern;
    unsigned both = collector->exact[a] & collector->exact[b];
    for (unsigned key = 0; both >> key; key++)
        if ((both & 1U << key) && !bytes_equal(first->values[key], second->values[key]))
            return true;
    return false;
}

static bool is_down(const collector_t *collector, size_t index)
{
    return collector->seconds[index] > 0 && collector->seconds[index] != LINK_STATE_SKIP &&
           collector->table->entries[index].pattern->kind != PATTERN_REGEX;
}

/* True if an entry of something that works takes part in the choice where the down entry matches. */
static bool qualifies(const collector_t *collector, size_t index, size_t down)
{
    const table_entry_t *entries = collector->table->entries;
    return collector->seconds[index] == 0 && !are_disjoint(collector, index, down) &&
           pattern_compare(entries[index].pattern, entries[down].pattern) >= 0;
}

static void mark_told(collector_t *collector, size_t index)
{
    collector->count += !collector->told[index];
    collector->told[index] = true;
}

/* Marks the entry and those that qualify it; not if a regular expression does. */
static void tell_entry(collector_t *collector, size_t index)
{
    for (size_t i = 0; i < collector->table->count; i++)
        if (collector->table->entries[i].pattern->kind == PATTERN_REGEX && qualifies(collector, i, index))
            return;
    mark_told(collector, index);
    for (size_t i = 0; i < collector->table->count; i++)
        if (!collector->told[i] && qualifies(collector, i, index))
            mark_told(collector, i);
}

/* Everything about the table that is looked at more than once. */
static void ask_all(collector_t *collector, link_state_ask_t ask, void *context)
{
    for (size_t i = 0; i < collector->table->count; i++) {
        route_target_t target = collector->table->entries[i].target;
        const pattern_t *pattern = collector->table->entries[i].pattern;
        collector->names[i] = target.name;
        for (unsigned key = 0; key < SUBJECT_KEYS; key++)
            if (pattern_is_exact(pattern, (subject_key_t)key))
                collector->exact[i] |= 1U << key;
        if (target.kind == ROUTE_CONNECTOR)
            collector->seconds[i] = ask(context, target.index, &collector->names[i]);
    }
}

link_state_t *link_state_collect(const route_table_t *table, link_state_ask_t ask, void *context,
                                 apr_pool_t *pool)
{
    collector_t collector = {.table = table,
                             .seconds = apr_pcalloc(pool, (table->count + 1) * sizeof(unsigned)),
                             .names = apr_pcalloc(pool, (table->count + 1) * sizeof(char *)),
                             .exact = apr_pcalloc(pool, (table->count + 1) * sizeof(unsigned)),
                             .told = apr_pcalloc(pool, (table->count + 1) * sizeof(bool))};
    link_state_t *state = apr_pcalloc(pool, sizeof(*state));
    ask_all(&collector, ask, context);
    for (size_t i = 0; i < table->count && collector.count <= LINK_STATE_SPACES; i++)
        if (is_down(&collector, i))
            tell_entry(&collector, i);
    if (collector.count > LINK_STATE_SPACES)
        return state;
    state->spaces = apr_palloc(pool, (collector.count + 1) * sizeof(*state->spaces));
    for (size_t i = 0; i < table->count; i++)
        if (collector.told[i])
            state->spaces[state->count++] = (link_state_space_t){collector.names[i], collector.seconds[i],
                                                                 table->entries[i].pattern->text};
    return state;
}

/* LinkState ::= [PRIVATE 400] IMPLICIT SEQUENCE {
 *     version INTEGER (1), epoch INTEGER, sequence INTEGER,
 *     spaces SEQUENCE OF SEQUENCE { link UTF8String, seconds INTEGER, pattern UTF8String }, ... } */

bool link_state_encode(const link_state_t *state, x411_mode_t mode, int64_t presentation_context,
                       buffer_t *out)
{
    size_t before = buffer_length(out);
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    if (mode == X411_MODE_NORMAL) {
        ber_open(&writer, BER_EXTERNAL);
        ber_put_integer(&writer, BER_INTEGER, presentation_context);
        ber_open(&writer, BER_CONTEXT(0));
    }
    ber_open(&writer, X411_TAG_OWN);
    ber_put_integer(&writer, BER_INTEGER, VERSION);
    ber_put_integer(&writer, BER_INTEGER, (int64_t)state->epoch);
    ber_put_integer(&writer, BER_INTEGER, (int64_t)state->sequence);
    ber_open(&writer, BER_SEQUENCE);
    for (size_t i = 0; i < state->count; i++) {
        const link_state_space_t *space = &state->spaces[i];
        ber_open(&writer, BER_SEQUENCE);
        ber_put_octets(&writer, BER_UTF8_STRING,
                       bytes_slice(bytes_of_string(space->link), 0, LINK_STATE_NAME));
        ber_put_integer(&writer, BER_INTEGER, space->seconds);
        ber_put_string(&writer, BER_UTF8_STRING, space->pattern);
        ber_close(&writer);
    }
    ber_close(&writer);
    ber_close(&writer);
    if (mode == X411_MODE_NORMAL) {
        ber_close(&writer);
        ber_close(&writer);
    }
    return ber_writer_ok(&writer) && buffer_length(out) - before <= LINK_STATE_LIMIT;
}

/* A text without control characters, for it is shown to operators. */
static const char *read_text(ber_reader_t *reader, size_t limit, apr_pool_t *pool)
{
    ber_tlv_t tlv;
    bytes_t octets;
    if (!ber_expect(reader, BER_UTF8_STRING, &tlv) || !ber_value_primitive(reader, &tlv, &octets))
        return NULL;
    bool fits = octets.length > 0 && octets.length <= limit;
    for (size_t i = 0; fits && i < octets.length; i++)
        fits = octets.data[i] >= ' ' && octets.data[i] != 0x7F;
    if (!fits) {
        ber_fail_at(reader, &tlv, "a text is empty, too long, or has control characters");
        return NULL;
    }
    return bytes_to_string(pool, octets);
}

static bool read_number(ber_reader_t *reader, int64_t limit, int64_t *value)
{
    ber_tlv_t tlv;
    if (!ber_expect(reader, BER_INTEGER, &tlv) || !ber_value_integer(reader, &tlv, value))
        return false;
    return (*value >= 0 && *value <= limit) || ber_fail_at(reader, &tlv, "a number is out of range");
}

static void read_space(ber_reader_t *spaces, link_state_space_t *space, apr_pool_t *pool)
{
    ber_reader_t inner;
    int64_t seconds = 0;
    if (!ber_enter(spaces, BER_SEQUENCE, &inner))
        return;
    space->link = read_text(&inner, LINK_STATE_NAME, pool);
    read_number(&inner, LINK_STATE_SECONDS, &seconds);
    space->seconds = (unsigned)seconds;
    space->pattern = read_text(&inner, PATTERN_LIMIT, pool);
    ber_skip_rest(&inner);
}

static void read_spaces(ber_reader_t *reader, link_state_t *state, apr_pool_t *pool)
{
    ber_reader_t spaces;
    if (!ber_enter(reader, BER_SEQUENCE, &spaces))
        return;
    ber_reader_t counting = spaces;
    ber_tlv_t tlv;
    size_t count = 0;
    while (ber_more(&counting) && ber_read(&counting, &tlv))
        count++;
    if (count > LINK_STATE_SPACES) {
        ber_fail(reader, "too many address spaces");
        return;
    }
    state->spaces = apr_pcalloc(pool, (count + 1) * sizeof(*state->spaces));
    while (ber_more(&spaces) && state->count < count)
        read_space(&spaces, &state->spaces[state->count++], pool);
}

err_t *link_state_decode(apr_pool_t *pool, bytes_t octets, link_state_t **made)
{
    ber_fault_t fault;
    ber_reader_t root;
    ber_reader_t reader;
    int64_t version = 0;
    int64_t epoch = 0;
    int64_t sequence = 0;
    link_state_t *state = apr_pcalloc(pool, sizeof(*state));
    if (octets.length > LINK_STATE_LIMIT)
        return err_create(pool, X411_ERROR_LIMIT, "P1", "link-state of %" APR_SIZE_T_FMT " octets",
                          octets.length);
    ber_reader_init(&root, octets, &fault);
    if (ber_enter(&root, X411_TAG_OWN, &reader) && read_number(&reader, VERSION, &version) &&
        read_number(&reader, INT64_MAX, &epoch) && read_number(&reader, INT64_MAX, &sequence)) {
        read_spaces(&reader, state, pool);
        ber_skip_rest(&reader);
    }
    if (ber_ok(&root) && version != VERSION)
        ber_fail(&root, "a version that is not known");
    if (!ber_done(&root))
        return err_create(pool, X411_ERROR_MALFORMED, "P1",
                          "malformed link-state: %s at octet %" APR_SIZE_T_FMT, fault.what, fault.offset);
    state->epoch = (uint64_t)epoch;
    state->sequence = (uint64_t)sequence;
    *made = state;
    return NULL;
}
