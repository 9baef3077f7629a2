#include "store/lease.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#ifdef _WIN32
#include <process.h>
#define own_process_id _getpid
#else
#include <unistd.h>
#define own_process_id getpid
#endif

/* The file is three lines of fixed length, each written by one side only: so it never grows once it is there,
 * and a full disk stops no answer. */
enum { LINE_SIZE = 256, OWNER_LINE = 0, CLAIM_LINE = 1, ANSWER_LINE = 2, LINE_COUNT = 3, HOST_SIZE = 65 };
enum { LOOKS_PER_LEASE = 10 };

typedef struct owner_t {
    long process;
    char host[HOST_SIZE];
    uint64_t token;  /* of this ownership; 0 = nobody ever */
    unsigned held;   /* 0: given up in order */
    unsigned locked; /* holds the lock of the file */
    lease_numbers_t numbers;
} owner_t;

typedef struct exchange_t { /* a claim, or the answer to one */
    uint64_t token;         /* of the owner that it is for */
    uint64_t claimant;
    uint64_t number; /* rises with each attempt; an answer repeats it */
} exchange_t;

struct lease_t {
    apr_pool_t *pool;
    apr_file_t *file;
    apr_thread_mutex_t *mutex; /* guards the file and what follows, once there is a thread */
    apr_thread_cond_t *wakes;
    apr_thread_t *thread;
    owner_t self;
    exchange_t claimed; /* the claim that went before; number 0 = none */
    int64_t period;
    _Atomic mono_time_t looked;
    atomic_bool lost;
    bool ending;
    char by[HOST_SIZE + 32];
    void (*notify)(void *context);
    void *context;
};

static mono_time_t now(void)
{
    return timebase_mono(timebase_system());
}

static apr_status_t read_line(apr_file_t *file, int line, char text[LINE_SIZE + 1])
{
    apr_off_t offset = (apr_off_t)line * LINE_SIZE;
    apr_size_t length = 0;
    memset(text, 0, LINE_SIZE + 1);
    apr_status_t status = apr_file_seek(file, APR_SET, &offset);
    if (!status)
        status = apr_file_read_full(file, text, LINE_SIZE, &length);
    return APR_STATUS_IS_EOF(status) ? APR_SUCCESS : status;
}

static apr_status_t write_line(apr_file_t *file, int line, const char *text)
{
    char padded[LINE_SIZE];
    memset(padded, ' ', sizeof(padded));
    size_t length = strlen(text);
    memcpy(padded, text, length < LINE_SIZE ? length : LINE_SIZE);
    padded[LINE_SIZE - 1] = '\n';
    apr_off_t offset = (apr_off_t)line * LINE_SIZE;
    apr_status_t status = apr_file_seek(file, APR_SET, &offset);
    return status ? status : apr_file_write_full(file, padded, sizeof(padded), NULL);
}

