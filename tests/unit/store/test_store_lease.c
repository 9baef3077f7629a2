/* One owner of a store: a second process waits, takes over what was given up or belongs to nobody alive, and
 * a former owner that comes back can neither commit nor send. */
#include "unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

enum { LEASE = 1500000, ATTEMPT_PAUSE = 20000, PATIENCE = 1500 /* attempts: half a minute and more */ };

static err_t *open_with(fixture_t *fixture, store_claim_t *claim, int64_t lease)
{
    store_config_t config = {.driver = "sqlite3",
                             .parameters = fixture->path,
                             .notify = fixture_notify,
                             .notify_context = fixture,
                             .lease = lease,
                             .claim = claim};
    fixture->store = NULL;
    return store_open(&fixture->store, &config, fixture->pool);
}

static bool try_until_open(fixture_t *fixture, store_claim_t *claim, int attempts)
{
    for (int i = 0; i < attempts; i++) {
        err_t *err = open_with(fixture, claim, LEASE);
        if (!err)
            return true;
        CU_ASSERT_TRUE(APR_STATUS_IS_EAGAIN(err->code));
        apr_sleep(ATTEMPT_PAUSE);
    }
    return false;
}

static store_txn_t *one_message(fixture_t *fixture, uint64_t *id)
{
    *id = store_new_id(fixture->store);
    store_message_t message = fixture_message(*id, 0);
    store_txn_t *txn = store_txn_begin(fixture->store);
    store_txn_put_message(txn, &message);
    return txn;
}

/* A child that opens the store and does as it is told, one letter at a time: c commit a message, o say
 * whether it owns the store, l whether it lost it, w whether it knows to whom, q close and end. It answers
 * each with a letter. */
typedef struct child_t {
    pid_t pid;
    int orders;
    int answers;
} child_t;

static char obey(fixture_t *fixture, char order)
{
    uint64_t id = 0;
    switch (order) {
    case 'c': return *fixture_commit(fixture, one_message(fixture, &id)) ? 'n' : 'y';
    case 'o': return store_owns(fixture->store) ? 'y' : 'n';
    case 'l': return store_lost(fixture->store, NULL) ? 'y' : 'n';
    case 'w': {
        const char *by = "";
        return store_lost(fixture->store, &by) && strstr(by, "process ") && strcmp(by, "another process") != 0
                   ? 'y'
                   : 'n';
    }
    default: store_close(fixture->store); return 'y';
    }
}

static void be_child(fixture_t *fixture, int orders, int answers)
{
    char order = 's';
    char answer = open_with(fixture, NULL, LEASE) ? 'n' : 'y';
    while (write(answers, &answer, 1) == 1 && order != 'q' && read(orders, &order, 1) == 1)
        answer = obey(fixture, order);
    _exit(0);
}

static char hear(const child_t *child)
{
    char answer = 0;
    return read(child->answers, &answer, 1) == 1 ? answer : 0;
}

static char tell(const child_t *child, char order)
{
    CU_ASSERT_EQUAL(write(child->orders, &order, 1), 1);
    return hear(child);
}

static void begin_child(fixture_t *fixture, child_t *child)
{
    int orders[2];
    int answers[2];
    CU_ASSERT_EQUAL_FATAL(pipe(orders), 0);
    CU_ASSERT_EQUAL_FATAL(pipe(answers), 0);
    fflush(stdout);
    child->pid = fork();
    CU_ASSERT_TRUE_FATAL(child->pid >= 0);
    if (child->pid == 0) {
        close(orders[1]);
        close(answers[0]);
        be_child(fixture, orders[0], answers[1]);
    }
    close(orders[0]);
    close(answers[1]);
    child->orders = orders[1];
    child->answers = answers[0];
    CU_ASSERT_EQUAL_FATAL(hear(child), 'y');
}

static void end_child(child_t *child)
{
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    close(child->orders);
    close(child->answers);
}

static void OP_04_an_owner_that_answers_keeps_the_store(void)
{
    fixture_t fixture;
    child_t child;
    store_claim_t claim = {.number = 0};
    fixture_prepare(&fixture);
    begin_child(&fixture, &child);
    CU_ASSERT_FALSE(try_until_open(&fixture, &claim, 2 * LEASE / ATTEMPT_PAUSE));
    CU_ASSERT_STRING_EQUAL(claim.owner, apr_psprintf(fixture.pool, "process %ld", (long)child.pid));
    CU_ASSERT_TRUE(claim.number > 1);
    CU_ASSERT_EQUAL(tell(&child, 'o'), 'y');
    CU_ASSERT_EQUAL(tell(&child, 'c'), 'y');
    CU_ASSERT_EQUAL(tell(&child, 'q'), 'y');
    CU_ASSERT_TRUE(try_until_open(&fixture, &claim, PATIENCE));
    end_child(&child);
    fixture_end(&fixture);
}

