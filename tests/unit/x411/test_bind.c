/* The P1 bind in every mode, against octets of the captures (P1-01). */
#include "x411/bind.h"

#include "support.h"

static x411_bind_t decode(apr_pool_t *pool, x411_mode_t mode, x411_bind_kind_t kind, const char *hex)
{
    x411_bind_t bind;
    err_t *err = x411_bind_decode(pool, mode, kind, support_hex(pool, hex), &bind);
    CU_ASSERT_PTR_NULL_FATAL(err);
    return bind;
}

static void expect_encoding(apr_pool_t *pool, x411_mode_t mode, x411_bind_kind_t kind,
                            const x411_bind_t *bind, const char *hex)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    buffer_init(out, pool, 1000);
    CU_ASSERT(x411_bind_encode(mode, kind, bind, out));
    CU_ASSERT(bytes_equal(buffer_bytes(out), support_hex(pool, hex)));
}

#define PPA_NORMAL "B013 A111 8003505041 A10A 0408 612D736563726574"
#define PPA_RESULT "B113 A111 8003505042 A10A 0408 622D736563726574"
#define PPA_84 "A111 8003505041 A10A 1608 612D736563726574"
#define PPA_X410_88 "A111 8003505041 A10A 0408 612D736563726574"

static void test_P1_01_bind_of_each_mode(void)
{
    static const struct {
        x411_mode_t mode;
        x411_bind_kind_t kind;
        const char *hex;
        ber_tag_t password;
    } cases[] = {{X411_MODE_NORMAL, X411_BIND_ARGUMENT, PPA_NORMAL, BER_OCTET_STRING},
                 {X411_MODE_NORMAL, X411_BIND_RESULT, PPA_RESULT, BER_OCTET_STRING},
                 {X411_MODE_1984, X411_BIND_ARGUMENT, PPA_84, BER_IA5_STRING},
                 {X411_MODE_X410_1988, X411_BIND_ARGUMENT, PPA_X410_88, BER_OCTET_STRING}};
    apr_pool_t *pool = support_pool();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        x411_bind_t bind = decode(pool, cases[i].mode, cases[i].kind, cases[i].hex);
        bool result = cases[i].kind == X411_BIND_RESULT;
        CU_ASSERT(bind.authenticated);
        CU_ASSERT(bytes_equal(bind.name.octets, bytes_of_string(result ? "PPB" : "PPA")));
        CU_ASSERT_EQUAL(bind.credentials, X411_CREDENTIALS_SIMPLE);
        CU_ASSERT_EQUAL(bind.password.type, cases[i].password);
        CU_ASSERT(bytes_equal(bind.password.octets, bytes_of_string(result ? "b-secret" : "a-secret")));
        expect_encoding(pool, cases[i].mode, cases[i].kind, &bind, cases[i].hex);
        x411_bind_t made =
            x411_bind_make(cases[i].mode, result ? "PPB" : "PPA", result ? "b-secret" : "a-secret");
        expect_encoding(pool, cases[i].mode, cases[i].kind, &made, cases[i].hex);
    }
    apr_pool_destroy(pool);
}

static void test_P1_01_unauthenticated(void)
{
    apr_pool_t *pool = support_pool();
    static const char *const forms[] = {"B0020500", "0500", "", "B000"};
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_FALSE(decode(pool, X411_MODE_NORMAL, X411_BIND_ARGUMENT, forms[i]).authenticated);
    x411_bind_t none = {0};
    expect_encoding(pool, X411_MODE_NORMAL, X411_BIND_ARGUMENT, &none, "B0020500");
    expect_encoding(pool, X411_MODE_NORMAL, X411_BIND_RESULT, &none, "B1020500");
    expect_encoding(pool, X411_MODE_1984, X411_BIND_RESULT, &none, "0500");
    apr_pool_destroy(pool);
}

