/* The cluster's virtual addresses: from the environment, from the cluster information base, and what becomes
 * of a cluster that cannot be asked. */
#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "cib.h"
#include "platform.h"

#define PRIMITIVE(id, type) "<primitive id='" id "' class='ocf' provider='x' type='" type "'/>"
#define ADDRESS(id, ip)                                                                                      \
    "<primitive id='" id "' class='ocf' provider='heartbeat' type='IPaddr2'><instance_attributes id='" id    \
    "-a'><nvpair id='" id "-ip' name='ip' value='" ip "'/><nvpair id='" id                                   \
    "-m' name='cidr_netmask' value='24'/></instance_attributes></primitive>"
#define CIB(resources, constraints)                                                                          \
    "<cib><configuration><crm_config/><nodes/><resources>" resources "</resources><constraints>" constraints \
    "</constraints></configuration><status><primitive id='no'/></status></cib>"

static apr_pool_t *pool;

static const char *list_text(const char *const *list)
{
    const char *text = "";
    for (; *list; list++)
        text = apr_pstrcat(pool, text, *text ? " " : "", *list, NULL);
    return text;
}

/* "RESOURCE GROUP: ADDRESSES", "none", or "error: ..." */
static const char *find(const char *xml, const char *resource)
{
    cib_answer_t answer;
    err_t *err = cib_find_addresses(xml, strlen(xml), resource, &answer, pool);
    if (err)
        return apr_pstrcat(pool, "error: ", err_describe(pool, err), NULL);
    if (!answer.resource)
        return "none";
    return apr_psprintf(pool, "%s %s: %s", answer.resource, answer.group ? answer.group : "-",
                        list_text(answer.addresses));
}

static void OP_04_the_addresses_of_the_group(void)
{
    apr_pool_create(&pool, NULL);
    const char *xml = CIB("<group id='mail'>" ADDRESS("vip", "10.0.0.100") ADDRESS("vip6", "2001:db8::100/64")
                              PRIMITIVE("mta", "x400mta") "</group>" ADDRESS("other", "10.0.0.200"),
                          "");
    CU_ASSERT_STRING_EQUAL(find(xml, NULL), "mta mail: 10.0.0.100 2001:db8::100");
    CU_ASSERT_STRING_EQUAL(find(xml, "mta"), "mta mail: 10.0.0.100 2001:db8::100");
    CU_ASSERT_STRING_EQUAL(find(xml, "absent"), "none");
    CU_ASSERT_STRING_EQUAL(find(xml, "other"), "other -: 10.0.0.200");
    apr_pool_destroy(pool);
}

static void OP_04_the_addresses_that_it_is_colocated_with(void)
{
    apr_pool_create(&pool, NULL);
    const char *resources =
        PRIMITIVE("mta", "x400mta") ADDRESS("vip", "10.0.0.100") ADDRESS("far", "10.0.0.200");
    CU_ASSERT_STRING_EQUAL(
        find(apr_psprintf(pool,
                          CIB("%s", "<rsc_colocation id='c' rsc='mta' with-rsc='vip' score='INFINITY'/>"),
                          resources),
             NULL),
        "mta -: 10.0.0.100");
    CU_ASSERT_STRING_EQUAL(
        find(apr_psprintf(pool,
                          CIB("%s", "<rsc_colocation id='c' rsc='vip' with-rsc='mta' score='INFINITY'/>"),
                          resources),
             NULL),
        "mta -: 10.0.0.100");
    CU_ASSERT_STRING_EQUAL(
        find(apr_psprintf(pool,
                          CIB("%s", "<rsc_colocation id='c' rsc='far' with-rsc='mta' score='-INFINITY'/>"),
                          resources),
             NULL),
        "mta -: ");
    CU_ASSERT_STRING_EQUAL(
        find(apr_psprintf(pool,
                          CIB("%s",
                              "<rsc_colocation id='c' score='INFINITY'><resource_set id='s'><resource_ref "
                              "id='mta'/></resource_set><resource_set id='t'><resource_ref "
                              "id='vip'/></resource_set></rsc_colocation>"),
                          resources),
             NULL),
        "mta -: 10.0.0.100");
    const char *grouped = CIB("<group id='net'>" ADDRESS("a", "10.0.0.1")
                                  ADDRESS("b", "10.0.0.2") "</group>" PRIMITIVE("mta", "x400mta"),
                              "<rsc_colocation id='c' rsc='mta' with-rsc='net' score='INFINITY'/>");
    CU_ASSERT_STRING_EQUAL(find(grouped, NULL), "mta -: 10.0.0.1 10.0.0.2");
    apr_pool_destroy(pool);
}

