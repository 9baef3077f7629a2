/* Which rows of the tables of ACSE, session and RTSE are used: linked in front of the functions that find a
 * row
 * (-Wl,--wrap), into the engines of a coverage build and into the unit tests of the engines in every build.
 * At the end of the process a line for each row, and for each state that it stands for, goes to the file that
 * X400_ROWS names: "used" or "unused", and the row. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "osi/acse.h"
#include "osi/rtse_machine.h"
#include "osi/session_machine.h"

enum { SESSION_ROWS = 512, RTSE_ROWS = 128, TEXT_SIZE = 1 << 17 };

static unsigned char session_used[SESSION_ROWS];
static unsigned rtse_used[RTSE_ROWS]; /* states */
static unsigned char acse_used[ACSE_STATES][ACSE_EVENTS];

const session_row_t *__real_session_row_find(const session_t *session, unsigned event,
                                             const session_data_t *data);
const session_row_t *__wrap_session_row_find(const session_t *session, unsigned event,
                                             const session_data_t *data);
const rtse_row_t *__real_rtse_row_find(rtse_state_t state, rtse_event_t event);
const rtse_row_t *__wrap_rtse_row_find(rtse_state_t state, rtse_event_t event);
bool __real_acse_step(acse_state_t *state, acse_event_t event);
bool __wrap_acse_step(acse_state_t *state, acse_event_t event);

const session_row_t *__wrap_session_row_find(const session_t *session, unsigned event,
                                             const session_data_t *data)
{
    size_t count;
    const session_row_t *rows = session_table(&count);
    const session_row_t *row = __real_session_row_find(session, event, data);
    if (row && count <= SESSION_ROWS)
        session_used[row - rows] = 1;
    return row;
}

const rtse_row_t *__wrap_rtse_row_find(rtse_state_t state, rtse_event_t event)
{
    size_t count;
    const rtse_row_t *rows = rtse_table(&count);
    const rtse_row_t *row = __real_rtse_row_find(state, event);
    if (row && count <= RTSE_ROWS)
        rtse_used[row - rows] |= RTSE_IN_STATE(state);
    return row;
}

bool __wrap_acse_step(acse_state_t *state, acse_event_t event)
{
    const acse_state_t from = *state;
    const bool stepped = __real_acse_step(state, event);
    if (stepped)
        acse_used[from][event] = 1;
    return stepped;
}

static void write_used(void) __attribute__((destructor));

static void write_used(void)
{
    static char text[TEXT_SIZE];
    size_t length = 0;
    size_t count;
    const char *path = getenv("X400_ROWS");
    if (!path)
        return;
    const session_row_t *session = session_table(&count);
    for (size_t i = 0; i < count; i++)
        length +=
            (size_t)snprintf(text + length, sizeof(text) - length,
                             "%s session row %d: event %u in state %d\n", session_used[i] ? "used" : "unused",
                             (int)i + 1, (unsigned)session[i].event, (int)session[i].state);
    const rtse_row_t *rtse = rtse_table(&count);
    for (size_t i = 0; i < count; i++)
        for (int state = 0; state < RTSE_STATES; state++)
            if (rtse[i].states & RTSE_IN_STATE(state))
                length +=
                    (size_t)snprintf(text + length, sizeof(text) - length, "%s RTSE row %d: %s, %s\n",
                                     rtse_used[i] & RTSE_IN_STATE(state) ? "used" : "unused", (int)i + 1,
                                     rtse_event_name(rtse[i].event), rtse_state_name((rtse_state_t)state));
    for (int from = 0; from < ACSE_STATES; from++)
        for (int event = 0; event < ACSE_EVENTS; event++) {
            acse_state_t state = (acse_state_t)from;
            if (__real_acse_step(&state, (acse_event_t)event))
                length += (size_t)snprintf(
                    text + length, sizeof(text) - length, "%s ACSE: event %d in state %s\n",
                    acse_used[from][event] ? "used" : "unused", event, acse_state_name((acse_state_t)from));
        }
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (file < 0)
        return;
    if (write(file, text, length) < 0)
        perror("X400_ROWS");
    close(file);
}
