#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "notify.h"

enum { STATUS_LIMIT = 512 };

/* The process that was started waits at the other end until the daemon is ready or gone. */
static int ready_pipe = -1;

/* The process that the user started: ends with the daemon's outcome. */
static _Noreturn void wait_for_daemon(int fd, pid_t child)
{
    char octet;
    ssize_t got;
    int status;
    waitpid(child, &status, 0);
    do
        got = read(fd, &octet, 1);
    while (got < 0 && errno == EINTR);
    _exit(got == 1 ? 0 : 1);
}

err_t *platform_daemonize(apr_pool_t *pool)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_from_status(pool, errno, "cannot become a daemon");
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return err_from_status(pool, error, "cannot become a daemon");
    }
    if (child > 0) {
        close(ends[1]);
        wait_for_daemon(ends[0], child);
    }
    close(ends[0]);
    setsid();
    /* The second fork: not the leader of the session, so no terminal can ever become ours. */
    pid_t daemon = fork();
    if (daemon != 0)
        _exit(daemon > 0 ? 0 : 1);
    ready_pipe = ends[1];
    return NULL;
}

/* The daemon is ready: nobody reads its standard streams any more. */
static void release_starter(void)
{
    if (ready_pipe < 0)
        return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        fflush(NULL);
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (null > STDERR_FILENO)
            close(null);
    }
    ssize_t written = write(ready_pipe, "+", 1);
    (void)written; /* the starter may be gone */
    close(ready_pipe);
    ready_pipe = -1;
}

void platform_service_ready(const char *status)
{
    char text[STATUS_LIMIT];
    snprintf(text, sizeof(text), "READY=1\nSTATUS=%s\n", status ? status : "");
    notify_send(text);
    release_starter();
}

bool platform_service_command(int argc, const char *const *argv, platform_run_t run, int *status)
{
    (void)argc;
    (void)argv;
    (void)run;
    (void)status;
    return false; /* systemctl does it all */
}

const char *platform_service_help(void)
{
    return "SIGHUP reads it again; SIGTERM ends the service in order.\n";
}

void platform_service_paused(bool paused)
{
    notify_send(paused ? "STATUS=paused\n" : "STATUS=running\n");
}

static sigset_t service_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    return signals;
}

/* Whom signals are for; nobody, once what they would call is gone. */
static struct {
    pthread_mutex_t lock;
    platform_service_t calls;
} served = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void serve(const platform_service_t *calls)
{
    pthread_mutex_lock(&served.lock);
    served.calls = calls ? *calls : (platform_service_t){0};
    pthread_mutex_unlock(&served.lock);
}

static apr_status_t serve_nobody(void *data)
{
    (void)data;
    serve(NULL);
    return APR_SUCCESS;
}

static void *wait_for_signals(void *data)
{
    sigset_t signals = service_signals();
    (void)data;
    for (;;) {
        int signal = 0;
        if (sigwait(&signals, &signal) != 0)
            continue;
        pthread_mutex_lock(&served.lock);
        const platform_service_t *calls = &served.calls;
        if (signal == SIGHUP && calls->reload)
            calls->reload(calls->context);
        else if (signal != SIGHUP && calls->stop)
            calls->stop(calls->context);
        pthread_mutex_unlock(&served.lock);
    }
    return NULL;
}

err_t *platform_service_begin(const platform_service_t *service, apr_pool_t *pool)
{
    /* Blocked here and so in every thread that is made from now on; one thread waits for them, and can call
     * what a signal handler could not. */
    sigset_t signals = service_signals();
    serve(service);
    apr_pool_pre_cleanup_register(pool, service,
                                  serve_nobody); /* before the pools below it, as of the loop */
    pthread_t thread;                            /* lives as long as the process */
    int error = pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (error == 0)
        error = pthread_create(&thread, NULL, wait_for_signals, NULL);
    if (error != 0)
        return err_from_status(pool, error, "cannot wait for signals");
    pthread_detach(thread);
    return NULL;
}
