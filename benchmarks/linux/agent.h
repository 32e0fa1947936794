/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_AGENT_H
#define NM_BENCHMARKS_LINUX_AGENT_H

#include "benchmarks/bench.h"

/** The native side of all operations of the agent: a process of its own, on the first CPU and, where it needs one, a second. */
bool nm_agent_native(struct nm_native_round *round, char *why, size_t size);

/* What descriptors of the agent's operations have in common. */
#define NM_AGENT                                                                                   \
	.group = "linux", .version = 1, .linux_guest = NM_LINUX_AGENT, .asked = true,              \
	.requires = {"guest.linux"}, .expect = {.exits_vary = true}, .native = nm_agent_native

#endif
