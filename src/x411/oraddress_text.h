/* The two written forms of an O/R address, parsed and printed without loss.
 *
 * Semicolon form (X.402 Annex, F.401 Annex B): G=..;I=..;S=..;Q=..;CN=..;O=..;OU1=..;OU2=..;P=..;A=..;C=..;
 * X.121=..;T-ID=..;N-ID=..;T-TY=..;DDA:type=value;PD-..=..  Slash form (RFC 2156 4.1):
 * /G=../I=../S=../GQ=../CN=../
 * O=../OU=../PRMD=../ADMD=../C=../X121=../T-ID=../UA-ID=../DD.type=value/PD-..=../ with the lowest OU first.
 * Keys are read in any case, and those of both forms in either.
 *
 * Values. In the slash form `$` before a character takes it as it is ($/ $= $* $$), in the semicolon form `\`
 * does
 * (\= \\ \{) and a doubled ;; stands for one. {NNN} is one octet in decimal digits ({013}), {xHH} in
 * hexadecimal; what cannot be printed is written so. A mark before the equals sign says in which string type
 * a value is, where that is not the attribute's own: `*` T.61 (the Teletex variant of the attribute), `**`
 * universal with BMPString,
 * `***` with UniversalString (UTF-8, a language as {en} in front), `#` NumericString and `@` PrintableString
 * for C, A, P. The slash form writes a Teletex variant as RFC 2156 has it, /O=printable*teletex/. Without a
 * mark, C takes digits as numeric; A= alone is the single space, A@= the empty name. An extension attribute
 * that has no key, or not the usual encoding, is EA-n=hex of its value; a directory name is DN=hex. */
#ifndef X411_ORADDRESS_TEXT_H
#define X411_ORADDRESS_TEXT_H

#include "x411/oraddress.h"

enum { X411_TEXT_LIMIT = 16384 }; /* octets of a text that the parser takes */

/* Parses either form (a text that begins with '/' is the slash form) into *address, all in pool. NULL, or an
 * err_t (X411_ERROR_VALUE) that says what is wrong and at which character. Attributes that occur twice are
 * an error except OU and DDA. The order of OUs: OU1 is the highest in the semicolon form; in the slash form
 * the first OU written is the lowest (RFC 2156), OU1=.. is read too. */
err_t *x411_or_address_parse(apr_pool_t *pool, const char *text, x411_or_address_t *address);
/* The same into a name; DN=hex gives its directory name. */
err_t *x411_or_name_parse(apr_pool_t *pool, const char *text, x411_or_name_t *name);

/* The semicolon form, most specific attribute first, in pool; parse gives the same address back. */
const char *x411_or_address_text(apr_pool_t *pool, const x411_or_address_t *address);
/* The slash form, likewise. */
const char *x411_or_address_text_2156(apr_pool_t *pool, const x411_or_address_t *address);
/* The semicolon form of the name's address, followed by the directory name, if any, as DN=hex. */
const char *x411_or_name_text(apr_pool_t *pool, const x411_or_name_t *name);

#endif
