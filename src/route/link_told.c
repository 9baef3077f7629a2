/* What a sibling told, as the route choice asks it. */
#include <string.h>

#include <apr_strings.h>

#include "route/link_state.h"
#include "route/pattern.h"

typedef struct told_space_t {
    pattern_t *pattern;
    const char *link;
    mono_time_t until; /* it may be taken to be down; 0 = it works */
} told_space_t;

struct link_told_t {
    const char *teller;
    told_space_t *spaces;
    size_t count;
};

link_told_t *link_told_create(const link_state_t *state, const char *teller, mono_time_t now,
                              apr_pool_t *pool)
{
    link_told_t *told = apr_pcalloc(pool, sizeof(*told));
    told->teller = apr_pstrdup(pool, teller);
    told->spaces = apr_pcalloc(pool, (state->count + 1) * sizeof(*told->spaces));
    for (size_t i = 0; i < state->count; i++) {
        const link_state_space_t *from = &state->spaces[i];
        told_space_t *space = &told->spaces[told->count];
        /* A regular expression of another's would be run on every address here. */
        if (pattern_create(&space->pattern, apr_pstrdup(pool, from->pattern), pool) ||
            space->pattern->kind == PATTERN_REGEX)
            continue;
        space->link = apr_pstrdup(pool, from->link);
        space->until = from->seconds ? now + TIME_SECONDS((int64_t)from->seconds) : 0;
        told->count++;
    }
    return told;
}

/* The longest match is what the teller would use. If something that works is among the longest, it uses that.
 */
const char *link_told_down(const link_told_t *told, const struct subject_t *subject, mono_time_t now,
                           apr_pool_t *pool)
{
    const told_space_t *longest = NULL;
    bool works = false;
    for (size_t i = 0; i < told->count; i++) {
        const told_space_t *space = &told->spaces[i];
        int order = longest ? pattern_compare(space->pattern, longest->pattern) : 1;
        if (order < 0 || !pattern_matches(space->pattern, subject, BYTES_NONE))
            continue;
        bool up = space->until <= now;
        works = order > 0 ? up : works || up;
        if (order > 0)
            longest = space;
    }
    if (!longest || works)
        return NULL;
    return apr_psprintf(pool, "%s tells that its link to %s is down", told->teller, longest->link);
}

bool link_told_has(const link_told_t *told, const char *link, mono_time_t now)
{
    for (size_t i = 0; i < told->count; i++)
        if (told->spaces[i].until > now && strcmp(told->spaces[i].link, link) == 0)
            return true;
    return false;
}

void link_told_each(const link_told_t *told, mono_time_t now,
                    void (*each)(void *context, const char *link, unsigned seconds), void *context)
{
    for (size_t i = 0; i < told->count; i++) {
        const told_space_t *space = &told->spaces[i];
        bool again = space->until <= now;
        for (size_t j = 0; j < i && !again; j++)
            again = told->spaces[j].until > now && strcmp(told->spaces[j].link, space->link) == 0;
        if (!again)
            each(context, space->link, (unsigned)((space->until - now) / TIME_SECONDS(1)));
    }
}
