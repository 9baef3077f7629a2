/* Octets of a connection as packets of a pcapng file (draft-ietf-opsawg-pcapng): what a socket gave and took
 * is put behind synthetic IP and TCP headers with the connection's true addresses and ports, so that
 * Wireshark reassembles and dissects it like a recording. Pure: octets go into a buffer. */
#ifndef NET_PCAPNG_H
#define NET_PCAPNG_H

#include "base/buffer.h"
#include "base/timebase.h"

/* One end of a connection. */
typedef struct pcapng_end_t {
    uint8_t address[16];
    uint8_t length; /* 4 or 16; both ends have the same */
    uint16_t port;
} pcapng_end_t;

/* A connection: who called, and how far each side has got. Zero but for the ends at the beginning. */
typedef struct pcapng_flow_t {
    pcapng_end_t caller;
    pcapng_end_t called;
    uint32_t next[2]; /* sequence numbers: of the caller, of the called side */
} pcapng_flow_t;

/* The head of a file: section and interface (raw IP, microseconds). comment may be NULL. False if it does not
 * fit; as with all of these the buffer is unchanged then. */
bool pcapng_begin(buffer_t *out, const char *comment);
/* The handshake of a connection; what follows in flow continues it. */
bool pcapng_open(buffer_t *out, pcapng_flow_t *flow, utc_time_t time);
/* Octets in one direction, as many packets as it takes. */
bool pcapng_octets(buffer_t *out, pcapng_flow_t *flow, bool by_caller, bytes_t octets, utc_time_t time);
/* The end of a connection, by a FIN of one side. */
bool pcapng_close(buffer_t *out, pcapng_flow_t *flow, bool by_caller, utc_time_t time);

#endif
