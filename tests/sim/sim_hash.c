/* apr_hash_make seeds its hash function from the time and from addresses, so that the order of an iteration
 * differs from run to run; a simulation must not. The linker puts this in its place (--wrap). */
#include <apr_hash.h>

apr_hash_t *__wrap_apr_hash_make(apr_pool_t *pool);

apr_hash_t *__wrap_apr_hash_make(apr_pool_t *pool)
{
    return apr_hash_make_custom(pool, apr_hashfunc_default);
}
