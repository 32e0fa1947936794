/* SPDX-FileCopyrightText: 2026 The nestmark authors */
/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NM_VMM_EXIT_TRACE_H
#define NM_VMM_EXIT_TRACE_H

#include "core/root.h"

#include <stddef.h>
#include <stdint.h>

/*
 * VM exits by their reason: the kernel counts how often its tracepoint kvm:kvm_exit is hit, by one counter for each reason
 * (perf_event_open(2)). Every exit becomes longer by that, since each counter looks at each exit.
 */

#define NM_EXIT_REASONS 32u

/** A reason by its name in the manuals of the CPU's vendor, and what the tracepoint says of it. */
struct nm_exit_reason {
	const char *name;
	const char *filter; /* Documentation/trace/events.rst, event filtering */
};

/** Reasons of VMX (SDM vol. 3, basic exit reasons) and of SVM (APM vol. 2, intercept codes); name is NULL at the end. */
extern const struct nm_exit_reason nm_exit_reasons_vmx[];
extern const struct nm_exit_reason nm_exit_reasons_svm[];

/** Those of this CPU. */
const struct nm_exit_reason *nm_exit_reasons(void);

/** The tracepoint's number for perf_event_open(), from tracefs; -EOPNOTSUPP where it is not there or not readable. */
int nm_exit_tracepoint(const struct nm_root *root, uint64_t *id);

struct nm_exit_trace {
	const struct nm_exit_reason *reasons;
	size_t count;
	int fds[NM_EXIT_REASONS];
};

/**
 * Counts exits of all vCPUs that this thread and threads that it will start run. -EOPNOTSUPP without the permission to, or where
 * the tracepoint does not say what a filter wants.
 */
int nm_exit_trace_open(struct nm_exit_trace *trace, uint64_t id);
void nm_exit_trace_close(struct nm_exit_trace *trace);

/** Exits so far by reason, into values[trace->count]. */
int nm_exit_trace_read(const struct nm_exit_trace *trace, uint64_t *values);

#endif
