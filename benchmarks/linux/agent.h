/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_BENCHMARKS_LINUX_AGENT_H
#define NM_BENCHMARKS_LINUX_AGENT_H

#include "benchmarks/bench.h"

/** The native side of all operations of the agent: a process of its own, on the first CPU and, where it needs one, a second. */
bool nm_agent_native(struct nm_native_round *round, char *why, size_t size);

#endif
