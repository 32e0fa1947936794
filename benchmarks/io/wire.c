/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#include "benchmarks/io/wire.h"

#include "benchmarks/native.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void answer(struct nm_pair *pair)
{
	const struct nm_wire *wire = (const struct nm_wire *)(const void *)pair;

	while (!nm_pair_stopped(pair)) {
		const ssize_t bytes = read(wire->fds[1], wire->between, wire->bytes);

		if (bytes <= 0)
			__builtin_ia32_pause();
		while (bytes > 0 && !nm_pair_stopped(pair) &&
		       write(wire->fds[1], wire->between, (size_t)bytes) < 0)
			__builtin_ia32_pause();
	}
}

bool nm_wire_start(struct nm_wire *wire, const struct nm_cpus *cpus, char *why, size_t size)
{
	const struct nm_native_round round = {.cpus = cpus};
	const size_t words = wire->bytes / sizeof(uint64_t) + 1;

	wire->packet = calloc(3 * words, sizeof(uint64_t));
	if (!wire->packet) {
		snprintf(why, size, "out of memory");
		return false;
	}
	wire->back = wire->packet + words;
	wire->between = wire->back + words;
	wire->pair.run = answer;
	/* The side that ends first leaves the other a socket without a peer. */
	signal(SIGPIPE, SIG_IGN);
	if (nm_pair_start(&wire->pair, &round, why, size))
		return true;
	free(wire->packet);
	wire->packet = NULL;
	return false;
}

void nm_wire_stop(struct nm_wire *wire)
{
	if (!wire->packet)
		return;
	nm_pair_end(&wire->pair);
	shutdown(wire->fds[0], SHUT_RDWR);
	nm_pair_stop(&wire->pair);
	free(wire->packet);
	wire->packet = NULL;
}

static void send_packet(struct nm_wire *wire)
{
	const size_t last = wire->bytes / sizeof(uint64_t) - 1;

	wire->packet[0] = nm_abi_word(wire->sent, 0);
	wire->packet[last] = nm_abi_word(wire->sent, last);
	wire->sent += write(wire->fds[0], wire->packet, wire->bytes) > 0;
}

static void receive_packet(struct nm_wire *wire)
{
	const size_t last = wire->bytes / sizeof(uint64_t) - 1;
	const ssize_t bytes = read(wire->fds[0], wire->back, wire->bytes);

	if (bytes <= 0) {
		__builtin_ia32_pause();
		return;
	}
	wire->wrong += (size_t)bytes != wire->bytes ||
		       wire->back[0] != nm_abi_word(wire->came, 0) ||
		       wire->back[last] != nm_abi_word(wire->came, last);
	wire->came++;
}

static uint64_t run_burst(struct nm_wire *wire)
{
	const uint64_t start = nm_tsc();
	const uint64_t end = wire->came + wire->burst;

	while (wire->came < end) {
		if (wire->sent < end)
			send_packet(wire);
		receive_packet(wire);
	}
	return nm_tsc() - start;
}

bool nm_wire_native(struct nm_native_round *round, struct nm_wire *wire, char *why, size_t size)
{
	if (!nm_wire_start(wire, round->cpus, why, size))
		return false;
	NM_NATIVE_TICKS(round, run_burst(wire));
	nm_wire_stop(wire);
	if (!wire->wrong)
		return true;
	snprintf(why, size, "%" PRIu64 " of %" PRIu64 " packets came back wrong", wire->wrong,
		 wire->came);
	return false;
}
