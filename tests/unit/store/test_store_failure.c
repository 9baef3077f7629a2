/* What cannot be opened is refused in words, and a disk that fails is survived. */
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_dbd.h>

#include "fixture.h"

/* The words with which the store is refused, "" if it opens. */
static const char *refusal(fixture_t *fixture)
{
    err_t *err = fixture_open(fixture);
    fixture_close(fixture);
    return err ? err_describe(fixture->pool, err) : "";
}

static void expect_words(fixture_t *fixture, const char *words)
{
    const char *text = refusal(fixture);
    if (!strstr(text, words))
        printf("\n\"%s\" does not say \"%s\"\n", text, words);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
}

static void write_file(const char *path, const char *octets, size_t length, long offset)
{
    FILE *file = fopen(path, offset ? "r+b" : "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, offset, SEEK_SET);
    CU_ASSERT_EQUAL(fwrite(octets, 1, length, file), length);
    fclose(file);
}

static void unknown_driver_is_refused(void)
{
    fixture_t fixture;
    fixture_prepare(&fixture);
    store_config_t config = {.driver = "paper", .parameters = fixture.path};
    err_t *err = store_open(&fixture.store, &config, fixture.pool);
    CU_ASSERT_PTR_NOT_NULL_FATAL(err);
    CU_ASSERT_STRING_EQUAL(err_describe(fixture.pool, err),
                           "There is no store driver \"paper\"; known are: sqlite3, pgsql");
    fixture.store = NULL;
    fixture_end(&fixture);
}

static void OP_02_folder_that_cannot_be_written_is_refused(void)
{
    fixture_t fixture;
    fixture_prepare(&fixture);
    const char *good = fixture.path;
    fixture.path = "/nowhere/at/all/queue.db";
    expect_words(&fixture, "The lock file /nowhere/at/all/queue.db.lock cannot be opened: No such file");
    fixture.path = "/proc/queue.db";
    expect_words(&fixture, "cannot be opened");
    fixture.path = good;
    if (geteuid() != 0) {
        chmod(fixture.folder, 0500);
        expect_words(&fixture, "Permission denied");
        chmod(fixture.folder, 0700);
    }
    /* A folder where the file should be. */
    apr_dir_make(good, APR_FPROT_OS_DEFAULT, fixture.pool);
    expect_words(&fixture, good);
    apr_dir_remove(good, fixture.pool);
    CU_ASSERT_STRING_EQUAL(refusal(&fixture), "");
    fixture_end(&fixture);
}

static void foreign_file_is_refused_and_left_alone(void)
{
    static const char text[] =
        "This is a letter, not a database. It is long enough to have a header of a database, "
        "which is a hundred octets, and it is still here after the store was refused.";
    fixture_t fixture;
    fixture_prepare(&fixture);
    write_file(fixture.path, text, sizeof(text), 0);
    expect_words(&fixture, "file is not a database");
    expect_words(&fixture, fixture.path);
    char kept[sizeof(text)];
    FILE *file = fopen(fixture.path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fread(kept, 1, sizeof(kept), file), sizeof(kept));
    fclose(file);
    CU_ASSERT_EQUAL(memcmp(kept, text, sizeof(text)), 0);
    fixture_end(&fixture);
}

/* Does SQL on the file from outside. */
static void do_sql(fixture_t *fixture, const char *sql)
{
    const apr_dbd_driver_t *driver = NULL;
    apr_dbd_t *handle = NULL;
    int rows = 0;
    apr_dbd_init(fixture->pool);
    CU_ASSERT_EQUAL_FATAL(apr_dbd_get_driver(fixture->pool, "sqlite3", &driver), 0);
    CU_ASSERT_EQUAL_FATAL(apr_dbd_open(driver, fixture->pool, fixture->path, &handle), 0);
    CU_ASSERT_EQUAL(apr_dbd_query(driver, handle, &rows, sql), 0);
    apr_dbd_close(driver, handle);
}

static void other_databases_are_refused(void)
{
    fixture_t fixture;
    fixture_prepare(&fixture);
    do_sql(&fixture, "CREATE TABLE stamps (country TEXT)");
    expect_words(&fixture, "The database is not a store of this program");
    fixture_end(&fixture);

    fixture_begin(&fixture);
    fixture_close(&fixture);
    do_sql(&fixture, "UPDATE x400_value SET value = 4 WHERE name = 'layout'");
    expect_words(&fixture,
                 "The store has layout 4, made by a newer version of this program; this one reads layout 3");
    do_sql(&fixture, "UPDATE x400_value SET value = 0 WHERE name = 'layout'");
    expect_words(&fixture, "unknown layout 0");
    fixture_end(&fixture);
}

static void count_watch(void *context, const store_watch_t *watch)
{
    (void)watch;
    (*(unsigned *)context)++;
}

/* A store as former versions made it. */
static void layout_1_is_brought_up(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    fixture_close(&fixture);
    do_sql(&fixture, "DROP TABLE x400_watch");
    do_sql(&fixture, "ALTER TABLE x400_entry DROP COLUMN progress");
    do_sql(&fixture, "UPDATE x400_value SET value = 1 WHERE name = 'layout'");
    CU_ASSERT_PTR_NULL_FATAL(fixture_open(&fixture));
    store_watch_t watch = {
        .id = store_new_id(fixture.store), .time = 1, .mts_id = "id", .destination = "PARTNER"};
    store_txn_t *txn = store_txn_begin(fixture.store);
    store_txn_put_watch(txn, &watch);
    CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    fixture_reopen(&fixture);
    unsigned count = 0;
    CU_ASSERT_PTR_NULL(store_scan_watches(fixture.store, count_watch, &count, fixture.pool));
    CU_ASSERT_EQUAL(count, 1);
    fixture_end(&fixture);
}

static void damaged_file_is_told_in_words(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    uint64_t ids[50];
    for (int i = 0; i < 50; i++) {
        ids[i] = store_new_id(fixture.store);
        store_message_t message = fixture_message(ids[i], 1);
        store_txn_t *txn = store_txn_begin(fixture.store);
        store_txn_put_message(txn, &message);
        CU_ASSERT_STRING_EQUAL(fixture_commit(&fixture, txn), "");
    }
    fixture_close(&fixture);
    /* All pages but the first, which holds the schema. */
    struct stat status;
    CU_ASSERT_EQUAL_FATAL(stat(fixture.path, &status), 0);
    size_t length = (size_t)status.st_size - 8192;
    char *garbage = apr_palloc(fixture.pool, length);
    memset(garbage, 0xa5, length);
    write_file(fixture.path, garbage, length, 8192);
    expect_words(&fixture, "malformed");
    fixture_end(&fixture);
}

static void store_file_is_private(void)
{
    fixture_t fixture;
    fixture_begin(&fixture);
    struct stat status;
    CU_ASSERT_EQUAL_FATAL(stat(fixture.path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    const char *log = apr_pstrcat(fixture.pool, fixture.path, "-wal", NULL);
    CU_ASSERT_EQUAL_FATAL(stat(log, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
    fixture_end(&fixture);
}

static void OP_04_second_process_is_refused_until_the_first_is_gone(void)
{
    fixture_t fixture;
    fixture_prepare(&fixture);
    int ends[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    fflush(stdout);
    pid_t child = fork();
    CU_ASSERT_TRUE_FATAL(child >= 0);
    if (child == 0) {
        char result = fixture_open(&fixture) ? 'n' : 'y';
        if (write(ends[1], &result, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char result = 0;
    CU_ASSERT_EQUAL_FATAL(read(ends[0], &result, 1), 1);
    CU_ASSERT_EQUAL(result, 'y');
    expect_words(&fixture,
                 apr_psprintf(fixture.pool, "The store %s is in use by another process (process %ld)",
                              fixture.path, (long)child));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CU_ASSERT_STRING_EQUAL(refusal(&fixture), "");
    close(ends[0]);
    close(ends[1]);
    fixture_end(&fixture);
}

static void set_file_limit(rlim_t octets)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = octets < limit.rlim_max ? octets : limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* A file that cannot grow stands for a disk that is full. */
static void OP_02_full_disk_fails_transactions_and_recovers(void)
{
    enum { MESSAGES = 200, CONTENT = 20000 };
    static uint8_t content[CONTENT];
    static uint64_t ids[MESSAGES];
    static bool durable[MESSAGES];
    fixture_t fixture;
    fixture_begin(&fixture);
    signal(SIGXFSZ, SIG_IGN);
    unsigned failed = 0;
    for (int i = 0; i < MESSAGES; i++) {
        if (i == 20)
            set_file_limit(1024 * 1024);
        if (i == 150)
            set_file_limit(RLIM_INFINITY);
        ids[i] = store_new_id(fixture.store);
        memset(content, i, sizeof(content));
        store_message_t message = fixture_message(ids[i], sizeof(content));
        store_txn_t *txn = store_txn_begin(fixture.store);
        store_txn_put_message(txn, &message);
        store_txn_put_chunk(txn, ids[i], 0, bytes_make(content, sizeof(content)));
        const char *error = fixture_commit(&fixture, txn);
        durable[i] = error[0] == 0;
        failed += !durable[i];
        CU_ASSERT_TRUE(durable[i] || strstr(error, "The store cannot commit") != NULL);
        CU_ASSERT_TRUE(durable[i] || (i >= 20 && i < 150));
        /* Reading goes on while nothing can be written. */
        CU_ASSERT_TRUE(i % 25 != 0 || fixture_read(&fixture, ids[5])->found == (i > 5));
    }
    CU_ASSERT_TRUE(failed > 0);
    store_figures_t figures;
    store_figures(fixture.store, &figures);
    CU_ASSERT_EQUAL(figures.failures, failed);
    CU_ASSERT_EQUAL(figures.transactions, MESSAGES - failed);
    CU_ASSERT_EQUAL(figures.octets_waiting, 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MESSAGES; i++)
            CU_ASSERT_EQUAL(fixture_read(&fixture, ids[i])->found, durable[i]);
        fixture_reopen(&fixture);
    }
    fixture_end(&fixture);
}

static const unit_test_t TESTS[] = {
    UNIT_TEST(unknown_driver_is_refused),
    UNIT_TEST(OP_02_folder_that_cannot_be_written_is_refused),
    UNIT_TEST(foreign_file_is_refused_and_left_alone),
    UNIT_TEST(other_databases_are_refused),
    UNIT_TEST(layout_1_is_brought_up),
    UNIT_TEST(damaged_file_is_told_in_words),
    UNIT_TEST(store_file_is_private),
    UNIT_TEST(OP_04_second_process_is_refused_until_the_first_is_gone),
    UNIT_TEST(OP_02_full_disk_fails_transactions_and_recovers),
};
UNIT_MAIN("store failure", TESTS)
