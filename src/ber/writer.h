/* A BER writer (X.690): elements are appended to a buffer_t, constructed ones are opened and closed.
 * Lengths are definite and minimal unless an element is opened as indefinite. Failure (buffer full, nested
 * too deeply) is latched: write everything, then check ber_writer_ok once. */
#ifndef BER_WRITER_H
#define BER_WRITER_H

#include "ber/ber.h"
#include "base/buffer.h"

typedef struct ber_writer_t {
    buffer_t *out;
    unsigned depth; /* elements open */
    bool failed;
    struct {
        size_t content; /* offset of the contents, from the start of the buffer's octets */
        bool indefinite;
    } open[BER_DEPTH_LIMIT];
} ber_writer_t;

/* Starts writing at the end of out, which must not be consumed while elements are open. */
void ber_writer_init(ber_writer_t *writer, buffer_t *out);

/* True if nothing failed and every element that was opened is closed. */
bool ber_writer_ok(const ber_writer_t *writer);

/* Opens a constructed element; the next elements are its children until ber_close. */
void ber_open(ber_writer_t *writer, ber_tag_t tag);
void ber_open_indefinite(ber_writer_t *writer, ber_tag_t tag);
void ber_close(ber_writer_t *writer);

void ber_put_octets(ber_writer_t *writer, ber_tag_t tag, bytes_t value); /* any primitive string type */
void ber_put_string(ber_writer_t *writer, ber_tag_t tag, const char *text);
void ber_put_integer(ber_writer_t *writer, ber_tag_t tag, int64_t value);
void ber_put_boolean(ber_writer_t *writer, ber_tag_t tag, bool value); /* true is FF */
void ber_put_null(ber_writer_t *writer, ber_tag_t tag);
/* A BIT STRING of count bits; octets holds at least (count + 7) / 8 of them. */
void ber_put_bits(ber_writer_t *writer, ber_tag_t tag, const uint8_t *octets, size_t count);
/* An object identifier from its contents octets. */
static inline void ber_put_oid(ber_writer_t *writer, ber_tag_t tag, bytes_t oid)
{
    ber_put_octets(writer, tag, oid);
}
/* Octets that are an encoding already (one element or more). */
void ber_put_raw(ber_writer_t *writer, bytes_t encoding);

/* The identifier and length octets of an element whose contents of length octets follow from elsewhere,
 * and the number of octets that they take. */
void ber_put_header(ber_writer_t *writer, ber_tag_t tag, bool constructed, size_t length);
size_t ber_header_size(ber_tag_t tag, size_t length);

/* The contents octets of an object identifier from its text ("2.6.0.1.6") in pool; BYTES_NONE if the text is
 * not one. */
bytes_t ber_oid_from_text(apr_pool_t *pool, const char *text);

#endif
