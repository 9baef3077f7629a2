/* The written forms of O/R addresses: parse and print, both ways, without loss. */
#include "x411/extensions.h"
#include "x411/oraddress_text.h"

#include "support.h"

static bytes_t encode_name(apr_pool_t *pool, const x411_or_name_t *name)
{
    buffer_t *out = apr_palloc(pool, sizeof(*out));
    ber_writer_t writer;
    buffer_init(out, pool, 1 << 20);
    ber_writer_init(&writer, out);
    x411_or_name_write(&writer, BER_APPLICATION(0), name);
    CU_ASSERT(ber_writer_ok(&writer));
    return buffer_bytes(out);
}

static bytes_t encode_address(apr_pool_t *pool, const x411_or_address_t *address)
{
    x411_or_name_t name = {.address = *address};
    return encode_name(pool, &name);
}

/* Prints in both forms, parses again, compares the encodings. */
static void round_trip(apr_pool_t *pool, const x411_or_address_t *address, bool any_order)
{
    bytes_t expected = encode_address(pool, address);
    const char *texts[2] = {x411_or_address_text(pool, address), x411_or_address_text_2156(pool, address)};
    for (unsigned i = 0; i < 2; i++) {
        x411_or_address_t back;
        err_t *err = x411_or_address_parse(pool, texts[i], &back);
        if (err)
            printf("\n%s: %s\n", texts[i], err_describe(pool, err));
        CU_ASSERT_PTR_NULL_FATAL(err);
        CU_ASSERT(x411_or_address_equal(address, &back));
        CU_ASSERT_EQUAL(x411_or_address_hash(address), x411_or_address_hash(&back));
        bytes_t encoding = encode_address(pool, &back);
        /* Extension attributes are a SET OF: the written form has them by type, whatever order they came in.
         */
        CU_ASSERT_EQUAL(encoding.length, expected.length);
        if (any_order)
            continue;
        if (!bytes_equal(encoding, expected))
            printf("\n%s\n%s\n%s\n", texts[i], bytes_to_hex(pool, encode_address(pool, &back)),
                   bytes_to_hex(pool, expected));
        CU_ASSERT(bytes_equal(encoding, expected));
    }
}

static void expect_text(const char *given, const char *semicolon, const char *slash)
{
    apr_pool_t *pool = support_pool();
    x411_or_address_t address;
    err_t *err = x411_or_address_parse(pool, given, &address);
    if (err)
        printf("\n%s: %s\n", given, err_describe(pool, err));
    CU_ASSERT_PTR_NULL_FATAL(err);
    CU_ASSERT_STRING_EQUAL(x411_or_address_text(pool, &address), semicolon);
    CU_ASSERT_STRING_EQUAL(x411_or_address_text_2156(pool, &address), slash);
    round_trip(pool, &address, false);
    apr_pool_destroy(pool);
}

static void test_both_forms(void)
{
    expect_text("G=Alice;S=Andersen;O=alpha;OU1=Sales;OU2=North;P=ppa;A= ;C=GB",
                "G=Alice;S=Andersen;O=alpha;OU1=Sales;OU2=North;P=ppa;A= ;C=GB",
                "/G=Alice/S=Andersen/O=alpha/OU=North/OU=Sales/PRMD=ppa/ADMD= /C=GB/");
    expect_text("/C=DE/ADMD=dbp/PRMD=org/O=a$/b/OU=low/OU=high/S=x$=y/",
                "S=x=y;O=a/b;OU1=high;OU2=low;P=org;A=dbp;C=DE",
                "/S=x$=y/O=a$/b/OU=low/OU=high/PRMD=org/ADMD=dbp/C=DE/");
    expect_text("c=us; a=mci; p=acme; s=Smith; gq=Jr; dda:ID=12;;34",
                "S=Smith;Q=Jr;P=acme;A=mci;C=us;DDA:ID=12;;34",
                "/S=Smith/GQ=Jr/PRMD=acme/ADMD=mci/C=us/DD.ID=12;34/");
    expect_text("C=840;A=;X.121=12345;T-ID=tid;N-ID=77;T-TY=ia5",
                "A= ;C=840;X.121=12345;T-ID=tid;N-ID=77;T-TY=ia5",
                "/ADMD= /C=840/X121=12345/T-ID=tid/UA-ID=77/T-TY=ia5/");
    expect_text("CN=Room 5;C@=12;A#=123;P=456;DDA:RFC-822=boss(a)peer.test",
                "CN=Room 5;P=456;A#=123;C@=12;DDA:RFC-822=boss(a)peer.test",
                "/CN=Room 5/PRMD=456/ADMD#=123/C@=12/DD.RFC-822=boss(a)peer.test/");
}