static uint64_t number_after(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static apr_status_t read_owner(apr_file_t *file, owner_t *owner)
{
    char text[LINE_SIZE + 1];
    *owner = (owner_t){0};
    apr_status_t status = read_line(file, OWNER_LINE, text);
    if (status)
        return status;
    char *end = NULL;
    owner->process = strtol(text, &end, 10);
    if (*end == ' ') {
        size_t length = strcspn(++end, " \n");
        apr_cpystrn(owner->host, end, length < HOST_SIZE ? length + 1 : HOST_SIZE);
    }
    owner->token = number_after(text, " token=");
    owner->held = (unsigned)number_after(text, " held=");
    owner->locked = (unsigned)number_after(text, " locked=");
    owner->numbers.epoch = number_after(text, " epoch=");
    owner->numbers.ids = number_after(text, " ids=");
    return APR_SUCCESS;
}

static apr_status_t write_owner(apr_file_t *file, const owner_t *owner)
{
    char text[LINE_SIZE];
    apr_snprintf(text, sizeof(text),
                 "%ld %s token=%" APR_UINT64_T_FMT " held=%u locked=%u epoch=%" APR_UINT64_T_FMT
                 " ids=%" APR_UINT64_T_FMT,
                 owner->process, owner->host, (apr_uint64_t)owner->token, owner->held, owner->locked,
                 (apr_uint64_t)owner->numbers.epoch, (apr_uint64_t)owner->numbers.ids);
    return write_line(file, OWNER_LINE, text);
}

static apr_status_t read_exchange(apr_file_t *file, int line, exchange_t *exchange)
{
    char text[LINE_SIZE + 1];
    *exchange = (exchange_t){0};
    apr_status_t status = read_line(file, line, text);
    exchange->token = number_after(text, " token=");
    exchange->claimant = number_after(text, " claimant=");
    exchange->number = number_after(text, " number=");
    return status;
}

static apr_status_t write_exchange(apr_file_t *file, int line, const exchange_t *exchange)
{
    char text[LINE_SIZE];
    apr_snprintf(text, sizeof(text),
                 "%s token=%" APR_UINT64_T_FMT " claimant=%" APR_UINT64_T_FMT " number=%" APR_UINT64_T_FMT,
                 line == CLAIM_LINE ? "claim" : "answer", (apr_uint64_t)exchange->token,
                 (apr_uint64_t)exchange->claimant, (apr_uint64_t)exchange->number);
    return write_line(file, line, text);
}

static uint64_t random_number(void)
{
    uint64_t number = 0;
    if (apr_generate_random_bytes((unsigned char *)&number, sizeof(number)))
        number = (uint64_t)apr_time_now() * 1000003u + (uint64_t)own_process_id();
    return number >> 1 | 1;
}

static const char *name_of(const lease_t *lease, const owner_t *owner, apr_pool_t *pool)
{
    bool here = !*owner->host || strcmp(owner->host, lease->self.host) == 0;
    if (!owner->process)
        return "another process";
    return apr_psprintf(pool, "process %ld%s%s", owner->process, here ? "" : " on ", here ? "" : owner->host);
}

static err_t *in_use(const lease_t *lease, const char *path, const owner_t *owner, store_claim_t *claim,
                     apr_pool_t *pool)
{
    const char *name = name_of(lease, owner, pool);
    if (claim)
        apr_cpystrn(claim->owner, name, sizeof(claim->owner));
    return err_create(pool, APR_EAGAIN, "store", "The store %s is in use by another process%s%s%s", path,
                      owner->process ? " (" : "", owner->process ? name : "", owner->process ? ")" : "");
}

/* Claims the store of an owner that may be dead; true when it has not answered for the whole lease. */
static bool claim_unanswered(apr_file_t *file, const owner_t *owner, int64_t period, store_claim_t *claim)
{
    exchange_t answer;
    if (read_exchange(file, ANSWER_LINE, &answer))
        return false;
    bool answered =
        answer.token == owner->token && answer.claimant == claim->claimant && answer.number >= claim->number;
    if (!claim->number || claim->token != owner->token || answered) {
        if (!claim->claimant)
            claim->claimant = random_number();
        exchange_t mine = {.token = owner->token, .claimant = claim->claimant, .number = claim->number + 1};
        if (write_exchange(file, CLAIM_LINE, &mine))
            return false;
        claim->token = owner->token;
        claim->number = mine.number;
        claim->since = now();
        return false;
    }
    exchange_t asked; /* somebody else may have claimed it over ours */
    if (read_exchange(file, CLAIM_LINE, &asked))
        return false;
    if (asked.claimant != claim->claimant || asked.number != claim->number) {
        claim->number = 0;
        return false;
    }
    return now() - claim->since >= period;
}

static bool is_dead(const owner_t *owner, const lease_t *lease, bool locked)
{
    if (!owner->token || !owner->held)
        return locked;
    /* It held the lock on this very machine, and the lock is free. */
    bool here = owner->locked && strcmp(owner->host, lease->self.host) == 0;
    return locked && (here || lease->period == 0);
}

static err_t *open_file(lease_t *lease, const char *path, bool *locked, apr_pool_t *pool)
{
    apr_status_t status =
        apr_file_open(&lease->file, path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE, lease->pool);
    if (status) {
        lease->file = NULL;
        return err_from_status(pool, status, "The lock file %s cannot be opened", path);
    }
    status = apr_file_lock(lease->file, APR_FLOCK_EXCLUSIVE | APR_FLOCK_NONBLOCK);
    *locked = status == APR_SUCCESS;
    if (status && !APR_STATUS_IS_EAGAIN(status) && !APR_STATUS_IS_EACCES(status))
        return err_from_status(pool, status, "The lock file %s cannot be locked", path);
    apr_finfo_t info;
    status = apr_file_info_get(&info, APR_FINFO_SIZE, lease->file);
    exchange_t none = {0};
    if (!status && *locked && info.size < LINE_COUNT * LINE_SIZE) { /* its room, once and for all */
        owner_t nobody = {.process = 0};
        if (info.size < LINE_SIZE)
            status = write_owner(lease->file, &nobody);
        for (int line = CLAIM_LINE; line < LINE_COUNT && !status; line++)
            status = write_exchange(lease->file, line, &none);
    }
    return status ? err_from_status(pool, status, "The lock file %s cannot be written", path) : NULL;
}

err_t *lease_try(lease_t **out, const char *store, int64_t period, store_claim_t *claim, apr_pool_t *parent)
{
    apr_pool_t *pool;
    apr_pool_create(&pool, parent);
    lease_t *lease = apr_pcalloc(pool, sizeof(*lease));
    lease->pool = pool;
    lease->period = period;
    lease->self.process = (long)own_process_id();
    char host[HOST_SIZE + 1] = "";
    if (apr_gethostname(host, sizeof(host), pool))
        apr_cpystrn(host, "localhost", sizeof(host));
    apr_cpystrn(lease->self.host, host, sizeof(lease->self.host));
    bool locked = false;
    owner_t owner = {0};
    err_t *err = open_file(lease, apr_pstrcat(pool, store, ".lock", NULL), &locked, parent);
    if (!err) {
        /* Some systems let nobody read what is locked. */
        apr_status_t status = read_owner(lease->file, &owner);
        if (status && locked)
            err = err_from_status(parent, status, "The lock file of the store %s cannot be read", store);
    }
    lease->self.locked = locked;
    bool dead = !err && is_dead(&owner, lease, locked);
    if (!err && !dead && claim && period && owner.token)
        dead = claim_unanswered(lease->file, &owner, period, claim);
    if (!err && !dead)
        err = in_use(lease, store, &owner, claim, parent);
    lease->self.numbers = owner.numbers;
    lease->claimed = claim ? (exchange_t){owner.token, claim->claimant, claim->number} : (exchange_t){0};
    if (err) {
        if (lease->file)
            apr_file_close(lease->file);
        apr_pool_destroy(pool);
        return err;
    }
    *out = lease;
    return NULL;
}

err_t *lease_take(lease_t *lease, apr_pool_t *pool)
{
    lease->self.token = random_number();
    lease->self.held = 1;
    apr_status_t status = write_owner(lease->file, &lease->self);
    if (status) {
        lease->self.token = 0;
        return err_from_status(pool, status, "The lock file of the store cannot be written");
    }
    /* An owner that answered at this very moment may take itself for one until its look is too old. */
    exchange_t answer;
    if (lease->claimed.number && read_exchange(lease->file, ANSWER_LINE, &answer) == APR_SUCCESS &&
        answer.claimant == lease->claimed.claimant && answer.number >= lease->claimed.number)
        apr_sleep(lease->period / 2);
    atomic_store(&lease->looked, now());
    return NULL;
}

bool lease_has_lock(const lease_t *lease)
{
    return lease->self.locked != 0;
}

/* Looks whether this process is still the owner, answers a claim. The mutex is held. An owner that was asked
 * and cannot answer is none any longer, for the claimant goes by what it sees. */
static void look(lease_t *lease)
{
    mono_time_t start = now();
    owner_t owner;
    exchange_t claim;
    exchange_t answer;
    if (atomic_load(&lease->lost) || read_owner(lease->file, &owner) || !owner.token)
        return;
    if (owner.token != lease->self.token) {
        apr_cpystrn(lease->by, name_of(lease, &owner, lease->pool), sizeof(lease->by));
        atomic_store(&lease->lost, true);
        return;
    }
    if (read_exchange(lease->file, CLAIM_LINE, &claim) || read_exchange(lease->file, ANSWER_LINE, &answer))
        return;
    bool asked = claim.claimant && claim.token == lease->self.token;
    if (asked &&
        (answer.token != claim.token || answer.claimant != claim.claimant || answer.number != claim.number)) {
        if (write_exchange(lease->file, ANSWER_LINE, &claim))
            return;
    }
    if (!lease->self.locked &&
        apr_file_lock(lease->file, APR_FLOCK_EXCLUSIVE | APR_FLOCK_NONBLOCK) == APR_SUCCESS) {
        lease->self.locked = 1;
        (void)write_owner(lease->file, &lease->self);
    }
    atomic_store(&lease->looked, start);
}

static void *APR_THREAD_FUNC keep(apr_thread_t *thread, void *data)
{
    (void)thread;
    lease_t *lease = data;
    apr_interval_time_t pause = lease->period / LOOKS_PER_LEASE;
    apr_thread_mutex_lock(lease->mutex);
    while (!lease->ending && !atomic_load(&lease->lost)) {
        apr_thread_cond_timedwait(lease->wakes, lease->mutex, pause);
        if (!lease->ending)
            look(lease);
    }
    bool tell = !lease->ending;
    apr_thread_mutex_unlock(lease->mutex);
    if (tell && lease->notify)
        lease->notify(lease->context);
    return NULL;
}

err_t *lease_keep(lease_t *lease, void (*notify)(void *context), void *context, apr_pool_t *pool)
{
    lease->notify = notify;
    lease->context = context;
    apr_status_t status = apr_thread_mutex_create(&lease->mutex, APR_THREAD_MUTEX_DEFAULT, lease->pool);
    if (!status)
        status = apr_thread_cond_create(&lease->wakes, lease->pool);
    if (!status && lease->period)
        status = apr_thread_create(&lease->thread, NULL, keep, lease, lease->pool);
    return status ? err_from_status(pool, status, "The thread that keeps the store cannot be started") : NULL;
}

void lease_look(lease_t *lease)
{
    if (lease->mutex)
        apr_thread_mutex_lock(lease->mutex);
    look(lease);
    if (lease->mutex)
        apr_thread_mutex_unlock(lease->mutex);
}

bool lease_valid(lease_t *lease)
{
    if (!lease->period)
        return true;
    if (atomic_load(&lease->lost))
        return false;
    if (now() - atomic_load(&lease->looked) < lease->period / 2)
        return true;
    lease_look(lease);
    return !atomic_load(&lease->lost) && now() - atomic_load(&lease->looked) < lease->period / 2;
}

bool lease_lost(lease_t *lease, const char **by)
{
    bool lost = atomic_load(&lease->lost);
    if (by)
        *by = lost && *lease->by ? lease->by : "another process";
    return lost;
}

void lease_numbers(const lease_t *lease, lease_numbers_t *numbers)
{
    *numbers = lease->self.numbers;
}

err_t *lease_set_numbers(lease_t *lease, const lease_numbers_t *numbers, apr_pool_t *pool)
{
    if (lease->mutex)
        apr_thread_mutex_lock(lease->mutex);
    lease->self.numbers = *numbers;
    /* Not over the line of a new owner. */
    owner_t owner;
    apr_status_t status = read_owner(lease->file, &owner);
    if (!status && owner.token == lease->self.token)
        status = write_owner(lease->file, &lease->self);
    if (lease->mutex)
        apr_thread_mutex_unlock(lease->mutex);
    return status ? err_from_status(pool, status, "The lock file of the store cannot be written") : NULL;
}

void lease_release(lease_t *lease)
{
    if (!lease)
        return;
    if (lease->thread) {
        apr_thread_mutex_lock(lease->mutex);
        lease->ending = true;
        apr_thread_cond_signal(lease->wakes);
        apr_thread_mutex_unlock(lease->mutex);
        apr_status_t result = APR_SUCCESS;
        apr_thread_join(&result, lease->thread);
    }
    owner_t owner;
    lease->self.held = 0;
    if (!atomic_load(&lease->lost) && read_owner(lease->file, &owner) == APR_SUCCESS &&
        owner.token == lease->self.token)
        (void)write_owner(lease->file, &lease->self);
    apr_file_close(lease->file);
    apr_pool_destroy(lease->pool);
}
