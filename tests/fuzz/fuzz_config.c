/* The configuration reader fed with any octets: it must end, say where each mistake is, give a configuration
 * only if there is no error, and read a good text afterwards as ever (libConfuse keeps state between files).
 */
#include "fuzz.h"

#include "config/config.h"
#include "route/route.h"

#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

static const char good[] =
    "mta { name = \"A\" country = GB data-folder = '/tmp' } /* c */\n"
    "listener L { } # end\nmailbox M { folder = '/tmp' address-space = { \"O=A\", 'O=B;;2' } }\n";

static void read_once(bytes_t text, bool must_be_good, apr_pool_t *parent)
{
    apr_pool_t *pool = NULL;
    if (apr_pool_create(&pool, parent) != APR_SUCCESS)
        abort();
    const config_t *config = NULL;
    config_findings_t findings;
    config_read_text("/fuzz/fuzz.conf", text, pool, &config, &findings);
    if ((config == NULL) != (findings.errors > 0) || (must_be_good && !config))
        abort();
    for (size_t i = 0; i < findings.count; i++)
        if (!findings.findings[i].text || !findings.findings[i].place.file ||
            findings.findings[i].place.line < 0)
            abort();
    if (config)
        route_check(config, pool, &findings);
    if (!config_findings_text(&findings, pool))
        abort();
    apr_pool_destroy(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *pool;
    if (!pool) {
        apr_initialize();
        apr_pool_create(&pool, NULL);
    }
    read_once(bytes_make(data, size), false, pool);
    read_once(BYTES_LITERAL(good), true, pool);
    return 0;
}
