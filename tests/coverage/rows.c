/* Which rows of the tables of session and RTSE are used: linked into the engines of a coverage build in front
 * of the functions that find a row (-Wl,--wrap). At the end of the process a line for each row, and for each
 * state that it stands for, goes to the file that X400_ROWS names: "used" or "unused", and the row. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "osi/rtse_machine.h"
#include "osi/session_machine.h"

enum { SESSION_ROWS = 512, RTSE_ROWS = 128, TEXT_SIZE = 1 << 17 };

static unsigned char session_used[SESSION_ROWS];
static unsigned rtse_used[RTSE_ROWS]; /* states */

const session_row_t *__real_session_row_find(const session_t *session, unsigned event,
                                             const session_data_t *data);
const session_row_t *__wrap_session_row_find(const session_t *session, unsigned event,
                                             const session_data_t *data);
const rtse_row_t *__real_rtse_row_find(rtse_state_t state, rtse_event_t event);
const rtse_row_t *__wrap_rtse_row_find(rtse_state_t state, rtse_event_t event);

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
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (file < 0)
        return;
    if (write(file, text, length) < 0)
        perror("X400_ROWS");
    close(file);
}
