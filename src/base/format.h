/* Marks a function that takes a format, for the compiler's checks: which parameter is the format, and which
 * is the first value. FORMAT_PRINTF is for a function that hands it to the C library, FORMAT_APR for one that
 * hands it to APR: they write 64-bit numbers differently on Windows, PRId64 and APR_INT64_T_FMT are not the
 * same there. */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#if defined(_WIN32) && !defined(__clang__)
#define FORMAT_PRINTF(format_index, first) __attribute__((format(gnu_printf, format_index, first)))
#define FORMAT_APR(format_index, first) __attribute__((format(ms_printf, format_index, first)))
#else
#define FORMAT_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
#define FORMAT_APR(format_index, first) __attribute__((format(printf, format_index, first)))
#endif

#endif
