/* Tags and limits of the Basic Encoding Rules (X.690), shared by the reader and the writer. */
#ifndef BER_BER_H
#define BER_BER_H

#include <stdint.h>

/* A tag: class in the two top bits, number below; the constructed bit is not part of it. */
typedef uint32_t ber_tag_t;

#define BER_UNIVERSAL(n) ((ber_tag_t)(n))
#define BER_APPLICATION(n) ((ber_tag_t)(0x40000000U | (uint32_t)(n)))
#define BER_CONTEXT(n) ((ber_tag_t)(0x80000000U | (uint32_t)(n)))
#define BER_PRIVATE(n) ((ber_tag_t)(0xC0000000U | (uint32_t)(n)))
#define BER_TAG_CLASS(tag) ((unsigned)((tag) >> 30)) /* 0 universal, 1 application, 2 context, 3 private */
#define BER_TAG_NUMBER(tag) ((tag)&0x3FFFFFFFU)

#define BER_BOOLEAN BER_UNIVERSAL(1)
#define BER_INTEGER BER_UNIVERSAL(2)
#define BER_BIT_STRING BER_UNIVERSAL(3)
#define BER_OCTET_STRING BER_UNIVERSAL(4)
#define BER_NULL BER_UNIVERSAL(5)
#define BER_OBJECT_IDENTIFIER BER_UNIVERSAL(6)
#define BER_OBJECT_DESCRIPTOR BER_UNIVERSAL(7)
#define BER_EXTERNAL BER_UNIVERSAL(8)
#define BER_ENUMERATED BER_UNIVERSAL(10)
#define BER_UTF8_STRING BER_UNIVERSAL(12)
#define BER_SEQUENCE BER_UNIVERSAL(16)
#define BER_SET BER_UNIVERSAL(17)
#define BER_NUMERIC_STRING BER_UNIVERSAL(18)
#define BER_PRINTABLE_STRING BER_UNIVERSAL(19)
#define BER_TELETEX_STRING BER_UNIVERSAL(20)
#define BER_VIDEOTEX_STRING BER_UNIVERSAL(21)
#define BER_IA5_STRING BER_UNIVERSAL(22)
#define BER_UTC_TIME BER_UNIVERSAL(23)
#define BER_GENERALIZED_TIME BER_UNIVERSAL(24)
#define BER_GRAPHIC_STRING BER_UNIVERSAL(25)
#define BER_VISIBLE_STRING BER_UNIVERSAL(26)
#define BER_GENERAL_STRING BER_UNIVERSAL(27)
#define BER_UNIVERSAL_STRING BER_UNIVERSAL(28)
#define BER_BMP_STRING BER_UNIVERSAL(30)

/* How deep elements may nest, counted from the root of a reader; a deeper input is refused. */
enum { BER_DEPTH_LIMIT = 32 };
/* The largest tag number that the reader takes. */
enum { BER_TAG_NUMBER_LIMIT = 0x3FFFFFF };

#endif
