#include "x411/bind.h"

#include "x411/fields.h"

/* What the element of siblings says: whose it is, and the version of what they may then send. */
static const char sibling_mark[] = "x400mta link-state 1";

x411_bind_t x411_bind_make(x411_mode_t mode, const char *name, const char *password)
{
    return (x411_bind_t){.authenticated = true,
                         .name = x411_string(BER_IA5_STRING, bytes_of_string(name)),
                         .credentials = X411_CREDENTIALS_SIMPLE,
                         .password = x411_string(mode == X411_MODE_1984 ? BER_IA5_STRING : BER_OCTET_STRING,
                                                 bytes_of_string(password))};
}

/* The credentials element: whatever it is, it is kept. */
static void read_credentials(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                             x411_bind_t *bind)
{
    bind->raw_credentials = tlv->whole;
    if (tlv->tag == BER_CONTEXT(0)) {
        bind->credentials = X411_CREDENTIALS_STRONG;
    } else if (tlv->tag == BER_CONTEXT(1)) {
        bind->credentials = X411_CREDENTIALS_PROTECTED;
    } else if (BER_TAG_CLASS(tlv->tag) == 0 && x411_string_read_choice(reader, tlv, pool, &bind->password)) {
        bind->credentials = X411_CREDENTIALS_SIMPLE;
    } else {
        bind->credentials = X411_CREDENTIALS_OTHER;
    }
}

/* The SET { [0] name, [1] credentials, [2] security context }. */
static bool read_authenticated(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                               x411_bind_t *bind)
{
    ber_reader_t set;
    ber_tlv_t item;
    bind->authenticated = true;
    if (!ber_children(reader, tlv, &set))
        return false;
    /* [1] SET is implicit in X.411; a SET inside [1] has been seen from 1984 systems. */
    if (ber_is(&set, BER_SET) && !ber_enter(&set, BER_SET, &set))
        return false;
    while (ber_more(&set)) {
        if (!ber_read(&set, &item))
            return false;
        if (item.tag == BER_CONTEXT(0)) {
            if (!x411_string_read(&set, &item, BER_IA5_STRING, pool, &bind->name))
                return false;
        } else if (item.tag == BER_CONTEXT(1)) {
            /* Inside [1] faults are the peer's credentials, not its BER: they are judged, not refused as
             * malformed. */
            ber_fault_t fault;
            ber_reader_t inner;
            ber_tlv_t credentials;
            ber_reader_init(&inner, item.content, &fault);
            bind->password = X411_ABSENT; /* of an earlier [1], if a peer sends two */
            bind->raw_credentials = item.content;
            bind->credentials = item.content.length ? X411_CREDENTIALS_OTHER : X411_CREDENTIALS_NONE;
            if (!item.constructed) { /* an implicit tag in place of the explicit one */
                bind->credentials = X411_CREDENTIALS_SIMPLE;
                bind->password = x411_string(BER_OCTET_STRING, item.content);
            } else if (item.content.length && ber_read(&inner, &credentials)) {
                read_credentials(&inner, &credentials, pool, bind);
            }
        } else if (item.tag == BER_CONTEXT(2)) {
            bind->security_context = item.content;
        } else if (item.tag == X411_TAG_OWN && !item.constructed) {
            bind->sibling = bytes_equal(item.content, bytes_of_string(sibling_mark));
        }
    }
    return ber_ok(reader);
}

static err_t *malformed(apr_pool_t *pool, const char *what, const ber_fault_t *fault)
{
    return err_create(pool, X411_ERROR_MALFORMED, "P1", "malformed MTA bind %s: %s at octet %" APR_SIZE_T_FMT,
                      what, fault->what, fault->offset);
}

