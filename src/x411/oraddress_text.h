/* The two written forms of an O/R address, parsed and printed without loss.
 *
 * Semicolon form (X.402 Annex, F.401 Annex B): G=..;I=..;S=..;Q=..;CN=..;O=..;OU1=..;OU2=..;P=..;A=..;C=..;
 * X.121=..;T-ID=..;N-ID=..;T-TY=..;DDA:type=value;PD-..=..  Keys in any case; known synonyms are read
 * (GQ, PRMD, ADMD, UA-ID, X121, OU). Slash form (RFC 2156 4.1):
 * /G=../I=../S=../GQ=../CN=../O=../OU=../PRMD=../
 * ADMD=../C=../X121=../T-ID=../UA-ID=../DD.type=value/PD-..=../
 *
 * Values. In the slash form `$` before a character takes it as it is ($/ $= $$), in the semicolon form `\`
 * does (\; \= \\; a doubled ;; is read as one ; too). In both, {NN} is one octet, decimal three digits or
 * hexadecimal after x ({064}, {x0D}); what cannot be printed is written so. A value of another ASN.1 type
 * than the attribute's own carries a mark before the equals sign: `*` T.61 (Teletex variant), `**` universal
 * (UTF-8, {language} in front if given), `#` NumericString for C, A, P; an absent value is no key, an empty
 * one is `O=`. ADMD of a single space is `A= `; `A=` followed by the end is read as a single space. An
 * extension attribute that has no key is EA-n=hex of its value's encoding. */
#ifndef X411_ORADDRESS_TEXT_H
#define X411_ORADDRESS_TEXT_H

#include "x411/oraddress.h"

enum { X411_TEXT_LIMIT = 16384 }; /* octets of a text that the parser takes */

/* Parses either form (a text that begins with '/' is the slash form) into *address, all in pool. NULL, or an
 * err_t (X411_ERROR_VALUE) that says what is wrong and at which character. Attributes that occur twice are
 * an error except OU and DDA. The order of OUs: OU1 is the highest in the semicolon form; in the slash form
 * the first OU written is the lowest (RFC 2156), OU1=.. is read too. */
err_t *x411_or_address_parse(apr_pool_t *pool, const char *text, x411_or_address_t *address);
/* The same into a name without directory name. */
err_t *x411_or_name_parse(apr_pool_t *pool, const char *text, x411_or_name_t *name);

/* The semicolon form, most specific attribute first, in pool; parse gives the same address back. */
const char *x411_or_address_text(apr_pool_t *pool, const x411_or_address_t *address);
/* The slash form, likewise. */
const char *x411_or_address_text_2156(apr_pool_t *pool, const x411_or_address_t *address);
/* The semicolon form of the name's address; a directory name alone is "DN=" and the hex of its encoding. */
const char *x411_or_name_text(apr_pool_t *pool, const x411_or_name_t *name);

#endif