static void OP_04_the_store_of_an_owner_that_was_killed_is_free_at_once(void)
{
    fixture_t fixture;
    child_t child;
    store_claim_t claim = {.number = 0};
    fixture_prepare(&fixture);
    begin_child(&fixture, &child);
    CU_ASSERT_EQUAL(tell(&child, 'c'), 'y');
    end_child(&child);
    CU_ASSERT_PTR_NULL(open_with(&fixture, &claim, LEASE));
    CU_ASSERT_EQUAL(claim.number, 0);
    CU_ASSERT_EQUAL(store_remark(fixture.store), STORE_AS_LEFT);
    fixture_end(&fixture);
}

static void OP_04_an_owner_back_from_the_dead_can_neither_commit_nor_send(void)
{
    fixture_t fixture;
    child_t child;
    store_claim_t claim = {.number = 0};
    uint64_t id = 0;
    fixture_prepare(&fixture);
    begin_child(&fixture, &child);
    CU_ASSERT_EQUAL(tell(&child, 'c'), 'y');
    CU_ASSERT_EQUAL(tell(&child, 'o'), 'y');
    kill(child.pid, SIGSTOP);
    CU_ASSERT_TRUE_FATAL(try_until_open(&fixture, &claim, PATIENCE));
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, one_message(&fixture, &id)), "");
    kill(child.pid, SIGCONT);
    CU_ASSERT_EQUAL(tell(&child, 'o'), 'n');
    CU_ASSERT_EQUAL(tell(&child, 'l'), 'y');
    CU_ASSERT_EQUAL(tell(&child, 'c'), 'n');
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, one_message(&fixture, &id)), "");
    CU_ASSERT_TRUE(store_owns(fixture.store));
    end_child(&child);
    /* The new owner could not have the lock as long as the old one lived; it has it now. */
    CU_ASSERT_TRUE(store_owns(fixture.store));
    fixture_end(&fixture);
}

/* Also when it is the first commit that finds out. */
static void OP_04_a_former_owner_can_name_the_new_one(void)
{
    fixture_t fixture;
    child_t child;
    store_claim_t claim = {.number = 0};
    uint64_t id = 0;
    fixture_prepare(&fixture);
    begin_child(&fixture, &child);
    kill(child.pid, SIGSTOP);
    CU_ASSERT_TRUE_FATAL(try_until_open(&fixture, &claim, PATIENCE));
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, one_message(&fixture, &id)), "");
    kill(child.pid, SIGCONT);
    CU_ASSERT_EQUAL(tell(&child, 'c'), 'n');
    CU_ASSERT_EQUAL(tell(&child, 'w'), 'y');
    end_child(&child);
    fixture_end(&fixture);
}

/* Even if the file beside the store says nothing, the store itself does. */
static void OP_04_the_store_itself_stops_a_former_owner(void)
{
    fixture_t fixture;
    child_t child;
    uint64_t id = 0;
    fixture_prepare(&fixture);
    begin_child(&fixture, &child);
    CU_ASSERT_EQUAL(tell(&child, 'c'), 'y');
    apr_file_remove(apr_pstrcat(fixture.pool, fixture.path, ".lock", NULL), fixture.pool);
    CU_ASSERT_PTR_NULL_FATAL(open_with(&fixture, NULL, LEASE));
    CU_ASSERT_EQUAL(tell(&child, 'c'), 'n');
    CU_ASSERT_EQUAL(tell(&child, 'o'), 'n');
    CU_ASSERT_EQUAL(tell(&child, 'l'), 'y');
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, one_message(&fixture, &id)), "");
    end_child(&child);
    fixture_end(&fixture);
}

static void OP_04_an_owner_that_hung_and_lost_nothing_goes_on(void)
{
    fixture_t fixture;
    child_t child;
    fixture_prepare(&fixture);
    begin_child(&fixture, &child);
    kill(child.pid, SIGSTOP);
    apr_sleep(2 * LEASE);
    kill(child.pid, SIGCONT);
    CU_ASSERT_EQUAL(tell(&child, 'o'), 'y');
    CU_ASSERT_EQUAL(tell(&child, 'c'), 'y');
    CU_ASSERT_EQUAL(tell(&child, 'l'), 'n');
    end_child(&child);
    fixture_end(&fixture);
}

