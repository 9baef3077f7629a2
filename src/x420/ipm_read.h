/* What the readers of this floor share. Each reads an element that the caller has read, latches faults in the
 * reader, and takes lists in two passes, so that an array is allocated once, for what is really there. */
#ifndef X420_IPM_READ_H
#define X420_IPM_READ_H

#include "x420/ipm.h"

/* How many elements tlv holds; more than limit is a fault (what). */
bool x420_count(const ber_reader_t *reader, const ber_tlv_t *tlv, unsigned limit, const char *what,
                unsigned *count);
bool x420_ipm_id_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x420_ipm_id_t *id);
bool x420_descriptor_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x420_descriptor_t *descriptor);
bool x420_extensions_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                          x420_extensions_t *extensions);
/* The heading from its SET element. */
bool x420_heading_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool,
                       x420_heading_t *heading);
/* The contents of an IPM (heading and body) that is nesting levels deep in another. */
bool x420_ipm_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, unsigned nesting,
                   x420_ipm_t *ipm);
/* One body part from its encoding. What is wrong in it goes to body->fault. */
void x420_body_read(apr_pool_t *pool, bytes_t whole, unsigned nesting, x420_body_t *body);
/* An extended body part's contents, likewise into body; false with the fault latched. */
bool x420_extended_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, unsigned nesting,
                        x420_body_t *body);
/* The strings of a SEQUENCE OF string, joined: the pages of a teletex body part. */
bool x420_pages_join(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, bytes_t *joined);
/* A notification from its element ([1], or a bare SET). */
bool x420_ipn_read(const ber_reader_t *reader, const ber_tlv_t *tlv, apr_pool_t *pool, x420_ipn_t *ipn);

#endif