err_t *x411_bind_decode(apr_pool_t *pool, x411_mode_t mode, x411_bind_kind_t kind, bytes_t octets,
                        x411_bind_t *bind)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t inner;
    ber_tlv_t tlv;
    (void)mode; /* every form is taken in every mode */
    *bind = (x411_bind_t){0};
    if (octets.length > X411_LIMIT_BIND)
        return err_create(pool, X411_ERROR_LIMIT, "P1", "MTA bind of %" APR_SIZE_T_FMT " octets",
                          octets.length);
    ber_reader_init(&reader, octets, &fault);
    if (octets.length == 0)
        return NULL;
    inner = reader;
    if ((ber_is(&reader, BER_CONTEXT(16)) || ber_is(&reader, BER_CONTEXT(17))) && ber_read(&reader, &tlv)) {
        if (tlv.content.length == 0) /* unauthenticated with the NULL left out */
            return NULL;
        if (ber_children(&reader, &tlv, &inner) && ber_read(&inner, &tlv))
            ber_done(&inner);
    } else {
        ber_read(&reader, &tlv);
    }
    if (ber_ok(&reader)) {
        if (tlv.tag == BER_CONTEXT(1) || tlv.tag == BER_SET)
            read_authenticated(&inner, &tlv, pool, bind);
        else if (tlv.tag != BER_NULL)
            ber_fail_at(&inner, &tlv, "neither NULL nor [1]");
    }
    if (!ber_done(&reader))
        return malformed(pool, kind == X411_BIND_ARGUMENT ? "argument" : "result", &fault);
    return NULL;
}

err_t *x411_bind_error_decode(apr_pool_t *pool, bytes_t octets, int64_t *code)
{
    ber_fault_t fault;
    ber_reader_t reader;
    ber_reader_t inner;
    ber_tlv_t tlv;
    *code = X411_BIND_AUTHENTICATION_ERROR;
    ber_reader_init(&reader, octets, &fault);
    inner = reader;
    if (ber_read(&reader, &tlv) && tlv.constructed && ber_children(&reader, &tlv, &inner))
        ber_read(&inner, &tlv);
    if (ber_ok(&reader) && (tlv.tag == BER_INTEGER || BER_TAG_CLASS(tlv.tag) == 2) &&
        ber_value_integer(&inner, &tlv, code))
        return NULL;
    ber_fail(&reader, "not an integer");
    return malformed(pool, "error", &fault);
}

bool x411_bind_encode(x411_mode_t mode, x411_bind_kind_t kind, const x411_bind_t *bind, buffer_t *out)
{
    ber_writer_t writer;
    ber_writer_init(&writer, out);
    if (mode == X411_MODE_NORMAL)
        ber_open(&writer, kind == X411_BIND_ARGUMENT ? BER_CONTEXT(16) : BER_CONTEXT(17));
    if (!bind->authenticated) {
        ber_put_null(&writer, BER_NULL);
    } else {
        ber_open(&writer, BER_CONTEXT(1));
        x411_string_write(&writer, BER_CONTEXT(0), &bind->name);
        if (bind->credentials == X411_CREDENTIALS_SIMPLE) {
            ber_open(&writer, BER_CONTEXT(1));
            ber_put_octets(&writer, bind->password.type ? bind->password.type : BER_IA5_STRING,
                           bind->password.octets);
            ber_close(&writer);
        } else if (bind->raw_credentials.length) {
            ber_open(&writer, BER_CONTEXT(1));
            ber_put_raw(&writer, bind->raw_credentials);
            ber_close(&writer);
        }
        if (bind->security_context.length) {
            ber_put_header(&writer, BER_CONTEXT(2), true, bind->security_context.length);
            ber_put_raw(&writer, bind->security_context);
        }
        if (bind->sibling)
            ber_put_octets(&writer, X411_TAG_OWN, bytes_of_string(sibling_mark));
        ber_close(&writer);
    }
    if (mode == X411_MODE_NORMAL)
        ber_close(&writer);
    return ber_writer_ok(&writer);
}

bool x411_bind_error_encode(x411_mode_t mode, int64_t code, buffer_t *out)
{
    ber_writer_t writer;
    if (mode != X411_MODE_NORMAL)
        return true;
    ber_writer_init(&writer, out);
    ber_open(&writer, BER_CONTEXT(18));
    ber_put_integer(&writer, BER_INTEGER, code);
    ber_close(&writer);
    return ber_writer_ok(&writer);
}

const char *x411_bind_error_text(int64_t code)
{
    switch (code) {
    case X411_BIND_BUSY: return "busy";
    case X411_BIND_CANNOT_RECOVER: return "cannot recover";
    case X411_BIND_AUTHENTICATION_ERROR: return "authentication error";
    case X411_BIND_UNACCEPTABLE_DIALOGUE_MODE: return "unacceptable dialogue mode";
    case X411_BIND_UNACCEPTABLE_SECURITY_CONTEXT: return "unacceptable security context";
    case X411_BIND_INADEQUATE_CONFIDENTIALITY: return "inadequate association confidentiality";
    default: return "bind error";
    }
}
