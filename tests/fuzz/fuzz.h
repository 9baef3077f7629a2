/* What a fuzz target defines: one run over octets of any kind. It must not keep anything between runs but
 * what it gives back the next time, and returns 0. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
