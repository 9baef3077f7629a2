#include "p1tool_link.h"

enum { SEND_AT = 65536 };

mono_time_t link_now(const link_t *link)
{
    return net_loop_now(link->loop);
}

static void end(link_t *link, const err_t *err)
{
    link->ended = true;
    timers_cancel(net_loop_timers(link->loop), &link->timer);
    link->ops->over(link->context, err);
}

static void indicate(void *context, const stack_indication_t *indication)
{
    link_t *link = context;
    link->ops->indicate(link->context, indication);
}

static const stack_ops_t stack_ops = {indicate};

/* Sends what the stack has, and what the user adds to it: much at once, for a write costs more than its
 * octets. */
static void feed_and_send(link_t *link)
{
    const buffer_t *output = osi_stack_output(link->stack);
    net_conn_send(link->conn);
    for (bool more = true; more;) {
        more = !osi_stack_over(link->stack) && link->ops->feed && link->ops->feed(link->context);
        if (link->ended)
            return;
        if (more && buffer_length(output) < SEND_AT)
            continue;
        bool held = buffer_length(output) > 0;
        net_conn_send(link->conn);
        more = more || (held && buffer_length(output) == 0); /* what was sent made room */
    }
}

void link_settle(link_t *link)
{
    if (link->ended)
        return;
    feed_and_send(link);
    if (link->ended) /* cut */
        return;
    if (osi_stack_over(link->stack)) {
        net_conn_close(link->conn, true);
        end(link, NULL);
        return;
    }
    mono_time_t deadline = osi_stack_deadline(link->stack);
    if (deadline == MONO_NEVER)
        timers_cancel(net_loop_timers(link->loop), &link->timer);
    else if (!timers_armed(&link->timer) || link->timer.due != deadline)
        timers_arm(net_loop_timers(link->loop), &link->timer, deadline);
}

void link_cut(link_t *link)
{
    if (link->ended)
        return;
    link->ended = true;
    timers_cancel(net_loop_timers(link->loop), &link->timer);
    net_conn_close(link->conn, false);
}

static void on_timer(void *baton)
{
    link_t *link = baton;
    osi_stack_tick(link->stack, link_now(link));
    link_settle(link);
}

static void on_connected(void *context)
{
    link_t *link = context;
    link->stands = true;
    link->ops->connected(link->context);
    link_settle(link);
}

static void on_input(void *context, bytes_t octets)
{
    link_t *link = context;
    if (link->ops->heard)
        link->ops->heard(link->context, octets.length);
    osi_stack_input(link->stack, octets, link_now(link));
    link_settle(link);
}

static void on_drained(void *context)
{
    link_settle(context);
}

static void on_closed(void *context, const err_t *err)
{
    link_t *link = context;
    if (link->ended)
        return;
    if (!link->stands) {
        end(link, err);
        return;
    }
    osi_stack_network_closed(link->stack, err, link_now(link));
    end(link, NULL);
}

static const net_conn_ops_t conn_ops = {on_connected, on_input, on_drained, on_closed};

static void prepare(link_t *link, net_loop_t *loop, const stack_config_t *config, const link_ops_t *ops,
                    void *context, apr_pool_t *pool)
{
    *link = (link_t){.loop = loop, .pool = pool, .ops = ops, .context = context};
    link->timer.run = on_timer;
    link->timer.baton = link;
    link->stack = osi_stack_create(pool, config, &stack_ops, link, net_loop_now(loop));
}

void link_dial(link_t *link, net_loop_t *loop, const net_dial_t *dial, const stack_config_t *config,
               const link_ops_t *ops, void *context, apr_pool_t *pool)
{
    prepare(link, loop, config, ops, context, pool);
    link->conn = net_dial(loop, dial, osi_stack_output(link->stack), &conn_ops, link);
}

void link_take(link_t *link, net_loop_t *loop, net_conn_t *conn, const stack_config_t *config,
               const link_ops_t *ops, void *context, apr_pool_t *pool)
{
    prepare(link, loop, config, ops, context, pool);
    link->conn = conn;
    link->stands = true;
    net_conn_attach(conn, osi_stack_output(link->stack), &conn_ops, link);
    link_settle(link);
}
