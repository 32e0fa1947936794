/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/linux/peer.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ethernet II, ARP (RFC 826), IPv4 without options (RFC 791), UDP (RFC 768): where things are in a frame. */
#define ETHER_FROM  6u
#define ETHER_TYPE  12u
#define ETHER_BYTES 14u
#define TYPE_IPV4   0x0800u
#define TYPE_ARP    0x0806u

#define ARP_OPERATION	 20u
#define ARP_FROM_MAC	 22u
#define ARP_FROM_ADDRESS 28u
#define ARP_TO_MAC	 32u
#define ARP_TO_ADDRESS	 38u
#define ARP_BYTES	 42u
#define ARP_REPLY	 2u
#define ARP_OF_ETHERNET	 0x0001080006040001ull /* to IPv4, a request */

#define IP		14u
#define IP_LENGTH	16u
#define IP_FRAGMENT	20u
#define IP_PROTOCOL	23u
#define IP_CHECKSUM	24u
#define IP_FROM_ADDRESS 26u
#define IP_TO_ADDRESS	30u
#define IP_BYTES	20u
#define IP_VERSION	0x45u
#define IP_NO_FRAGMENT	0x4000u
#define IP_UDP		17u

#define UDP_FROM_PORT 34u
#define UDP_TO_PORT   36u
#define UDP_LENGTH    38u
#define UDP_CHECKSUM  40u
#define UDP_BYTES     8u
#define UDP_CONTENT   42u

static const unsigned char own_mac[6] = {0x02, 0, 0, 0, 0, 2};

static uint64_t big_endian(const unsigned char *at, size_t bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

static void put_big_endian(unsigned char *at, size_t bytes, uint64_t value)
{
	while (bytes--) {
		at[bytes] = (unsigned char)value;
		value >>= 8;
	}
}

/* RFC 1071, of a header without odd bytes. */
static uint16_t checksum(const unsigned char *at, size_t bytes)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < bytes; i += 2)
		sum += (uint32_t)big_endian(at + i, 2);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_ethernet(unsigned char *out, const unsigned char *frame, uint64_t type)
{
	memcpy(out, frame + ETHER_FROM, 6);
	memcpy(out + ETHER_FROM, own_mac, 6);
	put_big_endian(out + ETHER_TYPE, 2, type);
}

static size_t answer_arp(const unsigned char *frame, size_t bytes, unsigned char *out)
{
	if (bytes < ARP_BYTES || big_endian(frame + ETHER_BYTES, 8) != ARP_OF_ETHERNET ||
	    big_endian(frame + ARP_TO_ADDRESS, 4) != NM_PACKET_PEER)
		return 0;
	memcpy(out, frame, ARP_BYTES);
	put_ethernet(out, frame, TYPE_ARP);
	put_big_endian(out + ARP_OPERATION, 2, ARP_REPLY);
	memcpy(out + ARP_FROM_MAC, own_mac, 6);
	put_big_endian(out + ARP_FROM_ADDRESS, 4, NM_PACKET_PEER);
	memcpy(out + ARP_TO_MAC, frame + ARP_FROM_MAC, 10);
	return ARP_BYTES;
}

/* The length of the datagram in a frame that is for this peer and whole; 0 for any other. */
static size_t datagram_bytes(const unsigned char *frame, size_t bytes)
{
	size_t length;

	if (bytes < UDP_CONTENT || frame[IP] != IP_VERSION || frame[IP_PROTOCOL] != IP_UDP ||
	    big_endian(frame + IP_FRAGMENT, 2) & ~(uint64_t)IP_NO_FRAGMENT ||
	    big_endian(frame + IP_TO_ADDRESS, 4) != NM_PACKET_PEER ||
	    big_endian(frame + UDP_TO_PORT, 2) != NM_PACKET_PORT)
		return 0;
	length = big_endian(frame + UDP_LENGTH, 2);
	if (length < UDP_BYTES || big_endian(frame + IP_LENGTH, 2) != IP_BYTES + length ||
	    length > bytes - ETHER_BYTES - IP_BYTES)
		return 0;
	return length - UDP_BYTES;
}

