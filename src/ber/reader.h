/* A BER reader (X.690) over a byte range: a range that shrinks from the front. It takes definite and
 * indefinite lengths, long-form lengths and tags, and constructed strings; it allocates nothing, and its
 * first fault is latched in the ber_fault_t that a reader and all its children share: after a fault every
 * read fails, so one check at the end is enough. */
#ifndef BER_READER_H
#define BER_READER_H

#include "ber/ber.h"
#include "base/bytes.h"

typedef struct ber_fault_t {
    const char *what;    /* a literal that says what is wrong; NULL while all is well */
    size_t offset;       /* of the element at fault, from the start of the root input */
    const uint8_t *base; /* start of the root input */
} ber_fault_t;

typedef struct ber_reader_t {
    const uint8_t *next;
    const uint8_t *end;
    ber_fault_t *fault;
    unsigned depth;
} ber_reader_t;

typedef struct ber_tlv_t {
    ber_tag_t tag;
    bool constructed;
    bytes_t content; /* the contents octets (without end-of-contents octets) */
    bytes_t whole;   /* the whole encoding, with identifier, length and end-of-contents octets */
} ber_tlv_t;

/* Starts a reader over input; fault is owned by the caller and is cleared here. */
void ber_reader_init(ber_reader_t *reader, bytes_t input, ber_fault_t *fault);

/* Latches a fault at the reader's place, for checks that the caller makes itself; what is a literal.
 * Always returns false. */
bool ber_fail(const ber_reader_t *reader, const char *what);
/* The same, at the place of tlv. */
bool ber_fail_at(const ber_reader_t *reader, const ber_tlv_t *tlv, const char *what);

static inline bool ber_ok(const ber_reader_t *reader)
{
    return reader->fault->what == NULL;
}

/* True while no fault is latched and elements are left. */
static inline bool ber_more(const ber_reader_t *reader)
{
    return reader->fault->what == NULL && reader->next < reader->end;
}

/* The tag of the next element, without reading it. False (no fault) at the end. */
bool ber_peek(const ber_reader_t *reader, ber_tag_t *tag);
/* True if the next element has this tag. */
bool ber_is(const ber_reader_t *reader, ber_tag_t tag);

/* Reads the next element, whatever it is; the end of the range is a fault. */
bool ber_read(ber_reader_t *reader, ber_tlv_t *tlv);
/* Reads the next element, which must have this tag. */
bool ber_expect(ber_reader_t *reader, ber_tag_t tag, ber_tlv_t *tlv);
/* Reads the next element only if it has this tag; true if it was read. Its absence is no fault. */
bool ber_optional(ber_reader_t *reader, ber_tag_t tag, ber_tlv_t *tlv);

/* Starts child over the contents of tlv, which must be constructed. */
bool ber_children(const ber_reader_t *reader, const ber_tlv_t *tlv, ber_reader_t *child);
/* Reads the next element, which must have this tag and be constructed, and starts child over it. */
bool ber_enter(ber_reader_t *reader, ber_tag_t tag, ber_reader_t *child);
/* ber_enter if the next element has this tag; true if entered. */
bool ber_enter_optional(ber_reader_t *reader, ber_tag_t tag, ber_reader_t *child);
/* Reads elements and drops them until the end: for unknown elements where extensibility is the rule. */
void ber_skip_rest(ber_reader_t *reader);
/* Latches a fault if elements are left. True if none are and no fault is latched. */
bool ber_done(const ber_reader_t *reader);

/* Values of an element that was read. The tag is not looked at, so that implicit tags work.
 * A value that is not well-formed latches a fault and returns false. */
bool ber_value_integer(const ber_reader_t *reader, const ber_tlv_t *tlv, int64_t *value);
bool ber_value_boolean(const ber_reader_t *reader, const ber_tlv_t *tlv, bool *value);
bool ber_value_null(const ber_reader_t *reader, const ber_tlv_t *tlv);
/* A primitive value: the contents octets as they are; a constructed one is a fault. */
bool ber_value_primitive(const ber_reader_t *reader, const ber_tlv_t *tlv, bytes_t *value);

/* A string type (X.690 8.7, 8.21): primitive or constructed, to any depth up to the limit.
 * ber_value_length: the octets of all segments together.
 * ber_value_octets: the string in one range: the contents themselves if primitive, else joined in pool. */
bool ber_value_length(const ber_reader_t *reader, const ber_tlv_t *tlv, size_t *length);
bool ber_value_octets(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, bytes_t *value);

/* A BIT STRING: the octets with the bits (first bit = top bit of the first octet) and the number of bits.
 * Constructed bit strings are joined in pool. */
typedef struct ber_bits_t {
    bytes_t octets;
    size_t count; /* bits */
} ber_bits_t;
bool ber_value_bits(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, ber_bits_t *bits);
/* The bit number index (from 0); bits beyond the end are false. */
static inline bool ber_bit(const ber_bits_t *bits, size_t index)
{
    return index < bits->count && (bits->octets.data[index / 8] >> (7 - index % 8) & 1);
}

/* The length of the first element of input, for streams: how many octets it has in all, 0 if input does not
 * hold all of it yet. An element that cannot be well-formed, or that is deeper than BER_DEPTH_LIMIT, sets
 * *malformed. Bounded by the octets of input. */
size_t ber_element_length(bytes_t input, bool *malformed);

/* An object identifier's contents as text ("2.6.0.1.6") in pool; NULL if not well-formed. */
const char *ber_oid_text(apr_pool_t *pool, bytes_t oid);

#endif