static void test_escapes(void)
{
    expect_text("C=GB;A= ;O=a{013}b{x7F}c\\{d\\\\e", "O=a{013}b{127}c\\{d\\\\e;A= ;C=GB",
                "/O=a{013}b{127}c${d\\e/ADMD= /C=GB/");
    expect_text("C=GB;A= ;DDA:a\\=b\\:c=x=y", "A= ;C=GB;DDA:a\\=b\\:c=x=y", "/ADMD= /C=GB/DD.a$=b$:c=x$=y/");
    expect_text("C=GB;A= ;DDA:=", "A= ;C=GB;DDA:=", "/ADMD= /C=GB/DD.=/");
    expect_text("C=GB;A@=;O=;S=;P=", "S=;O=;P@=;A@=;C=GB", "/S=/O=/PRMD@=/ADMD@=/C=GB/");
}

static void test_teletex_and_universal(void)
{
    expect_text("C=DE;A=x;S=Mueller;S*=M\xC3\xBCller;O*=\xC3\x9C{200}",
                "S=Mueller;S*=M\xC3\xBCller;O*=\xC3\x9C{200};A=x;C=DE",
                "/S=Mueller*M\xC3\xBCller/O=*\xC3\x9C{200}/ADMD=x/C=DE/");
    expect_text("C=DE;A=x;CN**={de}\xE2\x82\xAC;S***=a;OU1**=x;DDA:t**=\xE2\x82\xAC;DDA:u*=\xC3\xA9",
                "S***=a;CN**={de}\xE2\x82\xAC;OU1**=x;A=x;C=DE;DDA:u*=\xC3\xA9;DDA:t**=\xE2\x82\xAC",
                "/S***=a/CN**={de}\xE2\x82\xAC/OU**=x/ADMD=x/C=DE/DD.u*=\xC3\xA9/DD.t**=\xE2\x82\xAC/");
    /* U+1F600 needs the wide form. */
    expect_text("C=DE;A=x;CN**=\xF0\x9F\x98\x80", "CN***=\xF0\x9F\x98\x80;A=x;C=DE",
                "/CN***=\xF0\x9F\x98\x80/ADMD=x/C=DE/");
}

static void test_postal(void)
{
    expect_text("C=GB;A= ;PD-PN=John Smith;PD-S=Downing Street 10;PD-B=4711;PD-OF=London;PD-PC=SW1A "
                "1AA;PD-SN=rm;PD-C=GB;PD-A1=one;"
                "PD-A2=two;PD-A*=caf\xC3\xA9;PD-L**=z;PD-EA*=e;E.164=123;E.164-SUB=4",
                "A= ;C=GB;E.164=123;E.164-SUB=4;PD-PN=John Smith;PD-S=Downing Street "
                "10;PD-B=4711;PD-A1=one;PD-A2=two;"
                "PD-A*=caf\xC3\xA9;PD-OF=London;PD-EA*=e;PD-L**=z;PD-PC=SW1A 1AA;PD-SN=rm;PD-C=GB",
                "/ADMD= /C=GB/NET-NUM=123/NET-SUB=4/PD-PN=John Smith/PD-STREET=Downing Street "
                "10/PD-BOX=4711/PD-A1=one/"
                "PD-A2=two/PD-A*=caf\xC3\xA9/PD-OFFICE=London/PD-EXT-ADDRESS=*e/PD-LOCAL**=z/PD-CODE=SW1A "
                "1AA/PD-SERVICE=rm/"
                "PD-C=GB/");
    expect_text("C=GB;A= ;EA-99=130141;EA-22=a0020500;CN=x", "CN=x;A= ;C=GB;EA-99=130141;EA-22=a0020500",
                "/CN=x/ADMD= /C=GB/EA-99=130141/EA-22=a0020500/");
    /* by its number, in the place of its key */
    expect_text("C=GB;A= ;EA-99=130141;EA-9=130141", "A= ;C=GB;PD-PC=A;EA-99=130141",
                "/ADMD= /C=GB/PD-CODE=A/EA-99=130141/");
}

