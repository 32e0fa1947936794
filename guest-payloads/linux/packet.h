/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef NM_GUEST_LINUX_PACKET_H
#define NM_GUEST_LINUX_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an agent and its peer tell each other by UDP: datagrams with a number each, of which the last one of a burst is answered with
 * how many of the burst came.
 */

#define NM_PACKET_PORT	0x4e4du
#define NM_PACKET_AGENT 0xc0000201u /* 192.0.2.1: TEST-NET-1 (RFC 5737) is nobody's */
#define NM_PACKET_PEER	0xc0000202u
#define NM_PACKET_MASK	0xffffff00u
#define NM_PACKET_PING	64u
#define NM_PACKET_LONG	1400u
#define NM_PACKET_MAGIC 0x6b72616d7473656eull

/** A datagram; words go on to its end. */
struct nm_packet {
	uint64_t magic;
	uint64_t number;
	uint64_t last;	/* 1: it is answered */
	uint64_t count; /* of an answer: the datagrams of the burst that came right */
	uint64_t words[(NM_PACKET_LONG - 32) / 8];
};

/** What the receiver knows. */
struct nm_packet_end {
	uint64_t next;	/* the number that is due */
	uint64_t count; /* since the last answer */
	uint64_t wrong;
};

static inline uint64_t nm_packet_word(uint64_t number, size_t at)
{
	return (number + 1) * 0x9e3779b97f4a7c15ull + at;
}

static inline size_t nm_packet_words(size_t bytes)
{
	return (bytes - offsetof(struct nm_packet, words)) / sizeof(uint64_t);
}

static inline void nm_packet_fill(struct nm_packet *packet, size_t bytes, uint64_t number,
				  bool last)
{
	packet->magic = NM_PACKET_MAGIC;
	packet->number = number;
	packet->last = last;
	packet->count = 0;
	for (size_t i = 0; i < nm_packet_words(bytes); i++)
		packet->words[i] = nm_packet_word(number, i);
}

static inline bool nm_packet_is_right(const struct nm_packet *packet, size_t bytes, uint64_t number)
{
	uint64_t differs = packet->magic ^ NM_PACKET_MAGIC;

	differs |= packet->number ^ number;
	for (size_t i = 0; i < nm_packet_words(bytes); i++)
		differs |= packet->words[i] ^ nm_packet_word(number, i);
	return !differs;
}

/** Takes a datagram of at least NM_PACKET_PING bytes; true when it, cut to that length, is to go back as the answer. */
static inline bool nm_packet_take(struct nm_packet_end *end, struct nm_packet *packet, size_t bytes)
{
	if (bytes < NM_PACKET_PING || bytes > sizeof(*packet) ||
	    !nm_packet_is_right(packet, bytes, end->next)) {
		end->wrong++;
		return false;
	}
	end->next++;
	end->count++;
	if (packet->last != 1)
		return false;
	packet->count = end->count;
	end->count = 0;
	return true;
}

#endif
