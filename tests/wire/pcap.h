/* Reads a packet capture (pcap or pcapng, either byte order) and puts its TCP conversations together again:
 * for each connection the octets of both directions in the order in which they were seen. Link types:
 * Ethernet, BSD loopback, Linux cooked (SLL, SLL2), raw IP; IPv4 and IPv6. */
#ifndef TESTS_WIRE_PCAP_H
#define TESTS_WIRE_PCAP_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/timebase.h"

/* Octets that came in one piece: consecutive, in one direction, not yet seen before. */
typedef struct pcap_chunk_t {
    bool from_caller; /* true: from the side that opened the connection */
    utc_time_t time;
    bytes_t octets; /* never empty */
} pcap_chunk_t;

typedef struct pcap_conversation_t {
    uint16_t caller_port;
    uint16_t called_port;
    const pcap_chunk_t *chunks; /* in the order of the capture */
    size_t count;
    bool gap; /* octets are missing in a direction; its chunks end before the gap */
} pcap_conversation_t;

typedef struct pcap_capture_t {
    const pcap_conversation_t *conversations; /* in the order of their first packets */
    size_t count;
} pcap_capture_t;

enum {
    PCAP_FILE_LIMIT = 512 << 20, /* octets of a capture file */
    PCAP_CONVERSATION_LIMIT = 4096
};

/* Reads the file at path. All that *capture refers to lives in pool. The caller of a conversation is the side
 * whose SYN (without ACK) was seen, or else the sender of its first packet.
 * Fails (layer "system" or "capture") if the file cannot be read or is not a capture of a known kind. */
err_t *pcap_load(apr_pool_t *pool, const char *path, const pcap_capture_t **capture);

/* As pcap_load, for a capture that is in memory; octets must live as long as *capture is used. */
err_t *pcap_parse(apr_pool_t *pool, bytes_t octets, const pcap_capture_t **capture);

/* All octets of one direction in one range, in pool. */
bytes_t pcap_direction(apr_pool_t *pool, const pcap_conversation_t *conversation, bool from_caller);

#endif