static void test_mistakes(void)
{
    static const char *const bad[] = {"",
                                      "   ",
                                      "/",
                                      "C",
                                      "C=GB;X=1",
                                      "C=GB;C=DE",
                                      "O=a;O=b",
                                      "S=M\xC3\xBCller",
                                      "S*=\xE2\x82\xAC",
                                      "S**=\xFF",
                                      "OU=a;OU1=b",
                                      "OU2=b",
                                      "OU0=b",
                                      "OU65=b",
                                      "OU1*=a;OU3*=c",
                                      "DDA=x",
                                      "X.121*=1",
                                      "C**=x",
                                      "EA-22=zz",
                                      "EA-99=130141;EA-99=1301a5",
                                      "PD-PC=A;EA-9=130142",
                                      "EA-22=1305",
                                      "EA-22=",
                                      "O=a{999}",
                                      "O=a{",
                                      "O=\\",
                                      "E.164-SUB=1",
                                      "T-TY=frog",
                                      "/O=a$",
                                      "DN=3000"};
    apr_pool_t *pool = support_pool();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        x411_or_address_t address;
        err_t *err = x411_or_address_parse(pool, bad[i], &address);
        if (!err)
            printf("\nnot refused: %s\n", bad[i]);
        CU_ASSERT_PTR_NOT_NULL(err);
    }
    x411_or_address_t address;
    err_t *err = x411_or_address_parse(pool, "C=GB;A= ;X=1", &address);
    CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(err->text, "unknown key at character 10"));
    char *large = apr_palloc(pool, X411_TEXT_LIMIT + 10);
    memset(large, 'x', X411_TEXT_LIMIT + 5);
    memcpy(large, "O=", 2);
    large[X411_TEXT_LIMIT + 5] = '\0';
    CU_ASSERT_EQUAL(x411_or_address_parse(pool, large, &address)->code, X411_ERROR_LIMIT);
    apr_pool_destroy(pool);
}

static void round_trip_corpus(apr_pool_t *pool, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "wire/captures/corpus/%s", name);
    x411_apdu_t *apdu = NULL;
    CU_ASSERT_PTR_NULL_FATAL(x411_apdu_decode(pool, support_file(pool, path), &apdu, NULL));
    round_trip(pool, &apdu->originator.address, true);
    for (unsigned i = 0; i < apdu->recipient_count; i++)
        round_trip(pool, &apdu->recipients[i].name.address, true);
}

static void test_corpus_addresses(void)
{
    DIR *dir = opendir(TEST_DATA "/wire/captures/corpus");
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!strstr(entry->d_name, ".p1"))
            continue;
        apr_pool_t *pool = support_pool();
        round_trip_corpus(pool, entry->d_name);
        apr_pool_destroy(pool);
    }
    closedir(dir);
}

static void test_directory_name(void)
{
    apr_pool_t *pool = support_pool();
    x411_or_name_t name;
    CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, "S=x;C=GB;A= ;DN=3000", &name));
    CU_ASSERT_STRING_EQUAL(x411_or_name_text(pool, &name), "S=x;A= ;C=GB;DN=3000");
    x411_or_name_t back;
    CU_ASSERT_PTR_NULL_FATAL(x411_or_name_decode(pool, encode_name(pool, &name), &back));
    CU_ASSERT_STRING_EQUAL(x411_or_name_text(pool, &back), "S=x;A= ;C=GB;DN=3000");
    CU_ASSERT_PTR_NULL_FATAL(x411_or_name_parse(pool, "DN=3000", &name));
    CU_ASSERT(x411_or_name_is_empty(&name));
    CU_ASSERT_STRING_EQUAL(x411_or_name_text(pool, &name), "DN=3000");
    apr_pool_destroy(pool);
}

static bool equal_texts(const char *a, const char *b)
{
    apr_pool_t *pool = support_pool();
    x411_or_address_t x;
    x411_or_address_t y;
    CU_ASSERT_PTR_NULL_FATAL(x411_or_address_parse(pool, a, &x));
    CU_ASSERT_PTR_NULL_FATAL(x411_or_address_parse(pool, b, &y));
    bool equal = x411_or_address_equal(&x, &y);
    CU_ASSERT_EQUAL(equal, x411_or_address_equal(&y, &x));
    if (equal)
        CU_ASSERT_EQUAL(x411_or_address_hash(&x), x411_or_address_hash(&y));
    apr_pool_destroy(pool);
    return equal;
}