/* Without a checksum of its own, which UDP over IPv4 allows. */
static size_t wrap(const unsigned char *frame, const struct nm_packet *packet, unsigned char *out)
{
	memcpy(out, frame, UDP_CONTENT);
	put_ethernet(out, frame, TYPE_IPV4);
	put_big_endian(out + IP_LENGTH, 2, IP_BYTES + UDP_BYTES + NM_PACKET_PING);
	memcpy(out + IP_FROM_ADDRESS, frame + IP_TO_ADDRESS, 4);
	memcpy(out + IP_TO_ADDRESS, frame + IP_FROM_ADDRESS, 4);
	put_big_endian(out + IP_CHECKSUM, 2, 0);
	put_big_endian(out + IP_CHECKSUM, 2, checksum(out + IP, IP_BYTES));
	memcpy(out + UDP_FROM_PORT, frame + UDP_TO_PORT, 2);
	memcpy(out + UDP_TO_PORT, frame + UDP_FROM_PORT, 2);
	put_big_endian(out + UDP_LENGTH, 2, UDP_BYTES + NM_PACKET_PING);
	put_big_endian(out + UDP_CHECKSUM, 2, 0);
	memcpy(out + UDP_CONTENT, packet, NM_PACKET_PING);
	return UDP_CONTENT + NM_PACKET_PING;
}

static size_t answer_datagram(struct nm_packet_end *end, const unsigned char *frame, size_t bytes,
			      unsigned char *out)
{
	const size_t length = datagram_bytes(frame, bytes);
	struct nm_packet packet;

	if (!length)
		return 0;
	memcpy(&packet, frame + UDP_CONTENT, length < sizeof(packet) ? length : sizeof(packet));
	return nm_packet_take(end, &packet, length) ? wrap(frame, &packet, out) : 0;
}

size_t nm_peer_answer(struct nm_packet_end *end, const unsigned char *frame, size_t bytes,
		      unsigned char *out)
{
	if (bytes < ETHER_BYTES || bytes > NM_PEER_FRAME_BYTES)
		return 0;
	switch (big_endian(frame + ETHER_TYPE, 2)) {
	case TYPE_ARP:
		return answer_arp(frame, bytes, out);
	case TYPE_IPV4:
		return answer_datagram(end, frame, bytes, out);
	default:
		return 0;
	}
}

/* Until the socket is shut down, which nm_linux_peer_stop() does. */
static void *answer_frames(void *context)
{
	struct nm_linux_peer *peer = context;
	unsigned char frame[NM_PEER_FRAME_BYTES + 1];
	unsigned char out[NM_PEER_FRAME_BYTES];
	ssize_t got;

	while ((got = recv(peer->fds[1], frame, sizeof(frame), 0)) > 0 || (got && errno == EINTR)) {
		const size_t bytes =
			got > 0 ? nm_peer_answer(&peer->end, frame, (size_t)got, out) : 0;

		if (bytes)
			(void)send(peer->fds[1], out, bytes, MSG_NOSIGNAL);
	}
	return NULL;
}

int nm_linux_peer_start(struct nm_linux_peer *peer)
{
	int r;

	*peer = (struct nm_linux_peer) {0};
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, peer->fds))
		return nm_fail(errno, "socketpair: %s", strerror(errno));
	/* The thread of a device never waits. */
	(void)fcntl(peer->fds[0], F_SETFL, O_NONBLOCK);
	r = pthread_create(&peer->thread, NULL, answer_frames, peer);
	if (!r)
		return 0;
	close(peer->fds[0]);
	close(peer->fds[1]);
	return nm_fail(r, "cannot start a thread: %s", strerror(r));
}

void nm_linux_peer_stop(struct nm_linux_peer *peer)
{
	shutdown(peer->fds[1], SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	close(peer->fds[0]);
	close(peer->fds[1]);
}
