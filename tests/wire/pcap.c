#include "pcap.h"

#include <apr_file_io.h>
#include <apr_tables.h>

enum {
    FILE_HEADER = 24,
    RECORD_HEADER = 16,
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_ENHANCED_PACKET = 6,
    BLOCK_SMALLEST = 12,
    BYTE_ORDER_MAGIC = 0x1A2B3C4D,
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_SLL2 = 276,
    ETHER_IPV4 = 0x0800,
    ETHER_IPV6 = 0x86DD,
    ETHER_VLAN = 0x8100,
    PROTOCOL_TCP = 6,
    TCP_SYN = 0x02,
    TCP_ACK = 0x10
};

/* A TCP segment that came before the octets in front of it. */
typedef struct segment_t {
    uint32_t sequence;
    utc_time_t time;
    bytes_t octets;
} segment_t;

typedef struct direction_t {
    bool started;
    uint32_t next;               /* sequence number that is due */
    apr_array_header_t *waiting; /* of segment_t */
} direction_t;

typedef struct flow_t {
    uint8_t address[2][16]; /* [0] the caller */
    uint16_t port[2];
    direction_t direction[2]; /* [0] from the caller */
    apr_array_header_t *chunks;
} flow_t;

typedef struct packet_t {
    uint8_t source[16];
    uint8_t destination[16];
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t sequence;
    uint8_t flags;
    bytes_t payload;
    utc_time_t time;
} packet_t;

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t file32(const uint8_t *p, bool little)
{
    if (!little)
        return get32(p);
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* The IP packet of a frame of a link type; empty if it carries none. */
static bytes_t link_payload(unsigned link, bytes_t frame)
{
    size_t header;
    switch (link) {
    case LINK_RAW: return frame;
    case LINK_NULL:
    case LINK_LOOP: header = 4; break;
    case LINK_SLL: header = 16; break;
    case LINK_SLL2: header = 20; break;
    case LINK_ETHERNET:
        header = 14;
        while (frame.length >= header + 4 && get16(frame.data + header - 2) == ETHER_VLAN)
            header += 4;
        if (frame.length < header ||
            (get16(frame.data + header - 2) != ETHER_IPV4 && get16(frame.data + header - 2) != ETHER_IPV6))
            return BYTES_NONE;
        break;
    default: return BYTES_NONE;
    }
    return bytes_slice(frame, header, frame.length);
}

/* Takes the IP header off; false unless a whole TCP segment of IPv4 or IPv6 is inside. */
static bool ip_payload(bytes_t ip, packet_t *packet, bytes_t *tcp)
{
    if (ip.length >= 20 && ip.data[0] >> 4 == 4) {
        size_t header = (size_t)(ip.data[0] & 15) * 4;
        size_t total = get16(ip.data + 2);
        if (total == 0) /* left to the network card */
            total = ip.length;
        if (header < 20 || total < header || total > ip.length || ip.data[9] != PROTOCOL_TCP ||
            (get16(ip.data + 6) & 0x3FFF) != 0)
            return false;
        memcpy(packet->source, ip.data + 12, 4);
        memcpy(packet->destination, ip.data + 16, 4);
        *tcp = bytes_slice(ip, header, total - header);
        return true;
    }
    if (ip.length >= 40 && ip.data[0] >> 4 == 6) {
        size_t length = get16(ip.data + 4);
        if (length == 0)
            length = ip.length - 40;
        if (length > ip.length - 40 || ip.data[6] != PROTOCOL_TCP)
            return false;
        memcpy(packet->source, ip.data + 8, 16);
        memcpy(packet->destination, ip.data + 24, 16);
        *tcp = bytes_slice(ip, 40, length);
        return true;
    }
    return false;
}

static bool packet_parse(unsigned link, bytes_t frame, packet_t *packet)
{
    bytes_t tcp;
    if (!ip_payload(link_payload(link, frame), packet, &tcp) || tcp.length < 20)
        return false;
    size_t header = (size_t)(tcp.data[12] >> 4) * 4;
    if (header < 20 || header > tcp.length)
        return false;
    packet->source_port = get16(tcp.data);
    packet->destination_port = get16(tcp.data + 2);
    packet->sequence = get32(tcp.data + 4);
    packet->flags = tcp.data[13];
    packet->payload = bytes_slice(tcp, header, tcp.length - header);
    return true;
}

/* 0 from the caller, 1 from the called side, -1 another connection. */
static int flow_match(const flow_t *flow, const packet_t *packet)
{
    for (int side = 0; side < 2; side++)
        if (flow->port[side] == packet->source_port && flow->port[1 - side] == packet->destination_port &&
            memcmp(flow->address[side], packet->source, 16) == 0 &&
            memcmp(flow->address[1 - side], packet->destination, 16) == 0)
            return side;
    return -1;
}

static flow_t *flow_create(apr_pool_t *pool, const packet_t *packet)
{
    flow_t *flow = apr_pcalloc(pool, sizeof(*flow));
    bool reversed = (packet->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
    memcpy(flow->address[reversed], packet->source, 16);
    memcpy(flow->address[!reversed], packet->destination, 16);
    flow->port[reversed] = packet->source_port;
    flow->port[!reversed] = packet->destination_port;
    flow->chunks = apr_array_make(pool, 16, sizeof(pcap_chunk_t));
    for (int side = 0; side < 2; side++)
        flow->direction[side].waiting = apr_array_make(pool, 4, sizeof(segment_t));
    return flow;
}

/* The flow of a packet, a new one for a new connection (also on ports used before); NULL past the limit. */
static flow_t *flow_find(apr_pool_t *pool, apr_array_header_t *flows, const packet_t *packet, int *side)
{
    bool opening = (packet->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    for (int i = flows->nelts - 1; i >= 0; i--) {
        flow_t *flow = APR_ARRAY_IDX(flows, i, flow_t *);
        *side = flow_match(flow, packet);
        if (*side < 0)
            continue;
        if (opening && flow->chunks->nelts > 0)
            break;
        return flow;
    }
    if (flows->nelts >= PCAP_CONVERSATION_LIMIT)
        return NULL;
    flow_t *flow = flow_create(pool, packet);
    APR_ARRAY_PUSH(flows, flow_t *) = flow;
    *side = flow_match(flow, packet);
    return flow;
}

/* Gives the part of a segment that is due on; false if it lies ahead. */
static bool segment_deliver(flow_t *flow, int side, const segment_t *segment)
{
    direction_t *direction = &flow->direction[side];
    int32_t ahead = (int32_t)(segment->sequence - direction->next);
    if (ahead > 0)
        return false;
    bytes_t fresh = bytes_slice(segment->octets, (size_t)(-(int64_t)ahead), segment->octets.length);
    if (fresh.length == 0)
        return true;
    pcap_chunk_t *chunk = apr_array_push(flow->chunks);
    *chunk = (pcap_chunk_t){side == 0, segment->time, fresh};
    direction->next += (uint32_t)fresh.length;
    return true;
}

static void flow_packet(flow_t *flow, int side, const packet_t *packet)
{
    direction_t *direction = &flow->direction[side];
    bool syn = packet->flags & TCP_SYN;
    if (!direction->started) {
        direction->started = true;
        direction->next = packet->sequence + syn;
    }
    if (packet->payload.length == 0)
        return;
    segment_t segment = {packet->sequence + syn, packet->time, packet->payload};
    if (!segment_deliver(flow, side, &segment)) {
        APR_ARRAY_PUSH(direction->waiting, segment_t) = segment;
        return;
    }
    for (int i = 0; i < direction->waiting->nelts;) {
        segment_t *waiting = &APR_ARRAY_IDX(direction->waiting, i, segment_t);
        if (segment_deliver(flow, side, waiting)) {
            *waiting = APR_ARRAY_IDX(direction->waiting, direction->waiting->nelts - 1, segment_t);
            direction->waiting->nelts--;
            i = 0;
        } else {
            i++;
        }
    }
}

static void capture_finish(apr_pool_t *pool, const apr_array_header_t *flows, const pcap_capture_t **capture)
{
    pcap_conversation_t *list = apr_pcalloc(pool, sizeof(*list) * ((size_t)flows->nelts + 1));
    for (int i = 0; i < flows->nelts; i++) {
        const flow_t *flow = APR_ARRAY_IDX(flows, i, flow_t *);
        list[i].caller_port = flow->port[0];
        list[i].called_port = flow->port[1];
        list[i].chunks = (const pcap_chunk_t *)(const void *)flow->chunks->elts;
        list[i].count = (size_t)flow->chunks->nelts;
        list[i].gap = flow->direction[0].waiting->nelts > 0 || flow->direction[1].waiting->nelts > 0;
    }
    pcap_capture_t *result = apr_pcalloc(pool, sizeof(*result));
    result->conversations = list;
    result->count = (size_t)flows->nelts;
    *capture = result;
}

/* Reads the file's magic number: its byte order and whether its times have nanoseconds. */
static bool magic_read(const uint8_t *p, bool *little, bool *nanoseconds)
{
    for (int order = 0; order < 2; order++) {
        uint32_t magic = file32(p, order);
        if (magic == 0xA1B2C3D4 || magic == 0xA1B23C4D) {
            *little = order;
            *nanoseconds = magic == 0xA1B23C4D;
            return true;
        }
    }
    return false;
}

static bool link_known(unsigned link)
{
    return link == LINK_NULL || link == LINK_ETHERNET || link == LINK_RAW || link == LINK_LOOP ||
           link == LINK_SLL || link == LINK_SLL2;
}

static void frame_take(apr_pool_t *pool, apr_array_header_t *flows, unsigned link, utc_time_t time,
                       bytes_t frame)
{
    packet_t packet = {.time = time};
    int side;
    flow_t *flow = packet_parse(link, frame, &packet) ? flow_find(pool, flows, &packet, &side) : NULL;
    if (flow)
        flow_packet(flow, side, &packet);
}

/* The classic format: a file header, and a header in front of each frame. */
static err_t *parse_classic(apr_pool_t *pool, bytes_t octets, apr_array_header_t *flows)
{
    bool little, nanoseconds;
    if (octets.length < FILE_HEADER || !magic_read(octets.data, &little, &nanoseconds))
        return err_create(pool, 0, "capture", "the file is no packet capture (pcap or pcapng)");
    unsigned link = file32(octets.data + 20, little) & 0xFFFF;
    if (!link_known(link))
        return err_create(pool, 0, "capture", "the capture's link type %u is not known", link);
    for (size_t at = FILE_HEADER; octets.length - at >= RECORD_HEADER;) {
        const uint8_t *record = octets.data + at;
        size_t length = file32(record + 8, little);
        at += RECORD_HEADER;
        if (length > octets.length - at)
            break; /* cut off while it was written */
        utc_time_t time =
            TIME_SECONDS(file32(record, little)) + file32(record + 4, little) / (nanoseconds ? 1000 : 1);
        frame_take(pool, flows, link, time, bytes_slice(octets, at, length));
        at += length;
    }
    return NULL;
}

/* An interface of a pcapng section. */
typedef struct interface_t {
    unsigned link;
    uint64_t per_second; /* units of its times */
} interface_t;

/* Option 9 of an interface: the resolution of its times. */
static uint64_t interface_resolution(bytes_t options, bool little)
{
    while (options.length >= 4) {
        uint32_t head = file32(options.data, little);
        unsigned code = little ? head & 0xFFFF : head >> 16;
        size_t length = little ? head >> 16 : head & 0xFFFF;
        if (code == 9 && length == 1 && options.length >= 5) {
            unsigned exponent = options.data[4] & 0x7F;
            uint64_t value = 1;
            for (unsigned i = 0; i < exponent && value < UINT64_MAX / 10; i++)
                value *= options.data[4] & 0x80 ? 2 : 10;
            return value;
        }
        options = bytes_slice(options, 4 + ((length + 3) & ~(size_t)3), options.length);
    }
    return 1000000;
}

static utc_time_t interface_time(const interface_t *interface, uint64_t units)
{
    uint64_t rest = units % interface->per_second;
    return TIME_SECONDS(units / interface->per_second) +
           (utc_time_t)((double)rest * 1e6 / (double)interface->per_second + 0.5);
}

/* One block of the pcapng format, without its type and lengths. */
static err_t *parse_block(apr_pool_t *pool, uint32_t type, bytes_t body, bool little,
                          apr_array_header_t *interfaces, apr_array_header_t *flows)
{
    const uint8_t *p = body.data;
    if (type == BLOCK_INTERFACE && body.length >= 8) {
        interface_t *interface = apr_array_push(interfaces);
        interface->link = little ? (unsigned)(p[1] << 8 | p[0]) : get16(p);
        interface->per_second = interface_resolution(bytes_slice(body, 8, body.length), little);
        if (!link_known(interface->link))
            return err_create(pool, 0, "capture", "the capture's link type %u is not known", interface->link);
    } else if (type == BLOCK_ENHANCED_PACKET && body.length >= 20) {
        uint32_t index = file32(p, little);
        size_t length = file32(p + 12, little);
        if (index >= (uint32_t)interfaces->nelts || length > body.length - 20)
            return err_create(pool, 0, "capture", "a packet block of the capture is damaged");
        const interface_t *interface = &APR_ARRAY_IDX(interfaces, (int)index, interface_t);
        uint64_t units = (uint64_t)file32(p + 4, little) << 32 | file32(p + 8, little);
        frame_take(pool, flows, interface->link, interface_time(interface, units),
                   bytes_slice(body, 20, length));
    }
    return NULL;
}

/* The pcapng format: blocks, each with its type and its length in front and behind. */
static err_t *parse_blocks(apr_pool_t *pool, bytes_t octets, apr_array_header_t *flows)
{
    apr_array_header_t *interfaces = apr_array_make(pool, 2, sizeof(interface_t));
    bool little = false;
    for (size_t at = 0; octets.length - at >= BLOCK_SMALLEST;) {
        const uint8_t *p = octets.data + at;
        uint32_t type = file32(p, little);
        if (type == BLOCK_SECTION) { /* the same in both byte orders */
            little = file32(p + 8, true) == BYTE_ORDER_MAGIC;
            interfaces->nelts = 0;
        }
        size_t length = file32(p + 4, little);
        if (length < BLOCK_SMALLEST || length % 4 != 0)
            return err_create(pool, 0, "capture", "a block of the capture has an impossible length");
        if (length > octets.length - at)
            break; /* cut off while it was written */
        err_t *err =
            parse_block(pool, type, bytes_make(p + 8, length - BLOCK_SMALLEST), little, interfaces, flows);
        if (err)
            return err;
        at += length;
    }
    return NULL;
}

err_t *pcap_parse(apr_pool_t *pool, bytes_t octets, const pcap_capture_t **capture)
{
    apr_array_header_t *flows = apr_array_make(pool, 4, sizeof(flow_t *));
    bool blocks = octets.length >= 4 && get32(octets.data) == BLOCK_SECTION;
    err_t *err = blocks ? parse_blocks(pool, octets, flows) : parse_classic(pool, octets, flows);
    if (!err)
        capture_finish(pool, flows, capture);
    return err;
}

err_t *pcap_load(apr_pool_t *pool, const char *path, const pcap_capture_t **capture)
{
    apr_file_t *file;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool);
    if (status != APR_SUCCESS)
        return err_from_status(pool, status, "the capture %s cannot be opened", path);
    apr_finfo_t info;
    status = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    err_t *err = NULL;
    if (status == APR_SUCCESS && info.size > PCAP_FILE_LIMIT)
        err =
            err_create(pool, 0, "capture", "the capture %s is larger than %d octets", path, PCAP_FILE_LIMIT);
    uint8_t *data = NULL;
    apr_size_t length = 0;
    if (status == APR_SUCCESS && !err) {
        data = apr_palloc(pool, (apr_size_t)info.size + 1);
        status = apr_file_read_full(file, data, (apr_size_t)info.size, &length);
    }
    apr_file_close(file);
    if (err)
        return err;
    if (status != APR_SUCCESS && !APR_STATUS_IS_EOF(status))
        return err_from_status(pool, status, "the capture %s cannot be read", path);
    return pcap_parse(pool, bytes_make(data, length), capture);
}

bytes_t pcap_direction(apr_pool_t *pool, const pcap_conversation_t *conversation, bool from_caller)
{
    size_t length = 0;
    for (size_t i = 0; i < conversation->count; i++)
        if (conversation->chunks[i].from_caller == from_caller)
            length += conversation->chunks[i].octets.length;
    uint8_t *data = apr_palloc(pool, length + 1);
    size_t at = 0;
    for (size_t i = 0; i < conversation->count; i++) {
        const pcap_chunk_t *chunk = &conversation->chunks[i];
        if (chunk->from_caller != from_caller)
            continue;
        memcpy(data + at, chunk->octets.data, chunk->octets.length);
        at += chunk->octets.length;
    }
    return bytes_make(data, length);
}