static void test_matching(void)
{
    CU_ASSERT(equal_texts("S=Smith;O=Big  Org;C=GB;A= ", "S=SMITH;O= big org ;C=gb;A="));
    CU_ASSERT(equal_texts("C@=840;A#=12;S=x", "C=840;A=12;S=x"));
    CU_ASSERT(equal_texts("C=GB;A=x;DDA:a=1;DDA:b=2", "C=GB;A=x;DDA:B=2;DDA:A=1"));
    CU_ASSERT_FALSE(equal_texts("C=GB;A=x;DDA:a=1;DDA:a=1", "C=GB;A=x;DDA:a=1;DDA:a=2"));
    CU_ASSERT(equal_texts("C=GB;A=x;CN=room 5;PD-S=Street", "C=GB;A=x;CN=Room  5;PD-S=STREET"));
    CU_ASSERT_FALSE(equal_texts("C=GB;A=x;CN=a", "C=GB;A=x;CN*=a"));
    CU_ASSERT_FALSE(equal_texts("C=GB;A=x;OU1=a;OU2=b", "C=GB;A=x;OU1=b;OU2=a"));
    CU_ASSERT_FALSE(equal_texts("C=GB;A=x;S=a", "C=GB;A=x;S=a;G="));
    CU_ASSERT_FALSE(equal_texts("C=GB;A=x;S=a b", "C=GB;A=x;S=ab"));
}

static x411_form_t form_of(const char *text)
{
    apr_pool_t *pool = support_pool();
    x411_or_address_t address;
    CU_ASSERT_PTR_NULL_FATAL(x411_or_address_parse(pool, text, &address));
    x411_form_t form = x411_or_address_form(&address);
    apr_pool_destroy(pool);
    return form;
}

static void test_forms(void)
{
    CU_ASSERT_EQUAL(form_of("C=GB;A=x;S=a"), X411_FORM_MNEMONIC);
    CU_ASSERT_EQUAL(form_of("C=GB;A=x;CN*=a"), X411_FORM_MNEMONIC);
    CU_ASSERT_EQUAL(form_of("C=GB;A=x;N-ID=123"), X411_FORM_NUMERIC);
    CU_ASSERT_EQUAL(form_of("C=GB;A=x;PD-C=GB;PD-PC=X1"), X411_FORM_POSTAL);
    CU_ASSERT_EQUAL(form_of("X.121=123"), X411_FORM_TERMINAL);
    CU_ASSERT_EQUAL(form_of("C=GB;A=x;X.121=123;T-ID=a"), X411_FORM_TERMINAL);
    CU_ASSERT_EQUAL(form_of("S=a"), X411_FORM_NONE);
}

static void test_t61(void)
{
    apr_pool_t *pool = support_pool();
    bytes_t t61 = BYTES_LITERAL("gr\xC8usse \xFB \xC2");
    bytes_t utf8 = x411_utf8_from_t61(pool, t61);
    CU_ASSERT(bytes_equal(utf8, BYTES_LITERAL("gr\xC3\xBCsse \xC3\x9F \xEF\xBF\xBD")));
    CU_ASSERT(
        bytes_equal(x411_t61_from_utf8(pool, BYTES_LITERAL("gr\xC3\xBCsse")), BYTES_LITERAL("gr\xC8usse")));
    CU_ASSERT_PTR_NULL(x411_t61_from_utf8(pool, BYTES_LITERAL("\xE2\x82\xAC")).data);
    CU_ASSERT_PTR_NULL(x411_t61_from_utf8(pool, BYTES_LITERAL("\xC3")).data);
    CU_ASSERT_PTR_NOT_NULL(x411_t61_from_utf8(pool, bytes_make("", 0)).data);
    CU_ASSERT_EQUAL(x411_universal_from_utf8(pool, BYTES_LITERAL("\xED\xA0\x80")).type, 0);
    apr_pool_destroy(pool);
}

static const unit_test_t tests[] = {
    UNIT_TEST(test_both_forms),
    UNIT_TEST(test_escapes),
    UNIT_TEST(test_teletex_and_universal),
    UNIT_TEST(test_postal),
    UNIT_TEST(test_mistakes),
    UNIT_TEST(test_corpus_addresses),
    UNIT_TEST(test_directory_name),
    UNIT_TEST(test_matching),
    UNIT_TEST(test_forms),
    UNIT_TEST(test_t61),
};

UNIT_MAIN("x411/oraddress_text", tests)