/* Whatever stands for the password, the bind decodes and the caller judges. */
static void test_P1_01_odd_passwords_are_no_decode_fault(void)
{
    apr_pool_t *pool = support_pool();
    static const struct {
        const char *hex;
        x411_credentials_t credentials;
        size_t password;
    } cases[] = {{"A107 8003505041 A100", X411_CREDENTIALS_NONE, 0},         /* empty [1] */
                 {"A105 8003505041", X411_CREDENTIALS_NONE, 0},              /* no [1] */
                 {"A109 8003505041 A102 0400", X411_CREDENTIALS_SIMPLE, 0},  /* empty password */
                 {"A109 8003505041 A102 0500", X411_CREDENTIALS_OTHER, 0},   /* NULL */
                 {"A10A 8003505041 A103 040561", X411_CREDENTIALS_OTHER, 0}, /* broken inside */
                 {"A10A 8003505041 8103 616263", X411_CREDENTIALS_SIMPLE, 3},
                 {"A10A 8003505041 A103 130161", X411_CREDENTIALS_SIMPLE, 1}, /* PrintableString */
                 {"A10D 8003505041 A106 A004 A002 3000", X411_CREDENTIALS_STRONG, 0},
                 {"A109 8003505041 A102 A100", X411_CREDENTIALS_PROTECTED, 0},
                 {"A10E 8003505041 A107 2480 040161 0000", X411_CREDENTIALS_SIMPLE, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        x411_bind_t bind = decode(pool, X411_MODE_NORMAL, X411_BIND_ARGUMENT, cases[i].hex);
        CU_ASSERT(bind.authenticated);
        CU_ASSERT(bytes_equal(bind.name.octets, BYTES_LITERAL("PPA")));
        CU_ASSERT_EQUAL(bind.credentials, cases[i].credentials);
        CU_ASSERT_EQUAL(bind.password.octets.length, cases[i].password);
    }
    apr_pool_destroy(pool);
}

static void test_P1_01_case_of_the_password_is_kept(void)
{
    apr_pool_t *pool = support_pool();
    x411_bind_t bind = decode(pool, X411_MODE_1984, X411_BIND_ARGUMENT, "A10C 8003707061 A105 1603 416263");
    CU_ASSERT(bytes_equal(bind.name.octets, BYTES_LITERAL("ppa")));
    CU_ASSERT(bytes_equal(bind.password.octets, BYTES_LITERAL("Abc")));
    apr_pool_destroy(pool);
}

static void test_P1_01_errors(void)
{
    apr_pool_t *pool = support_pool();
    int64_t code = -1;
    /* The form of PP, the forms of the standard and of [19]. */
    static const char *const forms[] = {"020102", "B203020102", "B303020102", "920102"};
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_PTR_NULL(x411_bind_error_decode(pool, support_hex(pool, forms[i]), &code));
        CU_ASSERT_EQUAL(code, X411_BIND_AUTHENTICATION_ERROR);
    }
    CU_ASSERT_PTR_NOT_NULL(x411_bind_error_decode(pool, support_hex(pool, "0401FF"), &code));
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    buffer_init(out, pool, 100);
    CU_ASSERT(x411_bind_error_encode(X411_MODE_1984, 2, out));
    CU_ASSERT_EQUAL(buffer_length(out), 0);
    CU_ASSERT(x411_bind_error_encode(X411_MODE_NORMAL, 0, out));
    CU_ASSERT(bytes_equal(buffer_bytes(out), support_hex(pool, "B203020100")));
    CU_ASSERT_STRING_EQUAL(x411_bind_error_text(2), "authentication error");
    CU_ASSERT_STRING_EQUAL(x411_bind_error_text(99), "bind error");
    apr_pool_destroy(pool);
}

static void test_P1_14_malformed_binds(void)
{
    apr_pool_t *pool = support_pool();
    static const char *const bad[] = {"B013A1", "0201", "020101", "A1058003505041 00", "3080"};
    x411_bind_t bind;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CU_ASSERT_PTR_NOT_NULL(
            x411_bind_decode(pool, X411_MODE_NORMAL, X411_BIND_ARGUMENT, support_hex(pool, bad[i]), &bind));
    bytes_t large = bytes_make(apr_pcalloc(pool, X411_LIMIT_BIND + 1), X411_LIMIT_BIND + 1);
    CU_ASSERT_EQUAL(x411_bind_decode(pool, X411_MODE_1984, X411_BIND_RESULT, large, &bind)->code,
                    X411_ERROR_LIMIT);
    apr_pool_destroy(pool);
}

/* The offer of siblings is an element of its own; of whatever else a peer adds nothing is read. */
static void test_KB916986_the_offer_of_siblings(void)
{
    apr_pool_t *pool = support_pool();
    buffer_t *out = buffer_create(pool, 1000);
    x411_bind_t bind = x411_bind_make(X411_MODE_NORMAL, "PPA", "a-secret");
    bind.sibling = true;
    CU_ASSERT(x411_bind_encode(X411_MODE_NORMAL, X411_BIND_ARGUMENT, &bind, out));
    x411_bind_t again;
    CU_ASSERT_PTR_NULL_FATAL(
        x411_bind_decode(pool, X411_MODE_NORMAL, X411_BIND_ARGUMENT, buffer_bytes(out), &again));
    CU_ASSERT(again.sibling);
    CU_ASSERT(bytes_equal(again.password.octets, bind.password.octets));
    CU_ASSERT_FALSE(decode(pool, X411_MODE_NORMAL, X411_BIND_ARGUMENT, PPA_NORMAL).sibling);
    static const char *const others[] = {"A10B 8003505041 DF8310 020500", "A109 8003505041 C8020500",
                                         "A10B 8003505041 FF8310 020500"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        bind = decode(pool, X411_MODE_1984, X411_BIND_ARGUMENT, others[i]);
        CU_ASSERT_FALSE(bind.sibling);
        CU_ASSERT(bytes_equal(bind.name.octets, BYTES_LITERAL("PPA")));
    }
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(test_P1_01_bind_of_each_mode),
    UNIT_TEST(test_P1_01_unauthenticated),
    UNIT_TEST(test_P1_01_odd_passwords_are_no_decode_fault),
    UNIT_TEST(test_P1_01_case_of_the_password_is_kept),
    UNIT_TEST(test_P1_01_errors),
    UNIT_TEST(test_P1_14_malformed_binds),
    UNIT_TEST(test_KB916986_the_offer_of_siblings),
};

UNIT_MAIN("x411/bind", tests)