static void the_base_may_have_none_or_several_or_be_broken(void)
{
    apr_pool_create(&pool, NULL);
    CU_ASSERT_STRING_EQUAL(find(CIB(ADDRESS("vip", "10.0.0.100"), ""), NULL), "none");
    const char *two =
        CIB(PRIMITIVE("one", "x400mta") PRIMITIVE("two", "x400mta") ADDRESS("vip", "10.0.0.100"), "");
    CU_ASSERT_PTR_NOT_NULL(strstr(find(two, NULL), "several resources"));
    CU_ASSERT_STRING_EQUAL(find(two, "two"), "two -: ");
    CU_ASSERT_EQUAL(strncmp(find("<cib><configuration>", NULL), "error: ", 7), 0);
    CU_ASSERT_EQUAL(strncmp(find("", NULL), "error: ", 7), 0);
    apr_pool_destroy(pool);
}

/* A folder with a cibadmin that does what the script says, alone in the path. */
static void use_cibadmin(const char *script)
{
    const char *folder = apr_psprintf(pool, "/tmp/x400-cibadmin-%ld", (long)getpid());
    const char *path = apr_pstrcat(pool, folder, "/cibadmin", NULL);
    mkdir(folder, 0700);
    unlink(path);
    if (script) {
        FILE *file = fopen(path, "w");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fprintf(file, "#!/bin/sh\n%s\n", script);
        fclose(file);
        chmod(path, 0700);
    }
    setenv("PATH", apr_pstrcat(pool, folder, ":/usr/bin:/bin", NULL), 1);
}

static void forget_cibadmin(void)
{
    use_cibadmin(NULL);
    rmdir(apr_psprintf(pool, "/tmp/x400-cibadmin-%ld", (long)getpid()));
}

static void OP_04_the_environment_the_cluster_and_silence(void)
{
    apr_pool_create(&pool, NULL);
    platform_cluster_t cluster;
    unsetenv("OCF_RESOURCE_INSTANCE");
    unsetenv("OCF_RESKEY_virtual_addresses");
    use_cibadmin("exit 102");
    platform_find_cluster(NULL, &cluster, pool);
    CU_ASSERT_EQUAL(cluster.state, PLATFORM_CLUSTER_NONE);
    CU_ASSERT_FALSE(cluster.runs_us);
    use_cibadmin("echo \"<cib><group id='g'>" PRIMITIVE("mta", "x400mta")
                     ADDRESS("v", "10.0.0.7") "</group></cib>\"");
    platform_find_cluster(NULL, &cluster, pool);
    CU_ASSERT_EQUAL(cluster.state, PLATFORM_CLUSTER_FOUND);
    CU_ASSERT_STRING_EQUAL(list_text(cluster.addresses), "10.0.0.7");
    CU_ASSERT_STRING_EQUAL(cluster.source, "the cluster information base, group g");
    use_cibadmin("exit 4");
    platform_find_cluster(NULL, &cluster, pool);
    CU_ASSERT_EQUAL(cluster.state, PLATFORM_CLUSTER_SILENT);
    CU_ASSERT_STRING_EQUAL(cluster.failure, "cibadmin ended with status 4");
    CU_ASSERT_FALSE(cluster.runs_us);
    setenv("OCF_RESOURCE_INSTANCE", "mta", 1);
    use_cibadmin("exit 102");
    platform_find_cluster(NULL, &cluster, pool);
    CU_ASSERT_EQUAL(cluster.state, PLATFORM_CLUSTER_SILENT);
    CU_ASSERT_TRUE(cluster.runs_us);
    setenv("OCF_RESKEY_virtual_addresses", "10.0.0.8, mta.example", 1);
    platform_find_cluster(NULL, &cluster, pool);
    CU_ASSERT_EQUAL(cluster.state, PLATFORM_CLUSTER_FOUND);
    CU_ASSERT_STRING_EQUAL(list_text(cluster.addresses), "10.0.0.8 mta.example");
    unsetenv("OCF_RESOURCE_INSTANCE");
    unsetenv("OCF_RESKEY_virtual_addresses");
    forget_cibadmin();
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {UNIT_TEST(OP_04_the_addresses_of_the_group),
                                    UNIT_TEST(OP_04_the_addresses_that_it_is_colocated_with),
                                    UNIT_TEST(the_base_may_have_none_or_several_or_be_broken),
                                    UNIT_TEST(OP_04_the_environment_the_cluster_and_silence)};

UNIT_MAIN("cluster", tests)
