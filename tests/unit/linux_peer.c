/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Who answers the datagrams of a Linux guest, and what it makes of frames that no honest guest sends. */
#include "benchmarks/linux/peer.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEADERS 42u
#define ANSWER	(HEADERS + NM_PACKET_PING)

/* Ethernet to anybody, IPv4 and UDP from 192.0.2.1 port 4e4dh to 192.0.2.2, lengths for a datagram of 64 bytes. */
static const unsigned char headers[HEADERS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0,    0,
					       0,    0,	   1,	 0x08, 0,    0x45, 0,	 0,    92,
					       0,    7,	   0x40, 0,    64,   17,   0,	 0,    192,
					       0,    2,	   1,	 192,  0,    2,	   2,	 0x4e, 0x4d,
					       0x4e, 0x4d, 0,	 72,   0,    0};

static const unsigned char who_has[HEADERS] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0,
					       1,    0x08, 0x06, 0,    1,    8,	   0,	 6, 4, 0, 1,
					       0x02, 0,	   0,	 0,    0,    1,	   192,	 0, 2, 1, 0,
					       0,    0,	   0,	 0,    0,    192,  0,	 2, 2};

static struct nm_packet_end end;
static unsigned char frame[NM_PEER_FRAME_BYTES];
static unsigned char out[NM_PEER_FRAME_BYTES];

static size_t make(uint64_t number, bool last, size_t bytes)
{
	struct nm_packet packet;

	nm_packet_fill(&packet, bytes, number, last);
	memcpy(frame, headers, HEADERS);
	memcpy(frame + HEADERS, &packet, bytes);
	frame[16] = (unsigned char)((bytes + 28) >> 8);
	frame[17] = (unsigned char)(bytes + 28);
	frame[38] = (unsigned char)((bytes + 8) >> 8);
	frame[39] = (unsigned char)(bytes + 8);
	return HEADERS + bytes;
}

/* From memory that ends with the frame, so that a read beyond it is found. */
static size_t answer(size_t bytes)
{
	unsigned char *exact = malloc(bytes ? bytes : 1);
	size_t length;

	cr_assert_not_null(exact, "memory");
	memcpy(exact, frame, bytes);
	length = nm_peer_answer(&end, exact, bytes, out);
	free(exact);
	return length;
}

static void begin(void)
{
	end = (struct nm_packet_end) {0};
}

TestSuite(linux_peer, .init = begin);

Test(linux_peer, has_an_address)
{
	static const unsigned char mac[6] = {0x02, 0, 0, 0, 0, 2};

	memcpy(frame, who_has, sizeof(who_has));
	cr_assert_eq(answer(sizeof(who_has)), HEADERS, "no answer to ARP");
	cr_assert_arr_eq(out, who_has + 6, 6, "it goes to somebody else");
	cr_assert_arr_eq(out + 6, mac, 6, "it comes from somebody else");
	cr_assert_eq(out[21], 2, "no reply");
	cr_assert_arr_eq(out + 22, mac, 6, "another hardware address");
	cr_assert_arr_eq(out + 28, who_has + 38, 4, "another protocol address");
	cr_assert_arr_eq(out + 32, who_has + 22, 10, "to another one");
	frame[41] = 3;
	cr_assert_eq(answer(sizeof(who_has)), 0, "it has every address");
}

Test(linux_peer, answers_a_datagram)
{
	struct nm_packet packet;
	uint32_t sum = 0;

	cr_assert_eq(answer(make(0, true, NM_PACKET_PING)), ANSWER, "no answer");
	for (size_t i = 14; i < 34; i += 2)
		sum += (uint32_t)out[i] << 8 | out[i + 1];
	cr_assert_eq((sum & 0xffff) + (sum >> 16), 0xffff, "checksum of the header");
	cr_assert_arr_eq(out + 26, headers + 30, 4, "from another address");
	cr_assert_arr_eq(out + 30, headers + 26, 4, "to another address");
	memcpy(&packet, out + HEADERS, NM_PACKET_PING);
	cr_assert(nm_packet_is_right(&packet, NM_PACKET_PING, 0), "another content");
	cr_assert_eq(packet.count, 1, "%zu came", (size_t)packet.count);
}

Test(linux_peer, answers_the_last_one_of_a_burst)
{
	struct nm_packet packet;

	for (uint64_t i = 0; i < 7; i++)
		cr_assert_eq(answer(make(i, false, NM_PACKET_LONG)), 0, "an answer to %zu",
			     (size_t)i);
	cr_assert_eq(answer(make(7, true, NM_PACKET_LONG)), ANSWER, "no answer to the last one");
	memcpy(&packet, out + HEADERS, NM_PACKET_PING);
	cr_assert_eq(packet.count, 8, "%zu came", (size_t)packet.count);
	cr_assert_eq(end.wrong, 0, "one of them is wrong");
}

Test(linux_peer, sees_what_is_lost_late_or_changed)
{
	cr_assert_eq(answer(make(1, true, NM_PACKET_PING)), 0, "an answer to the second");
	cr_assert_eq(answer(make(0, true, NM_PACKET_PING)), ANSWER, "none to the first");
	cr_assert_eq(answer(make(0, true, NM_PACKET_PING)), 0, "it is answered again");
	make(1, true, NM_PACKET_LONG);
	frame[HEADERS + 999] ^= 1;
	cr_assert_eq(answer(HEADERS + NM_PACKET_LONG), 0, "an answer to a changed one");
	cr_assert_eq(end.wrong, 3, "%zu are wrong", (size_t)end.wrong);
}

Test(linux_peer, ignores_frames_that_are_cut)
{
	const size_t bytes = make(0, true, NM_PACKET_PING);

	for (size_t i = 0; i < bytes; i++)
		cr_assert_eq(answer(i), 0, "an answer to %zu bytes", i);
	memcpy(frame, who_has, sizeof(who_has));
	for (size_t i = 0; i < sizeof(who_has); i++)
		cr_assert_eq(answer(i), 0, "an answer to %zu bytes of ARP", i);
	cr_assert_eq(end.next, 0, "one of them counted");
}

Test(linux_peer, ignores_what_is_not_for_it)
{
	static const struct {
		size_t at;
		unsigned char value;
		const char *what;
	} changes[] = {
		{12, 0x86, "another type"},
		{14, 0x46, "options"},
		{20, 0x20, "more fragments"},
		{21, 1, "a fragment"},
		{23, 6, "TCP"},
		{33, 3, "another address"},
		{37, 0x4e, "another port"},
		{38, 0xff, "a datagram beyond its frame"},
		{39, 7, "one shorter than itself"},
		{17, 91, "lengths that disagree"},
	};

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		make(0, true, NM_PACKET_PING);
		frame[changes[i].at] = changes[i].value;
		cr_assert_eq(answer(ANSWER), 0, "an answer to %s", changes[i].what);
	}
	cr_assert_eq(end.next, 0, "one of them counted");
}

Test(linux_peer, answers_behind_a_socket)
{
	struct nm_linux_peer peer;
	const size_t bytes = make(0, true, NM_PACKET_PING);

	cr_assert_eq(nm_linux_peer_start(&peer), 0, "no peer");
	cr_assert_eq(send(peer.fds[0], frame, bytes, 0), (ssize_t)bytes, "send");
	for (size_t tries = 0; recv(peer.fds[0], out, sizeof(out), 0) != (ssize_t)ANSWER; tries++)
		cr_assert_lt(tries, 100000000, "no answer");
	nm_linux_peer_stop(&peer);
	cr_assert_eq(peer.end.next, 1, "it was not counted");
}
