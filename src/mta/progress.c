#include "mta/progress.h"

#include <string.h>

#include <apr_md5.h>

enum { FORM = 1 };

void progress_digest(bytes_t prefix, const char *connector, uint8_t digest[PROGRESS_DIGEST_SIZE])
{
    apr_md5_ctx_t md5;
    apr_md5_init(&md5);
    apr_md5_update(&md5, connector, strlen(connector) + 1);
    if (prefix.length)
        apr_md5_update(&md5, prefix.data, prefix.length);
    apr_md5_final(digest, &md5);
}

typedef struct writer_t {
    uint8_t *octets;
    size_t length;
} writer_t;

static void write_number(writer_t *writer, uint64_t number)
{
    for (unsigned shift = 0; shift < 64; shift += 8)
        writer->octets[writer->length++] = (uint8_t)(number >> shift);
}

static void write_octets(writer_t *writer, const uint8_t *octets, uint8_t length)
{
    writer->octets[writer->length++] = length;
    memcpy(writer->octets + writer->length, octets, length);
    writer->length += length;
}

size_t progress_encode(const progress_t *progress, uint8_t octets[PROGRESS_LIMIT])
{
    writer_t writer = {octets, 0};
    octets[writer.length++] = FORM;
    octets[writer.length++] = (uint8_t)progress->mode;
    write_number(&writer, progress->serial);
    write_number(&writer, progress->total);
    write_number(&writer, progress->length);
    write_number(&writer, (uint64_t)progress->time);
    write_octets(&writer, progress->digest, PROGRESS_DIGEST_SIZE);
    write_octets(&writer, progress->activity.octets, progress->activity.length);
    write_octets(&writer, progress->connection.user.octets, progress->connection.user.length);
    write_octets(&writer, progress->connection.common.octets, progress->connection.common.length);
    write_octets(&writer, progress->connection.additional, progress->connection.additional_length);
    return writer.length;
}

static uint64_t read_number(bytes_t *rest)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64 && rest->length; shift += 8) {
        number |= (uint64_t)rest->data[0] << shift;
        *rest = bytes_slice(*rest, 1, rest->length - 1);
    }
    return number;
}

static bool read_octets(bytes_t *rest, uint8_t *octets, size_t limit, uint8_t *length)
{
    if (!rest->length || rest->data[0] > limit || rest->data[0] >= rest->length)
        return false;
    *length = rest->data[0];
    memcpy(octets, rest->data + 1, *length);
    *rest = bytes_slice(*rest, (size_t)*length + 1, rest->length - *length - 1);
    return true;
}

bool progress_decode(bytes_t octets, progress_t *progress)
{
    enum { FIXED = 2 + 4 * 8 };
    memset(progress, 0, sizeof(*progress));
    if (octets.length < FIXED || octets.data[0] != FORM)
        return false;
    progress->mode = (x411_mode_t)octets.data[1];
    bytes_t rest = bytes_slice(octets, 2, octets.length - 2);
    uint64_t serial = read_number(&rest);
    progress->serial = serial > OSI_SYNC_NUMBER_LIMIT ? 0 : (unsigned)serial;
    progress->total = read_number(&rest);
    progress->length = read_number(&rest);
    progress->time = (utc_time_t)read_number(&rest);
    uint8_t digest_length = 0;
    osi_connection_id_t *connection = &progress->connection;
    return progress->serial && progress->total <= progress->length &&
           read_octets(&rest, progress->digest, PROGRESS_DIGEST_SIZE, &digest_length) &&
           digest_length == PROGRESS_DIGEST_SIZE &&
           read_octets(&rest, progress->activity.octets, OSI_ACTIVITY_ID_LIMIT, &progress->activity.length) &&
           read_octets(&rest, connection->user.octets, OSI_REFERENCE_LIMIT, &connection->user.length) &&
           read_octets(&rest, connection->common.octets, OSI_REFERENCE_LIMIT, &connection->common.length) &&
           read_octets(&rest, connection->additional, OSI_ADDITIONAL_REFERENCE_LIMIT,
                       &connection->additional_length);
}