/* What an owner on another machine leaves behind when that crashes. */
static void OP_04_an_owner_elsewhere_is_waited_for(void)
{
    fixture_t fixture;
    store_claim_t claim = {.number = 0};
    fixture_begin(&fixture);
    fixture_close(&fixture);
    const char *path = apr_pstrcat(fixture.pool, fixture.path, ".lock", NULL);
    FILE *file = fopen(path, "r+b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "%-255s\n", "77 elsewhere token=5 held=1 locked=1 epoch=1 ids=9");
    fclose(file);
    err_t *err = open_with(&fixture, NULL, LEASE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(err->text, "in use by another process (process 77 on elsewhere)"));
    apr_time_t start = apr_time_now();
    CU_ASSERT_TRUE(try_until_open(&fixture, &claim, PATIENCE));
    CU_ASSERT_TRUE(apr_time_now() - start >= LEASE);
    CU_ASSERT_STRING_EQUAL(claim.owner, "process 77 on elsewhere");
    fixture_close(&fixture);
    file = fopen(path, "r+b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fprintf(file, "%-255s\n", "77 elsewhere token=5 held=1 locked=1 epoch=1 ids=9");
    fclose(file);
    CU_ASSERT_PTR_NULL(open_with(&fixture, NULL, 0)); /* the lock alone counts */
    fixture_end(&fixture);
}

static void copy(fixture_t *fixture, const char *from, const char *to)
{
    CU_ASSERT_EQUAL(apr_file_copy(from, to, APR_FPROT_FILE_SOURCE_PERMS, fixture->pool), APR_SUCCESS);
}

static void OP_02_a_store_that_was_put_back_is_noticed(void)
{
    fixture_t fixture;
    uint64_t early = 0;
    uint64_t late = 0;
    fixture_begin(&fixture);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, one_message(&fixture, &early)), "");
    fixture_close(&fixture);
    const char *kept = apr_pstrcat(fixture.pool, fixture.path, ".kept", NULL);
    copy(&fixture, fixture.path, kept);
    fixture_reopen(&fixture);
    CU_ASSERT_EQUAL(store_remark(fixture.store), STORE_AS_LEFT);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, one_message(&fixture, &late)), "");
    fixture_close(&fixture);
    copy(&fixture, kept, fixture.path);
    fixture_reopen(&fixture);
    CU_ASSERT_EQUAL(store_remark(fixture.store), STORE_PUT_BACK);
    CU_ASSERT_TRUE(fixture_read(&fixture, early)->found);
    CU_ASSERT_FALSE(fixture_read(&fixture, late)->found);
    CU_ASSERT_TRUE(store_new_id(fixture.store) > late);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, one_message(&fixture, &late)), "");
    fixture_reopen(&fixture);
    CU_ASSERT_EQUAL(store_remark(fixture.store), STORE_AS_LEFT);
    apr_file_remove(kept, fixture.pool);
    fixture_end(&fixture);
}

static void OP_02_a_copied_store_is_noticed(void)
{
    fixture_t fixture;
    uint64_t id = 0;
    fixture_begin(&fixture);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, one_message(&fixture, &id)), "");
    fixture_close(&fixture);
    const char *kept = apr_pstrcat(fixture.pool, fixture.path, ".kept", NULL);
    copy(&fixture, fixture.path, kept);
    CU_ASSERT_EQUAL(apr_file_rename(kept, fixture.path, fixture.pool), APR_SUCCESS);
    fixture_reopen(&fixture);
    CU_ASSERT_EQUAL(store_remark(fixture.store), STORE_COPIED);
    CU_ASSERT_TRUE(fixture_read(&fixture, id)->found);
    fixture_reopen(&fixture);
    CU_ASSERT_EQUAL(store_remark(fixture.store), STORE_AS_LEFT);
    fixture_end(&fixture);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(OP_04_an_owner_that_answers_keeps_the_store),
    UNIT_TEST(OP_04_the_store_of_an_owner_that_was_killed_is_free_at_once),
    UNIT_TEST(OP_04_an_owner_back_from_the_dead_can_neither_commit_nor_send),
    UNIT_TEST(OP_04_a_former_owner_can_name_the_new_one),
    UNIT_TEST(OP_04_the_store_itself_stops_a_former_owner),
    UNIT_TEST(OP_04_an_owner_that_hung_and_lost_nothing_goes_on),
    UNIT_TEST(OP_04_an_owner_elsewhere_is_waited_for),
    UNIT_TEST(OP_02_a_store_that_was_put_back_is_noticed),
    UNIT_TEST(OP_02_a_copied_store_is_noticed),
};
UNIT_MAIN("store lease", TESTS)
