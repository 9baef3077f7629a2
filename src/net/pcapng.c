#include "net/pcapng.h"

enum {
    LINKTYPE_RAW = 101,
    TCP_HEADER = 20,
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    SEGMENT = 32768, /* octets of one packet */
    BLOCK_FRAME = 32,
    FLAG_FIN = 1,
    FLAG_SYN = 2,
    FLAG_PUSH = 8,
    FLAG_ACK = 16,
    WINDOW = 65535,
    HOP_LIMIT = 64,
    PROTOCOL_TCP = 6
};

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

/* Blocks are written in little-endian order, headers of the packets in network order. */
static void little32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void little16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static uint32_t sum_words(uint32_t sum, bytes_t octets)
{
    for (size_t i = 0; i < octets.length; i++)
        sum += i % 2 ? octets.data[i] : (uint32_t)octets.data[i] << 8;
    return sum;
}

static unsigned fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return ~sum & 0xFFFF;
}

static size_t put_ip_header(uint8_t *at, const pcapng_end_t *from, const pcapng_end_t *to, size_t length)
{
    if (from->length == 16) {
        memset(at, 0, IPV6_HEADER);
        at[0] = 0x60;
        put16(at + 4, (unsigned)length);
        at[6] = PROTOCOL_TCP;
        at[7] = HOP_LIMIT;
        memcpy(at + 8, from->address, 16);
        memcpy(at + 24, to->address, 16);
        return IPV6_HEADER;
    }
    memset(at, 0, IPV4_HEADER);
    at[0] = 0x45;
    put16(at + 2, (unsigned)length + IPV4_HEADER);
    at[6] = 0x40; /* don't fragment */
    at[8] = HOP_LIMIT;
    at[9] = PROTOCOL_TCP;
    memcpy(at + 12, from->address, 4);
    memcpy(at + 16, to->address, 4);
    put16(at + 10, fold(sum_words(0, bytes_make(at, IPV4_HEADER))));
    return IPV4_HEADER;
}

/* One packet in a block of its own. */
static bool put_packet(buffer_t *out, pcapng_flow_t *flow, bool by_caller, unsigned flags, bytes_t octets,
                       utc_time_t time)
{
    const pcapng_end_t *from = by_caller ? &flow->caller : &flow->called;
    const pcapng_end_t *to = by_caller ? &flow->called : &flow->caller;
    size_t ip = from->length == 16 ? IPV6_HEADER : IPV4_HEADER;
    size_t length = ip + TCP_HEADER + octets.length;
    size_t padded = (length + 3) & ~(size_t)3;
    uint8_t *block = buffer_reserve(out, BLOCK_FRAME + padded);
    if (!block)
        return false;
    memset(block, 0, BLOCK_FRAME + padded);
    little32(block, 6); /* Enhanced Packet Block */
    little32(block + 4, (uint32_t)(BLOCK_FRAME + padded));
    little32(block + 12, (uint32_t)((uint64_t)time >> 32));
    little32(block + 16, (uint32_t)time);
    little32(block + 20, (uint32_t)length);
    little32(block + 24, (uint32_t)length);
    uint8_t *packet = block + 28;
    put_ip_header(packet, from, to, TCP_HEADER + octets.length);
    uint8_t *tcp = packet + ip;
    put16(tcp, from->port);
    put16(tcp + 2, to->port);
    put32(tcp + 4, flow->next[by_caller ? 0 : 1]);
    put32(tcp + 8, flags & FLAG_ACK ? flow->next[by_caller ? 1 : 0] : 0);
    tcp[12] = TCP_HEADER / 4 << 4;
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, WINDOW);
    if (octets.length)
        memcpy(tcp + TCP_HEADER, octets.data, octets.length);
    uint32_t sum = sum_words(0, bytes_make(from->address, from->length));
    sum = sum_words(sum, bytes_make(to->address, to->length));
    sum = sum_words(sum + PROTOCOL_TCP + (uint32_t)(TCP_HEADER + octets.length),
                    bytes_make(tcp, TCP_HEADER + octets.length));
    put16(tcp + 16, fold(sum));
    little32(block + 28 + padded, (uint32_t)(BLOCK_FRAME + padded));
    buffer_commit(out, BLOCK_FRAME + padded);
    flow->next[by_caller ? 0 : 1] += (uint32_t)octets.length + (flags & (FLAG_SYN | FLAG_FIN) ? 1 : 0);
    return true;
}

bool pcapng_begin(buffer_t *out, const char *comment)
{
    size_t length = comment ? strlen(comment) : 0;
    size_t padded = (length + 3) & ~(size_t)3;
    size_t options = length ? 4 + padded + 4 : 0;
    size_t section = 28 + options;
    size_t interface = 20;
    uint8_t *at = buffer_reserve(out, section + interface);
    if (!at || length > 0xFFFF)
        return false;
    memset(at, 0, section + interface);
    little32(at, 0x0A0D0D0A); /* Section Header Block */
    little32(at + 4, (uint32_t)section);
    little32(at + 8, 0x1A2B3C4D);
    little16(at + 12, 1);     /* version 1.0 */
    memset(at + 16, 0xFF, 8); /* length of the section is not known */
    if (length) {
        little16(at + 24, 1); /* opt_comment */
        little16(at + 26, (unsigned)length);
        memcpy(at + 28, comment, length); /* NOLINT(bugprone-not-null-terminated-result): the format counts */
    }
    little32(at + section - 4, (uint32_t)section);
    at += section;
    little32(at, 1); /* Interface Description Block; microseconds by default */
    little32(at + 4, (uint32_t)interface);
    little16(at + 8, LINKTYPE_RAW);
    little32(at + interface - 4, (uint32_t)interface);
    buffer_commit(out, section + interface);
    return true;
}

bool pcapng_open(buffer_t *out, pcapng_flow_t *flow, utc_time_t time)
{
    return put_packet(out, flow, true, FLAG_SYN, BYTES_NONE, time) &&
           put_packet(out, flow, false, FLAG_SYN | FLAG_ACK, BYTES_NONE, time) &&
           put_packet(out, flow, true, FLAG_ACK, BYTES_NONE, time);
}

bool pcapng_octets(buffer_t *out, pcapng_flow_t *flow, bool by_caller, bytes_t octets, utc_time_t time)
{
    while (octets.length) {
        bytes_t part = bytes_slice(octets, 0, SEGMENT);
        if (!put_packet(out, flow, by_caller, FLAG_PUSH | FLAG_ACK, part, time))
            return false;
        octets = bytes_slice(octets, part.length, SIZE_MAX);
    }
    return true;
}

bool pcapng_close(buffer_t *out, pcapng_flow_t *flow, bool by_caller, utc_time_t time)
{
    return put_packet(out, flow, by_caller, FLAG_FIN | FLAG_ACK, BYTES_NONE, time) &&
           put_packet(out, flow, !by_caller, FLAG_FIN | FLAG_ACK, BYTES_NONE, time) &&
           put_packet(out, flow, by_caller, FLAG_ACK, BYTES_NONE, time);
}
