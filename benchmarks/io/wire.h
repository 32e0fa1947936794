/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_IO_WIRE_H
#define NM_BENCHMARKS_IO_WIRE_H

#include "benchmarks/interrupts/pair.h"

/* Packets between two file descriptors whose reads and writes are packets: one side sends, a thread on the other answers each with itself. */

struct nm_wire {
	struct nm_pair pair; /* who answers */
	int fds[2];   /* of who sends, and of who answers; who waits on a non-blocking one spins */
	size_t bytes; /* of a packet: 16 at least */
	uint64_t burst; /* packets under way */
	uint64_t sent, came, wrong;
	uint64_t *packet, *back, *between; /* that is sent, that came, and of who answers */
};

/** Starts the thread that answers, on CPU number wire->pair.number of the round; 0: 1. False with the reason when that cannot be. */
bool nm_wire_start(struct nm_wire *wire, const struct nm_cpus *cpus, char *why, size_t size);
/** Ends it: what it waits on must be non-blocking, or a socket. Harmless on one that could not be started. */
void nm_wire_stop(struct nm_wire *wire);

/** Measures bursts there and back from this thread. */
bool nm_wire_native(struct nm_native_round *round, struct nm_wire *wire, char *why, size_t size);

#endif
